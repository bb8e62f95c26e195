// For tests: makes UDF images, right ones and wrong ones.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "formats/udf/tag.h"

namespace countersign::formats::sample {

enum class UdfForm : uint8_t { kShort, kLong, kExtended, kEmbedded };

// A file, a directory if it has children or says so, a link if it has a target.
struct UdfFile {
  std::string name;
  std::string content = {};
  std::vector<UdfFile> children = {};
  bool is_directory = false;
  std::string target = {};  // components as they are stored
  UdfForm form = UdfForm::kShort;
  size_t extents = 1;
  bool scattered = false;  // a block is left between extents
  bool chained = false;    // the second half of the descriptors is elsewhere
  uint64_t zeros = 0;      // that are not recorded, behind the content
  bool is_extended = false;
  uint8_t type = 0;  // instead of what it is
  uint8_t characteristics = 0;
  std::vector<UdfFile> streams = {};
  std::optional<size_t> content_at = {};  // that is in the image already
  std::string same_as = {};               // takes the entry of that `name`
  std::optional<uint64_t> size = {};      // instead of that of the content
};

struct UdfBuilder {
  uint32_t sector = 2048;
  uint16_t revision = 0x0102;
  bool has_metadata = false;
  bool has_mirror_copy = false;  // else both files have the same extents
  bool is_sparable = false;      // the packet of the first content has moved
  bool is_virtual = false;
  std::vector<uint8_t> base;  // an image of ISO 9660 with the marks of UDF
  std::vector<UdfFile> files;
  std::vector<UdfFile> system_streams;

  // Offsets, set by Build.
  std::map<std::string, size_t> identifier_at;
  std::map<std::string, size_t> entry_at;
  std::map<std::string, size_t> content_at;
  std::map<std::string, size_t> next_list_at;  // of chained descriptors
  size_t main_at = 0;
  size_t reserve_at = 0;
  size_t anchor_at = 0;
  size_t last_anchor_at = 0;
  size_t file_set_at = 0;
  size_t root_at = 0;  // entry
  size_t root_content_at = 0;
  size_t mirror_at = 0;  // content

  std::vector<uint8_t> Build() {
    out_ = base;
    if (base.empty()) {
      PutMarks();
    }
    const size_t sequences = AddSectors(14);
    main_at = sequences;
    reserve_at = sequences + 7 * sector;
    anchor_at = size_t{256} * sector;
    out_.resize(std::max(out_.size(), anchor_at + sector));
    // Of a disc that has both, all is in the partition.
    start_ = base.empty() ? out_.size() / sector : 0;
    if (has_metadata) {
      PutMetadataFile();
    }
    const uint32_t file_set = NewBlock();
    (void)NewBlock();  // what ends the list of file sets
    file_set_at = OffsetOf(file_set);
    const uint32_t root = NewBlock();
    root_at = OffsetOf(root);
    PutTree(root);
    const uint32_t streams =
        system_streams.empty() ? 0 : PutStreams(system_streams, root);
    PutFileSet(file_set, root, streams);
    if (has_mirror_copy) {
      std::copy_n(out_.begin() + Signed(metadata_at_), kMetadata * sector,
                  out_.begin() + Signed(mirror_at));
    }
    const size_t blocks = out_.size() / sector - start_;
    const size_t spare = is_sparable ? MoveFirstPacket() : 0;
    last_anchor_at = AddSectors(1);
    PutSequence(main_at, file_set, blocks, spare);
    PutSequence(reserve_at, file_set, blocks, spare);
    PutAnchor(anchor_at);
    PutAnchor(last_anchor_at);
    return out_;
  }

