#include "vet/answer_check.h"

#include <algorithm>

namespace countersign::vet {
namespace {

// A signature is trusted only through a certificate that this process holds.
bool IsSound(const model::SignatureFacts& signature, size_t signatures,
             uint64_t size_bytes, size_t artifacts, const Anchors& anchors) {
  if (!signature.range.Inside(size_bytes) ||
      (signature.catalog && *signature.catalog >= artifacts) ||
      (signature.nested_in && *signature.nested_in >= signatures)) {
    return false;
  }
  return signature.trust != model::Trust::kTrusted ||
         (signature.signer && !signature.chain.empty() &&
          anchors.contains(
              {signature.chain.back().store, signature.chain.back().sha256}));
}

// Artifact number `place`: members come behind their container, and say nothing
// of what is for the parent process to say.
bool IsSound(const model::Artifact& artifact, size_t place,
             const std::vector<model::Artifact>& artifacts,
             const Anchors& anchors) {
  // Limit: at most 64 signatures of a file are looked at.
  constexpr size_t kMostSignatures = 1000;
  const auto& signatures = artifact.signatures;
  return artifact.id == place &&
         (place == 0 || (artifact.parent && *artifact.parent < place)) &&
         (!artifact.same_as ||
          (*artifact.same_as < artifacts.size() &&
           artifacts[*artifact.same_as].sha256 == artifact.sha256)) &&
         (place == 0 || artifact.path.starts_with('!')) &&
         (place != 0 || artifact.path.empty()) && artifact.findings.empty() &&
         !artifact.covered_by && signatures.size() <= kMostSignatures &&
         std::ranges::all_of(
             signatures, [&](const model::SignatureFacts& signature) {
               return IsSound(signature, signatures.size(), artifact.size,
                              artifacts.size(), anchors);
             });
}

bool IsSound(const model::Finding& finding,
             const std::vector<model::Artifact>& artifacts) {
  // Limit: parameters and ranges of a finding; the checks give up to ten.
  constexpr size_t kMostDetails = 1000;
  if (finding.artifact >= artifacts.size() || finding.evidence.empty() ||
      finding.evidence.size() > kMostDetails ||
      finding.parameters.size() > kMostDetails) {
    return false;
  }
  const uint64_t size = artifacts[finding.artifact].size;
  return std::ranges::all_of(
      finding.evidence,
      [size](const base::ByteRange& range) { return range.Inside(size); });
}

bool IsSound(const model::Action& action,
             const std::vector<model::Artifact>& artifacts) {
  // Limit: other values of an action; readers give up to ten.
  constexpr size_t kMostDetails = 1000;
  return action.artifact < artifacts.size() &&
         (!action.member || *action.member < artifacts.size()) &&
         action.parameters.size() <= kMostDetails &&
         action.evidence.Inside(artifacts[action.artifact].size);
}

}  // namespace

Anchors AnchorsOf(const std::vector<model::TrustStore>& stores) {
  Anchors anchors;
  for (const model::TrustStore& store : stores) {
    for (const model::TrustEntry& entry : store.entries) {
      if (!entry.certificate.empty()) {
        anchors.emplace(store.name, entry.sha256);
      }
    }
  }
  return anchors;
}

bool IsSound(const model::Inspection& inspection, uint64_t size_bytes,
             const Anchors& anchors) {
  // Limit: what this version gives at most, see vet/tree/record.cc.
  constexpr size_t kMostFindings = 50'000;
  const auto& artifacts = inspection.artifacts;
  if (artifacts.empty() || artifacts[0].size != size_bytes ||
      artifacts[0].parent || artifacts[0].same_as ||
      inspection.findings.size() > kMostFindings ||
      inspection.actions.size() > kMostFindings ||
      inspection.limits.size() > kMostFindings) {
    return false;
  }
  for (size_t i = 0; i < artifacts.size(); ++i) {
    if (!IsSound(artifacts[i], i, artifacts, anchors)) {
      return false;
    }
  }
  if (!std::ranges::all_of(inspection.actions,
                           [&](const model::Action& action) {
                             return IsSound(action, artifacts);
                           })) {
    return false;
  }
  return std::ranges::all_of(inspection.findings,
                             [&](const model::Finding& finding) {
                               return IsSound(finding, artifacts);
                             }) &&
         std::ranges::all_of(inspection.limits,
                             [&](const model::LimitReached& limit) {
                               return limit.artifact < artifacts.size();
                             });
}

}  // namespace countersign::vet
