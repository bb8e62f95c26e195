// Scripts and build files that a NuGet package brings along. Private to the
// module.
//
// Spec: "Creating NuGet packages", "MSBuild .props and .targets in a package"
// (Microsoft); Chocolatey documentation, "Create packages".
#pragma once

#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "install/action_list.h"
#include "install/actions.h"
#include "model/action.h"

namespace countersign::install {

// True of a member that is run by its name alone.
[[nodiscard]] bool IsNugetScript(std::string_view name);

// The script, word for word up to 16,384 bytes or units of UTF-16, which is
// shown as UTF-8; of a build file also what it starts and fetches. See
// ReadActions.
[[nodiscard]] base::Result<void> ReadNugetScript(const Place& place,
                                                 const base::Blob& file,
                                                 base::Budget& budget,
                                                 ActionList& actions);

}  // namespace countersign::install
