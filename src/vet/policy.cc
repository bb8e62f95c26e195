// The default policy, one row for each ground that leads away from "allow".
// A row fires when a finding with its id is there. What would clear it is said
// by the finding (signing/checks.cc, vet/findings.cc). Rows may be added; none
// may turn "unknown" into "allow", which the tests in policy_test.cc try.
#include "vet/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace countersign::vet {
namespace {

using model::Artifact;
using model::Decision;
using model::Finding;
using model::Integrity;
using model::Severity;
using model::SignatureFacts;
using model::Trust;

struct PolicyRow {
  std::string_view finding;
  Decision decision;
};

constexpr std::array kPolicy = {
    // Changed after signing, a signature that does not hold, revoked.
    PolicyRow{"signing.digest_mismatch", Decision::kBlock},
    PolicyRow{"signing.signature_invalid", Decision::kBlock},
    PolicyRow{"signing.revoked", Decision::kBlock},
    // Nobody vouches for it.
    PolicyRow{"signing.unsigned", Decision::kHold},
    PolicyRow{"signing.untrusted", Decision::kHold},
    PolicyRow{"signing.incomplete_chain", Decision::kHold},
    PolicyRow{"signing.expired", Decision::kHold},
    PolicyRow{"signing.distrusted", Decision::kHold},
    PolicyRow{"signing.missing_code_signing_usage", Decision::kHold},
    PolicyRow{"signing.mixed", Decision::kHold},
    PolicyRow{"signing.malformed", Decision::kHold},
    PolicyRow{"signing.unsupported", Decision::kHold},
    PolicyRow{"pe.malformed", Decision::kHold},
    PolicyRow{"vet.incomplete", Decision::kHold},
};
// Besides the rows: any finding of this weight holds (weak only, timestamps
// that do not fit, data that nobody signed, ...).
constexpr Severity kHoldsFrom = Severity::kMedium;

// True when some other signature of the file holds and is trusted: then it is
// not known which of them tells the truth, and the file is held, not blocked.
// A revocation is no contradiction: whoever revoked a certificate meant it.
bool IsContradicted(const Artifact& artifact) {
  return std::ranges::any_of(
      artifact.signatures, [](const SignatureFacts& signature) {
        return signature.integrity == Integrity::kValid &&
               signature.trust == Trust::kTrusted;
      });
}

Decision DecisionOn(const Finding& finding,
                    const model::Inspection& inspection) {
  Decision decision =
      finding.severity >= kHoldsFrom ? Decision::kHold : Decision::kAllow;
  const auto* row = std::ranges::find(kPolicy, finding.id, &PolicyRow::finding);
  if (row != kPolicy.end()) {
    decision = std::max(decision, row->decision);
  }
  const bool may_be_contradicted = finding.id == "signing.digest_mismatch" ||
                                   finding.id == "signing.signature_invalid";
  if (decision == Decision::kBlock && may_be_contradicted &&
      finding.artifact < inspection.artifacts.size() &&
      IsContradicted(inspection.artifacts[finding.artifact])) {
    decision = Decision::kHold;
  }
  return decision;
}

bool HoldsAndIsTrusted(const SignatureFacts& signature) {
  return signature.integrity == Integrity::kValid &&
         signature.trust == Trust::kTrusted;
}

// What still keeps an inspection without any weighty finding from passing.
std::string MissingProof(const model::Inspection& inspection) {
  if (!inspection.complete) {
    return "Something was not inspected.";
  }
  if (inspection.artifacts.empty()) {
    return "Nothing was inspected.";
  }
  for (const Artifact& artifact : inspection.artifacts) {
    if (artifact.is_signed != model::Signed::kPresent ||
        artifact.signatures.empty()) {
      return "No signature was found that could be verified.";
    }
    if (!std::ranges::all_of(artifact.signatures, HoldsAndIsTrusted)) {
      return "Not every signature holds and is trusted.";
    }
  }
  return "";
}

// A name inside quotation marks that it cannot end.
std::string Quoted(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') {
      text += '\\';
    }
    text += c;
  }
  return text + "\"";
}

std::string_view RevocationClause(model::Revocation state) {
  switch (state) {
    case model::Revocation::kNotChecked:
      return "; whether it was revoked was not checked";
    case model::Revocation::kUnknown:
      return "; whether it was revoked is not known";
    default:
      return "";
  }
}

std::string AllowReason(const Artifact& artifact) {
  const SignatureFacts& first = artifact.signatures[0];
  std::string signer = "an unnamed signer";
  if (first.signer) {
    signer = first.signer->organization.empty() ? first.signer->common_name
                                                : first.signer->organization;
  }
  return fmt::format(
      "{} and {} trusted, with a certificate issued in the name of {}{}; that "
      "is evidence of origin, not of harmlessness.",
      artifact.signatures.size() == 1 ? "The signature holds"
                                      : "All signatures hold",
      artifact.signatures.size() == 1 ? "is" : "are", Quoted(signer),
      RevocationClause(first.revocation));
}

}  // namespace

Verdict Decide(const model::Inspection& inspection) {
  struct Ground {
    Decision decision;
    Severity severity;
    const std::string* message;
  };
  std::vector<Ground> grounds;
  for (const Finding& finding : inspection.findings) {
    const Decision decision = DecisionOn(finding, inspection);
    if (decision != Decision::kAllow) {
      grounds.push_back({decision, finding.severity, &finding.message});
    }
  }
  std::ranges::stable_sort(grounds, [](const Ground& a, const Ground& b) {
    return a.decision != b.decision ? a.decision > b.decision
                                    : a.severity > b.severity;
  });
  Verdict verdict;
  for (const Ground& ground : grounds) {
    verdict.reasons.push_back(*ground.message);
  }
  if (!grounds.empty()) {
    verdict.decision = grounds[0].decision;
    return verdict;
  }
  if (const std::string missing = MissingProof(inspection); !missing.empty()) {
    verdict.decision = Decision::kHold;
    verdict.reasons.push_back(missing);
    return verdict;
  }
  verdict.decision = Decision::kAllow;
  verdict.reasons.push_back(AllowReason(inspection.artifacts[0]));
  return verdict;
}

}  // namespace countersign::vet
