// What every verification in this module needs. Plain references: the owner
// (Verifier) outlives all of them.
#pragma once

#include "base/budget.h"
#include "base/instant.h"
#include "signing/path/key_cache.h"
#include "signing/path/trust_set.h"
#include "signing/revocation/revocation.h"

namespace countersign::signing {

struct Context {
  const TrustSet& trust;
  const RevocationSet& revocation;
  KeyCache& keys;
  base::Instant at;  // the instant to judge at
  base::Budget& budget;
  // Lists that came inside the signature at hand; null when none did.
  const RevocationSet* embedded = nullptr;
};

}  // namespace countersign::signing
