// What the descriptors of a sequence say:
//
//   partition        u16 number (+22), tables of free space (+56), u32 first
//                    sector (+188), u32 sectors (+192)
//   logical volume   name (+84), u32 bytes of a block (+212), revision (+240),
//                    address of the file set (+248), u32 maps (+268), extent of
//                    the integrity sequence (+432), the maps (+440)
//   map              { 1, 6, u16 volume, u16 partition }, or { 2, 64, 2 bytes,
//                    identifier (+4), u16 volume (+36), u16 partition (+38) }
//     sparable       u16 blocks of a packet (+40), u8 tables (+42), u32 bytes
//                    of a table (+44), u32 sectors where they are (+48)
//     metadata       u32 blocks of the file (+40), its mirror (+44) and its
//                    bitmap (+48), u8 1 = the mirror is a copy (+58)
//   sparing table    tag, identifier (+16), u16 entries (+48), then { u32 block
//                    of the partition, u32 sector } (+56)
//   file set         root (+400), next (+448), streams (+464)
//
// Spec: ECMA-167, part 3, 10.5 to 10.7; part 4, 14.1, 14.3; OSTA UDF 2.60, 2.2.
#include "formats/udf/volume.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/reader.h"
#include "base/text.h"
#include "formats/udf/entry.h"
#include "formats/udf/sequence.h"
#include "formats/udf/text.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Input;
using base::Reader;
using base::Result;

// Limit: partition maps; real volumes have up to three.
constexpr uint32_t kMostUdfMaps = 16;
// Limit: entries of a sparing table. A table has a few sectors.
constexpr uint16_t kMostUdfSpared = 8192;
constexpr uint32_t kUdfUnusedPacket = 0xFFFFFFF0;
constexpr uint32_t kUdfNoFile = 0xFFFFFFFF;
constexpr uint64_t kUdfBytesOfAComparison = 4096;

// What a map of type 2 says, before the partition that it is about is known.
struct UdfMap {
  Input bytes;
  std::string_view identifier;
  uint16_t partition = 0;
};

class UdfVolumeReader {
 public:
  explicit UdfVolumeReader(const UdfContext& context) : context_(context) {}

  Result<UdfVolume> Read() {
    const UdfAnchor anchor = CS_TRY(FindUdfAnchor(context_));
    sector_ = anchor.sector_bytes;
    Claim(anchor.claimed);
    sequence_ = CS_TRY(ReadUdfSequence(context_, anchor.main, sector_));
    const UdfSequence reserve =
        CS_TRY(ReadUdfSequence(context_, anchor.reserve, sector_));
    Claim(sequence_.claimed);
    Claim(reserve.claimed);
    CompareUdfSequences(context_, sequence_, reserve);
    for (const auto& [key, descriptor] : reserve.descriptors) {
      sequence_.descriptors.try_emplace(key, descriptor);
    }
    for (const ByteRange& range : volume_.claimed) {
      volume_.end = std::max(volume_.end, range.offset + range.size);
    }
    CS_TRY_VOID(ReadLogicalVolume());
    CS_TRY_VOID(ReadFileSet());
    return std::move(volume_);
  }

 private:
  void Claim(const std::vector<ByteRange>& ranges) {
    volume_.claimed.insert(volume_.claimed.end(), ranges.begin(), ranges.end());
  }

  Result<void> ReadLogicalVolume() {
    const Input* descriptor = sequence_.Find(UdfTagId::kLogicalVolume);
    if (descriptor == nullptr) {
      return base::Fail(Fault::kMalformed, volume_.claimed.front().offset,
                        "Logical Volume Descriptor");
    }
    Reader reader(*descriptor);
    reader.Seek(84, "Logical Volume Identifier");
    volume_.name = UdfFixedText(reader.Take(128, "Logical Volume Identifier"));
    volume_.partitions.block = reader.U32("Logical Block Size");
    reader.Seek(240, "Domain Identifier");
    volume_.revision = reader.U16("Domain Identifier");
    reader.Seek(248, "Logical Volume Contents Use");
    file_set_ = ReadUdfAddress(reader, "Logical Volume Contents Use");
    const uint32_t table = reader.U32("Map Table Length");
    const uint32_t maps = reader.U32("Number of Partition Maps");
    reader.Seek(432, "Integrity Sequence Extent");
    const uint64_t integrity_size = reader.U32("Integrity Sequence Extent");
    const uint64_t integrity =
        uint64_t{reader.U32("Integrity Sequence Extent")} * sector_;
    const Input map_table{reader.Take(table, "Partition Maps"),
                          descriptor->offset + 440};
    CS_TRY(reader.Finish(true));
    if (volume_.partitions.block != sector_) {
      return base::Fail(Fault::kUnsupported, descriptor->offset + 212,
                        "Logical Block Size");
    }
    if (maps > kMostUdfMaps) {
      return base::Fail(Fault::kLimit, descriptor->offset + 268,
                        "Number of Partition Maps");
    }
    volume_.copies.push_back({integrity, integrity_size});
    return ReadMaps(map_table, maps);
  }