  // Puts the checksums of a tag right after a change of what follows it, as far
  // as the image goes.
  void Seal(std::vector<uint8_t>& image, size_t at) const {
    const size_t size =
        std::min(image.at(at + 10) + size_t{image.at(at + 11)} * 256,
                 image.size() - at - 16);
    const uint16_t crc = UdfCrc({image.data() + at + 16, size});
    image.at(at + 8) = static_cast<uint8_t>(crc);
    image.at(at + 9) = static_cast<uint8_t>(crc >> 8);
    unsigned sum = 0;
    for (size_t i = 0; i < 16; ++i) {
      sum += i == 4 ? 0U : image.at(at + i);
    }
    image.at(at + 4) = static_cast<uint8_t>(sum);
  }

  static void Little(std::vector<uint8_t>& image, size_t at, uint64_t value,
                     size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) {
      image.at(at + i) = static_cast<uint8_t>(value >> (8 * i));
    }
  }

 private:
  static constexpr size_t kMetadata = 64;  // blocks of the metadata file
  static constexpr size_t kPacket = 4;     // blocks

  static std::ptrdiff_t Signed(size_t value) {
    return static_cast<std::ptrdiff_t>(value);
  }
  size_t AddSectors(size_t count) {
    out_.resize((out_.size() + sector - 1) / sector * sector);
    out_.resize(out_.size() + count * sector);
    return out_.size() - count * sector;
  }
  void Put(size_t at, uint64_t value, size_t bytes) {
    Little(out_, at, value, bytes);
  }
  void Text(size_t at, const std::string& text) {
    std::copy(text.begin(), text.end(), out_.begin() + Signed(at));
  }
  void Tag(size_t at, UdfTagId id, uint64_t location, size_t size) {
    Put(at, static_cast<uint16_t>(id), 2);
    Put(at + 2, revision >= 0x0200 ? 3 : 2, 2);
    Put(at + 10, size - 16, 2);
    Put(at + 12, location, 4);
    Seal(out_, at);
  }
  // Width and characters.
  static std::string Characters(const std::string& name) {
    return name.empty() ? "" : '\x08' + name;
  }
  void Fixed(size_t at, const std::string& text, size_t size) {
    Text(at, Characters(text));
    Put(at + size - 1, text.size() + 1, 1);
  }

  void PutMarks() {
    out_.assign(size_t{32} << 10, 0);
    const char* marks[] = {"BEA01", revision >= 0x0200 ? "NSR03" : "NSR02",
                           "TEA01"};
    for (const char* mark : marks) {
      const size_t at = AddSectors(std::max<size_t>(1, 2048 / sector));
      Text(at + 1, std::string(mark) + '\x01');
    }
  }

  void PutAnchor(size_t at) {
    Put(at + 16, 7 * sector, 4);
    Put(at + 20, main_at / sector, 4);
    Put(at + 24, 7 * sector, 4);
    Put(at + 28, reserve_at / sector, 4);
    Tag(at, UdfTagId::kAnchor, at / sector, 512);
  }

  void PutSequence(size_t at, uint32_t file_set, size_t blocks, size_t spare) {
    const size_t first = at / sector;
    Fixed(at + 24, "VOLUME", 32);
    Put(at + 56, 1, 2);
    Tag(at, UdfTagId::kPrimaryVolume, first, 512);
    at += sector;
    Put(at + 16, 1, 4);
    Put(at + 20, 1, 2);
    Text(at + 25, revision >= 0x0200 ? "+NSR03" : "+NSR02");
    Put(at + 184, 1, 4);
    Put(at + 188, start_, 4);
    Put(at + 192, blocks, 4);
    Tag(at, UdfTagId::kPartition, first + 1, 512);
    at += sector;
    Put(at + 16, 2, 4);
    Fixed(at + 84, "VOLUME", 128);
    Put(at + 212, sector, 4);
    Text(at + 217, "*OSTA UDF Compliant");
    Put(at + 240, revision, 2);
    PutLong(at + 248, 2 * sector, file_set, MetadataReference());
    const size_t maps = PutMaps(at + 440, spare);
    Put(at + 264, maps, 4);
    Put(at + 268, has_metadata ? 2 : 1, 4);
    Tag(at, UdfTagId::kLogicalVolume, first + 2, 440 + maps);
    at += sector;
    Tag(at, UdfTagId::kTerminating, first + 3, 512);
  }

