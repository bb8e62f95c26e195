// What applications of Electron start and where they look for updates. Private
// to the module.
//
// Spec: npm documentation, "package.json", field main; electron-builder
// documentation, "Publish" (app-update.yml).
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

// True of the package.json of an application that lies open in its folder.
[[nodiscard]] bool IsPackageJson(std::string_view name);

// True of the package.json of a package of npm, which takes the outermost
// folder away, whatever it is called.
[[nodiscard]] bool IsNpmManifest(std::string_view name);

// package.json: the script that is run first, and what is run where a package
// is installed or an extension removed. See ReadActions.
[[nodiscard]] base::Result<void> ReadPackageJson(const Place& place,
                                                 const base::Blob& file,
                                                 base::Budget& budget,
                                                 ActionList& actions);

// app-update.yml beside the archive. See ReadActions.
[[nodiscard]] base::Result<void> ReadUpdateFeed(const Place& place,
                                                const base::Blob& file,
                                                base::Budget& budget,
                                                ActionList& actions);

}  // namespace countersign::install
