// What a set-up of Squirrel.Windows installs. Private to the module.
//
// Spec: Squirrel.Windows documentation, "RELEASES format".
#pragma once

#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "install/action_list.h"
#include "install/actions.h"
#include "model/action.h"

namespace countersign::install {

// The list of releases beside the packages: SHA-1, name and size of each. A
// file without such a line says nothing. See ReadActions.
[[nodiscard]] base::Result<void> ReadSquirrelReleases(const Place& place,
                                                      const base::Blob& file,
                                                      base::Budget& budget,
                                                      ActionList& actions);

}  // namespace countersign::install
