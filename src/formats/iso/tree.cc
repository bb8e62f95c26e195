// A directory is an extent of records, none of which crosses a sector:
//
//   { u8 length, u8 attribute blocks, location (+2), size (+10), time (+18),
//     u8 flags (+25), u8 unit (+26), u8 gap (+27), volume (+28),
//     u8 name length (+32), name (+33), padding to even, system use area }
//
// The first two, of names 0x00 and 0x01, are the directory and its parent. A
// file larger than an extent has several records, all but the last with the
// flag 0x80.
//
// Spec: ECMA-119, 6.8 and 9.1.
#include "formats/iso/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "formats/iso/rock_ridge.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Input;
using base::Reader;
using base::Result;

// Limit: directories inside directories; ISO 9660 allows 8, Rock Ridge what
// fits into a path.
constexpr uint32_t kMaxDepth = 256;
// Limit: bytes of a path; PATH_MAX of Linux.
constexpr size_t kMaxPath = 4096;
constexpr uint8_t kMinRecord = 34;

constexpr uint8_t kFlagHidden = 0x01;
constexpr uint8_t kFlagDirectory = 0x02;
constexpr uint8_t kFlagAssociated = 0x04;
constexpr uint8_t kFlagGoesOn = 0x80;

struct IsoRecord {
  ByteRange stored;
  ByteRange extent;
  uint8_t flags = 0;
  bool is_interleaved = false;
  Bytes name;
  Input system_use;

  // The record of the directory itself, or of its parent.
  [[nodiscard]] bool IsDots() const { return name.size() == 1 && name[0] <= 1; }
};

struct IsoDirectory {
  ByteRange extent;
  ByteRange record;  // that led here
  uint32_t node = kIsoRoot;
  uint32_t depth = 0;
  bool is_moved = false;  // its own record says that another leads here
};

class TreeReader {
 public:
  TreeReader(const IsoContext& context, const IsoVolume& volume)
      : context_(context), volume_(volume) {}

  Result<IsoTree> Run() {
    directories_.push_back({volume_.root, volume_.descriptor});
    for (size_t i = 0; i < directories_.size(); ++i) {
      if (Enter(directories_[i])) {
        CS_TRY_VOID(ReadDirectory(directories_[i]));
      }
      // What was moved, and nobody has asked for, comes last.
      if (i + 1 == directories_.size() && !moved_.empty()) {
        directories_.insert(directories_.end(), moved_.begin(), moved_.end());
        moved_.clear();
      }
    }
    tree_.directories.assign(visited_.begin(), visited_.end());
    return std::move(tree_);
  }

 private:
  void Damage(Fault fault, uint64_t offset, const char* field) {
    if (!tree_.damage) {
      tree_.damage = Error{fault, offset, field};
    }
  }

  // Whether `directory` is to be read; cuts it to what is in the image.
  bool Enter(IsoDirectory& directory) {
    const uint64_t size = context_.image.size();
    if (directory.extent.offset >= size) {
      Damage(Fault::kTruncated, directory.record.offset, "Location of Extent");
      return false;
    }
    if (directory.extent.size > size - directory.extent.offset) {
      Damage(Fault::kTruncated, directory.record.offset, "Data Length");
      directory.extent.size = size - directory.extent.offset;
    }
    if (directory.depth > kMaxDepth) {
      Damage(Fault::kLimit, directory.record.offset, "depth of directories");
      return false;
    }
    if (!visited_.insert(directory.extent.offset).second) {
      if (!directory.is_moved) {
        context_.remarks.Note(RemarkKind::kLoop, directory.record, [&] {
          return fmt::format(
              "the directory at {} is reached by more than one record",
              directory.extent.offset);
        });
      }
      return false;
    }
    if (directory.is_moved) {
      context_.remarks.Note(RemarkKind::kHiddenMember, directory.record, [] {
        return std::string(
            "a moved directory is not reached from where it was");
      });
    }
    return true;
  }

  Result<void> ReadDirectory(IsoDirectory directory) {
    names_.clear();
    goes_on_.reset();
    const ByteRange extent = directory.extent;
    uint64_t at = 0;
    while (at < extent.size) {
      const uint64_t offset = extent.offset + at;
      const uint64_t left =
          std::min(kIsoSector - at % kIsoSector, extent.size - at);
      CS_TRY_VOID(context_.budget.ChargeSteps(1, offset));
      const uint8_t size = context_.image[offset];
      if (size == 0) {
        at += left;
        continue;
      }
      if (size < kMinRecord || size > left) {
        Damage(Fault::kMalformed, offset, "Length of Directory Record");
        at += left;
        continue;
      }
      tree_.claimed.push_back({offset, size});
      CS_TRY_VOID(ReadRecord({context_.image.subspan(offset, size), offset},
                             directory));
      at += size;
    }
    if (goes_on_) {
      Damage(Fault::kMalformed, tree_.nodes[*goes_on_].stored.offset,
             "File Flags");
    }
    NoteNames();
    return {};
  }

