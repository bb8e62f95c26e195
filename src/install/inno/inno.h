// What a setup of Inno Setup does. Private to the module.
//
// Spec: Inno Setup help, "[Run] & [UninstallRun] sections", "[Registry]
// section", "[Icons] section", "[InstallDelete] & [UninstallDelete] sections",
// "[INI] section", and the flags of each.
#pragma once

#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "install/action_list.h"
#include "install/actions.h"
#include "model/action.h"

namespace countersign::install {

// See ReadActions; a program that is no such setup says nothing.
[[nodiscard]] base::Result<void> ReadInno(const Place& place,
                                          const base::Blob& file,
                                          base::Budget& budget,
                                          ActionList& actions);

}  // namespace countersign::install
