// What each artifact is for. Private to the module.
#pragma once

#include <optional>

#include "model/report.h"

namespace countersign::install {

// The member that users start, as entry points and shortcuts say; of several,
// what most of them point at. Where none does: the one program of a service, of
// what a self-extractor runs, or beside the resources of an Electron
// application, but nothing where there are several. Last the script that a
// manifest names.
[[nodiscard]] std::optional<uint32_t> MainProgramOf(
    const model::Inspection& inspection);

// Gives every member its role, as far as it is known. `member` of the actions
// must be filled in.
void GiveRoles(model::Inspection& inspection);

}  // namespace countersign::install