  size_t PutMaps(size_t at, size_t spare) {
    const size_t begin = at;
    if (is_sparable || is_virtual) {
      at = PutMap2(at, is_virtual ? "*UDF Virtual Partition"
                                  : "*UDF Sparable Partition");
      Put(begin + 40, kPacket, 2);
      Put(begin + 42, 1, 1);
      Put(begin + 44, sector, 4);
      Put(begin + 48, spare, 4);
    } else {
      Put(at, 1, 1);
      Put(at + 1, 6, 1);
      Put(at + 2, 1, 2);
      at += 6;
    }
    if (has_metadata) {
      const size_t map = at;
      at = PutMap2(at, "*UDF Metadata Partition");
      Put(map + 40, 0, 4);
      Put(map + 44, 1, 4);
      Put(map + 48, 0xFFFFFFFF, 4);
      Put(map + 58, has_mirror_copy ? 1 : 0, 1);
    }
    return at - begin;
  }

  size_t PutMap2(size_t at, const std::string& identifier) {
    Put(at, 2, 1);
    Put(at + 1, 64, 1);
    Text(at + 5, identifier);
    Put(at + 28, revision, 2);
    Put(at + 36, 1, 2);
    return at + 64;
  }

  // Swaps the packet with spare sectors behind the partition. Yields the sector
  // of the table.
  size_t MoveFirstPacket() {
    const size_t content = content_at.at(files.front().name) / sector - start_;
    const size_t packet = content - content % kPacket;
    const size_t spare = AddSectors(kPacket);
    const size_t from = (start_ + packet) * sector;
    for (size_t i = 0; i < kPacket * sector; ++i) {
      std::swap(out_.at(spare + i), out_.at(from + i));
    }
    const size_t table = AddSectors(1);
    Text(table + 17, "*UDF Sparing Table");
    Put(table + 48, 2, 2);
    Put(table + 56, packet, 4);
    Put(table + 60, spare / sector, 4);
    Put(table + 64, 0xFFFFFFFF, 4);
    Put(table + 68, spare / sector, 4);
    Tag(table, UdfTagId::kNone, table / sector, 72);
    return table / sector;
  }

  [[nodiscard]] uint16_t MetadataReference() const {
    return has_metadata ? 1 : 0;
  }

  void PutMetadataFile() {
    const size_t entries = AddSectors(2);
    metadata_at_ = AddSectors(kMetadata);
    mirror_at = has_mirror_copy ? AddSectors(kMetadata) : metadata_at_;
    for (size_t i = 0; i < 2; ++i) {
      const size_t at = entries + i * sector;
      const size_t content = i == 0 ? metadata_at_ : mirror_at;
      Put(at + 20, 4, 2);
      Put(at + 27, 250 + i, 1);
      Put(at + 56, kMetadata * sector, 8);
      Put(at + 212, 8, 4);
      Put(at + 216, kMetadata * sector, 4);
      Put(at + 220, content / sector - start_, 4);
      Tag(at, UdfTagId::kExtendedFileEntry, i, 224);
    }
  }

  // A block for metadata, as it is numbered.
  uint32_t NewBlock() {
    return has_metadata
               ? next_block_++
               : static_cast<uint32_t>(AddSectors(1) / sector - start_);
  }
  [[nodiscard]] size_t OffsetOf(uint32_t block) const {
    return has_metadata ? metadata_at_ + block * size_t{sector}
                        : (start_ + block) * sector;
  }

  void PutLong(size_t at, uint64_t size, uint64_t block, uint16_t partition) {
    Put(at, size, 4);
    Put(at + 4, block, 4);
    Put(at + 8, partition, 2);
  }

  void PutFileSet(uint32_t block, uint32_t root, uint32_t streams) {
    const size_t at = file_set_at;
    PutLong(at + 400, sector, root, MetadataReference());
    PutLong(at + 464, streams == 0 ? 0 : sector, streams, MetadataReference());
    Tag(at, UdfTagId::kFileSet, block, 512);
    Tag(OffsetOf(block + 1), UdfTagId::kTerminating, block + 1, 512);
  }

