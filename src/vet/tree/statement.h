// What one artifact says that it does.
#pragma once

#include <cstdint>

#include "base/blob.h"
#include "install/actions.h"
#include "vet/inspect.h"
#include "vet/tree/record.h"

namespace countersign::vet {

// Records the actions of `artifact`, whose bytes are `bytes`, if it is one that
// has some. `is_whole` is false when it was already said to be damaged; else
// what keeps them from being read is said.
void ReadStatement(uint32_t artifact, const install::Place& place,
                   const base::Blob& bytes, bool is_whole,
                   const InspectOptions& options, Record& record);

}  // namespace countersign::vet
