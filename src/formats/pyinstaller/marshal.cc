// Values as marshal writes them: a letter, with bit 7 set if the value gets a
// number by which it may be referred to, then what belongs to it.
//
//   N F T            None, False, True        i  i32      I  i64
//   l  i32 count, so many digits of 15 bits (u16); the sign is the count's
//   s t u a A  u32 size, bytes                z Z  u8 size, bytes
//   ( [  u32 count, values                    )  u8 count, values
//   {  pairs of values up to the letter 0
//   r  u32 number of an earlier value         R  u32, of an earlier 't' (2.x)
//
// Spec: CPython, Python/marshal.c, versions 2 (Python 2.7) to 4.
#include "formats/pyinstaller/marshal.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/reader.h"

namespace countersign::formats {
namespace {

using base::Budget;
using base::Fault;
using base::Reader;
using base::Result;

constexpr uint8_t kMarshalHasNumber = 0x80;

// A value that has no parts, or the beginning of one that has.
struct MarshalValue {
  enum class Kind : uint8_t {
    kNumber,
    kText,
    kTuple,
    kPlace,  // a tuple of three numbers that was read before
    kList,
    kDictionary,
    kEnd
  };
  Kind kind = Kind::kEnd;
  uint64_t number = 0;  // value, or how many parts
  std::string_view text;
  std::array<uint64_t, 3> place{};
  std::optional<size_t> reference;  // the number by which it is referred to
};

class PyzTableReader {
 public:
  PyzTableReader(base::Input text, Budget& budget)
      : reader_(text), budget_(budget) {}

  Result<std::vector<PyzEntry>> Read() {
    const MarshalValue table = CS_TRY(Next());
    if (table.kind == MarshalValue::Kind::kDictionary) {
      return ReadDictionary();
    }
    if (table.kind != MarshalValue::Kind::kList) {
      return Wrong("table");
    }
    std::vector<PyzEntry> entries;
    for (uint64_t i = 0; i < table.number; ++i) {
      const uint64_t at = reader_.Offset();
      CS_TRY_VOID(ExpectTuple(2));
      const MarshalValue name = CS_TRY(Next());
      entries.push_back(CS_TRY(ReadEntry(name, at)));
    }
    return entries;
  }

  [[nodiscard]] uint64_t Offset() const { return reader_.Offset(); }

 private:
  using Kind = MarshalValue::Kind;

  std::unexpected<base::Error> Wrong(const char* field) {
    return base::Fail(Fault::kMalformed, reader_.Offset(), field);
  }

  Result<std::vector<PyzEntry>> ReadDictionary() {
    std::vector<PyzEntry> entries;
    while (true) {
      const uint64_t at = reader_.Offset();
      const MarshalValue name = CS_TRY(Next());
      if (name.kind == Kind::kEnd) {
        return entries;
      }
      entries.push_back(CS_TRY(ReadEntry(name, at)));
    }
  }

  Result<void> ExpectTuple(uint64_t count) {
    const MarshalValue tuple = CS_TRY(Next());
    if (tuple.kind != Kind::kTuple || tuple.number != count) {
      return Wrong("tuple");
    }
    return {};
  }

  Result<PyzEntry> ReadEntry(const MarshalValue& name, uint64_t at) {
    // Limit: PATH_MAX of Linux; names of modules are short.
    constexpr size_t kMostNameBytes = 4096;
    if (name.kind != Kind::kText || name.text.size() > kMostNameBytes) {
      return Wrong("name of a module");
    }
    PyzEntry entry;
    entry.name = name.text;
    CS_TRY_VOID(budget_.ChargeSteps(name.text.size() / 64, at));
    const auto place = CS_TRY(ReadPlace());
    entry.kind = place[0];
    entry.offset = place[1];
    entry.size = place[2];
    entry.row = {at, reader_.Offset() - at};
    return entry;
  }

  Result<std::array<uint64_t, 3>> ReadPlace() {
    MarshalValue value = CS_TRY(Next());
    if (value.kind == Kind::kPlace) {
      return value.place;
    }
    if (value.kind != Kind::kTuple || value.number != value.place.size()) {
      return Wrong("place of a module");
    }
    for (uint64_t& number : value.place) {
      const MarshalValue part = CS_TRY(Next());
      if (part.kind != Kind::kNumber) {
        return Wrong("place of a module");
      }
      number = part.number;
    }
    if (value.reference) {
      value.kind = Kind::kPlace;
      numbered_[*value.reference] = value;
    }
    return value.place;
  }

