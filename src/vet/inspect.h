// What runs inside the locked-down worker: bytes in, inspection out.
#pragma once

#include <memory>

#include "base/blob.h"
#include "base/budget.h"
#include "base/instant.h"
#include "model/report.h"
#include "signing/verify.h"
#include "vet/unpack_limits.h"

namespace countersign::vet {

class CatalogSet;

struct InspectOptions {
  base::Instant at;
  base::Limits limits;  // of each artifact
  bool strict_padding = false;
  UnpackLimits unpack;
  // A file to put large members aside in (sandbox::kScratch), or -1. Must be
  // used by nobody else meanwhile.
  int scratch_descriptor = -1;
  // Catalogs that were given from outside, closed; or null.
  const CatalogSet* catalogs = nullptr;
};

// Facts and findings on one file and everything in it: formats by content,
// members, signatures, what was not inspected and why. The input's own path and
// SHA-256 are left to the caller, who does not take them from a process that
// parses hostile bytes; paths of members start behind it, with "!".
[[nodiscard]] model::Inspection Inspect(std::shared_ptr<const base::Blob> file,
                                        signing::Verifier& verifier,
                                        const InspectOptions& options);

}  // namespace countersign::vet
