#include "vet/tree/remark.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace countersign::vet {
namespace {

using formats::RemarkKind;

TEST(Remark, EachKindHasItsFinding) {
  const std::map<RemarkKind, std::string> expected = {
      {RemarkKind::kDisagreement, "vet.directories_disagree"},
      {RemarkKind::kOverlap, "vet.members_overlap"},
      {RemarkKind::kLeadingData, "vet.leading_data"},
      {RemarkKind::kTrailingData, "vet.trailing_data"},
      {RemarkKind::kHiddenData, "vet.hidden_data"},
      {RemarkKind::kHiddenMember, "vet.hidden_member"},
      {RemarkKind::kDuplicateName, "vet.member_name_collision"},
      {RemarkKind::kChecksum, "vet.checksum_mismatch"},
      {RemarkKind::kLoop, "vet.structure_loop"},
      {RemarkKind::kEncrypted, "vet.encrypted"},
      {RemarkKind::kUnsupported, "vet.incomplete"},
      {RemarkKind::kOddity, "vet.structure_oddity"},
  };
  for (const auto& [kind, id] : expected) {
    const model::Finding finding =
        FindingOn({kind, {3, 4}, "the field says 5"}, 2);
    EXPECT_EQ(finding.id, id);
    EXPECT_EQ(finding.artifact, 2U);
    EXPECT_EQ(finding.message, "The field says 5.");
    EXPECT_EQ(finding.evidence.at(0), (base::ByteRange{3, 4}));
    EXPECT_EQ(MeansIncomplete(kind),
              id == "vet.encrypted" || id == "vet.incomplete");
  }
}

}  // namespace
}  // namespace countersign::vet
