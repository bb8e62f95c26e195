// Header, DIFAT and FAT: which sector follows which.
//
// The DIFAT lists the sectors of the FAT: 109 in the header, the rest in a
// chain of sectors of their own. Spec: [MS-CFB] 2.2, 2.3, 2.5.
#include "formats/cfb/sectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/reader.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Reader;

constexpr uint64_t kCfbHeaderBytes = 512;
constexpr uint64_t kCfbHeaderDifat = 76;  // offset of the first DIFAT slot
constexpr uint32_t kHeaderDifatSlots = 109;
constexpr uint64_t kFirstDifatField = 68;
constexpr uint64_t kFatCountField = 44;
constexpr uint64_t kDifatCountField = 72;
// A step pays for so many sectors of a chain. Why: a chain claims each sector
// once, so that the size of the file bounds it; walking is cheap.
constexpr uint64_t kSectorsPerStep = 128;

// A sector of the FAT, and where the DIFAT names it.
struct CfbFatBlock {
  uint32_t sector = 0;
  uint64_t slot = 0;
};

void NoteCfbHeader(CfbState& state, Bytes class_id, Bytes reserved) {
  if (CfbHoldsData(state.file, {8, class_id.size()})) {
    state.remarks.Note(RemarkKind::kOddity, {8, 16},
                       [] { return "the header has a class id"; });
  }
  if (CfbHoldsData(state.file, {34, reserved.size()})) {
    state.remarks.Note(RemarkKind::kOddity, {34, 6}, [] {
      return "the reserved bytes of the header are not zero";
    });
  }
  const ByteRange rest{
      kCfbHeaderBytes,
      (uint64_t{1} << state.header.sector_shift) - kCfbHeaderBytes};
  if (rest.Inside(state.file.size()) && CfbHoldsData(state.file, rest)) {
    state.remarks.Note(RemarkKind::kHiddenData, rest, [] {
      return "the sector of the header holds data behind it";
    });
  }
}

// Which fields have the only values that this version of the format allows.
void CheckCfbFields(Reader& reader, CfbHeader& header) {
  // Reads a field; its complaint names where the field begins.
  const auto read = [&reader](const char* field, Fault fault, uint16_t wanted,
                              uint16_t also) {
    const uint64_t start = reader.Offset();
    const uint16_t value = reader.U16(field);
    if (!reader.Failed() && value != wanted && value != also) {
      reader.Seek(start, field);
      reader.Fail(fault, field);
    }
    return value;
  };
  header.major_version = read("Major Version", Fault::kUnsupported, 3, 4);
  (void)read("Byte Order", Fault::kMalformed, 0xFFFE, 0xFFFE);
  const uint16_t shift = header.major_version == 3 ? 9 : 12;
  header.sector_shift = read("Sector Shift", Fault::kMalformed, shift, shift);
  (void)read("Mini Sector Shift", Fault::kMalformed, 6, 6);
}

// Adds the slots of a block of the DIFAT that name sectors.
void AddCfbFatBlocks(Reader& reader, uint32_t slots,
                     std::vector<CfbFatBlock>& blocks) {
  for (uint32_t i = 0; i < slots; ++i) {
    const uint64_t slot = reader.Offset();
    const uint32_t sector = reader.U32("DIFAT");
    if (sector != kFreeSector && !reader.Failed()) {
      blocks.push_back({sector, slot});
    }
  }
}

// A reader of one whole sector of the structure, or damage.
base::Result<Reader> OpenCfbSector(CfbState& state, uint32_t sector,
                                   uint64_t slot, const char* field) {
  if (sector > kMaxRegularSector) {
    return base::Fail(Fault::kMalformed, slot, field);
  }
  if (sector >= state.fat.count) {
    return base::Fail(Fault::kTruncated, slot, field);
  }
  const ByteRange range = state.SectorRange(sector);
  if (range.size != state.out.sector_size) {
    return base::Fail(Fault::kTruncated, range.offset + range.size, field);
  }
  return Reader({state.file.subspan(range.offset, range.size), range.offset});
}

// The whole DIFAT. Damage ends it and is kept.
base::Result<std::vector<CfbFatBlock>> ReadCfbDifat(CfbState& state) {
  std::vector<CfbFatBlock> blocks;
  Reader head(
      {state.file.subspan(kCfbHeaderDifat, size_t{kHeaderDifatSlots} * 4),
       kCfbHeaderDifat});
  AddCfbFatBlocks(head, kHeaderDifatSlots, blocks);
  uint32_t at = state.header.first_difat;
  uint64_t slot = kFirstDifatField;
  uint32_t read = 0;
  // Quirk: writers end the chain with FREESECT as well (Apache POI, libgsf).
  while (at != kEndOfChain && at != kFreeSector) {
    CS_TRY_VOID(state.budget.ChargeSteps(1, slot));
    auto reader = OpenCfbSector(state, at, slot, "DIFAT");
    if (!reader) {
      state.Damage(reader.error());
      break;
    }
    if (std::exchange(state.fat.owners[at], kOwnerDifat) != kOwnerNobody) {
      const ByteRange range = state.SectorRange(at);
      state.remarks.Note(RemarkKind::kLoop, range, [&] {
        return fmt::format("the DIFAT comes back to its sector {}", at);
      });
      state.Damage({Fault::kMalformed, slot, "DIFAT"});
      break;
    }
    ++read;
    AddCfbFatBlocks(*reader, state.fat.slots_per_block - 1, blocks);
    slot = reader->Offset();
    at = reader->U32("DIFAT");
  }
  if (read != state.header.difat_sectors && !state.out.damage) {
    state.remarks.Note(RemarkKind::kDisagreement, {kDifatCountField, 4}, [&] {
      return fmt::format("the header counts {} DIFAT sectors, there are {}",
                         state.header.difat_sectors, read);
    });
  }
  return blocks;
}

