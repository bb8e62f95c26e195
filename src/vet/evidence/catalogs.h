// Which files catalogs vouch for.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/blob.h"
#include "base/digest.h"
#include "base/instant.h"
#include "model/signature.h"
#include "signing/verify.h"

namespace countersign::vet {

class CatalogSet {
 public:
  // Adds a catalog by its SHA-256 and what is known of it. The same one is
  // added once. False when there are more members than are looked at; those
  // beyond are left out.
  bool Add(const base::Digest& sha256, const signing::SigningFacts& facts);

  // Ends adding, before the first question.
  void Close();

  // True when nothing is listed.
  [[nodiscard]] bool IsEmpty() const { return listed_.empty(); }
  // True when something is listed by a digest of this algorithm.
  [[nodiscard]] bool Uses(base::DigestAlgorithm algorithm) const;
  // How much is listed; what one signature lists twice counts once, closed.
  [[nodiscard]] uint64_t Members() const { return listed_.size(); }

  // The signatures, of catalogs that list one of `digests` (of one file, taken
  // in different ways), as they speak for that file: those that hold and are
  // trusted first, up to four.
  [[nodiscard]] std::vector<model::SignatureFacts> Covering(
      std::span<const base::Digest> digests) const;

 private:
  struct Listed {
    base::Digest digest;
    base::DigestAlgorithm algorithm = base::DigestAlgorithm::kSha256;
    uint32_t signature = 0;     // index into signatures_
    uint32_t content_type = 0;  // index into content_types_
  };

  [[nodiscard]] model::SignatureFacts FactsFor(const Listed& listed) const;
  [[nodiscard]] uint32_t ContentType(const std::string& type);

  std::set<std::string> catalogs_;  // SHA-256, hexadecimal
  std::vector<model::SignatureFacts> signatures_;
  std::vector<std::string> content_types_;
  std::map<std::string, uint32_t> numbers_;  // of the content types
  std::vector<Listed> listed_;               // by digest, once closed
};

// Adds the catalog in `file`, which was given from outside; false when it is no
// signed catalog.
[[nodiscard]] bool AddCatalogFile(const base::Blob& file,
                                  signing::Verifier& verifier, base::Instant at,
                                  CatalogSet& catalogs);

}  // namespace countersign::vet
