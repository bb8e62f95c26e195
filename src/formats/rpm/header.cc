// +----------------+------------+---------------+--------------+
// | 8E AD E8 01    | reserved 4 | entries u32   | store u32    |
// +----------------+------------+---------------+--------------+
// | each entry: tag u32, type u32, offset in the store u32,    |
// | count u32                                                  |
// +------------------------------------------------------------+
// | store: numbers, strings ending with zero, bytes            |
// +------------------------------------------------------------+
// Integers are big-endian.
#include "formats/rpm/header.h"

#include <algorithm>
#include <bit>

#include "base/reader.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Input;
using base::Reader;
using base::Result;

// Limit: entries of one header, as in RPM itself.
constexpr uint32_t kMostRpmEntries = 65'535;

uint32_t RpmU32(Reader& reader, const char* field) {
  return std::byteswap(reader.U32(field));
}

bool IsRpmText(const RpmEntry& entry) {
  return entry.type == kRpmString || entry.type == kRpmStringArray ||
         entry.type == kRpmTranslated;
}

}  // namespace

const RpmEntry* RpmHeader::Find(uint32_t tag) const {
  const auto found = std::ranges::find(entries, tag, &RpmEntry::tag);
  return found == entries.end() ? nullptr : &*found;
}

std::vector<std::string_view> RpmHeader::Strings(const RpmEntry& entry) const {
  std::vector<std::string_view> strings;
  std::string_view text = base::AsText(store.bytes);
  if (!IsRpmText(entry) || entry.offset > text.size()) {
    return strings;
  }
  text.remove_prefix(entry.offset);
  while (strings.size() < entry.count) {
    const size_t size = text.find('\0');
    if (size == std::string_view::npos) {
      break;
    }
    strings.push_back(text.substr(0, size));
    text.remove_prefix(size + 1);
  }
  return strings;
}

std::optional<std::string_view> RpmHeader::Text(const RpmEntry& entry) const {
  RpmEntry first = entry;
  first.count = std::min<uint32_t>(entry.count, 1);
  const auto strings = Strings(first);
  return strings.empty() ? std::nullopt : std::optional(strings[0]);
}

std::string_view RpmHeader::TextOf(uint32_t tag) const {
  const RpmEntry* entry = Find(tag);
  return entry == nullptr ? "" : Text(*entry).value_or("");
}

std::optional<uint64_t> RpmHeader::Number(const RpmEntry& entry) const {
  Reader reader(store);
  reader.Seek(entry.offset, "store");
  if (entry.count == 0 ||
      (entry.type != kRpmInt32 && entry.type != kRpmInt64)) {
    return std::nullopt;
  }
  const uint64_t value = entry.type == kRpmInt64
                             ? std::byteswap(reader.U64("number"))
                             : RpmU32(reader, "number");
  return reader.Failed() ? std::nullopt : std::optional(value);
}

Result<RpmHeader> ReadRpmHeader(Input rest, base::Budget& budget) {
  Reader reader(rest);
  const uint32_t mark = RpmU32(reader, "header magic");
  if (!reader.Failed() && mark != 0x8EADE801) {
    return Fail(Fault::kMalformed, rest.offset, "header magic");
  }
  reader.Skip(4, "reserved");
  const uint32_t count = RpmU32(reader, "nindex");
  const uint32_t store_size = RpmU32(reader, "hsize");
  if (count > kMostRpmEntries) {
    return Fail(Fault::kLimit, rest.offset + 8, "nindex");
  }
  CS_TRY_VOID(budget.ChargeSteps(uint64_t{count} + 1, rest.offset));
  RpmHeader header;
  for (uint32_t i = 0; i < count && !reader.Failed(); ++i) {
    RpmEntry entry;
    entry.at = reader.Offset();
    entry.tag = RpmU32(reader, "tag");
    entry.type = RpmU32(reader, "type");
    entry.offset = RpmU32(reader, "offset");
    entry.count = RpmU32(reader, "count");
    header.entries.push_back(entry);
  }
  header.store.offset = reader.Offset();
  header.store.bytes = reader.Take(store_size, "store");
  header.end = reader.Offset();
  return reader.Finish(std::move(header));
}

}  // namespace countersign::formats