// Reads one sector of the FAT as the next of the table; when that cannot be,
// its slots stay unread.
void AddCfbFatSector(CfbState& state, const CfbFatBlock& block) {
  CfbTable& fat = state.fat;
  auto reader = OpenCfbSector(state, block.sector, block.slot, "FAT");
  const bool claimed = reader && fat.owners[block.sector] == kOwnerNobody;
  if (reader && !claimed) {
    state.remarks.Note(
        RemarkKind::kOverlap, state.SectorRange(block.sector), [&] {
          return fmt::format("sector {} is listed twice as one of the FAT",
                             block.sector);
        });
  }
  if (!claimed) {
    state.Damage(reader ? Error{Fault::kMalformed, block.slot, "FAT"}
                        : reader.error());
  } else {
    fat.owners[block.sector] = kOwnerFat;
  }
  // Why: slots behind the last sector of the file say nothing of it.
  if (fat.next.size() >= fat.count) {
    return;
  }
  fat.blocks.push_back(claimed ? state.SectorOffset(block.sector) : block.slot);
  for (uint32_t i = 0; i < fat.slots_per_block; ++i) {
    fat.next.push_back(claimed ? reader->U32("FAT") : kUnreadSlot);
  }
}

// The FAT should name the sectors of FAT and DIFAT as such.
void CheckCfbOwnSectors(CfbState& state) {
  const CfbTable& fat = state.fat;
  const size_t known = std::min<size_t>(fat.count, fat.next.size());
  for (uint32_t i = 0; i < known; ++i) {
    const uint32_t owner = fat.owners[i];
    const uint32_t wanted = owner == kOwnerFat     ? kFatSector
                            : owner == kOwnerDifat ? kDifatSector
                                                   : fat.next[i];
    if (fat.next[i] != wanted && fat.next[i] != kUnreadSlot) {
      state.remarks.Note(
          RemarkKind::kDisagreement, {fat.SlotOffset(i), 4}, [&] {
            return fmt::format(
                "sector {} holds the {}, its slot in the FAT says {:#x}", i,
                owner == kOwnerFat ? "FAT" : "DIFAT", fat.next[i]);
          });
    }
  }
}

// Keeps the byte range locks of version 4 out of what nobody claims: the sector
// that holds byte 0x7FFFFF00 of a file that is longer. [MS-CFB] 2.8
void ClaimRangeLock(CfbState& state) {
  constexpr uint64_t kRangeLock = 0x7FFFFF00;
  const uint64_t sector = (kRangeLock >> state.header.sector_shift) - 1;
  if (sector < state.fat.count && state.fat.owners[sector] == kOwnerNobody &&
      sector < state.fat.next.size() && state.fat.next[sector] == kEndOfChain) {
    state.fat.owners[sector] = kOwnerRangeLock;
  }
}

}  // namespace

ByteRange CfbState::SectorRange(uint32_t sector) const {
  const uint64_t offset = std::min<uint64_t>(SectorOffset(sector), file.size());
  return {offset, std::min<uint64_t>(out.sector_size, file.size() - offset)};
}

ByteRange CfbState::MiniSectorRange(uint32_t sector) const {
  const uint32_t per_sector = out.sector_size / kMiniSectorSize;
  const uint32_t index = sector / per_sector;
  if (index >= mini_stream.size()) {
    return {};
  }
  const ByteRange whole = SectorRange(mini_stream[index]);
  const uint64_t skip = std::min<uint64_t>(
      uint64_t{sector % per_sector} * kMiniSectorSize, whole.size);
  return {whole.offset + skip,
          std::min<uint64_t>(kMiniSectorSize, whole.size - skip)};
}

