// What an extension of Visual Studio adds to it. Private to the module.
//
// Spec: "VSIX extension schema 2.0 reference" (Microsoft).
#pragma once

#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "install/action_list.h"
#include "install/actions.h"
#include "model/action.h"

namespace countersign::install {

// extension.vsixmanifest: its assets. See ReadActions.
[[nodiscard]] base::Result<void> ReadVsixManifest(const Place& place,
                                                  const base::Blob& file,
                                                  base::Budget& budget,
                                                  ActionList& actions);

}  // namespace countersign::install
