// A directory is a file of identifiers, each filled up to a multiple of four:
//
//   { tag, u16 version (+16), u8 characteristics (+18), u8 bytes of the name
//     (+19), address of the file entry (+20), u16 bytes of what follows (+36),
//     that (+38), name }
//
// The first leads to the parent and has no name. Those that are deleted stay.
// A link is a file of components { u8 kind, u8 bytes of the name, u16 version,
// name }.
//
// Spec: ECMA-167, part 4, 8.6, 14.4, 14.16; OSTA UDF 2.60, 2.3.4, 3.3.5.
#include "formats/udf/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/reader.h"
#include "base/text.h"
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

// Limit: directories inside directories; what fits into a path of Linux.
constexpr uint32_t kMostUdfDepth = 256;
// Limit: bytes of a path; PATH_MAX of Linux.
constexpr size_t kMostUdfPath = 4096;
// Limit: bytes of a directory; a million names of 20 letters.
constexpr uint64_t kMostUdfDirectory = uint64_t{64} << 20;
// Limit: bytes of a link, which names a path.
constexpr uint64_t kMostUdfLink = uint64_t{64} << 10;
constexpr uint64_t kUdfIdentifierBytes = 38;

constexpr uint8_t kUdfHidden = 0x01;
constexpr uint8_t kUdfDirectory = 0x02;
constexpr uint8_t kUdfDeleted = 0x04;
constexpr uint8_t kUdfParent = 0x08;

struct UdfIdentifier {
  ByteRange stored;
  uint8_t characteristics = 0;
  UdfAddress address;
  std::string name;

  [[nodiscard]] bool Is(uint8_t flag) const {
    return (characteristics & flag) != 0;
  }
};

struct UdfDirectoryToRead {
  UdfFileEntry entry;
  UdfAddress address;
  UdfAddress parent;
  uint32_t node = kUdfRoot;
  uint32_t depth = 0;
  bool is_of_streams = false;
};

// "a/b" of the components of a link.
std::string UdfLinkTarget(Bytes components) {
  enum class Kind : uint8_t { kAgreed = 1, kRoot, kParent, kSelf, kName };
  Reader reader(base::Input{components, 0});
  std::string target;
  while (reader.Remaining() > 0 && target.size() < kMostUdfPath) {
    const auto kind = static_cast<Kind>(reader.U8("Component Type"));
    const uint8_t size = reader.U8("Length of Component Identifier");
    reader.Skip(2, "Component File Version Number");
    const Bytes name = reader.Take(size, "Component Identifier");
    if (reader.Failed()) {
      break;
    }
    if (kind == Kind::kRoot || kind == Kind::kAgreed) {
      target = "/";
      continue;
    }
    target += target.empty() || target.ends_with('/') ? "" : "/";
    target += kind == Kind::kParent ? ".."
              : kind == Kind::kSelf ? "."
                                    : UdfText(name);
  }
  return target;
}

MemberKind KindOfUdfEntry(const UdfFileEntry& entry) {
  switch (entry.type) {
    case UdfFileType::kDirectory:
    case UdfFileType::kStreamDirectory:
      return MemberKind::kDirectory;
    case UdfFileType::kSymbolicLink:
      return MemberKind::kLink;
    case UdfFileType::kBlockDevice:
    case UdfFileType::kCharacterDevice:
    case UdfFileType::kFifo:
    case UdfFileType::kSocket:
      return MemberKind::kDevice;
    default:
      return MemberKind::kFile;
  }
}

// Where in the image the content of a file lies, asked for from its beginning
// to its end.
class UdfPlaces {
 public:
  explicit UdfPlaces(const UdfFileEntry& entry) : entry_(entry) {}

  // The part at `offset`, as far as it lies in one piece.
  ByteRange At(uint64_t offset, uint64_t size) {
    while (index_ < entry_.pieces.size() &&
           offset - begin_ >= entry_.pieces[index_].range.size) {
      begin_ += entry_.pieces[index_].range.size;
      ++index_;
    }
    if (index_ == entry_.pieces.size() || !entry_.pieces[index_].is_recorded) {
      return entry_.stored;
    }
    const ByteRange range = entry_.pieces[index_].range;
    const uint64_t into = offset - begin_;
    return {range.offset + into, std::min(size, range.size - into)};
  }

 private:
  const UdfFileEntry& entry_;
  size_t index_ = 0;
  uint64_t begin_ = 0;  // of that piece
};

class UdfTreeReader {
 public:
  UdfTreeReader(const UdfContext& context, const UdfVolume& volume)
      : context_(context), volume_(volume) {}