  struct Waiting {
    const UdfFile* file;
    uint32_t block;
    uint32_t parent;
  };

  void PutTree(uint32_t root_block) {
    const UdfFile root{"", "", files, true};
    std::vector<Waiting> waiting = {{&root, root_block, root_block}};
    for (size_t i = 0; i < waiting.size(); ++i) {
      const Waiting next = waiting[i];
      const size_t at = PutDirectory(next, waiting);
      if (i == 0) {
        root_content_at = at;
      }
    }
  }

  // Yields where the identifiers lie.
  size_t PutDirectory(const Waiting& directory, std::vector<Waiting>& waiting) {
    std::string content = Identifier("", directory.parent, 0x08 | 0x02);
    std::map<std::string, size_t> places;
    for (const UdfFile& file : directory.file->children) {
      const bool is_directory = file.is_directory || !file.children.empty();
      uint32_t block = 0;
      if (!file.same_as.empty()) {
        block = blocks_.at(file.same_as);
      } else {
        block = NewBlock();
        blocks_[file.name] = block;
        entry_at[file.name] = OffsetOf(block);
        if (is_directory) {
          waiting.push_back({&file, block, directory.block});
        } else {
          PutFile(file, block);
        }
      }
      places[file.name] = content.size();
      content += Identifier(
          file.name, block,
          static_cast<uint8_t>(file.characteristics | (is_directory ? 2 : 0)));
    }
    const size_t at = PutEntry(*directory.file, directory.block, 4, content);
    for (const auto& [name, place] : places) {
      identifier_at[name] = at + place;
    }
    return at;
  }

  [[nodiscard]] std::string Identifier(const std::string& name, uint32_t block,
                                       uint8_t characteristics) const {
    const std::string characters = Characters(name);
    std::vector<uint8_t> bytes((38 + characters.size() + 3) / 4 * 4);
    Little(bytes, 0, static_cast<uint16_t>(UdfTagId::kFileIdentifier), 2);
    Little(bytes, 2, 2, 2);
    Little(bytes, 10, bytes.size() - 16, 2);
    Little(bytes, 16, 1, 2);
    bytes[18] = characteristics;
    bytes[19] = static_cast<uint8_t>(characters.size());
    Little(bytes, 20, sector, 4);
    Little(bytes, 24, block, 4);
    Little(bytes, 28, MetadataReference(), 2);
    std::copy(characters.begin(), characters.end(), bytes.begin() + 38);
    Seal(bytes, 0);
    return {bytes.begin(), bytes.end()};
  }

  void PutFile(const UdfFile& file, uint32_t block) {
    const bool is_link = !file.target.empty();
    content_at[file.name] = PutEntry(file, block, is_link ? 12 : 5,
                                     is_link ? file.target : file.content);
  }

  uint32_t PutStreams(const std::vector<UdfFile>& streams, uint32_t parent) {
    const uint32_t block = NewBlock();
    const UdfFile directory{"", "", streams, true};
    std::vector<Waiting> waiting;
    PutDirectory({&directory, block, parent}, waiting);
    Put(OffsetOf(block) + 27, 13, 1);
    Seal(out_, OffsetOf(block));
    return block;
  }

