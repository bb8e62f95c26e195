// What of a tree catalogs list.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/blob.h"
#include "base/digest.h"
#include "model/report.h"
#include "signing/verify.h"
#include "vet/evidence/catalogs.h"
#include "vet/tree/record.h"

namespace countersign::vet {

// Digests of a file as it is; those that nobody needs may be missing.
struct FlatDigests {
  std::optional<base::Digest> sha1;
  std::optional<base::Digest> sha256;
};

class CatalogCoverage {
 public:
  // Looks for what `known` lists, and adds to `found` the catalogs that come
  // along.
  CatalogCoverage(const CatalogSet& known, CatalogSet& found)
      : known_(known), found_(found) {}

  // True when members have to be hashed with SHA-1 as well.
  [[nodiscard]] bool NeedsSha1() const {
    return known_.Uses(base::DigestAlgorithm::kSha1);
  }

  // The digests of all of `file` that matter; none when it cannot be read.
  [[nodiscard]] FlatDigests HashFlat(const base::Blob& file) const;

  // The signatures over catalogs that list a file of that format: by its own
  // digests, or those that Authenticode takes of a program. `file` may be null
  // where nobody has to look into it.
  [[nodiscard]] std::vector<model::SignatureFacts> CoveringOf(
      const base::Blob* file, model::Format format,
      const FlatDigests& flat) const;

  // Remembers a catalog of the tree. False when not all of its members are
  // looked at.
  [[nodiscard]] bool Collect(uint32_t artifact, const base::Blob& catalog,
                             const signing::SigningFacts& facts);

  // Says of each covering signature which artifact its catalog is, now that all
  // are known.
  void NameCatalogs(Record& record) const;

 private:
  [[nodiscard]] std::vector<base::Hasher> Hashers() const;
  void AddImageDigests(const base::Blob& file,
                       std::vector<base::Digest>& digests) const;

  const CatalogSet& known_;
  CatalogSet& found_;
  std::map<std::string, uint32_t> artifacts_;  // by SHA-256: the first of each
};

}  // namespace countersign::vet