  Result<UdfTree> Run() {
    CS_TRY_VOID(AddRoot());
    CS_TRY_VOID(AddSystemStreams());
    for (size_t i = 0; i < directories_.size(); ++i) {
      const UdfDirectoryToRead directory = std::move(directories_[i]);
      CS_TRY_VOID(ReadDirectory(directory));
      // What was deleted comes last: who else has its entry is known then.
      if (i + 1 == directories_.size()) {
        CS_TRY_VOID(AddDeleted());
      }
    }
    return std::move(tree_);
  }

 private:
  void Damage(Error error) {
    if (!tree_.damage) {
      tree_.damage = error;
    }
  }

  Result<void> AddRoot() {
    auto root = ReadUdfEntry(context_, volume_.partitions, volume_.root,
                             volume_.file_set.offset + 400);
    if (!root) {
      Damage(root.error());
      return Spent();
    }
    Claim(*root, false);
    if (root->type != UdfFileType::kDirectory) {
      Damage({Fault::kMalformed, root->stored.offset + 27, "File Type"});
      return {};
    }
    CS_TRY_VOID(AddStreamsOf(*root, kUdfRoot, 1));
    Descend({std::move(*root), volume_.root, volume_.root, kUdfRoot, 0, false});
    return {};
  }

  // Of the volume; they belong to no file.
  Result<void> AddSystemStreams() {
    if (volume_.streams.size == 0) {
      return {};
    }
    return AddStreamDirectory(volume_.streams, kUdfRoot, 1,
                              volume_.file_set.offset + 464);
  }

  // Nothing, or that the budget is spent.
  [[nodiscard]] Result<void> Spent() const {
    if (context_.budget.Reached()) {
      return std::unexpected(*context_.budget.Reached());
    }
    return {};
  }

  void Claim(const UdfFileEntry& entry, bool is_deleted) {
    auto& ranges = is_deleted ? tree_.copies : tree_.claimed;
    ranges.insert(ranges.end(), entry.claimed.begin(), entry.claimed.end());
  }

  Result<void> AddStreamsOf(const UdfFileEntry& entry, uint32_t node,
                            uint32_t depth) {
    if (entry.has_attributes_elsewhere) {
      context_.remarks.Note(RemarkKind::kUnsupported, entry.stored, [] {
        return std::string("a file of extended attributes is not read");
      });
    }
    if (entry.streams.size == 0) {
      return {};
    }
    return AddStreamDirectory(entry.streams, node, depth,
                              entry.stored.offset + 152);
  }

  Result<void> AddStreamDirectory(const UdfAddress& address, uint32_t node,
                                  uint32_t depth, uint64_t evidence) {
    if (!Visit(address, {evidence, 16})) {
      return {};
    }
    auto entry = ReadUdfEntry(context_, volume_.partitions, address, evidence);
    if (!entry) {
      Damage(entry.error());
      return Spent();
    }
    Claim(*entry, false);
    Descend({std::move(*entry), address, address, node, depth, true});
    return {};
  }

  void Descend(UdfDirectoryToRead directory) {
    visited_.insert({directory.address.partition, directory.address.block});
    if (directory.depth > kMostUdfDepth) {
      Damage({Fault::kLimit, directory.entry.stored.offset,
              "depth of directories"});
      return;
    }
    directories_.push_back(std::move(directory));
  }

  // False, and a remark, when that directory was reached before.
  bool Visit(const UdfAddress& address, ByteRange evidence) {
    if (visited_.insert({address.partition, address.block}).second) {
      return true;
    }
    context_.remarks.Note(RemarkKind::kLoop, evidence, [&] {
      return fmt::format(
          "the directory of block {} is reached by more than one name",
          address.block);
    });
    return false;
  }

  Result<void> ReadDirectory(const UdfDirectoryToRead& directory) {
    std::vector<uint8_t> buffer;
    const auto content =
        UdfContent(context_, directory.entry, kMostUdfDirectory, buffer);
    if (!content) {
      Damage(content.error());
      return Spent();
    }
    for (const UdfPiece& piece : directory.entry.pieces) {
      if (piece.is_recorded && !directory.entry.is_embedded) {
        tree_.claimed.push_back(piece.range);
      }
    }
    names_.clear();
    UdfPlaces places(directory.entry);
    Reader reader(*content);
    while (reader.Remaining() > 0) {
      const uint64_t at = reader.Offset() - content->offset;
      CS_TRY_VOID(
          context_.budget.ChargeSteps(1, directory.entry.stored.offset));
      const auto identifier =
          ReadIdentifier(content->bytes.subspan(at), at, places, reader);
      if (!identifier) {
        Damage({identifier.error().fault, places.At(at, 1).offset,
                identifier.error().field});
        break;
      }
      CS_TRY_VOID(Add(*identifier, directory));
    }
    NoteNames();
    return {};
  }

