// What the structure leaves over: sectors without a chain, bytes behind the
// last sector, and the ends of the last sectors of streams.
//
// Windows reads none of it. CVE-2020-1464: an archive behind the end of a
// signed installer database runs as one, and the signature stays good.
#include <fmt/format.h>

#include <algorithm>

#include "formats/cfb/sectors.h"

namespace countersign::formats {
namespace {

using base::ByteRange;

// A step pays for so many sectors that are looked at.
constexpr uint64_t kSectorsPerLook = 128;

enum class LeftOver : uint8_t { kNothing, kFree, kAllocated };

// A run of sectors of one kind. Empty free sectors are nothing.
struct LeftOverRun {
  LeftOver kind = LeftOver::kNothing;
  ByteRange range;
};

// `describe` gets the kind of the run.
template <typename Describe>
void NoteCfbRun(CfbState& state, LeftOverRun& run, Describe describe) {
  if (run.kind != LeftOver::kNothing) {
    state.remarks.Note(RemarkKind::kHiddenData, run.range,
                       [&] { return std::string(describe(run.kind)); });
  }
  run = {};
}

LeftOver KindOfCfbSector(const CfbState& state, const CfbTable& table,
                         uint32_t sector, ByteRange range) {
  if (table.owners[sector] != kOwnerNobody) {
    return LeftOver::kNothing;
  }
  const uint32_t next =
      sector < table.next.size() ? table.next[sector] : kFreeSector;
  // Why: of a sector whose slot is not read nothing is known.
  if (next == kUnreadSlot) {
    return LeftOver::kNothing;
  }
  if (next != kFreeSector) {
    return LeftOver::kAllocated;
  }
  return CfbHoldsData(state.file, range) ? LeftOver::kFree : LeftOver::kNothing;
}

// Sectors in front of `end` that nobody claims.
template <typename RangeOf, typename Describe>
base::Result<void> NoteCfbSectors(CfbState& state, const CfbTable& table,
                                  uint32_t end, RangeOf range_of,
                                  Describe describe) {
  LeftOverRun run;
  for (uint32_t sector = 0; sector < end; ++sector) {
    const ByteRange range = range_of(sector);
    if (sector % kSectorsPerLook == 0) {
      CS_TRY_VOID(state.budget.ChargeSteps(1, range.offset));
    }
    const LeftOver kind = KindOfCfbSector(state, table, sector, range);
    if (kind == run.kind && run.range.offset + run.range.size == range.offset) {
      run.range.size += range.size;
      continue;
    }
    NoteCfbRun(state, run, describe);
    run = {kind, range};
  }
  NoteCfbRun(state, run, describe);
  return {};
}

// The first sector that belongs to the tail: behind it, all are free.
uint32_t StartOfCfbTail(const CfbState& state) {
  const CfbTable& fat = state.fat;
  uint32_t end = fat.count;
  while (end > 0 && fat.owners[end - 1] == kOwnerNobody &&
         (end > fat.next.size() || fat.next[end - 1] == kFreeSector)) {
    --end;
  }
  return end;
}

// Bytes from the first sector of the tail to the end of the file. Zeros in
// whole sectors are what a writer set aside.
void NoteCfbTail(CfbState& state, uint32_t start) {
  const uint64_t size = state.file.size();
  const uint64_t offset = std::min<uint64_t>(state.SectorOffset(start), size);
  const ByteRange tail{offset, size - offset};
  if (tail.size > 0 && (tail.size % state.out.sector_size != 0 ||
                        CfbHoldsData(state.file, tail))) {
    state.remarks.Note(RemarkKind::kTrailingData, tail, [&] {
      return fmt::format("{} bytes behind the last sector in use", tail.size);
    });
  } else if (start > 0 && size < state.SectorOffset(start)) {
    state.remarks.Note(RemarkKind::kOddity, state.SectorRange(start - 1), [&] {
      return fmt::format("the last sector has {} of {} bytes",
                         state.SectorRange(start - 1).size,
                         state.out.sector_size);
    });
  }
}

// The bytes between the end of each stream and that of its last sector. One
// remark for all: older writers leave what memory held there.
void NoteCfbSlack(CfbState& state) {
  uint64_t streams = 0;
  uint64_t bytes = 0;
  ByteRange largest;
  for (const CompoundEntry& entry : state.out.entries) {
    const uint64_t sector = entry.size < kMiniStreamCutoff && entry.id != 0
                                ? kMiniSectorSize
                                : state.out.sector_size;
    if (entry.ranges.empty() || entry.damage || entry.size % sector == 0) {
      continue;
    }
    const uint64_t end = entry.ranges.back().offset + entry.ranges.back().size;
    const ByteRange slack{end, std::min<uint64_t>(sector - entry.size % sector,
                                                  state.file.size() - end)};
    if (slack.size > 0 && CfbHoldsData(state.file, slack)) {
      ++streams;
      bytes += slack.size;
      largest = slack.size > largest.size ? slack : largest;
    }
  }
  if (streams > 0) {
    // Why only odd: writers of installers leave what was in memory there, and
    // it is less than a sector for each stream.
    state.remarks.Note(RemarkKind::kOddity, largest, [&] {
      return fmt::format(
          "the last sectors of {} streams hold data behind their ends, in {} "
          "bytes together, the most here",
          streams, bytes);
    });
  }
}

}  // namespace

base::Result<void> NoteUnclaimed(CfbState& state) {
  const uint32_t tail = StartOfCfbTail(state);
  CS_TRY_VOID(NoteCfbSectors(
      state, state.fat, tail,
      [&](uint32_t sector) { return state.SectorRange(sector); },
      [](LeftOver kind) {
        return kind == LeftOver::kFree ? "sectors that are free hold data"
                                       : "sectors are in use, but of no stream";
      }));
  CS_TRY_VOID(NoteCfbSectors(
      state, state.mini, state.mini.count,
      [&](uint32_t sector) { return state.MiniSectorRange(sector); },
      [](LeftOver kind) {
        return kind == LeftOver::kFree
                   ? "mini sectors that are free hold data"
                   : "mini sectors are in use, but of no stream";
      }));
  NoteCfbTail(state, tail);
  NoteCfbSlack(state);
  return {};
}

}  // namespace countersign::formats