  Result<void> ReadMaps(Input table, uint32_t maps) {
    Reader reader(table);
    for (uint32_t i = 0; i < maps; ++i) {
      const uint64_t at = reader.Offset();
      const uint8_t type = reader.U8("Partition Map Type");
      const uint8_t size = reader.U8("Partition Map Length");
      if (size < 6) {
        reader.Fail(Fault::kMalformed, "Partition Map Length");
      }
      const Bytes rest = reader.Take(size - 2U, "Partition Map");
      CS_TRY(reader.Finish(true));
      UdfPartition partition;
      partition.map = {at, size};
      CS_TRY_VOID(ReadMap(type, {rest, at + 2}, partition));
      volume_.partitions.partitions.push_back(std::move(partition));
    }
    // What lies in a file needs the partition that the file lies in.
    for (auto& [index, map] : metadata_) {
      CS_TRY_VOID(ReadMetadata(index, map));
    }
    return {};
  }

  // Of a map without type and length.
  Result<void> ReadMap(uint8_t type, Input map, UdfPartition& partition) {
    Reader reader(map);
    UdfMap found{map, {}, 0};
    if (type == 1) {
      reader.Skip(2, "Volume Sequence Number");
      found.partition = reader.U16("Partition Number");
    } else if (type == 2) {
      reader.Skip(3, "Partition Type Identifier");
      found.identifier =
          base::AsText(reader.Take(23, "Partition Type Identifier"));
      reader.Skip(8 + 2, "Volume Sequence Number");
      found.partition = reader.U16("Partition Number");
    } else {
      return NoteUnsupported(partition, "a partition map of unknown type");
    }
    CS_TRY(reader.Finish(true));
    CS_TRY_VOID(ReadPartition(found.partition, partition));
    if (type == 1) {
      partition.kind = UdfPartition::Kind::kPlain;
      return {};
    }
    if (found.identifier.starts_with("*UDF Sparable Partition")) {
      return ReadSparable(found, partition);
    }
    if (found.identifier.starts_with("*UDF Metadata Partition")) {
      metadata_.emplace_back(volume_.partitions.partitions.size(), found);
      return {};
    }
    return NoteUnsupported(partition,
                           found.identifier.starts_with("*UDF Virtual")
                               ? "a virtual partition"
                               : "a partition of unknown form");
  }

  Result<void> NoteUnsupported(const UdfPartition& partition,
                               const char* what) {
    context_.remarks.Note(RemarkKind::kUnsupported, partition.map,
                          [&] { return fmt::format("{} is not read", what); });
    return {};
  }

  Result<void> ReadPartition(uint16_t number, UdfPartition& partition) {
    const Input* descriptor = sequence_.Find(UdfTagId::kPartition, number);
    if (descriptor == nullptr) {
      return base::Fail(Fault::kMalformed, partition.map.offset,
                        "Partition Number");
    }
    Reader reader(*descriptor);
    reader.Seek(188, "Partition Starting Location");
    partition.start =
        uint64_t{reader.U32("Partition Starting Location")} * sector_;
    partition.blocks = reader.U32("Partition Length");
    CS_TRY(reader.Finish(true));
    volume_.end =
        std::max(volume_.end, partition.start + partition.blocks * sector_);
    return ClaimFreeSpace(*descriptor, partition.start);
  }

  // Tables and bitmaps of what is free.
  Result<void> ClaimFreeSpace(Input descriptor, uint64_t start) {
    constexpr uint32_t kSizeMask = 0x3FFFFFFF;
    Reader reader(descriptor);
    reader.Seek(56, "Partition Contents Use");
    for (int i = 0; i < 5; ++i) {
      const uint64_t size = reader.U32("Partition Contents Use") & kSizeMask;
      const uint64_t block = reader.U32("Partition Contents Use");
      if (size > 0) {
        volume_.copies.push_back({start + block * sector_, size});
      }
    }
    return {};
  }