  // Yields where the content lies.
  size_t PutEntry(const UdfFile& file, uint32_t block, uint8_t type,
                  const std::string& content) {
    const size_t at = OffsetOf(block);
    const bool is_extended = file.is_extended || !file.streams.empty();
    const size_t head = is_extended ? 216 : 176;
    const uint32_t streams =
        file.streams.empty() ? 0 : PutStreams(file.streams, block);
    std::string descriptors;
    size_t where = at + head;
    UdfForm form = file.form;
    if (form == UdfForm::kEmbedded) {
      descriptors = content;
    } else {
      // Directories of a metadata partition lie in it.
      if (type == 4 && has_metadata) {
        form = UdfForm::kShort;
      } else if (has_metadata && form == UdfForm::kShort) {
        form = UdfForm::kLong;
      }
      descriptors = PutContent(file, content, form, type == 4, where);
    }
    if (file.chained) {
      descriptors = Chain(file, descriptors, form);
    }
    Put(at + 20, 4, 2);
    Put(at + 27, file.type != 0 ? file.type : type, 1);
    Put(at + 34, static_cast<uint8_t>(form), 2);
    Put(at + 56, file.size.value_or(content.size() + file.zeros), 8);
    if (is_extended) {
      PutLong(at + 152, streams == 0 ? 0 : sector, streams,
              MetadataReference());
    }
    Put(at + head - 4, descriptors.size(), 4);
    Text(at + head, descriptors);
    Tag(at, is_extended ? UdfTagId::kExtendedFileEntry : UdfTagId::kFileEntry,
        block, head + descriptors.size());
    return where;
  }

  static std::string Number(uint64_t value, size_t bytes) {
    std::vector<uint8_t> out(bytes);
    Little(out, 0, value, bytes);
    return {out.begin(), out.end()};
  }
  [[nodiscard]] std::string Descriptor(uint64_t size, uint64_t block,
                                       UdfForm form, bool in_metadata) const {
    std::string text = Number(size, 4) + Number(block, 4);
    if (form == UdfForm::kLong) {
      text += Number(in_metadata ? MetadataReference() : 0, 2) +
              std::string(6, '\0');
    }
    return text;
  }

  std::string PutContent(const UdfFile& file, const std::string& content,
                         UdfForm form, bool is_directory, size_t& where) {
    constexpr uint64_t kSparse = uint64_t{2} << 30;
    std::string descriptors;
    const bool in_metadata = is_directory && has_metadata;
    size_t part = (content.size() + file.extents - 1) / file.extents;
    part = (part + sector - 1) / sector * sector;
    for (size_t begin = 0; begin < content.size(); begin += part) {
      const std::string piece = content.substr(begin, part);
      const size_t sectors = (piece.size() + sector - 1) / sector;
      size_t at = 0;
      uint32_t block = 0;
      if (file.content_at) {
        at = *file.content_at;
        block = static_cast<uint32_t>(at / sector - start_);
      } else if (in_metadata) {
        block = next_block_;
        next_block_ += static_cast<uint32_t>(sectors);
        at = OffsetOf(block);
      } else {
        at = AddSectors(sectors + (file.scattered ? 1 : 0));
        block = static_cast<uint32_t>(at / sector - start_);
      }
      where = begin == 0 ? at : where;
      Text(at, piece);
      descriptors += Descriptor(piece.size(), block, form, in_metadata);
    }
    if (file.zeros > 0) {
      descriptors += Descriptor(kSparse | file.zeros, 0, form, in_metadata);
    }
    return descriptors;
  }

  // The first descriptor, and one that leads to the others.
  std::string Chain(const UdfFile& file, const std::string& descriptors,
                    UdfForm form) {
    constexpr uint64_t kNext = uint64_t{3} << 30;
    const size_t bytes = form == UdfForm::kLong ? 16 : 8;
    const uint32_t block = NewBlock();
    const size_t at = OffsetOf(block);
    next_list_at[file.name] = at;
    const std::string rest = descriptors.substr(bytes);
    Put(at + 20, rest.size(), 4);
    Text(at + 24, rest);
    Tag(at, UdfTagId::kAllocationExtent, block, 24 + rest.size());
    return descriptors.substr(0, bytes) +
           Descriptor(kNext | sector, block, form, true);
  }

  std::vector<uint8_t> out_;
  size_t start_ = 0;  // sector of the partition
  size_t metadata_at_ = 0;
  uint32_t next_block_ = 0;
  std::map<std::string, uint32_t> blocks_;
};

}  // namespace countersign::formats::sample
