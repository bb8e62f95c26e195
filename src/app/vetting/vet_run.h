// One run of `countersign vet`.
#pragma once

#include "app/vetting/vet_request.h"

namespace countersign::app {

// Vets what the request names, prints the reports in the order of the inputs,
// and yields the exit code. Complaints go to standard error, one sentence
// each. Must be called while the process has one thread.
[[nodiscard]] int RunVet(const VetRequest& request,
                         const VetServices& services);

}  // namespace countersign::app
