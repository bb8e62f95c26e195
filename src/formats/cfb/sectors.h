// What the parts of the reader of compound files share. Private to the folder.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/cfb.h"
#include "formats/remarks.h"

namespace countersign::formats {

// Values of a FAT that are no sector. [MS-CFB] 2.1
inline constexpr uint32_t kMaxRegularSector = 0xFFFFFFFA;
inline constexpr uint32_t kUnreadSlot = 0xFFFFFFFB;  // ours; reserved there
inline constexpr uint32_t kDifatSector = 0xFFFFFFFC;
inline constexpr uint32_t kFatSector = 0xFFFFFFFD;
inline constexpr uint32_t kEndOfChain = 0xFFFFFFFE;
inline constexpr uint32_t kFreeSector = 0xFFFFFFFF;

inline constexpr uint32_t kMiniSectorSize = 64;
inline constexpr uint32_t kMiniStreamCutoff = 4096;

// Who claims a sector: one of these, or kOwnerEntry + the id of an entry.
inline constexpr uint32_t kOwnerNobody = 0;
inline constexpr uint32_t kOwnerFat = 1;
inline constexpr uint32_t kOwnerDifat = 2;
inline constexpr uint32_t kOwnerDirectory = 3;
inline constexpr uint32_t kOwnerMiniFat = 4;
inline constexpr uint32_t kOwnerRangeLock = 5;
inline constexpr uint32_t kOwnerEntry = 16;

struct CfbChain {
  std::vector<uint32_t> sectors;
  std::optional<base::Error> damage;  // why it is no longer than that
};

// FAT or mini FAT: for each sector the next of its chain.
class CfbTable {
 public:
  const char* field = "FAT";
  uint32_t sector_size = 0;  // bytes of what the table counts
  uint32_t count = 0;        // sectors that exist, the last perhaps in part
  uint32_t slots_per_block = 128;
  std::vector<uint32_t> next;    // may be shorter or longer than `count`
  std::vector<uint64_t> blocks;  // where each sector of the table itself lies
  std::vector<uint32_t> owners;  // `count` of them

  // Where the slot of `sector`, which must be below next.size(), lies.
  [[nodiscard]] uint64_t SlotOffset(uint32_t sector) const {
    return blocks[sector / slots_per_block] +
           uint64_t{sector % slots_per_block} * 4;
  }
};

struct CfbHeader {
  uint16_t major_version = 0;
  uint32_t sector_shift = 0;
  uint32_t directory_sectors = 0;
  uint32_t fat_sectors = 0;
  uint32_t first_directory = 0;
  uint32_t first_mini_fat = 0;
  uint32_t mini_fat_sectors = 0;
  uint32_t first_difat = 0;
  uint32_t difat_sectors = 0;
};

// One run of ParseCompoundFile.
struct CfbState {
  base::Bytes file;
  base::Budget& budget;
  CompoundFile& out;
  CfbHeader header;
  RemarkList remarks;
  CfbTable fat;
  CfbTable mini;
  std::vector<uint32_t> starts;       // first sectors of entries, by id
  std::vector<uint32_t> mini_stream;  // sectors that hold the mini stream

  [[nodiscard]] uint64_t SectorOffset(uint32_t sector) const {
    return (uint64_t{sector} + 1) << header.sector_shift;
  }
  // The bytes of `sector` that the file has; `sector` is below fat.count.
  [[nodiscard]] base::ByteRange SectorRange(uint32_t sector) const;
  // The same for a mini sector that the mini stream has; size 0 for others.
  [[nodiscard]] base::ByteRange MiniSectorRange(uint32_t sector) const;
  // Keeps the first damage to the structure.
  void Damage(const base::Error& error) {
    if (!out.damage) {
      out.damage = error;
    }
  }
};

// The header. sectors.cc
[[nodiscard]] base::Result<void> ReadCfbHeader(CfbState& state);
// DIFAT and FAT. sectors.cc
[[nodiscard]] base::Result<void> ReadFat(CfbState& state);
// The chain that begins with `first`, as `slot` (an absolute offset) says; each
// sector becomes `owner`'s. It ends with damage at the first sector that is
// another's, its own again, or none. Fails only when the budget is spent.
// sectors.cc
[[nodiscard]] base::Result<CfbChain> WalkChain(CfbState& state, CfbTable& table,
                                               uint32_t first, uint64_t slot,
                                               uint32_t owner);

// All entries and the tree of the storages. directory.cc
[[nodiscard]] base::Result<void> ReadDirectory(CfbState& state);

// Mini FAT, mini stream, and the content of every stream. content.cc
[[nodiscard]] base::Result<void> ReadContents(CfbState& state);

// What nobody claims. unclaimed.cc
[[nodiscard]] base::Result<void> NoteUnclaimed(CfbState& state);

// True when a byte of `range`, which lies inside `file`, is not zero.
[[nodiscard]] bool CfbHoldsData(base::Bytes file, base::ByteRange range);

// Appends `range`, joined with the last of `ranges` if it follows it.
void AppendCfbRange(std::vector<base::ByteRange>& ranges,
                    base::ByteRange range);

}  // namespace countersign::formats
