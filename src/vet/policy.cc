// The default policy, one row for each ground that leads away from "allow".
// A row fires when a finding with its id is there. What would clear it is said
// by the finding (signing/checks.cc, vet/findings.cc). Rows may be added; none
// may turn "unknown" into "allow", which the tests in policy_test.cc try.
#include "vet/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "vet/coverage.h"

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

// True when some other signature of the file, or that of the package around it,
// holds and is trusted: then it is not known which of them tells the truth, and
// the file is held, not blocked. A revocation is no contradiction: whoever
// revoked a certificate meant it.
bool IsContradicted(const Artifact& artifact) {
  return artifact.covered_by ||
         std::ranges::any_of(
             artifact.signatures, [](const SignatureFacts& signature) {
               return signature.integrity == Integrity::kValid &&
                      signature.trust == Trust::kTrusted;
             });
}

Decision DecisionOn(const Finding& finding,
                    const model::Inspection& inspection) {
  if (finding.artifact < inspection.artifacts.size() &&
      IsForgivenByCoverage(finding, inspection.artifacts)) {
    return Decision::kAllow;
  }
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

// What still keeps an inspection without any weighty finding from passing.
std::string MissingProof(const model::Inspection& inspection) {
  if (!inspection.complete) {
    return "Something was not inspected.";
  }
  if (inspection.artifacts.empty()) {
    return "Nothing was inspected.";
  }
  if (!NotVouchedFor(inspection.artifacts).empty()) {
    return inspection.artifacts.size() == 1
               ? "No signature was found that holds and is trusted."
               : "Nobody trusted has signed all of it.";
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

std::string SignerOf(const SignatureFacts& signature) {
  if (!signature.signer) {
    return "an unnamed signer";
  }
  return signature.signer->organization.empty()
             ? signature.signer->common_name
             : signature.signer->organization;
}

// Why an archive that nobody signs passes: by what is in it.
std::string AllowReason(const std::vector<Artifact>& artifacts) {
  std::vector<std::string> signers;
  size_t members = 0;
  for (const Artifact& artifact : artifacts) {
    members += artifact.parent ? 1 : 0;
    for (const SignatureFacts& signature : artifact.signatures) {
      std::string signer = Quoted(SignerOf(signature));
      if (!artifact.covered_by &&
          std::ranges::find(signers, signer) == signers.end()) {
        signers.push_back(std::move(signer));
      }
    }
  }
  // Limit: 3 names; the report has all.
  const size_t shown = std::min<size_t>(signers.size(), 3);
  return fmt::format(
      "Whatever is in it ({} member{}) is signed and trusted, with "
      "certificates "
      "issued in the name of {}{}; that is evidence of origin, not of "
      "harmlessness.",
      members, members == 1 ? "" : "s",
      fmt::join(signers.begin(),
                signers.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
      shown < signers.size()
          ? fmt::format(" and {} more", signers.size() - shown)
          : "");
}

std::string AllowReason(const Artifact& artifact) {
  const SignatureFacts& first = artifact.signatures[0];
  const std::string signer = SignerOf(first);
  return fmt::format(
      "{} and {} trusted, with a certificate issued in the name of {}{}; that "
      "is evidence of origin, not of harmlessness.",
      artifact.signatures.size() == 1 ? "The signature holds"
                                      : "All signatures hold",
      artifact.signatures.size() == 1 ? "is" : "are", Quoted(signer),
      RevocationClause(first.revocation));
}

// The path of a member without that of the input, safe to show.
std::string NameInside(const Artifact& artifact,
                       const std::vector<Artifact>& artifacts) {
  const std::string_view path = artifact.path;
  const size_t before = artifacts[0].path.size() + 1;
  return base::DisplaySafe(path.size() > before ? path.substr(before) : path);
}

struct Ground {
  Decision decision;
  Severity severity;
  const Finding* finding;
};

// A sentence for each ground. What is said of many members alike is said once,
// of the first of them, with their number.
std::vector<std::string> ReasonsOf(const std::vector<Ground>& grounds,
                                   const std::vector<Artifact>& artifacts) {
  // Limit: up to 3 of a kind are named one by one.
  constexpr size_t kNamed = 3;
  struct Alike {
    size_t count = 0;
    std::set<uint32_t> members;
    bool said = false;
  };
  const auto is_of_a_member = [&](const Ground& ground) {
    return ground.finding->artifact < artifacts.size() &&
           artifacts[ground.finding->artifact].parent;
  };
  std::map<std::pair<Decision, std::string_view>, Alike> groups;
  for (const Ground& ground : grounds) {
    if (is_of_a_member(ground)) {
      Alike& alike = groups[{ground.decision, ground.finding->id}];
      ++alike.count;
      alike.members.insert(ground.finding->artifact);
    }
  }
  std::vector<std::string> reasons;
  for (const Ground& ground : grounds) {
    const std::string& message = ground.finding->message;
    if (!is_of_a_member(ground)) {
      reasons.push_back(message);
      continue;
    }
    const Artifact& artifact = artifacts[ground.finding->artifact];
    Alike& alike = groups[{ground.decision, ground.finding->id}];
    if (alike.count <= kNamed) {
      reasons.push_back(
          fmt::format("{}: {}", NameInside(artifact, artifacts), message));
    } else if (!alike.said) {
      alike.said = true;
      const size_t others = alike.members.size() - 1;
      reasons.push_back(
          fmt::format("{}{}: {}", NameInside(artifact, artifacts),
                      others == 0 ? fmt::format(", {} times", alike.count)
                                  : fmt::format(" and {} more member{}", others,
                                                others == 1 ? "" : "s"),
                      message));
    }
  }
  return reasons;
}

}  // namespace

Verdict Decide(const model::Inspection& inspection) {
  std::vector<Ground> grounds;
  for (const Finding& finding : inspection.findings) {
    const Decision decision = DecisionOn(finding, inspection);
    if (decision != Decision::kAllow) {
      grounds.push_back({decision, finding.severity, &finding});
    }
  }
  std::ranges::stable_sort(grounds, [](const Ground& a, const Ground& b) {
    return a.decision != b.decision ? a.decision > b.decision
                                    : a.severity > b.severity;
  });
  Verdict verdict;
  verdict.reasons = ReasonsOf(grounds, inspection.artifacts);
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
  const Artifact& input = inspection.artifacts[0];
  verdict.reasons.push_back(IsVouchedForByItself(input)
                                ? AllowReason(input)
                                : AllowReason(inspection.artifacts));
  return verdict;
}

}  // namespace countersign::vet