  Result<void> ReadSparable(const UdfMap& map, UdfPartition& partition) {
    Reader reader(map.bytes);
    reader.Seek(38, "Packet Length");
    partition.packet_bytes = uint64_t{reader.U16("Packet Length")} * sector_;
    const uint8_t tables = reader.U8("Number of Sparing Tables");
    reader.Skip(1, "Reserved");
    const uint32_t size = reader.U32("Size of each Sparing Table");
    bool is_read = false;
    for (int i = 0; i < std::min<int>(tables, 4); ++i) {
      const uint64_t at =
          uint64_t{reader.U32("Location of Sparing Table")} * sector_;
      CS_TRY(reader.Finish(true));
      const ByteRange range{at, size};
      if (!range.Inside(context_.image.size()) || size < kUdfTagBytes) {
        continue;
      }
      volume_.copies.push_back(range);
      if (!is_read) {
        is_read = CS_TRY(ReadSparingTable(
            {context_.image.subspan(at, size), at}, partition));
      }
    }
    CS_TRY(reader.Finish(true));
    if (!is_read || partition.packet_bytes == 0) {
      return base::Fail(Fault::kMalformed, partition.map.offset,
                        "Sparing Table");
    }
    partition.kind = UdfPartition::Kind::kSparable;
    return {};
  }

  // False when there is none at this place.
  Result<bool> ReadSparingTable(Input table, UdfPartition& partition) {
    Reader reader(table);
    const uint64_t packet_blocks = partition.packet_bytes / sector_;
    reader.Seek(17, "Sparing Identifier");
    const std::string_view identifier =
        base::AsText(reader.Take(23, "Sparing Identifier"));
    if (UdfTagOf(table.bytes) != UdfTagId::kNone ||
        !identifier.starts_with("*UDF Sparing Table") || packet_blocks == 0) {
      return false;
    }
    CheckUdfCrc(context_, table);
    reader.Seek(48, "Reallocation Table Length");
    const uint16_t entries =
        std::min(reader.U16("Reallocation Table Length"), kMostUdfSpared);
    reader.Seek(56, "Map Entry");
    for (uint16_t i = 0; i < entries; ++i) {
      CS_TRY_VOID(context_.budget.ChargeSteps(1, table.offset));
      const uint32_t original = reader.U32("Original Location");
      const uint32_t mapped = reader.U32("Mapped Location");
      if (reader.Failed() || original >= kUdfUnusedPacket) {
        break;  // entries are sorted: unused ones come last
      }
      const uint64_t packet = original - original % packet_blocks;
      partition.spared[packet * sector_] = uint64_t{mapped} * sector_;
    }
    return true;
  }

  Result<void> ReadMetadata(size_t index, const UdfMap& map) {
    UdfPartition& partition = volume_.partitions.partitions[index];
    const auto physical = PhysicalOf(partition);
    if (!physical) {
      return base::Fail(Fault::kMalformed, partition.map.offset,
                        "Partition Number");
    }
    Reader reader(map.bytes);
    reader.Seek(38, "Metadata File Location");
    const uint32_t file = reader.U32("Metadata File Location");
    const uint32_t mirror = reader.U32("Metadata Mirror File Location");
    const uint32_t bitmap = reader.U32("Metadata Bitmap File Location");
    CS_TRY(reader.Finish(true));
    auto main = ReadMetadataFile(file, *physical, partition.map.offset);
    auto copy = ReadMetadataFile(mirror, *physical, partition.map.offset);
    if (context_.budget.Reached()) {
      return std::unexpected(*context_.budget.Reached());
    }
    CS_TRY_VOID(CompareMetadata(partition, main, copy));
    const auto& used = main ? main : copy;
    if (!used) {
      return std::unexpected(used.error());
    }
    partition.kind = UdfPartition::Kind::kMetadata;
    uint64_t offset = 0;
    for (const UdfPiece& piece : used->pieces) {
      if (piece.is_recorded) {
        partition.pieces[offset] = piece.range;
      }
      offset += piece.range.size;
    }
    if (bitmap != kUdfNoFile) {
      const auto entry =
          ReadMetadataFile(bitmap, *physical, partition.map.offset);
      if (entry) {
        Claim(entry->claimed);
        Copy(*entry);
      }
    }
    return {};
  }

  // The map of the partition that a metadata file lies in.
  [[nodiscard]] std::optional<uint16_t> PhysicalOf(
      const UdfPartition& metadata) const {
    const auto& all = volume_.partitions.partitions;
    for (size_t i = 0; i < all.size(); ++i) {
      if (all[i].start == metadata.start &&
          (all[i].kind == UdfPartition::Kind::kPlain ||
           all[i].kind == UdfPartition::Kind::kSparable)) {
        return static_cast<uint16_t>(i);
      }
    }
    return std::nullopt;
  }

