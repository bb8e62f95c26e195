// sector (2048 bytes)
//   0    system area: not used, or the boot code of a hybrid image
//   16   volume descriptors, one a sector
//   ..   path tables: the directories once more, as a list
//   ..   directories, of one tree or two
//   ..   boot catalog, boot images
//   ..   extents of files
//
// Spec: ECMA-119 (ISO 9660), 4th edition, 6 and 7.
//
// Both trees are read, whichever gives the names: what one of them hides from
// those who read the other is the interesting part.
#include "formats/iso.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <tuple>

#include "base/text.h"
#include "formats/iso/boot.h"
#include "formats/iso/extents.h"
#include "formats/iso/path_table.h"
#include "formats/iso/space.h"
#include "formats/iso/tree.h"
#include "formats/iso/volume.h"
#include "formats/remarks.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Result;

class IsoUnpacker {
 public:
  IsoUnpacker(Bytes image, base::Budget& budget, MemberSink& sink)
      : sink_(sink), remarks_(sink), context_{image, budget, remarks_} {}

  Result<void> Run() {
    auto done = HandOverAll();
    remarks_.Finish();
    return done;
  }

 private:
  Result<void> HandOverAll() {
    volumes_ = CS_TRY(ReadIsoVolumes(context_));
    IsoTree plain = CS_TRY(ReadIsoTree(context_, *volumes_.primary));
    IsoTree joliet;
    if (volumes_.joliet) {
      joliet = CS_TRY(ReadIsoTree(context_, *volumes_.joliet));
    }
    const bool prefers_joliet = volumes_.joliet && !plain.has_rock_ridge;
    const IsoTree& shown = prefers_joliet ? joliet : plain;
    const IsoTree& other = prefers_joliet ? plain : joliet;
    sink_.Identify(model::Format::kIso, Describe(plain));
    shown_ = ContentsOf(shown);
    CS_TRY_VOID(HandOverTree(shown, other));
    CS_TRY_VOID(HandOverHidden(other));
    CS_TRY_VOID(HandOverBootImages());
    CS_TRY_VOID(NotePathTables(*volumes_.primary, plain));
    if (volumes_.joliet) {
      CS_TRY_VOID(NotePathTables(*volumes_.joliet, joliet));
    }
    NoteImage();
    for (const IsoTree* tree : {&shown, &other}) {
      if (tree->damage) {
        return std::unexpected(*tree->damage);
      }
    }
    return {};
  }

  [[nodiscard]] std::string Describe(const IsoTree& plain) const {
    std::string text =
        fmt::format("volume \"{}\"", base::DisplaySafe(volumes_.primary->name));
    text += plain.has_rock_ridge ? ", Rock Ridge" : "";
    text += volumes_.joliet ? ", Joliet" : "";
    text += volumes_.udf ? ", UDF" : "";
    text += volumes_.boot_catalogs.empty() ? "" : ", bootable";
    return text;
  }

  Result<void> HandOverTree(const IsoTree& shown, const IsoTree& other) {
    const std::vector<IsoContent> contents = ContentsOf(other);
    space_.Claim(shown.claimed);
    for (const IsoNode& node : shown.nodes) {
      CS_TRY_VOID(context_.budget.ChargeSteps(1, node.stored.offset));
      if (volumes_.joliet && node.Size() > 0) {
        Compare(shown, node, contents);
      }
      CS_TRY_VOID(HandOver(shown, node));
    }
    return {};
  }

  // Remarks on a file of the tree that is shown and not in `others`.
  void Compare(const IsoTree& tree, const IsoNode& node,
               const std::vector<IsoContent>& others) {
    const IsoContent content{node.extents.front().offset, node.Size()};
    const auto found =
        std::ranges::lower_bound(others, IsoContent{content.offset, 0});
    const bool is_there =
        found != others.end() && found->offset == content.offset;
    if (is_there && std::ranges::binary_search(others, content)) {
      return;
    }
    if (is_there) {
      remarks_.Note(RemarkKind::kDisagreement, node.stored, [&] {
        return fmt::format("\"{}\" has {} bytes, in the other tree {}",
                           base::DisplaySafe(tree.Path(node)), content.size,
                           found->size);
      });
    } else {
      remarks_.Note(RemarkKind::kHiddenMember, node.stored, [&] {
        return fmt::format("\"{}\" is not in the other tree",
                           base::DisplaySafe(tree.Path(node)));
      });
    }
  }

