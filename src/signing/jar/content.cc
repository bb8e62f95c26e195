#include "signing/jar/content.h"

#include <algorithm>

#include "base/text.h"
#include "signing/signer/answer.h"

namespace countersign::signing {

using base::DigestAlgorithm;

const JarEntry& JarContent::Check(const std::string& name) {
  const auto [known, is_new] = entries_.try_emplace(name);
  if (is_new) {
    known->second = Make(name);
  }
  return known->second;
}

JarEntry JarContent::Make(const std::string& name) const {
  JarEntry result;
  result.entry = archive_.Single(name);
  const auto section = manifest_.sections.find(name);
  if (section == manifest_.sections.end()) {
    result.reason = "is not in the manifest once";
    return result;
  }
  auto digests = ReadJarDigests(section->second, "-Digest");
  if (!digests) {
    result.reason = "has a damaged digest in the manifest";
    return result;
  }
  result.digests = *std::move(digests);
  if (result.entry == nullptr) {
    result.is_missing = archive_.Find(name).empty();
    result.reason = "is in the archive twice";
  } else if (result.digests.empty()) {
    result.reason = "has no digest in the manifest that is known";
  } else {
    Compare(result);
  }
  return result;
}

void JarContent::Compare(JarEntry& result) const {
  std::vector<DigestAlgorithm> algorithms = {DigestAlgorithm::kSha256};
  for (const JarDigest& digest : result.digests) {
    if (std::ranges::find(algorithms, digest.algorithm) == algorithms.end()) {
      algorithms.push_back(digest.algorithm);
    }
  }
  const auto computed = archive_.Hash(*result.entry, algorithms, budget_);
  if (!computed) {
    result.reason = "cannot be read: " + FaultClause(computed.error());
    return;
  }
  result.sha256 = computed->at(DigestAlgorithm::kSha256);
  result.holds = true;
  for (const JarDigest& digest : result.digests) {
    const base::Digest& found = computed->at(digest.algorithm);
    if (result.holds && !base::Equal(found.View(), digest.value)) {
      result.holds = false;
      result.reason = "has not the digest that is signed";
      result.expected = base::ToHex(digest.value);
      result.computed = found.Hex();
    }
  }
}

}  // namespace countersign::signing
