// What a bundle of WiX Burn does: its manifest. Private to the module.
//
// Spec: WiX Toolset sources, src/burn/engine: manifest.cpp, package.cpp,
// exeengine.cpp, msiengine.cpp, payload.cpp (attributes that are read).
#pragma once

#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "install/action_list.h"
#include "install/actions.h"
#include "model/action.h"

namespace countersign::install {

// The member "0" of a cabinet; what is no such manifest says nothing. See
// ReadActions.
[[nodiscard]] base::Result<void> ReadBurn(const Place& place,
                                          const base::Blob& file,
                                          base::Budget& budget,
                                          ActionList& actions);

}  // namespace countersign::install