  Result<MarshalValue> Next() {
    CS_TRY_VOID(budget_.ChargeSteps(1, reader_.Offset()));
    const uint64_t at = reader_.Offset();
    const uint8_t letter = reader_.U8("marshal");
    const char type = static_cast<char>(letter & ~kMarshalHasNumber);
    if (type == 'r' || type == 'R') {
      const uint32_t number = reader_.U32("marshal reference");
      CS_TRY(reader_.Finish(true));
      const auto& values = type == 'r' ? numbered_ : interned_;
      if (number >= values.size() || !values[number]) {
        return base::Fail(Fault::kMalformed, at, "marshal reference");
      }
      return *values[number];
    }
    // Why before it is read: the number of a tuple precedes those of its parts.
    const bool has_number = (letter & kMarshalHasNumber) != 0;
    const size_t number = numbered_.size();
    if (has_number) {
      numbered_.emplace_back();
    }
    MarshalValue value = CS_TRY(ReadValue(type, at));
    const bool is_plain =
        value.kind == Kind::kNumber || value.kind == Kind::kText;
    if (has_number && is_plain) {
      numbered_[number] = value;
    } else if (has_number) {
      value.reference = number;
    }
    if (type == 't' && !has_number) {
      interned_.emplace_back(value);
    }
    return value;
  }

  Result<MarshalValue> ReadValue(char type, uint64_t at) {
    MarshalValue value;
    switch (type) {
      case '0':
        break;
      case 'N':
      case 'F':
      case 'T':
        value.kind = Kind::kNumber;
        value.number = type == 'T' ? 1 : 0;
        break;
      case 'i':
      case 'I':
      case 'l':
        value.kind = Kind::kNumber;
        value.number = ReadNumber(type);
        break;
      case 's':
      case 't':
      case 'u':
      case 'a':
      case 'A':
        value.kind = Kind::kText;
        value.text =
            base::AsText(reader_.Take(reader_.U32("size of a text"), "text"));
        break;
      case 'z':
      case 'Z':
        value.kind = Kind::kText;
        value.text =
            base::AsText(reader_.Take(reader_.U8("size of a text"), "text"));
        break;
      case '(':
      case '[':
        value.kind = type == '(' ? Kind::kTuple : Kind::kList;
        value.number = reader_.U32("number of values");
        break;
      case ')':
        value.kind = Kind::kTuple;
        value.number = reader_.U8("number of values");
        break;
      case '{':
        value.kind = Kind::kDictionary;
        break;
      default:
        CS_TRY(reader_.Finish(true));
        return base::Fail(Fault::kUnsupported, at, "type of a value");
    }
    return reader_.Finish(value);
  }

  // Negative numbers are no places; they become too large for any.
  uint64_t ReadNumber(char type) {
    constexpr uint32_t kDigitBits = 15;
    constexpr int32_t kMostDigits = 4;  // 2^60 is enough for any file
    if (type == 'i') {
      const auto number = static_cast<int32_t>(reader_.U32("number"));
      return static_cast<uint64_t>(int64_t{number});
    }
    if (type == 'I') {
      return reader_.U64("number");
    }
    const auto count = static_cast<int32_t>(reader_.U32("digits of a number"));
    if (count < 0 || count > kMostDigits) {
      reader_.Fail(Fault::kMalformed, "digits of a number");
      return 0;
    }
    uint64_t number = 0;
    for (int32_t i = 0; i < count; ++i) {
      const uint64_t digit = reader_.U16("digit") & 0x7FFFU;
      number |= digit << (kDigitBits * static_cast<uint32_t>(i));
    }
    return number;
  }

  Reader reader_;
  Budget& budget_;
  // Those without parts; nothing for the others, and for one not yet whole.
  std::vector<std::optional<MarshalValue>> numbered_;
  std::vector<std::optional<MarshalValue>> interned_;
};

}  // namespace

Result<std::vector<PyzEntry>> ReadPyzTable(base::Input text, Budget& budget,
                                           uint64_t& end_offset) {
  PyzTableReader reader(text, budget);
  auto entries = reader.Read();
  end_offset = reader.Offset();
  return entries;
}

}  // namespace countersign::formats
