// Where the bytes of each stream lie.
//
// A stream of 4096 bytes or more is a chain of sectors in the FAT. A smaller
// one is a chain of 64-byte sectors in the mini FAT, which count through the
// mini stream: the content of the root. Spec: [MS-CFB] 2.4, 2.6.3.
#include <fmt/format.h>

#include <algorithm>

#include "base/reader.h"
#include "formats/cfb/sectors.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Error;
using base::Fault;

constexpr uint64_t kCfbStartField = 116;
constexpr uint64_t kCfbSizeField = 120;
constexpr uint64_t kFirstMiniFatField = 60;
constexpr uint64_t kMiniFatCountField = 64;

base::Result<void> ReadMiniFat(CfbState& state) {
  const CfbHeader& header = state.header;
  CfbTable& mini = state.mini;
  // Quirk: a file without a mini FAT says FREESECT or 0 as well (with a count
  // of 0), which is no damage.
  if (header.mini_fat_sectors == 0 &&
      (header.first_mini_fat == kFreeSector || header.first_mini_fat == 0)) {
    return {};
  }
  const CfbChain chain =
      CS_TRY(WalkChain(state, state.fat, header.first_mini_fat,
                       kFirstMiniFatField, kOwnerMiniFat));
  if (chain.damage) {
    state.Damage(*chain.damage);
  } else if (chain.sectors.size() != header.mini_fat_sectors) {
    state.remarks.Note(RemarkKind::kDisagreement, {kMiniFatCountField, 4}, [&] {
      return fmt::format("the header counts {} mini FAT sectors, there are {}",
                         header.mini_fat_sectors, chain.sectors.size());
    });
  }
  for (const uint32_t sector : chain.sectors) {
    const ByteRange range = state.SectorRange(sector);
    CS_TRY_VOID(state.budget.ChargeSteps(1, range.offset));
    base::Reader reader(
        {state.file.subspan(range.offset, range.size), range.offset});
    mini.blocks.push_back(range.offset);
    while (reader.Remaining() >= 4) {
      mini.next.push_back(reader.U32("Mini FAT"));
    }
    if (range.size != state.out.sector_size) {
      state.Damage({Fault::kTruncated, range.offset + range.size, "Mini FAT"});
      break;
    }
  }
  return {};
}

// Sectors behind the end of a stream that hold data.
void NoteCfbExcess(CfbState& state, const CompoundEntry& entry,
                   ByteRange range) {
  if (range.size > 0 && CfbHoldsData(state.file, range)) {
    state.remarks.Note(RemarkKind::kHiddenData, range, [&] {
      return fmt::format("entry {} has sectors behind its {} bytes, with data",
                         entry.id, entry.size);
    });
  }
}

// Sets the content of `entry` from the chain of its sectors.
void SetCfbRanges(CfbState& state, CompoundEntry& entry, const CfbTable& table,
                  const CfbChain& chain) {
  const bool is_mini = &table == &state.mini;
  uint64_t left = entry.size;
  for (const uint32_t sector : chain.sectors) {
    ByteRange range =
        is_mini ? state.MiniSectorRange(sector) : state.SectorRange(sector);
    if (left == 0) {
      NoteCfbExcess(state, entry, range);
      continue;
    }
    const uint64_t wanted = std::min<uint64_t>(left, table.sector_size);
    const uint64_t there = std::min(wanted, range.size);
    AppendCfbRange(entry.ranges, {range.offset, there});
    left -= there;
    if (there < wanted) {
      // The end of the file, or of the mini stream.
      entry.damage =
          Error{Fault::kTruncated,
                is_mini ? table.SlotOffset(sector) : range.offset + there,
                is_mini ? "mini stream" : "sector"};
      return;
    }
  }
  if (left > 0) {
    entry.damage = chain.damage.value_or(Error{
        Fault::kTruncated, entry.stored.offset + kCfbSizeField, "Stream Size"});
  } else if (chain.damage) {
    state.remarks.Note(
        RemarkKind::kOddity,
        {std::min<uint64_t>(chain.damage->offset, state.file.size()), 0}, [&] {
          return fmt::format("the chain of entry {} is damaged behind its end",
                             entry.id);
        });
  }
}

base::Result<void> ReadMiniStream(CfbState& state) {
  CompoundEntry& root = state.out.entries[0];
  if (root.size == 0) {
    return {};
  }
  const CfbChain chain = CS_TRY(
      WalkChain(state, state.fat, state.starts[root.id],
                root.stored.offset + kCfbStartField, kOwnerEntry + root.id));
  SetCfbRanges(state, root, state.fat, chain);
  state.mini_stream = chain.sectors;
  const uint64_t held = uint64_t{chain.sectors.size()} * state.out.sector_size;
  const uint64_t bytes = std::min(root.size, held);
  state.mini.count = static_cast<uint32_t>(std::min<uint64_t>(
      (bytes + kMiniSectorSize - 1) / kMiniSectorSize, kMaxRegularSector));
  state.mini.owners.assign(state.mini.count, kOwnerNobody);
  if (root.damage) {
    state.Damage(*root.damage);
  }
  return {};
}

base::Result<void> ReadCfbContent(CfbState& state, CompoundEntry& entry) {
  if (entry.type != CompoundType::kStream || entry.size == 0) {
    return {};
  }
  const bool is_mini = entry.size < kMiniStreamCutoff;
  CfbTable& table = is_mini ? state.mini : state.fat;
  const CfbChain chain = CS_TRY(WalkChain(state, table, state.starts[entry.id],
                                          entry.stored.offset + kCfbStartField,
                                          kOwnerEntry + entry.id));
  const auto name_damage = entry.damage;
  SetCfbRanges(state, entry, table, chain);
  if (!entry.damage) {
    entry.damage = name_damage;
  }
  return {};
}

}  // namespace

base::Result<void> ReadContents(CfbState& state) {
  CS_TRY_VOID(ReadMiniFat(state));
  CS_TRY_VOID(ReadMiniStream(state));
  auto& entries = state.out.entries;
  std::vector<bool> orphaned(entries.size());
  for (const uint32_t id : state.out.orphans) {
    orphaned[id] = true;
  }
  for (CompoundEntry& entry : entries) {
    if (!orphaned[entry.id]) {
      CS_TRY_VOID(ReadCfbContent(state, entry));
    }
  }
  for (const uint32_t id : state.out.orphans) {
    CS_TRY_VOID(ReadCfbContent(state, entries[id]));
  }
  return {};
}

}  // namespace countersign::formats