base::Result<void> ReadCfbHeader(CfbState& state) {
  CfbHeader& header = state.header;
  Reader reader({state.file, 0});
  if (reader.U64("Header Signature") != 0xE11AB1A1E011CFD0 &&
      !reader.Failed()) {
    return base::Fail(Fault::kMalformed, 0, "Header Signature");
  }
  const Bytes class_id = reader.Take(16, "Header CLSID");
  reader.Skip(2, "Minor Version");
  CheckCfbFields(reader, header);
  const Bytes reserved = reader.Take(6, "Reserved");
  header.directory_sectors = reader.U32("Number of Directory Sectors");
  header.fat_sectors = reader.U32("Number of FAT Sectors");
  header.first_directory = reader.U32("First Directory Sector Location");
  reader.Skip(4, "Transaction Signature Number");
  const uint32_t cutoff = reader.U32("Mini Stream Cutoff Size");
  if (!reader.Failed() && cutoff != kMiniStreamCutoff) {
    return base::Fail(Fault::kMalformed, 56, "Mini Stream Cutoff Size");
  }
  header.first_mini_fat = reader.U32("First Mini FAT Sector Location");
  header.mini_fat_sectors = reader.U32("Number of Mini FAT Sectors");
  header.first_difat = reader.U32("First DIFAT Sector Location");
  header.difat_sectors = reader.U32("Number of DIFAT Sectors");
  reader.Skip(uint64_t{kHeaderDifatSlots} * 4, "DIFAT");
  CS_TRY_VOID(reader.Finish(true));
  CompoundFile& out = state.out;
  out.major_version = header.major_version;
  out.sector_size = uint32_t{1} << header.sector_shift;
  const uint64_t size = state.file.size();
  const uint64_t behind =
      size - std::min<uint64_t>(size, uint64_t{out.sector_size});
  const uint64_t sectors =
      (behind + out.sector_size - 1) >> header.sector_shift;
  if (sectors > kMaxRegularSector) {
    return base::Fail(Fault::kLimit, out.sector_size, "sectors");
  }
  state.fat.count = static_cast<uint32_t>(sectors);
  state.fat.sector_size = out.sector_size;
  state.fat.slots_per_block = out.sector_size / 4;
  state.mini.slots_per_block = out.sector_size / 4;
  state.mini.sector_size = kMiniSectorSize;
  state.mini.field = "Mini FAT";
  state.fat.owners.assign(sectors, kOwnerNobody);
  NoteCfbHeader(state, class_id, reserved);
  return {};
}

base::Result<void> ReadFat(CfbState& state) {
  std::vector<CfbFatBlock> blocks = CS_TRY(ReadCfbDifat(state));
  const uint32_t counted = state.header.fat_sectors;
  if (blocks.size() != counted && !state.out.damage) {
    state.remarks.Note(RemarkKind::kDisagreement, {kFatCountField, 4}, [&] {
      return fmt::format("the header counts {} FAT sectors, the DIFAT lists {}",
                         counted, blocks.size());
    });
  }
  // Why: what Windows reads ends where the header says.
  blocks.resize(std::min<size_t>(blocks.size(), counted));
  for (const CfbFatBlock& block : blocks) {
    CS_TRY_VOID(state.budget.ChargeSteps(1, block.slot));
    AddCfbFatSector(state, block);
  }
  CheckCfbOwnSectors(state);
  ClaimRangeLock(state);
  return {};
}

base::Result<CfbChain> WalkChain(CfbState& state, CfbTable& table,
                                 uint32_t first, uint64_t slot,
                                 uint32_t owner) {
  CfbChain chain;
  uint32_t at = first;
  const auto damaged = [&](Fault fault) {
    chain.damage = Error{fault, slot, table.field};
  };
  while (at != kEndOfChain) {
    if (chain.sectors.size() % kSectorsPerStep == 0) {
      CS_TRY_VOID(state.budget.ChargeSteps(1, slot));
    }
    if (at > kMaxRegularSector) {
      damaged(at == kUnreadSlot ? Fault::kTruncated : Fault::kMalformed);
      break;
    }
    if (at >= table.count || at >= table.next.size()) {
      damaged(Fault::kTruncated);
      break;
    }
    if (table.owners[at] != kOwnerNobody) {
      const bool loop = table.owners[at] == owner;
      state.remarks.Note(
          loop ? RemarkKind::kLoop : RemarkKind::kOverlap, {slot, 4}, [&] {
            return fmt::format(
                "the chain {} sector {} of the {}",
                loop ? "comes back to its own" : "runs into another one's", at,
                table.field);
          });
      damaged(Fault::kMalformed);
      break;
    }
    table.owners[at] = owner;
    chain.sectors.push_back(at);
    slot = table.SlotOffset(at);
    at = table.next[at];
  }
  return chain;
}

bool CfbHoldsData(Bytes file, ByteRange range) {
  return std::ranges::any_of(file.subspan(range.offset, range.size),
                             [](uint8_t byte) { return byte != 0; });
}

void AppendCfbRange(std::vector<ByteRange>& ranges, ByteRange range) {
  if (range.size == 0) {
    return;
  }
  if (!ranges.empty() &&
      ranges.back().offset + ranges.back().size == range.offset) {
    ranges.back().size += range.size;
  } else {
    ranges.push_back(range);
  }
}

}  // namespace countersign::formats
