// What applications of Electron start and where they look for updates. Private
// to the module.
//
// Spec: npm documentation, "package.json", field main; electron-builder
// documentation, "Publish" (app-update.yml).
#pragma once

#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "install/action_list.h"
#include "install/actions.h"
#include "model/action.h"

namespace countersign::install {

// package.json in an archive: the script that is run first. See ReadActions.
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