  // The one at the position of `reader`, `at` bytes from the beginning.
  Result<UdfIdentifier> ReadIdentifier(Bytes rest, uint64_t at,
                                       UdfPlaces& places, Reader& reader) {
    if (UdfTagOf(rest) != UdfTagId::kFileIdentifier) {
      return base::Fail(Fault::kMalformed, at,
                        "Tag Identifier of a file identifier");
    }
    UdfIdentifier found;
    reader.Skip(18, "File Version Number");
    found.characteristics = reader.U8("File Characteristics");
    const uint8_t name_size = reader.U8("Length of File Identifier");
    found.address = ReadUdfAddress(reader, "ICB");
    const uint16_t use = reader.U16("Length of Implementation Use");
    reader.Skip(use, "Implementation Use");
    found.name = UdfText(reader.Take(name_size, "File Identifier"));
    const uint64_t size = kUdfIdentifierBytes + use + name_size;
    const uint64_t padding = std::min((4 - size % 4) % 4, reader.Remaining());
    reader.Skip(padding, "Padding");
    CS_TRY(reader.Finish(true));
    found.stored = places.At(at, size);
    CheckUdfCrc(context_, {rest.first(size + padding), found.stored.offset});
    return found;
  }

  Result<void> Add(const UdfIdentifier& identifier,
                   const UdfDirectoryToRead& directory) {
    if (identifier.Is(kUdfParent)) {
      CheckParent(identifier, directory);
      return {};
    }
    if (identifier.Is(kUdfDeleted)) {
      if (identifier.address.size > 0) {
        deleted_.emplace_back(identifier, directory.node);
      }
      return {};
    }
    return AddNode(identifier, directory, false);
  }

  void CheckParent(const UdfIdentifier& identifier,
                   const UdfDirectoryToRead& directory) {
    const bool is_right =
        identifier.address.block == directory.parent.block &&
        identifier.address.partition == directory.parent.partition;
    if (!is_right && !directory.is_of_streams) {
      context_.remarks.Note(RemarkKind::kOddity, identifier.stored, [] {
        return std::string("a directory names another parent than its own");
      });
    }
  }

  Result<void> AddNode(const UdfIdentifier& identifier,
                       const UdfDirectoryToRead& directory, bool is_deleted) {
    UdfNode node;
    node.parent = directory.node;
    node.stored = identifier.stored;
    node.name = identifier.name;
    node.is_stream = directory.is_of_streams;
    node.is_deleted = is_deleted;
    node.kind = identifier.Is(kUdfDirectory) ? MemberKind::kDirectory
                                             : MemberKind::kFile;
    auto entry = ReadUdfEntry(context_, volume_.partitions, identifier.address,
                              identifier.stored.offset);
    const auto index = static_cast<uint32_t>(tree_.nodes.size());
    if (!is_deleted) {
      names_.push_back(index);
    }
    if (!entry) {
      CS_TRY_VOID(Spent());
      node.damage = entry.error();
      tree_.nodes.push_back(std::move(node));
      return {};
    }
    node.kind = KindOfUdfEntry(*entry);
    Claim(*entry, is_deleted);
    NoteIdentifier(identifier, node, *entry);
    return AddEntry(identifier, directory, std::move(node), std::move(*entry),
                    index);
  }

  Result<void> AddEntry(const UdfIdentifier& identifier,
                        const UdfDirectoryToRead& directory, UdfNode node,
                        UdfFileEntry entry, uint32_t index) {
    const bool is_directory = node.kind == MemberKind::kDirectory;
    const bool is_deleted = node.is_deleted;
    if (node.kind == MemberKind::kLink) {
      CS_TRY_VOID(ReadLink(entry, node));
    }
    if (!is_directory) {
      files_.insert({identifier.address.partition, identifier.address.block});
      node.entry = entry;
    }
    tree_.nodes.push_back(std::move(node));
    if (is_deleted) {
      return {};
    }
    CS_TRY_VOID(AddStreamsOf(entry, index, directory.depth + 1));
    if (is_directory && Visit(identifier.address, identifier.stored)) {
      Descend({std::move(entry), identifier.address, directory.address, index,
               directory.depth + 1, false});
    }
    return {};
  }

