#include "vet/evidence/catalogs.h"

#include <algorithm>
#include <ranges>
#include <tuple>
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
  const auto [known, is_new] =
      numbers_.emplace(type, static_cast<uint32_t>(content_types_.size()));
  if (is_new) {
    content_types_.push_back(type);
  }
  return known->second;
}

bool CatalogSet::Add(const base::Digest& sha256,
                     const signing::SigningFacts& facts) {
  const std::string catalog = sha256.Hex();
  if (!catalogs_.insert(catalog).second) {
    return true;
  }
  const auto first = static_cast<uint32_t>(signatures_.size());
  for (const SignatureFacts& signature : facts.signatures) {
    signatures_.push_back(OfAMember(signature));
    signatures_.back().catalog_sha256 = catalog;
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
  // The best signature over a digest comes first, each once.
  const auto order = [this](const Listed& listed) {
    return std::tuple(listed.digest, Rank(signatures_[listed.signature]),
                      listed.signature);
  };
  std::ranges::stable_sort(listed_, {}, order);
  const auto again = std::ranges::unique(listed_, {}, order);
  listed_.erase(again.begin(), again.end());
}

bool CatalogSet::Uses(base::DigestAlgorithm algorithm) const {
  return std::ranges::find(listed_, algorithm, &Listed::algorithm) !=
         listed_.end();
}

SignatureFacts CatalogSet::FactsFor(const Listed& listed) const {
  SignatureFacts facts = signatures_[listed.signature];
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
    const auto all =
        std::ranges::equal_range(listed_, digest, {}, &Listed::digest);
    for (const Listed& listed : all | std::views::take(kMost)) {
      const bool known = std::ranges::any_of(found, [&](const Listed* each) {
        return each->signature == listed.signature;
      });
      if (!known) {
        found.push_back(&listed);
      }
    }
  }
  std::ranges::stable_sort(found, {}, [&](const Listed* listed) {
    return Rank(signatures_[listed->signature]);
  });
  std::vector<SignatureFacts> covering;
  for (const Listed* listed : found | std::views::take(kMost)) {
    covering.push_back(FactsFor(*listed));
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
