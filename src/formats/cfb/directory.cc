// The directory: entries of 128 bytes, and the tree they make.
//
//   +0    name, UTF-16LE      +66  type, colour      +80   CLSID
//   +64   bytes of the name   +68  left sibling      +96   state bits
//         with terminator     +72  right sibling     +100  created, modified
//                             +76  child             +116  start, size
//
// Each storage points to the top of a binary tree of its children, sorted by
// length of name, then by its upper-case form. Spec: [MS-CFB] 2.6.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/reader.h"
#include "base/text.h"
#include "formats/cfb/sectors.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Reader;

constexpr uint64_t kCfbEntryBytes = 128;
constexpr uint64_t kCfbNameBytes = 64;
constexpr uint64_t kCfbNameLengthField = 64;
constexpr uint64_t kCfbTypeField = 66;
constexpr uint64_t kFirstDirectoryField = 48;
constexpr uint64_t kDirectoryCountField = 40;

struct CfbLinks {
  uint32_t left = kNoCompoundEntry;
  uint32_t right = kNoCompoundEntry;
  uint32_t child = kNoCompoundEntry;
};

// One run of ReadDirectory.
struct CfbWalk {
  CfbState& state;
  std::vector<CfbLinks> links;
  std::vector<bool> visited;
};

std::string ShownCfbEntry(const CompoundEntry& entry) {
  return fmt::format("entry {} \"{}\"", entry.id,
                     base::DisplaySafe(entry.name));
}

// An entry that is not in use should be zeros but for the ids of others.
void CheckUnusedCfbEntry(CfbState& state, const CompoundEntry& entry) {
  const ByteRange name{entry.stored.offset, kCfbTypeField};
  const ByteRange rest{entry.stored.offset + 80, kCfbEntryBytes - 80};
  if (CfbHoldsData(state.file, name) || CfbHoldsData(state.file, rest)) {
    state.remarks.Note(RemarkKind::kHiddenData, entry.stored, [&] {
      return fmt::format("entry {} is not in use and holds data", entry.id);
    });
  }
}

// Takes the name out of its field of 64 bytes.
void ReadCfbName(CfbState& state, CompoundEntry& entry, Bytes field,
                 uint16_t length) {
  const uint64_t at = entry.stored.offset;
  if (length < 2 || length > kCfbNameBytes || length % 2 != 0) {
    entry.damage =
        Error{Fault::kMalformed, at + kCfbNameLengthField, "Entry Name Length"};
    // The name is then what a terminator ends.
    size_t end = 0;
    while (end + 2 <= kCfbNameBytes && (field[end] | field[end + 1]) != 0) {
      end += 2;
    }
    entry.raw_name = field.first(end);
  } else {
    entry.raw_name = field.first(length - size_t{2});
    const ByteRange rest{at + length - 2, kCfbNameBytes + 2 - length};
    if (CfbHoldsData(state.file, rest)) {
      state.remarks.Note(RemarkKind::kHiddenData, rest, [&] {
        return fmt::format("the name of entry {} has data behind it", entry.id);
      });
    }
  }
  entry.name = base::FromUtf16LittleEndian(entry.raw_name);
}

// The size of a stream: version 3 has 32 bits of it.
void ReadCfbSize(CfbState& state, CompoundEntry& entry, uint64_t size) {
  entry.size = size;
  if (state.header.major_version == 3 && size > 0xFFFFFFFF) {
    // Quirk: readers ignore the upper half in version 3, which old writers did
    // not initialise. [MS-CFB] 2.6.1
    entry.size = size & 0xFFFFFFFF;
    state.remarks.Note(
        RemarkKind::kOddity, {entry.stored.offset + 124, 4}, [&] {
          return fmt::format(
              "the upper half of the size of entry {} is not zero", entry.id);
        });
  }
}

CompoundType CfbTypeOf(CfbState& state, CompoundEntry& entry, uint8_t type) {
  switch (type) {
    case 0:
      return CompoundType::kUnused;
    case 1:
      return CompoundType::kStorage;
    case 2:
      return CompoundType::kStream;
    case 5:
      if (entry.id == 0) {
        return CompoundType::kRoot;
      }
      break;
    default:
      break;
  }
  state.remarks.Note(
      RemarkKind::kOddity, {entry.stored.offset + kCfbTypeField, 1},
      [&] { return fmt::format("entry {} is of type {}", entry.id, type); });
  return CompoundType::kUnused;
}

