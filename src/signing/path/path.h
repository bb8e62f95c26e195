// Certification path building: a search over every candidate issuer, not the
// first one that fits by name.
//
// Spec: RFC 4158 (path building), RFC 5280 section 6.1 (validation), and for
// the conditions of listed roots Microsoft's trusted root program
// (docs/trust-stores.md).
// Quirk: as on Windows, every certificate of a path, the root included, must
// be valid at the instant that is judged, and an issuing certificate that
// lists extended usages must list the one in question.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/budget.h"
#include "model/signature.h"
#include "model/trust.h"
#include "signing/asn1/oid.h"
#include "signing/path/key_cache.h"
#include "signing/path/trust_set.h"
#include "signing/x509/certificate.h"

namespace countersign::signing {

struct PathQuestion {
  const Certificate* leaf = nullptr;
  std::span<const Certificate> pool;  // what came with the signature
  model::Purpose purpose = model::Purpose::kCodeSigning;
  Oid usage = oid::kCodeSigning;
  base::Instant at;
};

// The best path found. Views the question's certificates and the trust set.
struct PathAnswer {
  // kTrusted, kExpired, kDistrusted, kUntrusted or kIncompleteChain.
  model::Trust trust = model::Trust::kIncompleteChain;
  std::string reason;                     // one clause; empty when trusted
  std::vector<const Certificate*> chain;  // leaf first
  std::string store;                      // that holds the last one
  model::Purpose purpose = model::Purpose::kCodeSigning;  // that it serves
};

// The most favourable answer over all paths that the limits allow.
// Limit: 10 certificates a path, 500 steps of search; real paths have 2 to 5.
[[nodiscard]] PathAnswer BuildPath(const PathQuestion& question,
                                   const TrustSet& trust, KeyCache& keys,
                                   base::Budget& budget);

// Why `leaf` may not sign under the name constraints of `authority`; empty
// when it may (RFC 5280 section 4.2.1.10; directory names are compared, other
// forms are only allowed where the leaf has no name of that form).
[[nodiscard]] std::string ViolatedNameConstraint(const Certificate& authority,
                                                 const Certificate& leaf,
                                                 base::Budget& budget);

}  // namespace countersign::signing
