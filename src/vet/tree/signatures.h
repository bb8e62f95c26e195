// The signatures of one artifact.
#pragma once

#include <cstdint>
#include <vector>

#include "signing/verify.h"
#include "vet/inspect.h"
#include "vet/tree/record.h"

namespace countersign::vet {

// Adds the signatures over catalogs that list the file to what is known of it.
void AddCovering(std::vector<model::SignatureFacts> covering,
                 signing::SigningFacts& facts);

// Records facts, and the findings on them, for `artifact`.
void RecordSignatures(signing::SigningFacts facts, uint32_t artifact,
                      const InspectOptions& options, Record& record);

}  // namespace countersign::vet
