// An image, in sectors of the medium (2048 bytes of discs, 512 of disks):
//
//   32 KiB   volume recognition: { u8 type, mark, u8 version } of 2048 bytes or
//            a sector: "CD001" of ISO 9660, "BEA01", "NSR02" or "NSR03",
//            "TEA01"
//   256, ..  anchors                                             (sequence.cc)
//   ..       volume descriptors, twice                           (volume.cc)
//   ..       partition: file set, entries, directories, content  (tree.cc)
//
// Spec: ECMA-167, 3rd edition, part 2, 8 and 9.
//
// The remarks on ISO 9660, where it is, are in bridge.cc.
#include "formats/udf.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/text.h"
#include "formats/iso.h"
#include "formats/iso/space.h"
#include "formats/udf/bridge.h"
#include "formats/udf/tree.h"
#include "formats/udf/volume.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Result;

constexpr uint64_t kUdfRecognitionStep = 2048;
constexpr uint64_t kUdfMarkBytes = 7;  // of type, mark and version
// Limit: places of descriptors. Real images have up to ten.
constexpr uint64_t kMostUdfRecognition = 64;
// Bytes of zeros that a step of the budget pays for.
constexpr uint64_t kUdfZerosOfAStep = 4096;

struct UdfRecognition {
  bool has_udf = false;
  bool has_iso = false;
  std::vector<ByteRange> claimed;
};

UdfRecognition RecogniseUdf(Bytes image) {
  UdfRecognition found;
  for (uint64_t i = 0; i < kMostUdfRecognition; ++i) {
    const ByteRange range{kIsoSystemArea + i * kUdfRecognitionStep,
                          kUdfMarkBytes};
    if (!range.Inside(image.size())) {
      break;
    }
    const std::string_view mark =
        base::AsText(image.subspan(range.offset + 1, 5));
    const bool is_of_udf = mark == "BEA01" || mark == "TEA01" ||
                           mark == "BOOT2" || mark == "NSR02" ||
                           mark == "NSR03";
    found.has_udf |= mark.starts_with("NSR0") && is_of_udf;
    found.has_iso |= mark == "CD001";
    if (is_of_udf) {
      found.claimed.push_back(range);
    } else if (mark.starts_with('\0') && i % 2 == 0) {
      break;  // with sectors of 4096 bytes every second place is nothing
    }
  }
  return found;
}

class UdfUnpacker {
 public:
  UdfUnpacker(const base::Blob& container, base::Budget& budget,
              MemberSink& sink)
      : container_(container),
        sink_(sink),
        remarks_(sink),
        context_{container.View(), budget, remarks_},
        bridge_(context_, sink) {}

  Result<void> Run() {
    auto done = HandOverAll();
    remarks_.Finish();
    return done;
  }

 private:
  Result<void> HandOverAll() {
    const UdfRecognition recognition = RecogniseUdf(context_.image);
    if (!recognition.has_udf) {
      return base::Fail(
          context_.image.size() <= kIsoSystemArea ? Fault::kTruncated
                                                  : Fault::kMalformed,
          std::min<uint64_t>(kIsoSystemArea, context_.image.size()),
          "volume recognition sequence");
    }
    auto volume = ReadUdfVolume(context_);
    if (!volume) {
      return HandOverIsoInstead(volume.error(), recognition.has_iso);
    }
    const UdfTree tree = CS_TRY(ReadUdfTree(context_, *volume));
    if (recognition.has_iso) {
      CS_TRY_VOID(bridge_.Read());
    }
    sink_.Identify(model::Format::kUdf, Describe(*volume));
    for (const UdfNode& node : tree.nodes) {
      CS_TRY_VOID(HandOver(tree, node));
    }
    CS_TRY_VOID(bridge_.HandOver(tree, space_));
    space_.Claim(recognition.claimed);
    NoteImage(*volume, tree);
    for (const auto& damage : {tree.damage, bridge_.damage}) {
      if (damage) {
        return std::unexpected(*damage);
      }
    }
    return {};
  }

  // What systems without UDF would show, for want of anything better.
  Result<void> HandOverIsoInstead(Error error, bool has_iso) {
    if (has_iso && !context_.budget.Reached()) {
      CS_TRY_VOID(UnpackIso(container_, context_.budget, sink_));
    }
    return std::unexpected(error);
  }

  [[nodiscard]] std::string Describe(const UdfVolume& volume) const {
    return fmt::format("volume \"{}\", UDF {:x}.{:02x}{}",
                       base::DisplaySafe(volume.name), volume.revision >> 8,
                       volume.revision & 0xFF, bridge_.Describe());
  }

