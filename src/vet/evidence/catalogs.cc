#include "vet/evidence/catalogs.h"

#include <algorithm>
#include <utility>

#include "formats/sniff.h"

namespace countersign::vet {
namespace {

// Limit: 1,000,000 members, 100 MiB. The catalogs of a whole Windows
// installation list some hundred thousand.
constexpr size_t kMostListed = 1'000'000;

using model::Integrity;
using model::SignatureFacts;
using model::Trust;

// What the signature over a catalog says of a file in its list, but the digest:
// places in the catalog are none of the file.
SignatureFacts OfAMember(SignatureFacts facts) {
  facts.nested_in.reset();
  facts.entry = 0;
  facts.range = {};
  facts.attributes.clear();
  for (model::TimestampFacts& stamp : facts.timestamps) {
    stamp.range = {};
    stamp.chain.clear();  // the catalog's own entry has it
  }
  if (facts.integrity == Integrity::kInvalid) {
    facts.integrity_reason =
        "the catalog's signature does not hold: " + facts.integrity_reason;
    facts.signature_mismatch = true;
  }
  facts.content_mismatch = false;
  facts.page_hashes = model::PageHashes::kAbsent;
  facts.scheme = model::Scheme::kCatalog;
  return facts;
}

int Rank(const SignatureFacts& facts) {
  return (facts.integrity == Integrity::kValid ? 0 : 2) +
         (facts.trust == Trust::kTrusted ? 0 : 1);
}

}  // namespace

uint32_t CatalogSet::ContentType(const std::string& type) {
  const auto known = std::ranges::find(content_types_, type);
  if (known == content_types_.end()) {
    content_types_.push_back(type);
    return static_cast<uint32_t>(content_types_.size() - 1);
  }
  return static_cast<uint32_t>(known - content_types_.begin());
}

bool CatalogSet::Add(const base::Digest& sha256,
                     const signing::SigningFacts& facts) {
  const std::string catalog = sha256.Hex();
  if (std::ranges::find(signatures_, catalog, &Signed::catalog) !=
      signatures_.end()) {
    return true;
  }
  const auto first = static_cast<uint32_t>(signatures_.size());
  for (const SignatureFacts& signature : facts.signatures) {
    signatures_.push_back({catalog, OfAMember(signature)});
    signatures_.back().facts.catalog_sha256 = catalog;
  }
  for (const signing::ListedDigest& listed : facts.listed) {
    if (listed_.size() == kMostListed) {
      return false;
    }
    listed_.push_back({listed.digest, listed.algorithm,
                       first + listed.signature,
                       ContentType(listed.content_type)});
  }
  return true;
}

void CatalogSet::Close() {
  std::ranges::stable_sort(listed_, {}, &Listed::digest);
}

bool CatalogSet::Uses(base::DigestAlgorithm algorithm) const {
  return std::ranges::find(listed_, algorithm, &Listed::algorithm) !=
         listed_.end();
}

SignatureFacts CatalogSet::FactsFor(const Listed& listed) const {
  SignatureFacts facts = signatures_[listed.signature].facts;
  facts.digest_algorithm = base::Name(listed.algorithm);
  facts.digest = listed.digest.Hex();
  facts.computed = facts.digest;
  facts.content_type = content_types_[listed.content_type];
  const bool is_weak = listed.algorithm <= base::DigestAlgorithm::kSha1;
  if (is_weak && std::ranges::find(facts.weak, facts.digest_algorithm) ==
                     facts.weak.end()) {
    facts.weak.push_back(facts.digest_algorithm);
  }
  return facts;
}

std::vector<SignatureFacts> CatalogSet::Covering(
    std::span<const base::Digest> digests) const {
  // Limit: 4 signatures for a file; more say nothing new, and many files may
  // be listed in many catalogs.
  constexpr size_t kMost = 4;
  std::vector<const Listed*> found;
  for (const base::Digest& digest : digests) {
    for (const Listed& listed :
         std::ranges::equal_range(listed_, digest, {}, &Listed::digest)) {
      const bool known =
          std::ranges::find(found, listed.signature, [](const Listed* each) {
            return each->signature;
          }) != found.end();
      if (!known) {
        found.push_back(&listed);
      }
    }
  }
  std::ranges::stable_sort(found, {}, [&](const Listed* listed) {
    return Rank(signatures_[listed->signature].facts);
  });
  std::vector<SignatureFacts> covering;
  for (size_t i = 0; i < std::min(found.size(), kMost); ++i) {
    covering.push_back(FactsFor(*found[i]));
  }
  return covering;
}

bool AddCatalogFile(const base::Blob& file, signing::Verifier& verifier,
                    base::Instant at, CatalogSet& catalogs) {
  if (formats::Sniff(file.View()).format != model::Format::kCat) {
    return false;
  }
  const signing::SigningFacts facts =
      verifier.Verify(file, model::Format::kCat, {at, {}});
  if (facts.listed.empty()) {
    return false;
  }
  return catalogs.Add(base::Hash(base::DigestAlgorithm::kSha256, file.View()),
                      facts);
}

}  // namespace countersign::vet
