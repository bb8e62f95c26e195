// What a program carries, in the order in which it is handed over:
//
//   [resources]/TYPE/NAME/LANGUAGE   resources that may be files of their own
//   [sections]/NAME                  sections that start as an archive does
//   [burn]/..., [inno]/..., ...      packages that lie in sections and overlay
//   [overlay]                        what else follows the sections; of a 7z
//     [overlay]/config.txt           self-extractor the text that steers it and
//     [overlay]/archive              the archive, apart
//     [overlay]/OFFSET               further pieces, between parts of packages
//   [appended], [appended]/OFFSET    what follows the certificate table
//
// Spec: Microsoft PE Format (2024-06). The text before the archive of a 7z
// self-extractor: 7-Zip, "SFX modules for installers" (";!@Install@!UTF-8!" up
// to ";!@InstallEnd@!").
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "formats/carried.h"
#include "formats/carried/claimed.h"
#include "formats/pe.h"
#include "formats/pe/resources.h"
#include "formats/remarks.h"

namespace countersign::formats {
namespace {

using base::Budget;
using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Result;

// Limit: resources that are handed over. Programs that carry files carry some
// tens; forms of large Delphi programs, some hundreds.
constexpr size_t kMostResourceMembers = 1000;
// Zeros between parts of a package that align what follows.
constexpr uint64_t kMostOverlayAlignment = 15;

// The packages that are looked for, in this order.
constexpr std::array<ReadCarried, 4> kCarriedPackages = {
    ReadBurn, ReadInno, ReadDotnetBundle, ReadPyinstaller};

class PeMembers {
 public:
  PeMembers(const PeImage& image, const base::Blob& container, Budget& budget,
            MemberSink& sink)
      : image_(image),
        container_(container),
        file_(container.View()),
        budget_(budget),
        sink_(sink),
        remarks_(sink) {}

  Result<void> HandOver() {
    auto result = HandOverAll();
    remarks_.Finish();
    if (result && damage_) {
      return std::unexpected(*damage_);
    }
    return result;
  }

 private:
  Result<void> HandOverAll() {
    CS_TRY_VOID(HandOverResources());
    CS_TRY_VOID(HandOverSections());
    CS_TRY_VOID(HandOverPackages());
    CS_TRY_VOID(HandOverOverlay());
    return HandOverAppended();
  }

  Result<void> HandOverPackages() {
    std::string description;
    for (const ReadCarried read : kCarriedPackages) {
      const auto package = CS_TRY(read(image_, container_, budget_, sink_));
      if (package) {
        description += ", " + package->description;
        claimed_.Claim(package->claimed);
        damage_ = damage_ ? damage_ : package->damage;
      }
    }
    if (!description.empty()) {
      sink_.Identify(model::Format::kPe, DescribePe(image_) + description);
    }
    return {};
  }

  Result<void> Place(std::string name, ByteRange range) {
    Member member;
    member.name = std::move(name);
    member.size = range.size;
    member.stored = range;
    return sink_.Place(member, range);
  }

  Result<void> HandOverResources() {
    const PeResources resources =
        CS_TRY(ReadPeResources(image_, file_, budget_, remarks_));
    damage_ = resources.damage;
    size_t handed_over = 0;
    size_t left_out = 0;
    ByteRange first_left_out;
    for (const PeResource& resource : resources.entries) {
      CS_TRY_VOID(budget_.ChargeSteps(1, resource.entry.offset));
      if (!MayBeFile(resource, file_)) {
        continue;
      }
      if (handed_over < kMostResourceMembers) {
        handed_over += CS_TRY(HandOverResource(resource)) ? 1 : 0;
      } else if (left_out++ == 0) {
        first_left_out = resource.entry;
      }
    }
    if (left_out > 0) {
      remarks_.Note(RemarkKind::kUnsupported, first_left_out, [&] {
        return fmt::format(
            "{} resources beyond the limit of {} are not looked at", left_out,
            kMostResourceMembers);
      });
    }
    return {};
  }

  // False when the same bytes were handed over for another resource.
  Result<bool> HandOverResource(const PeResource& resource) {
    Member member;
    member.name = fmt::format("[resources]/{}/{}/{}", resource.type,
                              resource.name, resource.language);
    if (resource.damage) {
      member.stored = resource.entry;
      CS_TRY_VOID(sink_.Begin(member));
      CS_TRY_VOID(sink_.End(resource.damage));
      return true;
    }
    const auto [known, is_new] =
        placed_.emplace(std::pair(resource.data.offset, resource.data.size),
                        resource.entry.offset);
    if (!is_new) {
      return false;
    }
    CS_TRY_VOID(Place(std::move(member.name), resource.data));
    return true;
  }

