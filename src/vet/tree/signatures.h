// The signatures of one artifact.
#pragma once

#include <cstdint>

#include "base/blob.h"
#include "signing/verify.h"
#include "vet/inspect.h"
#include "vet/tree/record.h"

namespace countersign::vet {

// Verifies what signs `file`, whose format the verifier knows, and records
// facts and findings for `artifact`. Of the members that follow in `record`
// from number `first_member` on, which are all of the file's, those that its
// signatures do not cover are marked.
void InspectSignatures(const base::Blob& file, uint32_t artifact,
                       signing::Verifier& verifier,
                       const InspectOptions& options, Record& record,
                       size_t first_member);

}  // namespace countersign::vet