// Reads the entry at the position of `reader`, which has all its bytes.
void ReadCfbEntry(CfbWalk& walk, Reader& reader) {
  CfbState& state = walk.state;
  CompoundEntry entry;
  entry.id = static_cast<uint32_t>(state.out.entries.size());
  entry.stored = {reader.Offset(), kCfbEntryBytes};
  const Bytes name = reader.Take(kCfbNameBytes, "Directory Entry Name");
  const uint16_t length = reader.U16("Directory Entry Name Length");
  const uint8_t type = reader.U8("Object Type");
  reader.Skip(1, "Color Flag");
  CfbLinks links;
  links.left = reader.U32("Left Sibling ID");
  links.right = reader.U32("Right Sibling ID");
  links.child = reader.U32("Child ID");
  std::ranges::copy(reader.Take(16, "CLSID"), entry.class_id.begin());
  entry.state_bits = reader.U32("State Bits");
  entry.created = reader.U64("Creation Time");
  entry.modified = reader.U64("Modified Time");
  state.starts.push_back(reader.U32("Starting Sector Location"));
  const uint64_t size = reader.U64("Stream Size");
  entry.type = CfbTypeOf(state, entry, type);
  if (entry.type != CompoundType::kUnused) {
    ReadCfbName(state, entry, name, length);
    ReadCfbSize(state, entry, size);
  } else if (type == 0) {
    CheckUnusedCfbEntry(state, entry);
  }
  if (entry.type == CompoundType::kStream && links.child != kNoCompoundEntry) {
    state.remarks.Note(RemarkKind::kOddity, {entry.stored.offset + 76, 4}, [&] {
      return fmt::format("{} is a stream with a child", ShownCfbEntry(entry));
    });
    links.child = kNoCompoundEntry;
  }
  walk.links.push_back(links);
  state.out.entries.push_back(std::move(entry));
}

base::Result<void> ReadCfbEntries(CfbWalk& walk) {
  CfbState& state = walk.state;
  const CfbChain chain =
      CS_TRY(WalkChain(state, state.fat, state.header.first_directory,
                       kFirstDirectoryField, kOwnerDirectory));
  if (chain.damage) {
    state.Damage(*chain.damage);
  }
  for (const uint32_t sector : chain.sectors) {
    const ByteRange range = state.SectorRange(sector);
    CS_TRY_VOID(state.budget.ChargeSteps(range.size / kCfbEntryBytes + 1,
                                         range.offset));
    Reader reader({state.file.subspan(range.offset, range.size), range.offset});
    while (reader.Remaining() >= kCfbEntryBytes) {
      ReadCfbEntry(walk, reader);
    }
    if (range.size != state.out.sector_size) {
      state.Damage({Fault::kTruncated, range.offset + range.size, "directory"});
    }
  }
  const uint32_t counted = state.header.directory_sectors;
  if (!chain.damage && state.header.major_version == 4 &&
      counted != chain.sectors.size()) {
    state.remarks.Note(
        RemarkKind::kDisagreement, {kDirectoryCountField, 4}, [&] {
          return fmt::format(
              "the header counts {} directory sectors, there are {}", counted,
              chain.sectors.size());
        });
  }
  if (state.out.entries.empty()) {
    return std::unexpected(state.out.damage.value_or(
        Error{Fault::kMalformed, kFirstDirectoryField, "directory"}));
  }
  return {};
}

// True when `id`, named by `from`, is an entry to go to; it is so once.
bool EnterCfbEntry(CfbWalk& walk, uint32_t id, const CompoundEntry& from) {
  if (id == kNoCompoundEntry) {
    return false;
  }
  CfbState& state = walk.state;
  const auto& entries = state.out.entries;
  if (id >= entries.size()) {
    state.remarks.Note(RemarkKind::kOddity, from.stored, [&] {
      return fmt::format("{} names entry {} of {}", ShownCfbEntry(from), id,
                         entries.size());
    });
    return false;
  }
  if (walk.visited[id]) {
    state.remarks.Note(RemarkKind::kLoop, from.stored, [&] {
      return fmt::format("{} names entry {}, which has a place already",
                         ShownCfbEntry(from), id);
    });
    return false;
  }
  if (entries[id].type == CompoundType::kUnused) {
    state.remarks.Note(RemarkKind::kOddity, from.stored, [&] {
      return fmt::format("{} names entry {}, which is not in use",
                         ShownCfbEntry(from), id);
    });
    return false;
  }
  walk.visited[id] = true;
  return true;
}