  // Files of the tree that is not shown, and of it alone.
  Result<void> HandOverHidden(const IsoTree& other) {
    space_.Claim(other.claimed);
    for (const IsoNode& node : other.nodes) {
      CS_TRY_VOID(context_.budget.ChargeSteps(1, node.stored.offset));
      const uint64_t size = node.Size();
      if (size == 0 ||
          std::ranges::binary_search(
              shown_, IsoContent{node.extents.front().offset, size})) {
        continue;
      }
      remarks_.Note(RemarkKind::kHiddenMember, node.stored, [&] {
        return fmt::format("\"{}\" is only in the tree that gives no names",
                           base::DisplaySafe(other.Path(node)));
      });
      CS_TRY_VOID(HandOver(other, node));
    }
    return {};
  }

  Result<void> HandOver(const IsoTree& tree, const IsoNode& node) {
    Member member;
    member.name = tree.Path(node);
    member.kind = node.kind;
    member.link_target = node.link_target;
    member.stored = node.stored;
    if (node.kind == MemberKind::kFile) {
      member.size = node.Size();
    }
    if (node.is_interleaved) {
      remarks_.Note(RemarkKind::kUnsupported, node.stored, [&] {
        return fmt::format("\"{}\" is interleaved",
                           base::DisplaySafe(member.name));
      });
      CS_TRY_VOID(sink_.Begin(member));
      return sink_.End(Error{Fault::kUnsupported, node.stored.offset + 26,
                             "File Unit Size"});
    }
    space_.Claim(node.extents);
    return HandOverIsoExtents(context_, sink_, member, node.extents);
  }

  Result<void> HandOverBootImages() {
    const IsoBootImages found =
        CS_TRY(ReadIsoBootImages(context_, volumes_, shown_));
    for (const IsoBootFile& image : found.images) {
      space_.ClaimAlso(image.content);
      CS_TRY_VOID(HandOverIsoExtents(context_, sink_, image.member,
                                     {&image.content, 1}));
    }
    for (const ByteRange& catalog : found.catalogs) {
      space_.ClaimAlso(catalog);
    }
    return {};
  }

  Result<void> NotePathTables(const IsoVolume& volume, const IsoTree& tree) {
    for (const ByteRange& table : volume.path_tables) {
      if (table.offset != 0) {
        space_.Claim(table);
      }
    }
    return ComparePathTable(context_, volume, tree);
  }

  void NoteImage() {
    const uint64_t size = context_.image.size();
    const IsoVolume& volume = *volumes_.primary;
    if (volume.size > size) {
      remarks_.Note(RemarkKind::kDisagreement,
                    {volume.descriptor.offset + 80, 8}, [&] {
                      return fmt::format("the volume has {} bytes, the file {}",
                                         volume.size, size);
                    });
    }
    if (volumes_.udf) {
      remarks_.Note(RemarkKind::kUnsupported, *volumes_.udf, [] {
        return std::string("the UDF file system in the image is not read");
      });
    }
    const Bytes area = context_.image.first(kIsoSystemArea);
    if (std::ranges::any_of(area, [](uint8_t byte) { return byte != 0; })) {
      const bool has_mbr = area[510] == 0x55 && area[511] == 0xAA;
      remarks_.Note(RemarkKind::kLeadingData, {0, kIsoSystemArea}, [&] {
        return fmt::format("the system area is used{}",
                           has_mbr ? ", as for a disk that boots" : "");
      });
    }
    space_.Claim(volumes_.claimed);
    // Why: the structures of UDF, which are not read, would be taken for
    // hidden.
    if (!volumes_.udf) {
      std::move(space_).Note(context_, volume.size);
    }
  }

  MemberSink& sink_;
  BoundedRemarks remarks_;
  IsoContext context_;
  IsoVolumes volumes_;
  IsoSpace space_;
  std::vector<IsoContent> shown_;  // contents of the tree that is shown
};

}  // namespace

Result<void> UnpackIso(const base::Blob& container, base::Budget& budget,
                       MemberSink& sink) {
  return IsoUnpacker(container.View(), budget, sink).Run();
}

}  // namespace countersign::formats