  Result<UdfFileEntry> ReadMetadataFile(uint32_t block, uint16_t partition,
                                        uint64_t evidence) {
    UdfFileEntry entry = CS_TRY(ReadUdfEntry(
        context_, volume_.partitions, {sector_, block, partition}, evidence));
    if (entry.damage) {
      return std::unexpected(*entry.damage);
    }
    return entry;
  }

  void Copy(const UdfFileEntry& entry) {
    for (const UdfPiece& piece : entry.pieces) {
      if (piece.is_recorded) {
        volume_.copies.push_back(piece.range);
      }
    }
  }

  // What the mirror says that the file does not.
  Result<void> CompareMetadata(const UdfPartition& partition,
                               const Result<UdfFileEntry>& main,
                               const Result<UdfFileEntry>& mirror) {
    for (const auto* file : {&main, &mirror}) {
      if (!*file) {
        context_.remarks.Note(RemarkKind::kDisagreement, partition.map, [&] {
          return fmt::format("the metadata {} {}",
                             file == &main ? "file" : "mirror",
                             base::Describe((*file).error().fault));
        });
        continue;
      }
      Claim((*file)->claimed);
    }
    if (!main || !mirror || main->pieces == mirror->pieces) {
      return {};
    }
    Copy(*mirror);
    CS_TRY_VOID(context_.budget.ChargeSteps(
        1 + std::min<uint64_t>(main->size, context_.image.size()) /
                kUdfBytesOfAComparison,
        partition.map.offset));
    std::vector<uint8_t> buffers[2];
    const auto a =
        UdfContent(context_, *main, context_.image.size(), buffers[0]);
    const auto b =
        UdfContent(context_, *mirror, context_.image.size(), buffers[1]);
    if (!a || !b || !base::Equal(a->bytes, b->bytes)) {
      context_.remarks.Note(RemarkKind::kDisagreement, mirror->stored, [] {
        return std::string("the metadata mirror is another one than the file");
      });
    }
    return {};
  }

  Result<void> ReadFileSet() {
    std::vector<UdfPiece> pieces;
    UdfAddress address = file_set_;
    address.size = sector_;
    const uint64_t evidence =
        sequence_.Find(UdfTagId::kLogicalVolume)->offset + 248;
    CS_TRY_VOID(volume_.partitions.Map(context_, address, evidence, pieces));
    const ByteRange range = pieces.front().range;
    if (!range.Inside(context_.image.size())) {
      return base::Fail(Fault::kTruncated, context_.image.size(),
                        "File Set Descriptor");
    }
    const Input descriptor{context_.image.subspan(range.offset, range.size),
                           range.offset};
    if (pieces.size() > 1 || UdfTagOf(descriptor.bytes) != UdfTagId::kFileSet) {
      return base::Fail(Fault::kMalformed, range.offset, "File Set Descriptor");
    }
    CheckUdfCrc(context_, descriptor);
    Reader reader(descriptor);
    reader.Seek(400, "Root Directory ICB");
    volume_.root = ReadUdfAddress(reader, "Root Directory ICB");
    reader.Seek(448, "Next Extent");
    const UdfAddress next = ReadUdfAddress(reader, "Next Extent");
    volume_.streams = ReadUdfAddress(reader, "System Stream Directory ICB");
    CS_TRY(reader.Finish(true));
    volume_.file_set = {range.offset, 512};
    volume_.claimed.push_back(volume_.file_set);
    if (next.size > 0) {
      context_.remarks.Note(RemarkKind::kUnsupported, volume_.file_set, [] {
        return std::string("more than one file set, of which one is read");
      });
    }
    ClaimTerminator(range);
    return {};
  }

  // What ends the list of file sets, in the next block, where it is.
  void ClaimTerminator(ByteRange file_set) {
    const ByteRange next{file_set.offset + sector_, sector_};
    if (file_set_.size > sector_ && next.Inside(context_.image.size())) {
      const Bytes block = context_.image.subspan(next.offset, next.size);
      const UdfTagId id = UdfTagOf(block);
      if (id == UdfTagId::kTerminating) {
        volume_.claimed.push_back({next.offset, 512});
      } else if (id == UdfTagId::kFileSet) {
        context_.remarks.Note(RemarkKind::kUnsupported, next, [] {
          return std::string("a second file set is not read");
        });
      }
    }
  }

  const UdfContext& context_;
  uint32_t sector_ = 0;
  UdfVolume volume_;
  UdfSequence sequence_;
  UdfAddress file_set_;
  std::vector<std::pair<size_t, UdfMap>> metadata_;
};

}  // namespace

Result<UdfVolume> ReadUdfVolume(const UdfContext& context) {
  return UdfVolumeReader(context).Read();
}

}  // namespace countersign::formats
