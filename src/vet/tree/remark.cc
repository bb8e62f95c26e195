#include "vet/tree/remark.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "vet/findings.h"

namespace countersign::vet {
namespace {

using formats::RemarkKind;

struct RemarkRow {
  RemarkKind kind;
  std::string_view finding;
};

constexpr std::array kRemarks = {
    RemarkRow{RemarkKind::kDisagreement, "vet.directories_disagree"},
    RemarkRow{RemarkKind::kOverlap, "vet.members_overlap"},
    RemarkRow{RemarkKind::kLeadingData, "vet.leading_data"},
    RemarkRow{RemarkKind::kTrailingData, "vet.trailing_data"},
    RemarkRow{RemarkKind::kHiddenData, "vet.hidden_data"},
    RemarkRow{RemarkKind::kHiddenMember, "vet.hidden_member"},
    RemarkRow{RemarkKind::kDuplicateName, "vet.member_name_collision"},
    RemarkRow{RemarkKind::kChecksum, "vet.checksum_mismatch"},
    RemarkRow{RemarkKind::kLoop, "vet.structure_loop"},
    RemarkRow{RemarkKind::kEncrypted, "vet.encrypted"},
    RemarkRow{RemarkKind::kUnsupported, "vet.incomplete"},
    RemarkRow{RemarkKind::kOddity, "vet.structure_oddity"},
};

std::string Sentence(std::string clause) {
  if (!clause.empty() && clause[0] >= 'a' && clause[0] <= 'z') {
    clause[0] = static_cast<char>(clause[0] - 'a' + 'A');
  }
  return clause + ".";
}

}  // namespace

model::Finding FindingOn(const formats::Remark& remark, uint32_t artifact) {
  const auto* row = std::ranges::find(kRemarks, remark.kind, &RemarkRow::kind);
  CS_CHECK(row != kRemarks.end());
  return MakeFinding(row->finding, artifact, Sentence(remark.what),
                     remark.range,
                     {{"bytes", static_cast<int64_t>(remark.range.size)}});
}

bool MeansIncomplete(RemarkKind kind) {
  return kind == RemarkKind::kEncrypted || kind == RemarkKind::kUnsupported;
}

}  // namespace countersign::vet
