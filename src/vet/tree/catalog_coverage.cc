#include "vet/tree/catalog_coverage.h"

#include <array>

#include "formats/pe.h"

namespace countersign::vet {
namespace {

using base::DigestAlgorithm;

// Limit: SHA-1 and SHA-256, which are all that catalogs are made with.
constexpr std::array kAlgorithms = {DigestAlgorithm::kSha1,
                                    DigestAlgorithm::kSha256};

}  // namespace

std::vector<base::Hasher> CatalogCoverage::Hashers() const {
  std::vector<base::Hasher> hashers;
  for (const DigestAlgorithm algorithm : kAlgorithms) {
    if (known_.Uses(algorithm)) {
      hashers.emplace_back(algorithm);
    }
  }
  return hashers;
}

FlatDigests CatalogCoverage::HashFlat(const base::Blob& file) const {
  FlatDigests flat;
  std::vector<base::Hasher> hashers = Hashers();
  if (hashers.empty() || !file.Hash({0, file.View().size()}, hashers)) {
    return flat;
  }
  for (base::Hasher& hasher : hashers) {
    const base::Digest digest = hasher.Finish();
    const bool is_sha1 =
        digest.size == base::DigestSize(DigestAlgorithm::kSha1);
    (is_sha1 ? flat.sha1 : flat.sha256) = digest;
  }
  return flat;
}

// The digests of a program, and, where it was not padded to 8 bytes yet, those
// it will have once it is: signers pad before they sign.
void CatalogCoverage::AddImageDigests(
    const base::Blob& file, std::vector<base::Digest>& digests) const {
  constexpr size_t kAlignment = 8;
  constexpr std::array<uint8_t, kAlignment> kZeros{};
  const auto image = formats::ParsePe(file.View());
  if (!image) {
    return;
  }
  const size_t over = file.View().size() % kAlignment;
  std::vector<size_t> paddings = {0};
  if (over != 0 && image->certificate_table.size == 0) {
    paddings.push_back(kAlignment - over);
  }
  for (const size_t padding : paddings) {
    std::vector<base::Hasher> hashers = Hashers();
    if (!base::HashRanges(file, formats::DigestRanges(*image), hashers)) {
      return;
    }
    for (base::Hasher& hasher : hashers) {
      hasher.Update(base::Bytes(kZeros).first(padding));
      digests.push_back(hasher.Finish());
    }
  }
}

std::vector<model::SignatureFacts> CatalogCoverage::CoveringOf(
    const base::Blob* file, model::Format format,
    const FlatDigests& flat) const {
  if (known_.IsEmpty()) {
    return {};
  }
  std::vector<base::Digest> digests;
  if (format == model::Format::kPe && file != nullptr) {
    AddImageDigests(*file, digests);
  }
  for (const auto& digest : {flat.sha1, flat.sha256}) {
    if (digest) {
      digests.push_back(*digest);
    }
  }
  return known_.Covering(digests);
}

bool CatalogCoverage::Collect(uint32_t artifact, const base::Blob& catalog,
                              const signing::SigningFacts& facts) {
  const base::Digest sha256 =
      base::Hash(DigestAlgorithm::kSha256, catalog.View());
  artifacts_.emplace(sha256.Hex(), artifact);
  return found_.Add(sha256, facts);
}

void CatalogCoverage::NameCatalogs(Record& record) const {
  for (uint32_t i = 0; i < record.Size(); ++i) {
    for (model::SignatureFacts& signature : record.At(i).signatures) {
      const auto artifact = artifacts_.find(signature.catalog_sha256);
      if (artifact != artifacts_.end()) {
        signature.catalog = artifact->second;
      }
    }
  }
}

}  // namespace countersign::vet
