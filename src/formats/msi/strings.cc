// The strings of the database.
//
//   _StringPool   u32 code page; bit 31: references have 3 bytes, else 2
//                 then for each string from number 1:
//                 u16 bytes, u16 how often it is used
//                   0, 0        no string has this number
//                   0, n != 0   a long string: n is the upper half of its
//                               length; u16 lower half, u16 uses follow
//   _StringData   the strings, one after the other
//
// Quirk: libmsi (msitools 0.101) writes long strings like this and takes the
// wrong word for the upper half when it reads them; it refuses such files.
#include <fmt/format.h>

#include <utility>

#include "base/reader.h"
#include "formats/msi/database.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fault;

constexpr uint32_t kMsiLongReferences = 0x80000000;

struct MsiPoolEntry {
  uint16_t low = 0;
  uint16_t high = 0;
};

// The lengths in bytes, by number, from 1 on. A long string cut off by the end
// of the pool has none.
std::vector<uint32_t> MsiStringLengths(const std::vector<MsiPoolEntry>& pool) {
  std::vector<uint32_t> lengths;
  lengths.reserve(pool.size());
  for (size_t i = 0; i < pool.size(); ++i) {
    const bool is_long = pool[i].low == 0 && pool[i].high != 0;
    if (!is_long || i + 1 == pool.size()) {
      lengths.push_back(pool[i].low);
      continue;
    }
    lengths.push_back(uint32_t{pool[i].high} << 16 | pool[i + 1].low);
    ++i;
  }
  return lengths;
}

base::Result<MsiStream> OpenNeededMsiStream(const MsiState& state,
                                            std::string_view name,
                                            const char* field) {
  auto stream = CS_TRY(state.Open(name));
  if (!stream) {
    return base::Fail(Fault::kMalformed,
                      state.compound.entries[0].stored.offset, field);
  }
  return std::move(*stream);
}

}  // namespace

std::string_view MsiStrings::At(uint32_t reference) const {
  if (reference == 0 || reference >= ends.size()) {
    return {};
  }
  return std::string_view(text).substr(ends[reference - 1],
                                       ends[reference] - ends[reference - 1]);
}

base::Result<void> ReadMsiStrings(MsiState& state) {
  const MsiStream pool =
      CS_TRY(OpenNeededMsiStream(state, "!_StringPool", "_StringPool"));
  const MsiStream data =
      CS_TRY(OpenNeededMsiStream(state, "!_StringData", "_StringData"));
  auto strings = std::make_shared<MsiStrings>();
  base::Reader reader({pool.bytes, 0});
  const uint32_t head = reader.U32("_StringPool code page");
  if (const auto read = reader.Finish(true); !read) {
    return std::unexpected(pool.InFile(read.error()));
  }
  strings->code_page = head & ~kMsiLongReferences;
  strings->reference_bytes = (head & kMsiLongReferences) != 0 ? 3 : 2;
  CS_TRY_VOID(state.budget.ChargeSteps(reader.Remaining() / 4,
                                       pool.entry->stored.offset));
  std::vector<MsiPoolEntry> entries;
  entries.reserve(reader.Remaining() / 4);
  while (reader.Remaining() >= 4) {
    entries.push_back({reader.U16("_StringPool"), reader.U16("_StringPool")});
  }
  strings->ends = {0};
  Bytes left = data.bytes;
  for (const uint32_t length : MsiStringLengths(entries)) {
    if (length > left.size()) {
      return base::Fail(Fault::kTruncated, data.entry->stored.offset,
                        "_StringData");
    }
    strings->text +=
        DecodeCodePage(left.first(length), strings->code_page, strings->exact);
    strings->ends.push_back(strings->text.size());
    left = left.subspan(length);
  }
  if (!left.empty() || reader.Remaining() > 0) {
    state.remarks.Note(RemarkKind::kHiddenData, data.entry->stored, [&] {
      return fmt::format(
          "{} bytes of _StringData and {} of _StringPool belong to no string",
          left.size(), reader.Remaining());
    });
  }
  if (!strings->exact) {
    state.remarks.Note(RemarkKind::kUnsupported, pool.entry->stored, [&] {
      return fmt::format(
          "characters of code page {} are not decoded, or it has none such",
          strings->code_page);
    });
  }
  state.out.strings = std::move(strings);
  return {};
}

}  // namespace countersign::formats