  Result<void> HandOver(const UdfTree& tree, const UdfNode& node) {
    CS_TRY_VOID(context_.budget.ChargeSteps(1, node.stored.offset));
    Member member;
    member.name = tree.Path(node);
    member.kind = node.kind;
    member.link_target = node.link_target;
    member.stored = node.stored;
    if (node.kind == MemberKind::kFile) {
      if (!node.damage) {
        member.size = node.entry.size;
      }
    }
    if (node.kind == MemberKind::kFile || node.kind == MemberKind::kLink) {
      ClaimContent(node);
    }
    const auto damage = node.damage                      ? node.damage
                        : node.kind == MemberKind::kFile ? node.entry.damage
                                                         : std::nullopt;
    const auto& pieces = node.entry.pieces;
    if (damage || (node.kind == MemberKind::kFile && pieces.size() > 1)) {
      return HandOverPieces(member, pieces, damage);
    }
    if (node.kind != MemberKind::kFile || pieces.empty()) {
      return sink_.Place(member, {node.stored.offset, 0});
    }
    if (!pieces[0].is_recorded ||
        !pieces[0].range.Inside(context_.image.size())) {
      return HandOverPieces(member, pieces, damage);
    }
    return sink_.Place(member, pieces[0].range);
  }

  void ClaimContent(const UdfNode& node) {
    for (const UdfPiece& piece : node.entry.pieces) {
      if (!piece.is_recorded || node.entry.is_embedded) {
        continue;
      }
      if (node.is_deleted) {
        space_.ClaimAlso(piece.range);
      } else {
        space_.Claim(piece.range);
      }
    }
  }

  Result<void> HandOverPieces(const Member& member,
                              const std::vector<UdfPiece>& pieces,
                              const std::optional<Error>& damage) {
    CS_TRY_VOID(sink_.Begin(member));
    for (const UdfPiece& piece : pieces) {
      const auto written = Write(piece, member.stored.offset);
      if (!written) {
        CS_TRY_VOID(sink_.End(written.error()));
        return Spent();
      }
    }
    return sink_.End(damage);
  }

  [[nodiscard]] Result<void> Spent() const {
    if (context_.budget.Reached()) {
      return std::unexpected(*context_.budget.Reached());
    }
    return {};
  }

  Result<void> Write(const UdfPiece& piece, uint64_t evidence) {
    CS_TRY_VOID(context_.budget.ChargeSteps(1, evidence));
    if (!piece.is_recorded) {
      return WriteZeros(piece.range.size, evidence);
    }
    const uint64_t size = context_.image.size();
    const uint64_t start = std::min(piece.range.offset, size);
    const uint64_t there = std::min(piece.range.size, size - start);
    if (there > 0) {
      CS_TRY_VOID(sink_.Write(context_.image.subspan(start, there)));
    }
    if (there < piece.range.size) {
      return base::Fail(Fault::kTruncated, size, "extent");
    }
    return {};
  }

  Result<void> WriteZeros(uint64_t size, uint64_t evidence) {
    static constexpr std::array<uint8_t, 16 * kUdfZerosOfAStep> kZeros{};
    while (size > 0) {
      const uint64_t part = std::min<uint64_t>(size, kZeros.size());
      CS_TRY_VOID(
          context_.budget.ChargeSteps(1 + part / kUdfZerosOfAStep, evidence));
      CS_TRY_VOID(sink_.Write(Bytes(kZeros).first(part)));
      size -= part;
    }
    return {};
  }

  void NoteImage(const UdfVolume& volume, const UdfTree& tree) {
    const uint64_t size = context_.image.size();
    const uint64_t end = std::max(volume.end, bridge_.End());
    if (end > size) {
      remarks_.Note(RemarkKind::kDisagreement, volume.file_set, [&] {
        return fmt::format("the volume has {} bytes, the file {}", end, size);
      });
    }
    const Bytes area =
        context_.image.first(std::min<uint64_t>(kIsoSystemArea, size));
    if (std::ranges::any_of(area, [](uint8_t byte) { return byte != 0; })) {
      const bool has_mbr = area[510] == 0x55 && area[511] == 0xAA;
      remarks_.Note(RemarkKind::kLeadingData, {0, area.size()}, [&] {
        return fmt::format("the system area is used{}",
                           has_mbr ? ", as for a disk that boots" : "");
      });
    }
    for (const auto* claimed : {&volume.claimed, &tree.claimed}) {
      space_.Claim(*claimed);
    }
    for (const auto* copies : {&volume.copies, &tree.copies}) {
      for (const ByteRange& range : *copies) {
        space_.ClaimAlso(range);
      }
    }
    std::move(space_).Note(context_, end);
  }

  const base::Blob& container_;
  MemberSink& sink_;
  BoundedRemarks remarks_;
  UdfContext context_;
  IsoSpace space_;
  UdfBridge bridge_;
};

}  // namespace

Result<void> UnpackUdf(const base::Blob& container, base::Budget& budget,
                       MemberSink& sink) {
  return UdfUnpacker(container, budget, sink).Run();
}

}  // namespace countersign::formats
