// Systems of today read UDF where a disc has both, so that its tree gives the
// names. A file of ISO 9660 is the same one when its content begins at the same
// place and is as long: tools write it once and let both trees lead there.
//
// Quirk: the discs of Microsoft have one short text as all of ISO 9660, which
// tells old systems that they cannot read the rest. It is handed over; that the
// trees differ is not remarked.
#include "formats/udf/bridge.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "formats/iso/boot.h"
#include "formats/iso/extents.h"
#include "formats/iso/path_table.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Result;

// Limit: bytes of the text that is all of ISO 9660 on a disc of Microsoft. It
// has some 120.
constexpr uint64_t kMostUdfNote = 4096;

bool IsPlainText(Bytes bytes) {
  return std::ranges::all_of(bytes, [](uint8_t byte) {
    return (byte >= 0x20 && byte < 0x7F) || byte == '\r' || byte == '\n' ||
           byte == '\t';
  });
}

// How long a content is that begins at `offset`, if one does.
std::optional<uint64_t> SizeAt(const std::vector<IsoContent>& contents,
                               uint64_t offset) {
  const auto found = std::ranges::lower_bound(contents, IsoContent{offset, 0});
  return found != contents.end() && found->offset == offset
             ? std::optional(found->size)
             : std::nullopt;
}

std::optional<IsoContent> ContentOf(const UdfNode& node) {
  if (node.kind != MemberKind::kFile || node.is_deleted ||
      node.entry.pieces.empty() || !node.entry.pieces[0].is_recorded) {
    return std::nullopt;
  }
  return IsoContent{node.entry.pieces[0].range.offset, node.entry.size};
}

}  // namespace

std::vector<IsoContent> ContentsOf(const UdfTree& tree) {
  std::vector<IsoContent> contents;
  for (const UdfNode& node : tree.nodes) {
    if (const auto content = ContentOf(node)) {
      contents.push_back(*content);
    }
  }
  std::ranges::sort(contents);
  return contents;
}

Result<void> UdfBridge::Read() {
  auto volumes = ReadIsoVolumes(context_);
  if (!volumes) {
    damage = volumes.error();
    return context_.budget.Reached() ? std::unexpected(volumes.error())
                                     : Result<void>();
  }
  volumes_ = std::move(*volumes);
  plain_ = CS_TRY(ReadIsoTree(context_, *volumes_.primary));
  if (volumes_.joliet) {
    joliet_ = CS_TRY(ReadIsoTree(context_, *volumes_.joliet));
  }
  for (const IsoTree* tree : {&plain_, &joliet_}) {
    damage = damage ? damage : tree->damage;
  }
  is_note_ = IsOnlyANote();
  return {};
}

std::string UdfBridge::Describe() const {
  if (!volumes_.primary) {
    return "";
  }
  std::string text = ", ISO 9660";
  text += plain_.has_rock_ridge ? ", Rock Ridge" : "";
  text += volumes_.joliet ? ", Joliet" : "";
  text += volumes_.boot_catalogs.empty() ? "" : ", bootable";
  return text;
}

uint64_t UdfBridge::End() const {
  return volumes_.primary ? volumes_.primary->size : 0;
}

bool UdfBridge::IsOnlyANote() const {
  if (plain_.nodes.size() != 1 || plain_.damage || !joliet_.nodes.empty()) {
    return false;
  }
  const IsoNode& node = plain_.nodes[0];
  if (node.kind != MemberKind::kFile || node.extents.size() != 1 ||
      node.Size() > kMostUdfNote ||
      !node.extents[0].Inside(context_.image.size())) {
    return false;
  }
  return IsPlainText(
      context_.image.subspan(node.extents[0].offset, node.extents[0].size));
}

