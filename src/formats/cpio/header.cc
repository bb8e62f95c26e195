// newc and crc, 110 bytes; eight hexadecimal digits each
//   magic (6 digits) ino mode uid gid nlink mtime filesize devmajor devminor
//   rdevmajor rdevminor namesize check; name, 0; padded to 4 bytes
// odc, 76 bytes; six octal digits each, eleven for mtime and filesize
//   magic dev ino mode uid gid nlink rdev mtime namesize filesize; name, 0
// binary, 26 bytes; 16-bit words, two for mtime and filesize, high word first
//   magic dev ino mode uid gid nlink rdev mtime namesize filesize; name, 0;
//   padded to 2 bytes
// namesize counts the zero; the content follows, padded like the name.
#include "formats/cpio/header.h"

#include <algorithm>
#include <bit>

#include "base/reader.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fault;
using base::Input;
using base::Reader;
using base::Result;

constexpr uint16_t kCpioBinaryMagic = 070707;
// Limit: bytes of a name. POSIX's odc can say 262,143; nothing writes more than
// PATH_MAX.
constexpr uint64_t kMostCpioName = 65'535;

// Numbers of one form.
class CpioNumbers {
 public:
  CpioNumbers(CpioForm form, Input rest) : form_(form), reader_(rest) {}

  // `digits` of text; binary forms have one word, or two for `digits` of 11.
  uint64_t Take(size_t digits, const char* field) {
    if (form_ == CpioForm::kBinaryLittle || form_ == CpioForm::kBinaryBig) {
      const uint64_t first = Word(field);
      return digits == 11 ? first << 16 | Word(field) : first;
    }
    const unsigned shift = form_ == CpioForm::kOdc ? 3 : 4;
    const uint64_t at = reader_.Offset();
    uint64_t value = 0;
    for (const uint8_t c : reader_.Take(digits, field)) {
      const int digit = DigitOf(c);
      if (digit < 0 || digit >> shift != 0) {
        FailAt(at, field);
        return 0;
      }
      value = value << shift | static_cast<uint64_t>(digit);
    }
    return value;
  }

  Reader& Rest() { return reader_; }
  // The first failure of all.
  [[nodiscard]] Result<void> Check() const {
    CS_TRY(reader_.Finish(true));
    return bad_ ? Result<void>(std::unexpected(*bad_)) : Result<void>();
  }

 private:
  static int DigitOf(uint8_t c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    const uint8_t lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  }
  uint64_t Word(const char* field) {
    const uint16_t word = reader_.U16(field);
    return form_ == CpioForm::kBinaryBig ? std::byteswap(word) : word;
  }
  void FailAt(uint64_t offset, const char* field) {
    if (!bad_) {
      bad_ = base::Error{Fault::kMalformed, offset, field};
    }
  }

  CpioForm form_;
  Reader reader_;
  std::optional<base::Error> bad_;
};

std::optional<CpioForm> CpioFormOf(Bytes bytes) {
  const std::string_view text = base::AsText(bytes);
  if (text.starts_with("070701")) {
    return CpioForm::kNewc;
  }
  if (text.starts_with("070702")) {
    return CpioForm::kCrc;
  }
  if (text.starts_with("070707")) {
    return CpioForm::kOdc;
  }
  Reader reader({bytes, 0});
  const uint16_t word = reader.U16("magic");
  if (word == kCpioBinaryMagic) {
    return CpioForm::kBinaryLittle;
  }
  return std::byteswap(word) == kCpioBinaryMagic
             ? std::optional(CpioForm::kBinaryBig)
             : std::nullopt;
}

struct CpioSizes {
  uint64_t name = 0;
  uint64_t content = 0;
};

