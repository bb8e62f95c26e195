#include "vet/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

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
  // Limit: 200 bytes, so that a sentence stays one.
  constexpr size_t kMostBytes = 200;
  std::string_view name = artifact.path;
  name.remove_prefix(name.rfind('!') + 1);
  const bool is_long = name.size() > kMostBytes;
  return base::DisplaySafe(name.substr(0, kMostBytes)) + (is_long ? "..." : "");
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
bool IsRunnableFormat(const Artifact& artifact) {
  switch (artifact.format) {
    case Format::kPe:
    case Format::kDos:
    case Format::kElf:
    case Format::kMachO:
    case Format::kPowershell:
    case Format::kScript:
    case Format::kJar:
      return true;
    case Format::kMsi:
    case Format::kMsp:
      // The input itself is the package, not a program of it.
      return artifact.parent.has_value();
    default:
      return false;
  }
}

// The ending of its name with the full stop, in lower case; "" without one.
std::string EndingOf(const Artifact& artifact) {
  std::string_view name = artifact.path;
  // Quirk: Windows drops full stops and blanks at the end of a name.
  name = name.substr(0, name.find_last_not_of(". ") + 1);
  name.remove_prefix(name.find_last_of("/\\!") + 1);
  const size_t stop = name.rfind('.');
  return stop == std::string_view::npos ? ""
                                        : base::AsciiLower(name.substr(stop));
}

// True of what is data for programs written in JavaScript: applications of
// Electron and packages of Node have thousands of such files.
bool IsPartOfAProgram(const Artifact& artifact,
                      const std::vector<Artifact>& artifacts) {
  if (base::AsciiLower(artifact.path).find("node_modules") !=
      std::string::npos) {
    return true;
  }
  for (auto place = artifact.parent; place; place = artifacts[*place].parent) {
    if (artifacts[*place].format == Format::kAsar) {
      return true;
    }
  }
  return false;
}

// True where nothing but the name says that Windows runs it.
bool IsRunByItsName(const Artifact& artifact,
                    const std::vector<Artifact>& artifacts) {
  constexpr std::array<std::string_view, 31> kEndings = {
      ".ps1", ".psm1", ".psd1", ".ps1xml", ".vbs", ".vbe", ".js",  ".jse",
      ".wsf", ".wsh",  ".wsc",  ".sct",    ".hta", ".bat", ".cmd", ".reg",
      ".lnk", ".inf",  ".scr",  ".cpl",    ".msi", ".msp", ".mst", ".msc",
      ".jar", ".jnlp", ".exe",  ".com",    ".pif", ".dll", ".sys"};
  if (artifact.format != Format::kText && artifact.format != Format::kUnknown) {
    return false;
  }
  const std::string ending = EndingOf(artifact);
  return std::ranges::find(kEndings, ending) != kEndings.end() &&
         (ending != ".js" || !IsPartOfAProgram(artifact, artifacts));
}

// What identifies the signer to people: the common name, or what there is.
const std::string& SignersName(const model::CertificateFacts& signer) {
  return !signer.common_name.empty()    ? signer.common_name
         : !signer.organization.empty() ? signer.organization
                                        : signer.subject;
}

bool HoldsAndIsTrusted(const model::SignatureFacts& signature) {
  return signature.integrity == model::Integrity::kValid &&
         signature.trust == model::Trust::kTrusted;
}

std::vector<const model::SignatureFacts*> Holding(const Artifact& artifact) {
  std::vector<const model::SignatureFacts*> holding;
  for (const model::SignatureFacts& signature : artifact.signatures) {
    if (HoldsAndIsTrusted(signature) && signature.signer) {
      holding.push_back(&signature);
    }
  }
  return holding;
}

// Where the next attribute of an RFC 4514 name begins, from `at` on: behind a
// "," or "+" that is not escaped.
size_t NextAttribute(std::string_view subject, size_t at) {
  while (at < subject.size() && subject[at] != ',' && subject[at] != '+') {
    at += subject[at] == '\\' ? 2 : 1;
  }
  return at + 1;
}

// The countries in a subject, in lower case: "de", or "" where it has none.
std::string CountryOf(std::string_view subject) {
  std::string country;
  for (size_t at = 0; at < subject.size();) {
    const size_t next = NextAttribute(subject, at);
    const std::string_view attribute = subject.substr(at, next - 1 - at);
    if (attribute.starts_with("C=")) {
      country +=
          (country.empty() ? "" : ",") + base::AsciiLower(attribute.substr(2));
    }
    at = next;
  }
  return country;
}

bool IsSameName(const std::string& a, const std::string& b) {
  return !a.empty() && base::EqualIgnoringAsciiCase(a, b);
}

// Why not the key alone: it has neither legal form nor country, so that "pub
// LLC" of one country and "Pub Limited" of another share it.
bool IsSameSigner(const model::CertificateFacts& a,
                  const model::CertificateFacts& b) {
  if (a.publisher_key != b.publisher_key ||
      CountryOf(a.subject) != CountryOf(b.subject)) {
    return false;
  }
  // A subject without any name is known by its public key.
  return a.publisher_key.starts_with("spki:") ||
         IsSameName(a.common_name, b.common_name) ||
         IsSameName(a.organization, b.organization);
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
        return IsSameSigner(*signature->signer, *other->signer);
      });
    });
  }
  return std::nullopt;
}

void TellSigners(const Artifact& artifact, model::CoverageRow& row) {
  for (const model::SignatureFacts& signature : artifact.signatures) {
    if (!signature.signer) {
      continue;
    }
    const std::string& name = SignersName(*signature.signer);
    row.signatures.push_back({name, signature.integrity, signature.trust});
    if (HoldsAndIsTrusted(signature) &&
        std::ranges::find(row.signers, name) == row.signers.end()) {
      row.signers.push_back(name);
    }
  }
}

// For each artifact the actions that name it.
std::vector<std::vector<uint32_t>> ActionsByMember(
    const model::Inspection& inspection) {
  std::vector<std::vector<uint32_t>> actions(inspection.artifacts.size());
  for (size_t i = 0; i < inspection.actions.size(); ++i) {
    if (const auto member = inspection.actions[i].member) {
      actions[*member].push_back(static_cast<uint32_t>(i));
    }
  }
  return actions;
}

}  // namespace

void JudgeCoverage(model::Inspection& inspection) {
  FindCoverage(inspection.artifacts);
  LowerWhereCovered(inspection);
  NoteNotVouched(inspection);
}

std::vector<model::CoverageRow> CoverageOf(
    const model::Inspection& inspection) {
  const std::vector<Artifact>& artifacts = inspection.artifacts;
  std::vector<std::vector<uint32_t>> actions = ActionsByMember(inspection);
  std::vector<model::CoverageRow> rows;
  for (const Artifact& artifact : artifacts) {
    if (!IsRunnableFormat(artifact) && actions[artifact.id].empty() &&
        !IsRunByItsName(artifact, artifacts)) {
      continue;
    }
    model::CoverageRow& row = rows.emplace_back();
    row.artifact = artifact.id;
    row.is_signed = artifact.is_signed;
    TellSigners(artifact, row);
    row.same_signer_as_package = SameSignerAsPackage(artifact, artifacts);
    row.covered_by = artifact.covered_by;
    row.actions = std::move(actions[artifact.id]);
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
