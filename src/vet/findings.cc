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
