// The signatures of one artifact.
#pragma once

#include <cstdint>

#include "base/blob.h"
#include "signing/verify.h"
#include "vet/inspect.h"
#include "vet/tree/record.h"

namespace countersign::vet {

// Verifies what signs `file`, whose format the verifier knows, and records
// facts and findings for `artifact`.
void InspectSignatures(const base::Blob& file, uint32_t artifact,
                       signing::Verifier& verifier,
                       const InspectOptions& options, Record& record);

}  // namespace countersign::vet
