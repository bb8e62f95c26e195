#include "vet/answer_check.h"

#include <algorithm>

namespace countersign::vet {
namespace {

// A signature is trusted only through a certificate that this process holds.
bool IsSound(const model::SignatureFacts& signature, size_t signatures,
             uint64_t size_bytes, const Anchors& anchors) {
  if (!signature.range.Inside(size_bytes) ||
      (signature.nested_in && *signature.nested_in >= signatures)) {
    return false;
  }
  return signature.trust != model::Trust::kTrusted ||
         (signature.signer && !signature.chain.empty() &&
          anchors.contains(
              {signature.chain.back().store, signature.chain.back().sha256}));
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

// Limit: this version looks at one artifact, at most 64 signatures in it, and
// gives at most 32 findings of a kind.
bool IsSound(const model::Inspection& inspection, uint64_t size_bytes,
             const Anchors& anchors) {
  constexpr size_t kMostSignatures = 1000;
  constexpr size_t kMostFindings = 10'000;
  const auto& artifacts = inspection.artifacts;
  if (artifacts.size() != 1 || artifacts[0].size != size_bytes ||
      artifacts[0].id != 0 || artifacts[0].parent ||
      !artifacts[0].findings.empty() ||
      artifacts[0].signatures.size() > kMostSignatures ||
      inspection.findings.size() > kMostFindings ||
      inspection.limits.size() > kMostFindings) {
    return false;
  }
  const auto& signatures = artifacts[0].signatures;
  return std::ranges::all_of(signatures,
                             [&](const model::SignatureFacts& signature) {
                               return IsSound(signature, signatures.size(),
                                              size_bytes, anchors);
                             }) &&
         std::ranges::all_of(inspection.findings,
                             [&](const model::Finding& finding) {
                               return IsSound(finding, artifacts);
                             }) &&
         std::ranges::all_of(inspection.limits,
                             [&](const model::LimitReached& limit) {
                               return limit.artifact < artifacts.size();
                             });
}

}  // namespace countersign::vet
