// The signatures of one artifact.
#pragma once

#include <cstdint>
#include <vector>

#include "signing/verify.h"
#include "vet/inspect.h"
#include "vet/tree/record.h"

namespace countersign::vet {

// Marks the members that follow in `record` from number `first_member` on,
// which are all of the package's, where its signatures do not cover them. Why
// by name and content: a member that only some readers would show may have the
// name of one that is covered.
void MarkOutside(const signing::SigningFacts& facts, uint32_t package,
                 size_t first_member, Record& record);

// Adds the signatures over catalogs that list the file to what is known of it.
void AddCovering(std::vector<model::SignatureFacts> covering,
                 signing::SigningFacts& facts);

// Records facts, and the findings on them, for `artifact`.
void RecordSignatures(signing::SigningFacts facts, uint32_t artifact,
                      const InspectOptions& options, Record& record);

}  // namespace countersign::vet