CpioSizes TakeNewc(CpioNumbers& numbers, CpioHeader& header) {
  CpioSizes sizes;
  const uint64_t inode = numbers.Take(8, "ino");
  header.mode = numbers.Take(8, "mode");
  numbers.Take(8, "uid");
  numbers.Take(8, "gid");
  header.links = numbers.Take(8, "nlink");
  numbers.Take(8, "mtime");
  sizes.content = numbers.Take(8, "filesize");
  const uint64_t major = numbers.Take(8, "devmajor");
  header.inode = {major << 32 | numbers.Take(8, "devminor"), inode};
  numbers.Take(8, "rdevmajor");
  numbers.Take(8, "rdevminor");
  sizes.name = numbers.Take(8, "namesize");
  header.sum = numbers.Take(8, "check");
  header.padding_unit = 4;
  return sizes;
}

// The binary forms have the same fields.
CpioSizes TakeOdc(CpioNumbers& numbers, CpioHeader& header) {
  CpioSizes sizes;
  const uint64_t device = numbers.Take(6, "dev");
  header.inode = {device, numbers.Take(6, "ino")};
  header.mode = numbers.Take(6, "mode");
  numbers.Take(6, "uid");
  numbers.Take(6, "gid");
  header.links = numbers.Take(6, "nlink");
  numbers.Take(6, "rdev");
  numbers.Take(11, "mtime");
  sizes.name = numbers.Take(6, "namesize");
  sizes.content = numbers.Take(11, "filesize");
  header.padding_unit = header.form == CpioForm::kOdc ? 1 : 2;
  return sizes;
}

// The name, and where the content begins.
Result<void> TakeCpioName(Reader& reader, uint64_t size, CpioHeader& header) {
  const uint64_t at = reader.Offset();
  if (size == 0 || size > kMostCpioName) {
    return base::Fail(size == 0 ? Fault::kMalformed : Fault::kLimit, at,
                      "namesize");
  }
  const std::string_view name = base::AsText(reader.Take(size, "name"));
  CS_TRY(reader.Finish(true));
  if (name.back() != '\0') {
    return base::Fail(Fault::kMalformed, at + size - 1, "name");
  }
  header.name = name.substr(0, name.find('\0'));
  header.name_range = {at, size};
  const uint64_t used = (reader.Offset() - header.offset) % header.padding_unit;
  reader.Skip(used == 0 ? 0 : header.padding_unit - used, "name");
  CS_TRY(reader.Finish(true));
  return {};
}

}  // namespace

MemberKind CpioHeader::Kind() const {
  switch (mode & 0170000) {
    case 0040000:
      return MemberKind::kDirectory;
    case 0120000:
      return MemberKind::kLink;
    case 0010000:
    case 0020000:
    case 0060000:
    case 0140000:
      return MemberKind::kDevice;
    default:
      return MemberKind::kFile;
  }
}

Result<CpioHeader> ReadCpioHeader(Input rest) {
  const auto form = CpioFormOf(rest.bytes);
  if (!form) {
    return base::Fail(
        rest.bytes.size() < 6 ? Fault::kTruncated : Fault::kMalformed,
        rest.offset, "magic");
  }
  CpioHeader header;
  header.form = *form;
  header.offset = rest.offset;
  CpioNumbers numbers(*form, rest);
  const bool wide = *form == CpioForm::kNewc || *form == CpioForm::kCrc;
  numbers.Take(6, "magic");
  const CpioSizes sizes =
      wide ? TakeNewc(numbers, header) : TakeOdc(numbers, header);
  CS_TRY_VOID(numbers.Check());
  CS_TRY_VOID(TakeCpioName(numbers.Rest(), sizes.name, header));
  header.content = {numbers.Rest().Offset(), sizes.content};
  return header;
}

bool IsCpioHeader(Bytes bytes) {
  const auto form = CpioFormOf(bytes);
  const bool binary =
      form == CpioForm::kBinaryLittle || form == CpioForm::kBinaryBig;
  return form && (!binary || ReadCpioHeader({bytes, 0}));
}

}  // namespace countersign::formats