  Result<void> ReadRecord(Input bytes, const IsoDirectory& directory) {
    Reader reader(bytes);
    IsoRecord record;
    record.stored = bytes.Range();
    reader.Skip(1, "Length of Directory Record");
    const uint64_t attributes = reader.U8("Extended Attribute Record Length");
    const uint64_t block = ReadBoth32(reader, context_, "Location of Extent");
    record.extent = {(block + attributes) * volume_.block,
                     ReadBoth32(reader, context_, "Data Length")};
    reader.Skip(7, "Recording Date and Time");
    record.flags = reader.U8("File Flags");
    const uint8_t unit = reader.U8("File Unit Size");
    record.is_interleaved = unit != 0 || reader.U8("Interleave Gap Size") != 0;
    reader.Seek(28, "Volume Sequence Number");
    (void)ReadBoth16(reader, context_, "Volume Sequence Number");
    const uint8_t name_size = reader.U8("Length of File Identifier");
    record.name = reader.Take(name_size, "File Identifier");
    if (name_size % 2 == 0 && reader.Remaining() > 0) {
      reader.Skip(1, "Padding Field");
    }
    record.system_use.offset = reader.Offset();
    record.system_use.bytes = reader.Take(reader.Remaining(), "System Use");
    if (const auto read = reader.Finish(true); !read) {
      Damage(read.error().fault, read.error().offset, read.error().field);
      return {};
    }
    RockRidge ridge;
    CS_TRY_VOID(ReadSystemUse(record, directory, ridge));
    if (!record.IsDots()) {
      AddNode(record, ridge, directory);
    }
    return {};
  }

  Result<void> ReadSystemUse(const IsoRecord& record,
                             const IsoDirectory& directory, RockRidge& ridge) {
    if (volume_.is_joliet) {
      return {};
    }
    Input area = record.system_use;
    const bool is_root_itself = directory.node == kIsoRoot && record.IsDots() &&
                                record.name[0] == 0 && directory.depth == 0;
    if (is_root_itself) {
      skipped_ = FindRockRidge(area.bytes);
      tree_.has_rock_ridge = skipped_.has_value();
    }
    if (!skipped_) {
      return {};
    }
    const size_t skip = is_root_itself ? 0 : *skipped_;
    area.bytes = area.bytes.subspan(std::min(skip, area.bytes.size()));
    area.offset += std::min<uint64_t>(skip, record.system_use.bytes.size());
    ridge = CS_TRY(ReadRockRidge(context_, volume_.block, area));
    for (const ByteRange& continuation : ridge.continuations) {
      tree_.claimed.push_back(continuation);
    }
    return {};
  }

  // The name as it is handed over.
  [[nodiscard]] std::string NameOf(const IsoRecord& record,
                                   const RockRidge& ridge) const {
    if (ridge.name) {
      return *ridge.name;
    }
    std::string name = volume_.is_joliet
                           ? base::FromUtf16BigEndian(record.name)
                           : std::string(base::AsText(record.name));
    if (name.ends_with(";1")) {
      name.resize(name.size() - 2);
    }
    // Quirk: a name without an extension is stored with the dot before it.
    if (!volume_.is_joliet && name.ends_with('.') && name.size() > 1) {
      name.pop_back();
    }
    return name;
  }

  void AddNode(const IsoRecord& record, RockRidge& ridge,
               const IsoDirectory& directory) {
    if (goes_on_) {
      Continue(record);
      return;
    }
    const bool is_directory =
        (record.flags & kFlagDirectory) != 0 || ridge.child.has_value();
    if (ridge.is_relocated && is_directory) {
      moved_.push_back({record.extent, record.stored, directory.node,
                        directory.depth + 1, true});
      return;
    }
    IsoNode node;
    node.parent = directory.node;
    node.stored = record.stored;
    node.name = NameOf(record, ridge);
    node.kind = is_directory ? MemberKind::kDirectory
                : ridge.kind && *ridge.kind != MemberKind::kDirectory
                    ? *ridge.kind
                    : MemberKind::kFile;
    node.link_target = std::move(ridge.link_target);
    node.is_interleaved = record.is_interleaved;
    if (node.kind == MemberKind::kFile) {
      node.extents.push_back(record.extent);
    }
    NoteRecord(record, ridge, node);
    const auto index = static_cast<uint32_t>(tree_.nodes.size());
    if ((record.flags & kFlagAssociated) == 0) {
      names_.push_back(index);
    }
    tree_.nodes.push_back(std::move(node));
    if (is_directory) {
      Descend(record, ridge, directory, index);
    } else if ((record.flags & kFlagGoesOn) != 0) {
      goes_on_ = index;
    }
  }

