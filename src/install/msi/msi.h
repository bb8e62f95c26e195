// What a Windows Installer database does. Private to the module.
//
// Spec: Windows Installer reference, "Custom Action Types", "Custom Action
// Execution Scheduling Options", "Custom Action Security", and the pages of the
// tables (Microsoft).
#pragma once

#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "install/action_list.h"
#include "install/actions.h"
#include "model/action.h"

namespace countersign::install {

// A database, and what the transforms in it add and change. See ReadActions.
[[nodiscard]] base::Result<void> ReadMsi(const Place& place,
                                         const base::Blob& file,
                                         base::Budget& budget,
                                         ActionList& actions);

// What a transform, or those of a patch, add and change. The database that they
// are made for is not at hand: of a changed row only what changes is known.
[[nodiscard]] base::Result<void> ReadMsiTransforms(const Place& place,
                                                   const base::Blob& file,
                                                   base::Budget& budget,
                                                   ActionList& actions);

}  // namespace countersign::install