  // Archives in sections of their own, as self-extractors of WinZip and others
  // keep them.
  Result<void> HandOverSections() {
    for (const PeSection& section : image_.sections) {
      CS_TRY_VOID(budget_.ChargeSteps(1, 0));
      ByteRange range = section.raw;
      if (range.offset >= file_.size()) {
        continue;
      }
      range.size = std::min(range.size, file_.size() - range.offset);
      if (!StartsAsContainer(file_.subspan(range.offset, range.size)) ||
          !placed_.emplace(std::pair(range.offset, range.size), 0).second) {
        continue;
      }
      // Zeros that fill the section are not the archive's.
      if (section.virtual_size != 0 && section.virtual_size < range.size &&
          IsZeros(file_.subspan(range.offset + section.virtual_size,
                                range.size - section.virtual_size))) {
        range.size = section.virtual_size;
      }
      CS_TRY_VOID(Place("[sections]/" + section.name, range));
    }
    return {};
  }

  Result<void> HandOverOverlay() {
    const ByteRange overlay = Overlay(image_);
    CS_TRY_VOID(budget_.ChargeSteps(1, overlay.offset));
    if (overlay.size == 0) {
      return {};
    }
    const uint64_t config = ConfigSize(overlay);
    if (config > 0 && claimed_.Ranges().empty()) {
      CS_TRY_VOID(Place("[overlay]/config.txt", {overlay.offset, config}));
      return Place("[overlay]/archive",
                   {overlay.offset + config, overlay.size - config});
    }
    bool is_first = true;
    for (const ByteRange& piece : claimed_.Gaps(overlay)) {
      CS_TRY_VOID(budget_.ChargeSteps(1, piece.offset));
      if (piece.size != overlay.size) {
        if (piece.size <= kMostOverlayAlignment &&
            IsZeros(file_.subspan(piece.offset, piece.size))) {
          continue;
        }
        remarks_.Note(RemarkKind::kHiddenData, piece, [&] {
          return fmt::format(
              "{} bytes behind the program's sections are no part of what it "
              "carries there",
              piece.size);
        });
      }
      CS_TRY_VOID(Place(is_first
                            ? std::string(kOverlayName)
                            : fmt::format("{}/{}", kOverlayName, piece.offset),
                        piece));
      is_first = false;
    }
    return {};
  }

  // The signature says that this was added; what it is, a look inside says.
  Result<void> HandOverAppended() {
    const ByteRange appended = BehindCertificateTable(image_);
    for (const ByteRange& piece : claimed_.Gaps(appended)) {
      CS_TRY_VOID(budget_.ChargeSteps(1, piece.offset));
      if (IsZeros(file_.subspan(piece.offset, piece.size))) {
        continue;
      }
      const bool is_last = piece.offset + piece.size == file_.size();
      CS_TRY_VOID(Place(is_last
                            ? std::string(kAppendedName)
                            : fmt::format("{}/{}", kAppendedName, piece.offset),
                        piece));
    }
    return {};
  }

  // Bytes of the text before the archive of a 7z self-extractor; 0 when it is
  // none.
  [[nodiscard]] uint64_t ConfigSize(ByteRange overlay) const {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    constexpr std::string_view kBegin = ";!@Install@!UTF-8";
    constexpr std::string_view kEnd = ";!@InstallEnd@!";
    constexpr std::string_view kArchive = "7z\xBC\xAF\x27\x1C";
    // Limit: 7-Zip's own module reads no more of it than this.
    constexpr size_t kMostBytes = size_t{1} << 20;
    const std::string_view text =
        base::AsText(file_.subspan(overlay.offset, overlay.size))
            .substr(0, kMostBytes);
    const size_t start =
        text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
    if (!text.substr(start).starts_with(kBegin)) {
      return 0;
    }
    const size_t end = text.find(kEnd, start + kBegin.size());
    if (end == std::string_view::npos) {
      return 0;
    }
    const size_t archive = text.find(kArchive, end);
    return archive == std::string_view::npos ? 0 : archive;
  }

  const PeImage& image_;
  const base::Blob& container_;
  Bytes file_;
  Budget& budget_;
  MemberSink& sink_;
  BoundedRemarks remarks_;
  std::optional<Error> damage_;  // the first
  ClaimedBytes claimed_;         // by packages
  // Ranges handed over: by offset and size, the entry that leads there.
  std::map<std::pair<uint64_t, uint64_t>, uint64_t> placed_;
};

}  // namespace

Result<void> UnpackPe(const base::Blob& container, Budget& budget,
                      MemberSink& sink) {
  const PeImage image = CS_TRY(ParsePe(container.View()));
  return PeMembers(image, container, budget, sink).HandOver();
}

}  // namespace countersign::formats