  void Descend(const IsoRecord& record, const RockRidge& ridge,
               const IsoDirectory& directory, uint32_t index) {
    ByteRange extent = record.extent;
    if (ridge.child) {
      // The size is in the first record of the directory itself.
      extent = {*ridge.child, 0};
      if (ByteRange{*ridge.child, kMinRecord}.Inside(context_.image.size())) {
        Reader reader(Input{context_.image.subspan(*ridge.child, kMinRecord),
                            *ridge.child});
        reader.Skip(10, "Data Length");
        extent.size = reader.U32("Data Length");
      }
    }
    directories_.push_back(
        {extent, record.stored, index, directory.depth + 1, false});
  }

  // Another record of the file that was begun.
  void Continue(const IsoRecord& record) {
    IsoNode& node = tree_.nodes[*goes_on_];
    if (node.kind == MemberKind::kFile) {
      node.extents.push_back(record.extent);
    }
    node.is_interleaved |= record.is_interleaved;
    if ((record.flags & kFlagGoesOn) == 0) {
      goes_on_.reset();
    }
  }

  void NoteRecord(const IsoRecord& record, const RockRidge& ridge,
                  const IsoNode& node) {
    if ((record.flags & kFlagHidden) != 0) {
      context_.remarks.Note(RemarkKind::kHiddenMember, record.stored, [&] {
        return fmt::format("\"{}\" is marked as not to be shown",
                           base::DisplaySafe(node.name));
      });
    }
    if (ridge.is_encoded) {
      context_.remarks.Note(RemarkKind::kUnsupported, record.stored, [&] {
        return fmt::format(
            "\"{}\" is compressed or sparse, and handed over as it is stored",
            base::DisplaySafe(node.name));
      });
    }
  }

  // Names that are in one directory twice.
  void NoteNames() {
    const auto& nodes = tree_.nodes;
    std::ranges::sort(names_, {}, [&](uint32_t index) {
      return std::pair(std::string_view(nodes[index].name), index);
    });
    for (size_t i = 1; i < names_.size(); ++i) {
      const IsoNode& node = nodes[names_[i]];
      if (node.name == nodes[names_[i - 1]].name) {
        context_.remarks.Note(RemarkKind::kDuplicateName, node.stored, [&] {
          return fmt::format("a directory has \"{}\" more than once",
                             base::DisplaySafe(node.name));
        });
      }
    }
  }

  const IsoContext& context_;
  const IsoVolume& volume_;
  IsoTree tree_;
  std::vector<IsoDirectory> directories_;  // read, and to be read
  std::vector<IsoDirectory> moved_;        // that other records should lead to
  std::set<uint64_t> visited_;             // offsets of directories
  std::optional<uint8_t> skipped_;         // in each system use area
  std::vector<uint32_t> names_;      // nodes of the directory that is read
  std::optional<uint32_t> goes_on_;  // the file that has more records
};

}  // namespace

uint64_t IsoNode::Size() const {
  uint64_t size = 0;
  for (const ByteRange& extent : extents) {
    size += extent.size;
  }
  return size;
}

std::string IsoTree::Path(const IsoNode& node) const {
  std::vector<const IsoNode*> parts = {&node};
  while (parts.back()->parent != kIsoRoot) {
    parts.push_back(&nodes[parts.back()->parent]);
  }
  std::string path;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    path += (path.empty() ? "" : "/") + (*part)->name;
  }
  path.resize(std::min(path.size(), kMaxPath));
  return path;
}

std::vector<IsoContent> ContentsOf(const IsoTree& tree) {
  std::vector<IsoContent> contents;
  for (const IsoNode& node : tree.nodes) {
    if (node.Size() > 0) {
      contents.push_back({node.extents.front().offset, node.Size()});
    }
  }
  std::ranges::sort(contents);
  return contents;
}

Result<IsoTree> ReadIsoTree(const IsoContext& context,
                            const IsoVolume& volume) {
  return TreeReader(context, volume).Run();
}

}  // namespace countersign::formats
