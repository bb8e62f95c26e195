#include "vet/findings.h"

#include <algorithm>
#include <array>

#include "base/result.h"

namespace countersign::vet {
namespace {

using model::Severity;

struct FindingRow {
  std::string_view id;
  Severity severity;
  std::string_view clears_if;
};

constexpr std::array kFindings = {
    FindingRow{"vet.incomplete", Severity::kMedium,
               "a version of countersign that reads it is used, or it is "
               "inspected by another way"},
    FindingRow{"vet.container_damaged", Severity::kMedium,
               "the file is obtained again undamaged"},
    FindingRow{"vet.member_damaged", Severity::kMedium,
               "the file is obtained again undamaged"},
    FindingRow{"vet.checksum_mismatch", Severity::kMedium,
               "the file is obtained again undamaged"},
    FindingRow{"vet.encrypted", Severity::kMedium,
               "the content is decrypted by somebody who has the key, and "
               "vetted"},
    FindingRow{"vet.member_escapes", Severity::kHigh,
               "the publisher supplies a package without such names, or it is "
               "never unpacked by a tool that follows them"},
    FindingRow{"vet.member_name_deceptive", Severity::kMedium,
               "the publisher supplies a package without such names"},
    FindingRow{"vet.member_name_collision", Severity::kLow,
               "the publisher says which of the members is meant"},
    FindingRow{"vet.directories_disagree", Severity::kMedium,
               "the publisher supplies a package whose descriptions of its "
               "members agree"},
    FindingRow{"vet.members_overlap", Severity::kHigh,
               "the publisher supplies a package whose members do not share "
               "bytes"},
    FindingRow{"vet.hidden_member", Severity::kHigh,
               "the publisher says what the member is for, or supplies the "
               "package without it"},
    FindingRow{"vet.hidden_data", Severity::kMedium,
               "the publisher says what the bytes are, or supplies the package "
               "without them"},
    FindingRow{"vet.leading_data", Severity::kMedium,
               "the publisher says what the bytes are, or supplies the package "
               "without them"},
    FindingRow{"vet.trailing_data", Severity::kMedium,
               "the publisher says what the bytes are, or supplies the package "
               "without them"},
    FindingRow{"vet.structure_loop", Severity::kHigh,
               "the file is obtained again undamaged"},
    FindingRow{"vet.structure_oddity", Severity::kLow,
               "the publisher supplies a package that keeps to its format"},
    FindingRow{"vet.not_vouched", Severity::kMedium,
               "the publisher signs the package, or every part of it"},
    FindingRow{"vet.overlay", Severity::kInfo,
               "nothing to clear; the bytes are covered by the signature if "
               "there is one"},
    FindingRow{"vet.evidence_unreadable", Severity::kMedium,
               "the file given for evidence is replaced by one that can be "
               "read"},
    FindingRow{"vet.trust_list_unverified", Severity::kMedium,
               "the trust list is imported again from a source whose "
               "signature holds"},
};

}  // namespace

model::Finding MakeFinding(std::string_view id, uint32_t artifact,
                           std::string message, base::ByteRange evidence,
                           std::vector<model::Parameter> parameters,
                           std::string_view clears_if) {
  const auto* row = std::ranges::find(kFindings, id, &FindingRow::id);
  CS_CHECK(row != kFindings.end());
  model::Finding finding;
  finding.id = row->id;
  finding.severity = row->severity;
  finding.artifact = artifact;
  finding.message = std::move(message);
  finding.evidence = {evidence};
  finding.parameters = std::move(parameters);
  finding.clears_if = clears_if.empty() ? row->clears_if : clears_if;
  return finding;
}

}  // namespace countersign::vet
