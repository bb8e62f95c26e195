// Revocation from local evidence: CRLs and OCSP responses, from files of the
// user or from inside a signature. Nothing is fetched.
//
// Spec: RFC 5280 section 5 (CRL), RFC 6960 (OCSP).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/budget.h"
#include "base/instant.h"
#include "model/signature.h"
#include "model/source.h"
#include "signing/path/key_cache.h"
#include "signing/revocation/list_scope.h"
#include "signing/x509/certificate.h"

namespace countersign::signing {

// One revoked certificate of a CRL.
struct RevokedEntry {
  base::Bytes serial;
  base::Instant date;                       // revocationDate
  std::optional<base::Instant> invalidity;  // invalidityDate
  uint8_t reason = 0;                       // CRLReason
};

struct RevocationList {
  base::Input tbs;
  base::Input issuer;  // whole Name
  base::Instant this_update;
  std::optional<base::Instant> next_update;
  AlgorithmIdentifier signature_algorithm;
  base::Input signature;
  std::vector<RevokedEntry> entries;  // sorted by serial
  ListScope scope;
  bool partial = false;  // delta, damaged, or with a critical extension that
                         // is not known: cannot say "good"
};

// One answer of an OCSP response.
struct OcspAnswer {
  std::optional<base::DigestAlgorithm> digest;
  base::Bytes issuer_name_hash;
  base::Bytes issuer_key_hash;
  base::Bytes serial;
  model::Revocation status = model::Revocation::kUnknown;
  base::Instant revoked_at;
  uint8_t reason = 0;
  base::Instant this_update;
  std::optional<base::Instant> next_update;
};

struct OcspResponse {
  base::Input tbs;
  AlgorithmIdentifier signature_algorithm;
  base::Input signature;
  std::vector<Certificate> certificates;
  std::vector<OcspAnswer> answers;
};

// The CRL in `der`; views it.
[[nodiscard]] base::Result<RevocationList> ParseRevocationList(
    base::Input der, base::Budget& budget);
// The successful basic OCSP response in `der`; views it.
[[nodiscard]] base::Result<OcspResponse> ParseOcspResponse(
    base::Input der, base::Budget& budget);

// Whether `list` is signed with the key of `issuer`. Charges one public-key
// operation; false when the budget is spent.
[[nodiscard]] bool IsSignedBy(const RevocationList& list,
                              const Certificate& issuer, KeyCache& keys,
                              base::Budget& budget);

// What is known of one certificate.
struct RevocationStatus {
  model::Revocation state = model::Revocation::kNotChecked;
  base::Instant revoked_at;  // the earlier of revocation and invalidity date
  uint8_t reason = 0;
};

// "keyCompromise" and so on, RFC 5280 section 5.3.1.
[[nodiscard]] std::string_view ReasonName(uint8_t reason);

// True when a revocation for this reason says nothing against what the key
// signed before: superseded, cessationOfOperation, affiliationChanged.
[[nodiscard]] bool IsHarmlessReason(std::string_view reason);

class RevocationSet {
 public:
  // Adds the CRL or OCSP response in `der`, which must outlive the set; fails
  // when it is neither.
  base::Result<void> Add(base::Input der, base::Budget& budget);
  // Adds what `file` holds, PEM (any number of blocks) or DER, and yields what
  // that is, without the file's name and digest.
  base::Result<std::vector<model::RevocationSource>> AddFile(
      std::vector<uint8_t> file);

  [[nodiscard]] bool Empty() const {
    return lists_.empty() && responses_.empty();
  }

  // The state of `certificate`, issued by `issuer`, for something signed at
  // `signed_at` and judged at `at`. "good" needs evidence that is current at
  // `at` or newer than the signature; "revoked" does not age.
  [[nodiscard]] RevocationStatus StatusOf(const Certificate& certificate,
                                          const Certificate& issuer,
                                          base::Instant signed_at,
                                          base::Instant at, KeyCache& keys,
                                          base::Budget& budget) const;

 private:
  // Whether `list` is signed with the key of `issuer`; remembered, because
  // hashing a list of a megabyte for every file would be all we do.
  bool IsSigned(const RevocationList& list, const Certificate& issuer,
                KeyCache& keys, base::Budget& budget) const;

  // Limit: remembered answers; a few hundred bytes each.
  static constexpr size_t kMaxVerified = 1024;

  std::vector<std::unique_ptr<std::vector<uint8_t>>> owned_;
  mutable std::map<std::pair<const RevocationList*, std::string>, bool>
      verified_;
  std::vector<RevocationList> lists_;
  std::vector<OcspResponse> responses_;
};

}  // namespace countersign::signing
