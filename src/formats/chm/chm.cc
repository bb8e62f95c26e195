// Reads compiled help (CHM): a storage of files of which some lie in it as they
// are (content section 0) and others in one compressed section.
//
//   "ITSF"  version, size, time, language, class ids, two header sections as
//           offset and size, since version 3 the offset of the content
//   header section 0   0x1FE, 0, size of the file u64
//   header section 1   "ITSP", directory (directory.cc)
//   content section 0  files; among them
//   "::DataSpace/Storage/MSCompressed/...",
//                      which are the compressed section and how it is
//                      compressed (section.cc)
//
// Spec: none by its maker; "Unofficial HTML Help Specification" (Wise, 2001),
// "Microsoft's HTML Help (.chm) format" (Russotto, 2002).
#include "formats/chm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/archive/names.h"
#include "formats/carried/claimed.h"
#include "formats/chm/directory.h"
#include "formats/chm/section.h"
#include "formats/remarks.h"

namespace countersign::formats {
namespace {

using base::Budget;
using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Result;

constexpr std::string_view kChmContent =
    "::DataSpace/Storage/MSCompressed/Content";
constexpr std::string_view kChmControl =
    "::DataSpace/Storage/MSCompressed/ControlData";
// Quirk: a class id in the name, by which the maker's reader finds its code.
constexpr std::string_view kChmResets =
    "::DataSpace/Storage/MSCompressed/Transform/"
    "{7FC28940-9D31-11D0-9B27-00A0C91E9C7C}/InstanceData/ResetTable";
// What belongs to the storage besides; nothing in them is needed.
constexpr std::array<std::string_view, 4> kChmStructures = {
    "::DataSpace/NameList", "::DataSpace/Storage/MSCompressed/SpanInfo",
    "::DataSpace/Storage/MSCompressed/Transform/List",
    "::DataSpace/Storage/MSCompressed/Transform/"
    "{7FC28940-9D31-11D0-9B27-00A0C91E9C7C}/InstanceData/"};

// Limit: stretches between files that are handed over. Real files have a few.
constexpr size_t kMostChmGaps = 64;

class ChmMembers {
 public:
  ChmMembers(const base::Blob& container, Budget& budget, MemberSink& sink)
      : file_(container.View()), budget_(budget), sink_(sink), remarks_(sink) {}

  Result<void> Run() {
    auto result = HandOver();
    names_.Report(remarks_);
    remarks_.Finish();
    return result;
  }

 private:
  Result<void> HandOver() {
    CS_TRY_VOID(budget_.ChargeSteps(1, 0));
    header_ = CS_TRY(ReadChmHeader(file_));
    sink_.Identify(model::Format::kChm,
                   fmt::format("compiled help, version {}, language {:#06x}",
                               header_.version, header_.language));
    for (const ByteRange range :
         {header_.range, header_.information, header_.directory}) {
      claimed_.Claim(range);
    }
    ChmDirectory directory =
        CS_TRY(ReadChmDirectory(file_, header_, budget_, remarks_));
    CS_TRY_VOID(HandOverStored(directory.entries));
    CS_TRY_VOID(HandOverPacked());
    if (directory.damage) {
      return std::unexpected(*directory.damage);
    }
    NoteRest();
    return {};
  }

  Result<void> HandOverStored(std::vector<ChmEntry>& entries) {
    for (ChmEntry& entry : entries) {
      CS_TRY_VOID(budget_.ChargeSteps(1, entry.range.offset));
      // Quirk: every storage has an entry for its root.
      if (TakeStructure(entry) || (entry.name == "/" && entry.size == 0)) {
        continue;
      }
      if (entry.section != 0 && !IsChmDirectory(entry)) {
        packed_.push_back(std::move(entry));
        continue;
      }
      CS_TRY_VOID(HandOverStoredOne(entry));
    }
    return {};
  }

  static bool IsChmDirectory(const ChmEntry& entry) {
    return entry.size == 0 && entry.name.ends_with('/');
  }

