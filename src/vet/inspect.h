// What runs inside the locked-down worker: bytes in, inspection out.
#pragma once

#include "base/blob.h"
#include "base/budget.h"
#include "base/instant.h"
#include "model/report.h"
#include "signing/verify.h"

namespace countersign::vet {

struct InspectOptions {
  base::Instant at;
  base::Limits limits;
  bool strict_padding = false;
};

// Facts and findings on one file: format by content, signatures, what was not
// inspected and why. The artifact's path and SHA-256 are left to the caller,
// who does not take them from a process that parses hostile bytes.
[[nodiscard]] model::Inspection Inspect(const base::Blob& file,
                                        signing::Verifier& verifier,
                                        const InspectOptions& options);

}  // namespace countersign::vet
