#include "vet/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/text.h"
#include "vet/findings.h"

namespace countersign::vet {
namespace {

using model::Artifact;
using model::Contents;
using model::Finding;
using model::Format;
using model::Severity;
using model::Signed;

// True of an archive that does nothing by itself: it is as good as its members,
// which have places of their own in the answer.
bool IsOnlyAWrapping(const Artifact& artifact) {
  constexpr std::array kArchives = {
      Format::kZip,   Format::kTar, Format::kCpio, Format::k7z,
      Format::kRar,   Format::kIso, Format::kCab,  Format::kGzip,
      Format::kBzip2, Format::kXz,  Format::kLzma, Format::kZstd,
      Format::kSzdd,  Format::kAr,  Format::kArj,  Format::kUdf};
  return artifact.is_signed == Signed::kAbsent &&
         artifact.contents == Contents::kComplete &&
         std::ranges::find(kArchives, artifact.format) != kArchives.end();
}

bool IsAboutOrigin(std::string_view finding) {
  constexpr std::array<std::string_view, 8> kAboutOrigin = {
      "signing.unsigned",         "signing.untrusted",
      "signing.incomplete_chain", "signing.expired",
      "signing.weak_algorithm",   "signing.missing_code_signing_usage",
      "signing.tls_fallback",     "signing.timestamp_untrusted"};
  return std::ranges::find(kAboutOrigin, finding) != kAboutOrigin.end();
}

void FindCoverage(std::vector<Artifact>& artifacts) {
  for (Artifact& artifact : artifacts) {
    if (!artifact.parent) {
      continue;
    }
    const Artifact& parent = artifacts[*artifact.parent];
    const bool is_signed_with_it =
        IsVouchedForByItself(parent) && !artifact.outside_signature;
    artifact.covered_by =
        is_signed_with_it ? std::optional(parent.id) : parent.covered_by;
  }
}

void LowerWhereCovered(model::Inspection& inspection) {
  for (Finding& finding : inspection.findings) {
    if (IsForgivenByCoverage(finding, inspection.artifacts)) {
      finding.severity = std::min(finding.severity, Severity::kLow);
      finding.message += " The signature of the package around it covers it.";
    }
  }
}

// The artifacts of which a finding says already that they are held, and why.
std::vector<bool> HeldByAFinding(const model::Inspection& inspection) {
  std::vector<bool> held(inspection.artifacts.size());
  for (const Finding& finding : inspection.findings) {
    if (finding.severity >= Severity::kMedium ||
        finding.id.starts_with("signing.")) {
      held[finding.artifact] = true;
    }
  }
  return held;
}

// The last part of a member's path, safe to show.
std::string NameOf(const Artifact& artifact) {
  const std::string_view path = artifact.path;
  return base::DisplaySafe(path.substr(path.rfind('!') + 1));
}

// Why not members of a member that nobody vouches for: whoever vouches for that
// one vouches for them.
std::vector<uint32_t> TopmostBareMembers(const model::Inspection& inspection) {
  const auto& artifacts = inspection.artifacts;
  std::vector<uint32_t> found = NotVouchedFor(artifacts);
  std::vector<bool> is_bare(artifacts.size());
  for (const uint32_t number : found) {
    is_bare[number] = true;
  }
  std::vector<bool> is_below(artifacts.size());  // something bare
  for (const Artifact& artifact : artifacts) {
    is_below[artifact.id] = artifact.parent && (is_bare[*artifact.parent] ||
                                                is_below[*artifact.parent]);
  }
  const std::vector<bool> held = HeldByAFinding(inspection);
  std::erase_if(found, [&](uint32_t number) {
    return !artifacts[number].parent || held[number] || is_below[number];
  });
  return found;
}

void NoteNotVouched(model::Inspection& inspection) {
  const auto& artifacts = inspection.artifacts;
  const std::vector<uint32_t> found = TopmostBareMembers(inspection);
  if (found.empty()) {
    return;
  }
  // Limit: 5 names; the others are in the list of members.
  const size_t shown = std::min<size_t>(found.size(), 5);
  std::string names;
  for (size_t i = 0; i < shown; ++i) {
    names += (i == 0 ? "" : ", ") + NameOf(artifacts[found[i]]);
  }
  if (shown < found.size()) {
    names += fmt::format(" and {} more", found.size() - shown);
  }
  const size_t members = artifacts.size() - 1;
  inspection.findings.push_back(MakeFinding(
      "vet.not_vouched", 0,
      fmt::format("Nobody trusted has signed {} of {} member{}, neither by "
                  "themselves nor with a package around them: {}.",
                  found.size(), members, members == 1 ? "" : "s", names),
      {0, artifacts[0].size},
      {{"members", static_cast<int64_t>(found.size())}}));
}

// What Windows or a script host runs, by itself or within a program.
bool IsExecutable(const Artifact& artifact) {
  switch (artifact.format) {
    case Format::kPe:
    case Format::kDos:
    case Format::kElf:
    case Format::kMachO:
    case Format::kPowershell:
    case Format::kScript:
    case Format::kJar:
      return true;
    default:
      return false;
  }
}

std::vector<const model::SignatureFacts*> Holding(const Artifact& artifact) {
  std::vector<const model::SignatureFacts*> holding;
  for (const model::SignatureFacts& signature : artifact.signatures) {
    if (signature.integrity == model::Integrity::kValid &&
        signature.trust == model::Trust::kTrusted && signature.signer) {
      holding.push_back(&signature);
    }
  }
  return holding;
}

// The nearest container around it with a signature that holds decides.
std::optional<bool> SameSignerAsPackage(
    const Artifact& artifact, const std::vector<Artifact>& artifacts) {
  const auto own = Holding(artifact);
  for (auto place = artifact.parent; place && !own.empty();
       place = artifacts[*place].parent) {
    const auto around = Holding(artifacts[*place]);
    if (around.empty()) {
      continue;
    }
    return std::ranges::any_of(own, [&](const auto* signature) {
      return std::ranges::any_of(around, [&](const auto* other) {
        return signature->signer->publisher_key == other->signer->publisher_key;
      });
    });
  }
  return std::nullopt;
}

}  // namespace

void JudgeCoverage(model::Inspection& inspection) {
  FindCoverage(inspection.artifacts);
  LowerWhereCovered(inspection);
  NoteNotVouched(inspection);
}

std::vector<model::CoverageRow> CoverageOf(
    const model::Inspection& inspection) {
  std::vector<model::CoverageRow> rows;
  std::vector<std::optional<size_t>> row_of(inspection.artifacts.size());
  for (const Artifact& artifact : inspection.artifacts) {
    if (!IsExecutable(artifact) || artifact.same_as) {
      continue;
    }
    row_of[artifact.id] = rows.size();
    model::CoverageRow& row = rows.emplace_back();
    row.artifact = artifact.id;
    row.is_signed = artifact.is_signed;
    row.covered_by = artifact.covered_by;
    for (const auto* signature : Holding(artifact)) {
      const std::string& name = signature->signer->common_name;
      if (std::ranges::find(row.signers, name) == row.signers.end()) {
        row.signers.push_back(name);
      }
    }
    row.same_signer_as_package =
        SameSignerAsPackage(artifact, inspection.artifacts);
  }
  for (size_t i = 0; i < inspection.actions.size(); ++i) {
    auto member = inspection.actions[i].member;
    if (member && inspection.artifacts[*member].same_as) {
      member = inspection.artifacts[*member].same_as;
    }
    if (member && row_of[*member]) {
      rows[*row_of[*member]].actions.push_back(static_cast<uint32_t>(i));
    }
  }
  return rows;
}

bool IsForgivenByCoverage(const Finding& finding,
                          const std::vector<Artifact>& artifacts) {
  return IsAboutOrigin(finding.id) && artifacts[finding.artifact].covered_by;
}

bool IsVouchedForByItself(const Artifact& artifact) {
  return (artifact.is_signed == Signed::kPresent ||
          artifact.is_signed == Signed::kByCatalog) &&
         !artifact.signatures.empty() &&
         std::ranges::all_of(
             artifact.signatures, [](const model::SignatureFacts& signature) {
               return signature.integrity == model::Integrity::kValid &&
                      signature.trust == model::Trust::kTrusted;
             });
}

std::vector<uint32_t> NotVouchedFor(const std::vector<Artifact>& artifacts) {
  std::vector<uint32_t> found;
  for (const Artifact& artifact : artifacts) {
    // A signature is what vouches, not what is vouched for.
    const bool is_empty_member =
        artifact.parent &&
        (artifact.size == 0 || artifact.role == model::Role::kSignature);
    if (!IsVouchedForByItself(artifact) && !artifact.covered_by &&
        !IsOnlyAWrapping(artifact) && !is_empty_member) {
      found.push_back(artifact.id);
    }
  }
  return found;
}

}  // namespace countersign::vet