  // Where an entry of section 0 lies; nothing if it is outside of the file.
  [[nodiscard]] std::optional<ByteRange> Stored(const ChmEntry& entry) const {
    const uint64_t there = file_.size() - header_.content;
    if (entry.offset > there || entry.size > there - entry.offset) {
      return std::nullopt;
    }
    return ByteRange{header_.content + entry.offset, entry.size};
  }

  // True of what the storage itself consists of.
  bool TakeStructure(const ChmEntry& entry) {
    if (!entry.name.starts_with("::") || entry.section != 0) {
      return false;
    }
    const auto stored = Stored(entry);
    if (!stored) {
      return false;
    }
    std::optional<ByteRange>* slot = entry.name == kChmContent   ? &content_
                                     : entry.name == kChmControl ? &control_
                                     : entry.name == kChmResets  ? &resets_
                                                                 : nullptr;
    if (slot != nullptr && !*slot) {
      *slot = *stored;
      claimed_.Claim(*stored);
      return true;
    }
    if (slot == nullptr &&
        std::ranges::find(kChmStructures, entry.name) != kChmStructures.end()) {
      claimed_.Claim(*stored);
      return true;
    }
    return false;
  }

  Member MemberOf(const ChmEntry& entry) {
    Member member;
    std::string_view name = entry.name;
    // Quirk: names are from the root, "/index.htm".
    if (name.size() > 1 && name.starts_with('/')) {
      name.remove_prefix(1);
    }
    if (IsChmDirectory(entry)) {
      member.kind = MemberKind::kDirectory;
    }
    if (entry.name.starts_with("::")) {
      remarks_.Note(RemarkKind::kHiddenMember, entry.range, [&] {
        return fmt::format("no viewer shows {}", QuotedName(entry.name));
      });
    }
    member.name = remarks_.Name(name, entry.range);
    member.size = entry.size;
    member.stored = entry.range;
    names_.Add(member);
    return member;
  }

  Result<void> HandOverStoredOne(const ChmEntry& entry) {
    Member member = MemberOf(entry);
    if (member.kind == MemberKind::kDirectory) {
      return sink_.Place(member, {entry.range.offset, 0});
    }
    const auto stored = Stored(entry);
    if (!stored) {
      CS_TRY_VOID(sink_.Begin(member));
      return sink_.End(
          Error{Fault::kTruncated, entry.range.offset, "offset of an entry"});
    }
    claimed_.Claim(*stored);
    if (stored->size > 0) {
      member.stored = *stored;
    }
    return sink_.Place(member, *stored);
  }

  // Why in this order: each stretch of the section is decompressed once.
  Result<void> HandOverPacked() {
    if (packed_.empty()) {
      return {};
    }
    std::ranges::stable_sort(packed_, {}, &ChmEntry::offset);
    auto section = OpenSection();
    if (section && section->Behind().size > 0) {
      NoteBehind(section->Behind());
    }
    uint64_t end = 0;
    std::vector<ByteRange> gaps;
    for (const ChmEntry& entry : packed_) {
      CS_TRY_VOID(budget_.ChargeSteps(1, entry.range.offset));
      if (entry.offset > end) {
        gaps.push_back({end, entry.offset - end});
      }
      if (entry.size > 0 && entry.offset < end) {
        remarks_.Note(RemarkKind::kOverlap, entry.range, [&] {
          return fmt::format("{} shares bytes with the file before it",
                             QuotedName(entry.name));
        });
      }
      CS_TRY_VOID(HandOverPackedOne(section, entry));
      end = std::max(end, entry.size > UINT64_MAX - entry.offset
                              ? UINT64_MAX
                              : entry.offset + entry.size);
    }
    return section ? HandOverGaps(*section, gaps, end) : Result<void>();
  }