// The children of a storage in the order of their tree.
void WalkCfbSiblings(CfbWalk& walk, uint32_t storage) {
  auto& entries = walk.state.out.entries;
  std::vector<uint32_t> path;
  uint32_t from = storage;
  uint32_t at = walk.links[storage].child;
  while (true) {
    while (EnterCfbEntry(walk, at, entries[from])) {
      entries[at].parent = storage;
      path.push_back(at);
      from = at;
      at = walk.links[at].left;
    }
    if (path.empty()) {
      return;
    }
    from = path.back();
    path.pop_back();
    entries[storage].children.push_back(from);
    at = walk.links[from].right;
  }
}

// Names are compared by length, then by unit in upper case. Nothing when they
// hold letters whose upper case is a matter of the version of Unicode.
// Why: a complaint about order must not come from our tables.
std::optional<int> CompareCfbNames(Bytes a, Bytes b) {
  if (a.size() != b.size()) {
    return a.size() < b.size() ? -1 : 1;
  }
  const auto upper = [](uint32_t unit) {
    return unit >= 'a' && unit <= 'z' ? unit - 32 : unit;
  };
  for (size_t i = 0; i + 1 < a.size(); i += 2) {
    const uint32_t left = upper(a[i] | uint32_t{a[i + 1]} << 8);
    const uint32_t right = upper(b[i] | uint32_t{b[i + 1]} << 8);
    // ASCII, and what Windows Installer packs names into, have no other case.
    const auto known = [](uint32_t unit) {
      return unit < 0x80 || (unit >= 0x3800 && unit <= 0x4840);
    };
    if (left != right) {
      return known(left) && known(right) ? std::optional(left < right ? -1 : 1)
                                         : std::nullopt;
    }
  }
  return 0;
}

// Windows finds a child by its place in the tree: what is in another place is
// listed, but not found, and of two with one name the upper one is found.
void CheckCfbOrder(CfbState& state, const CompoundEntry& storage) {
  for (size_t i = 1; i < storage.children.size(); ++i) {
    const CompoundEntry& before = state.out.entries[storage.children[i - 1]];
    const CompoundEntry& entry = state.out.entries[storage.children[i]];
    const auto order = CompareCfbNames(before.raw_name, entry.raw_name);
    if (order == 0) {
      state.remarks.Note(RemarkKind::kDuplicateName, entry.stored, [&] {
        return fmt::format("{} has the name of entry {}", ShownCfbEntry(entry),
                           before.id);
      });
    } else if (order == 1) {
      state.remarks.Note(RemarkKind::kOddity, entry.stored, [&] {
        return fmt::format("{} is out of order behind {}", ShownCfbEntry(entry),
                           ShownCfbEntry(before));
      });
    }
  }
}

void NoteCfbOrphans(CfbWalk& walk) {
  CfbState& state = walk.state;
  for (const CompoundEntry& entry : state.out.entries) {
    if (entry.type == CompoundType::kUnused || walk.visited[entry.id]) {
      continue;
    }
    state.out.orphans.push_back(entry.id);
    state.remarks.Note(RemarkKind::kHiddenMember, entry.stored, [&] {
      return fmt::format("no storage reaches {}", ShownCfbEntry(entry));
    });
  }
}

}  // namespace

base::Result<void> ReadDirectory(CfbState& state) {
  CfbWalk walk{state, {}, {}};
  CS_TRY_VOID(ReadCfbEntries(walk));
  auto& entries = state.out.entries;
  if (entries[0].type != CompoundType::kRoot) {
    return base::Fail(Fault::kMalformed,
                      entries[0].stored.offset + kCfbTypeField, "Object Type");
  }
  walk.visited.resize(entries.size());
  walk.visited[0] = true;
  std::vector<uint32_t> storages = {0};
  for (size_t i = 0; i < storages.size(); ++i) {
    WalkCfbSiblings(walk, storages[i]);
    CheckCfbOrder(state, entries[storages[i]]);
    for (const uint32_t child : entries[storages[i]].children) {
      if (entries[child].type == CompoundType::kStorage) {
        storages.push_back(child);
      }
    }
  }
  NoteCfbOrphans(walk);
  return {};
}

}  // namespace countersign::formats