  Result<void> ReadLink(const UdfFileEntry& entry, UdfNode& node) {
    std::vector<uint8_t> buffer;
    const auto content = UdfContent(context_, entry, kMostUdfLink, buffer);
    if (!content) {
      CS_TRY_VOID(Spent());
      node.damage = content.error();
      return {};
    }
    node.link_target = UdfLinkTarget(content->bytes);
    return {};
  }

  // Deleted files whose entry nobody else has, with their content if that is
  // still there.
  Result<void> AddDeleted() {
    for (const auto& [identifier, node] : std::exchange(deleted_, {})) {
      const std::pair key{identifier.address.partition,
                          identifier.address.block};
      if (files_.contains(key) || visited_.contains(key) ||
          !IsUdfEntryAt(identifier)) {
        continue;
      }
      UdfDirectoryToRead directory;
      directory.node = node;
      CS_TRY_VOID(AddNode(identifier, directory, true));
    }
    return {};
  }

  // Whether there is still an entry; if not, that is no damage.
  [[nodiscard]] bool IsUdfEntryAt(const UdfIdentifier& identifier) const {
    std::vector<UdfPiece> pieces;
    UdfAddress address = identifier.address;
    address.size = volume_.partitions.block;
    const auto mapped = volume_.partitions.Map(
        context_, address, identifier.stored.offset, pieces);
    if (!mapped || !pieces.front().range.Inside(context_.image.size())) {
      return false;
    }
    const ByteRange range = pieces.front().range;
    const UdfTagId id =
        UdfTagOf(context_.image.subspan(range.offset, range.size));
    return id == UdfTagId::kFileEntry || id == UdfTagId::kExtendedFileEntry;
  }

  void NoteIdentifier(const UdfIdentifier& identifier, const UdfNode& node,
                      const UdfFileEntry& entry) {
    const auto note = [&](RemarkKind kind, const char* what) {
      context_.remarks.Note(kind, identifier.stored, [&] {
        return fmt::format("{} {}", QuotedName(identifier.name), what);
      });
    };
    if (node.is_deleted) {
      note(RemarkKind::kHiddenMember, "is deleted, and still there");
    } else if (identifier.Is(kUdfHidden)) {
      note(RemarkKind::kHiddenMember, "is marked as not to be shown");
    }
    // Names that the format itself gives begin so.
    if (node.is_stream && !identifier.name.starts_with("*UDF ")) {
      note(RemarkKind::kHiddenMember, "is a named stream");
    }
    const bool is_directory = entry.type == UdfFileType::kDirectory;
    if (is_directory != identifier.Is(kUdfDirectory)) {
      note(RemarkKind::kDisagreement,
           "is a directory for its name or its entry, but not for both");
    }
  }

  // Names that are in one directory twice.
  void NoteNames() {
    const auto& nodes = tree_.nodes;
    std::ranges::sort(names_, {}, [&](uint32_t index) {
      return std::pair(std::string_view(nodes[index].name), index);
    });
    for (size_t i = 1; i < names_.size(); ++i) {
      const UdfNode& node = nodes[names_[i]];
      if (node.name == nodes[names_[i - 1]].name) {
        context_.remarks.Note(RemarkKind::kDuplicateName, node.stored, [&] {
          return fmt::format("a directory has {} more than once",
                             QuotedName(node.name));
        });
      }
    }
  }

  using Place = std::pair<uint16_t, uint32_t>;  // partition, block

  const UdfContext& context_;
  const UdfVolume& volume_;
  UdfTree tree_;
  std::vector<UdfDirectoryToRead> directories_;  // read, and to be read
  std::set<Place> visited_;                      // entries of directories
  std::set<Place> files_;                        // entries of other nodes
  std::vector<std::pair<UdfIdentifier, uint32_t>> deleted_;
  std::vector<uint32_t> names_;  // nodes of the directory that is read
};

}  // namespace

std::string UdfTree::Path(const UdfNode& node) const {
  std::vector<const UdfNode*> parts = {&node};
  while (parts.back()->parent != kUdfRoot) {
    parts.push_back(&nodes[parts.back()->parent]);
  }
  std::string path;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    const bool is_first = part == parts.rbegin();
    path += (*part)->is_stream ? is_first ? "[streams]/" : ":"
            : is_first         ? ""
                               : "/";
    path += (*part)->name;
    if (path.size() > kMostUdfPath) {
      path.resize(kMostUdfPath);
      break;
    }
  }
  return path;
}

Result<UdfTree> ReadUdfTree(const UdfContext& context,
                            const UdfVolume& volume) {
  return UdfTreeReader(context, volume).Run();
}

}  // namespace countersign::formats
