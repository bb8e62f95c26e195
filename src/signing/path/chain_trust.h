// Trust and revocation of one signer together.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/signature.h"
#include "model/trust.h"
#include "signing/asn1/oid.h"
#include "signing/context.h"

namespace countersign::signing {

struct ChainQuestion {
  const Certificate* signer = nullptr;
  std::span<const Certificate> pool;
  std::vector<model::Purpose> purposes;  // tried in this order
  Oid usage = oid::kCodeSigning;
  base::Instant at;         // the certificates must be valid then
  base::Instant signed_at;  // a revocation after this does not count, ...
  bool timestamped = true;  // ... provided that this time is proven
};

struct ChainAnswer {
  model::Trust trust = model::Trust::kUnchecked;
  std::string reason;
  // What the store that the chain ends in is for; empty without a store.
  std::string store_purpose;
  std::vector<model::ChainLink> chain;
  std::vector<const Certificate*> certificates;  // the same, leaf first
  model::Revocation revocation = model::Revocation::kNotChecked;
  std::optional<model::RevocationFacts> revoked;
};

// The usage of the signer's certificate, then the best path, then revocation
// of everything on it below the root.
[[nodiscard]] ChainAnswer JudgeChain(const ChainQuestion& question,
                                     const Context& context);

}  // namespace countersign::signing