  // Quirk: compilers leave bytes in the section that belong to no file. No
  // reason for a remark, but what lies there is looked at.
  Result<void> HandOverGaps(ChmSection& section, std::vector<ByteRange>& gaps,
                            uint64_t end) {
    if (section.Size() > end) {
      gaps.push_back({end, section.Size() - end});
    }
    for (size_t i = 0; i < gaps.size(); ++i) {
      if (i == kMostChmGaps) {
        remarks_.Note(RemarkKind::kUnsupported, *content_, [&] {
          return fmt::format(
              "{} more stretches of the compressed section "
              "belong to no file, and are not looked at",
              gaps.size() - i);
        });
        break;
      }
      if (gaps[i].offset >= section.Size()) {
        break;
      }
      Member member;
      member.name = fmt::format("[unclaimed]/{:#x}", gaps[i].offset);
      member.size = std::min(gaps[i].size, section.Size() - gaps[i].offset);
      member.stored = *content_;
      CS_TRY_VOID(budget_.ChargeSteps(1, content_->offset));
      CS_TRY_VOID(sink_.Begin(member));
      const auto written =
          section.Write(gaps[i].offset, *member.size, budget_, sink_);
      CS_TRY_VOID(
          sink_.End(written ? std::nullopt : std::optional(written.error())));
      if (budget_.Reached()) {
        return written;
      }
    }
    return {};
  }

  Result<void> HandOverPackedOne(Result<ChmSection>& section,
                                 const ChmEntry& entry) {
    CS_TRY_VOID(sink_.Begin(MemberOf(entry)));
    const auto written = WritePacked(section, entry);
    CS_TRY_VOID(
        sink_.End(written ? std::nullopt : std::optional(written.error())));
    return budget_.Reached() ? written : Result<void>();
  }

  Result<ChmSection> OpenSection() {
    if (!content_ || !control_ || !resets_) {
      return base::Fail(Fault::kMalformed, header_.directory.offset,
                        !content_   ? "MSCompressed/Content"
                        : !control_ ? "MSCompressed/ControlData"
                                    : "ResetTable");
    }
    return ChmSection::Open(file_, {*content_, *control_, *resets_});
  }

  Result<void> WritePacked(Result<ChmSection>& section, const ChmEntry& entry) {
    if (entry.section != 1) {
      return base::Fail(Fault::kUnsupported, entry.range.offset,
                        "section of an entry");
    }
    if (!section) {
      return std::unexpected(section.error());
    }
    return section->Write(entry.offset, entry.size, budget_, sink_);
  }

  void NoteBehind(ByteRange range) {
    remarks_.Note(RemarkKind::kHiddenData, range, [&] {
      return fmt::format("{} bytes behind the compressed content", range.size);
    });
  }

  // Bytes that nothing accounts for.
  void NoteRest() {
    if (header_.declared_size > file_.size()) {
      remarks_.Note(RemarkKind::kDisagreement, header_.information, [&] {
        return fmt::format("the header says {} bytes, there are {}",
                           header_.declared_size, file_.size());
      });
    }
    uint64_t end = header_.declared_size;
    for (const ByteRange& range : claimed_.Ranges()) {
      end = std::max(end, range.offset + range.size);
    }
    end = std::min<uint64_t>(end, file_.size());
    for (const ByteRange& gap : claimed_.Gaps({0, end})) {
      if (!IsZeros(file_.subspan(gap.offset, gap.size))) {
        remarks_.Note(RemarkKind::kHiddenData, gap, [&] {
          return fmt::format("{} bytes belong to no file", gap.size);
        });
      }
    }
    for (const ByteRange& shared : claimed_.Overlaps()) {
      remarks_.Note(RemarkKind::kOverlap, shared, [&] {
        return fmt::format("{} bytes belong to several files", shared.size);
      });
    }
    NoteTrailing(file_, end, remarks_);
  }

  Bytes file_;
  Budget& budget_;
  MemberSink& sink_;
  BoundedRemarks remarks_;
  MemberNames names_;
  ClaimedBytes claimed_;
  ChmHeader header_;
  std::vector<ChmEntry> packed_;
  std::optional<ByteRange> content_;
  std::optional<ByteRange> control_;
  std::optional<ByteRange> resets_;
};

}  // namespace

Result<void> UnpackChm(const base::Blob& container, Budget& budget,
                       MemberSink& sink) {
  return ChmMembers(container, budget, sink).Run();
}

}  // namespace countersign::formats
