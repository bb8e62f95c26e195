// What a set-up of Squirrel.Windows installs. Private to the module.
//
// Spec: Squirrel.Windows documentation, "RELEASES format", "Install process":
// Setup.exe unpacks its resource 131 of the type DATA and starts the Update.exe
// in it with "--install .".
#pragma once

#include <string_view>
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

// True of the resource that a set-up unpacks.
[[nodiscard]] bool IsSquirrelArchive(std::string_view name);

// What the set-up starts, where that resource is a ZIP archive with a program
// of that name. See ReadActions.
[[nodiscard]] base::Result<void> ReadSquirrelArchive(const Place& place,
                                                     const base::Blob& file,
                                                     base::Budget& budget,
                                                     ActionList& actions);

}  // namespace countersign::install
