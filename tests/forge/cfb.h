// Writes OLE compound files.
//
// Spec: [MS-CFB] Compound File Binary File Format, v20240423.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "forge/der.h"

namespace countersign::forge {

// A storage or a stream; the root is a storage without a name.
struct CompoundNode {
  std::u16string name;
  bool is_storage = false;
  ByteVector content;
  std::vector<CompoundNode> children;  // in any order
  std::array<uint8_t, 16> class_id{};
  uint32_t state_bits = 0;
  uint64_t created = 0;   // FILETIME
  uint64_t modified = 0;  // FILETIME
};

struct CompoundOptions {
  bool version4 = false;  // sectors of 4096 bytes, not 512
  // Sectors of streams take turns, so that no stream is in one piece.
  bool fragmented = false;
  uint32_t spare_sectors = 0;  // free ones at the end, zeros
};

// Where the parts lie, in bytes from the start of the file.
struct CompoundLayout {
  uint32_t sector_size = 0;
  std::vector<uint64_t> fat;    // offset of each sector of it
  std::vector<uint64_t> difat;  // of each sector behind the header's part
  std::vector<uint64_t> mini_fat;
  uint64_t directory = 0;  // its first entry; it is in one piece
  std::map<std::u16string, uint32_t> ids;  // entries by name; the root is u""
  std::vector<uint32_t> first_sectors;     // of entries, by id

  // Where entry `id`, 128 bytes, lies.
  [[nodiscard]] uint64_t Entry(uint32_t id) const {
    return directory + uint64_t{id} * 128;
  }
  // Where the slot of `sector` in the FAT or the mini FAT lies.
  [[nodiscard]] uint64_t Slot(uint32_t sector) const {
    return fat[sector / (sector_size / 4)] + sector % (sector_size / 4) * 4;
  }
  [[nodiscard]] uint64_t MiniSlot(uint32_t sector) const {
    return mini_fat[sector / (sector_size / 4)] +
           sector % (sector_size / 4) * 4;
  }
  // Where `sector` begins.
  [[nodiscard]] uint64_t Sector(uint32_t sector) const {
    return (uint64_t{sector} + 1) * sector_size;
  }
};

struct CompoundImage {
  ByteVector bytes;
  CompoundLayout layout;
};

// The file. Entries are numbered in the order of the nodes, breadth first.
[[nodiscard]] CompoundImage WriteCompoundFile(
    const CompoundNode& root, const CompoundOptions& options = {});

// A stream or a storage.
[[nodiscard]] CompoundNode Stream(std::u16string name, ByteVector content);
[[nodiscard]] CompoundNode Storage(std::u16string name,
                                   std::vector<CompoundNode> children);

}  // namespace countersign::forge
