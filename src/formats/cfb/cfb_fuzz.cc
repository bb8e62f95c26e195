// Every file that starts as a compound file.
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "formats/cfb.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

// A stream is where it says, and no byte is in two of them.
void CheckRanges(const CompoundFile& compound, const CompoundEntry& entry,
                 uint64_t& held_by_all) {
  uint64_t held = 0;
  for (const base::ByteRange& range : entry.ranges) {
    CS_CHECK(range.size > 0 && range.Inside(compound.file_size));
    held += range.size;
  }
  CS_CHECK(held <= entry.size);
  if (entry.type == CompoundType::kStream) {
    CS_CHECK(entry.damage || held == entry.size);
    held_by_all += held;
  }
  CS_CHECK(!entry.damage || entry.damage->offset <= compound.file_size);
  CS_CHECK(held == 0 ||
           LocateInRanges(entry.ranges, 0) == entry.ranges.front().offset);
}

// Every entry is the child of one storage, an orphan, the root or unused.
void CheckTree(const CompoundFile& compound) {
  std::vector<uint32_t> places(compound.entries.size());
  for (const CompoundEntry& entry : compound.entries) {
    for (const uint32_t child : entry.children) {
      CS_CHECK(compound.entries[child].parent == entry.id);
      ++places[child];
    }
  }
  for (const uint32_t orphan : compound.orphans) {
    CS_CHECK(compound.entries[orphan].parent == kNoCompoundEntry);
    ++places[orphan];
  }
  for (const CompoundEntry& entry : compound.entries) {
    const bool placed = entry.id != 0 && entry.type != CompoundType::kUnused;
    CS_CHECK(places[entry.id] == (placed ? 1U : 0U));
  }
}

void CheckCompound(base::Bytes file) {
  base::Limits limits;
  limits.steps = 200'000;
  base::Budget budget(limits);
  const auto compound = ParseCompoundFile(file, budget);
  if (!compound) {
    CS_CHECK(compound.error().offset <= file.size());
    CS_CHECK(compound.error().field[0] != '\0');
    return;
  }
  CS_CHECK(compound->entries[0].type == CompoundType::kRoot);
  uint64_t held = 0;
  for (const CompoundEntry& entry : compound->entries) {
    CS_CHECK(entry.stored.Inside(file.size()) && entry.raw_name.size() <= 64);
    CheckRanges(*compound, entry, held);
  }
  CS_CHECK(held <= file.size());
  CheckTree(*compound);
  std::array<size_t, 16> kinds{};
  for (const Remark& remark : compound->remarks) {
    CS_CHECK(++kinds[static_cast<size_t>(remark.kind)] <= 33);
    CS_CHECK(remark.what.size() < 1000);
  }
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using countersign::formats::CheckCompound;
  using countersign::formats::CheckUnpack;
  using countersign::formats::UnpackCfb;
  CheckCompound({data, size});
  CheckUnpack(UnpackCfb, {data, size});
  return 0;
}