Result<void> UdfBridge::HandOver(const UdfTree& tree, IsoSpace& space) {
  if (!volumes_.primary) {
    return {};
  }
  known_ = ContentsOf(tree);
  // A file of both trees is no note.
  is_note_ = is_note_ &&
             !SizeAt(known_, plain_.nodes[0].extents[0].offset).has_value();
  if (!is_note_) {
    CompareWith(tree);
  }
  CS_TRY_VOID(HandOverTree(plain_, space));
  CS_TRY_VOID(HandOverTree(joliet_, space));
  CS_TRY_VOID(HandOverBoot(space));
  space.Claim(volumes_.claimed);
  for (const auto* volume : {&volumes_.primary, &volumes_.joliet}) {
    if (!*volume) {
      continue;
    }
    for (const ByteRange& table : (*volume)->path_tables) {
      if (table.offset != 0) {
        space.Claim(table);
      }
    }
    CS_TRY_VOID(ComparePathTable(
        context_, **volume, volume == &volumes_.primary ? plain_ : joliet_));
  }
  return {};
}

// Files that those who read ISO 9660 do not see, or see with another size.
void UdfBridge::CompareWith(const UdfTree& tree) {
  std::vector<IsoContent> others = ContentsOf(plain_);
  const std::vector<IsoContent> more = ContentsOf(joliet_);
  others.insert(others.end(), more.begin(), more.end());
  std::ranges::sort(others);
  for (const UdfNode& node : tree.nodes) {
    const auto content = ContentOf(node);
    if (!content || std::ranges::binary_search(others, *content)) {
      continue;
    }
    const auto size = SizeAt(others, content->offset);
    const RemarkKind kind =
        size ? RemarkKind::kDisagreement : RemarkKind::kHiddenMember;
    context_.remarks.Note(kind, node.stored, [&] {
      const std::string name = QuotedName(tree.Path(node));
      return size ? fmt::format("{} has {} bytes, in ISO 9660 {}", name,
                                content->size, *size)
                  : fmt::format("{} is not in ISO 9660", name);
    });
  }
}

Result<void> UdfBridge::HandOverTree(const IsoTree& tree, IsoSpace& space) {
  space.Claim(tree.claimed);
  for (const IsoNode& node : tree.nodes) {
    CS_TRY_VOID(context_.budget.ChargeSteps(1, node.stored.offset));
    const uint64_t size = node.Size();
    if (size == 0) {
      continue;
    }
    space.Claim(node.extents);
    const IsoContent content{node.extents.front().offset, size};
    const auto place = std::ranges::lower_bound(known_, content);
    if (place != known_.end() && *place == content) {
      continue;
    }
    if (!is_note_) {
      context_.remarks.Note(RemarkKind::kHiddenMember, node.stored, [&] {
        return fmt::format("{} is only in ISO 9660",
                           QuotedName(tree.Path(node)));
      });
    }
    CS_TRY_VOID(HandOverNode(tree, node));
  }
  const std::vector<IsoContent> contents = ContentsOf(tree);
  known_.insert(known_.end(), contents.begin(), contents.end());
  std::ranges::sort(known_);
  return {};
}

Result<void> UdfBridge::HandOverNode(const IsoTree& tree, const IsoNode& node) {
  Member member;
  member.name = "[iso]/" + tree.Path(node);
  member.size = node.Size();
  member.stored = node.stored;
  if (node.is_interleaved) {
    CS_TRY_VOID(sink_.Begin(member));
    return sink_.End(
        Error{Fault::kUnsupported, node.stored.offset + 26, "File Unit Size"});
  }
  return HandOverIsoExtents(context_, sink_, member, node.extents);
}

Result<void> UdfBridge::HandOverBoot(IsoSpace& space) {
  const IsoBootImages found =
      CS_TRY(ReadIsoBootImages(context_, volumes_, known_));
  for (const IsoBootFile& image : found.images) {
    space.ClaimAlso(image.content);
    CS_TRY_VOID(
        HandOverIsoExtents(context_, sink_, image.member, {&image.content, 1}));
  }
  for (const ByteRange& catalog : found.catalogs) {
    space.ClaimAlso(catalog);
  }
  return {};
}

}  // namespace countersign::formats
