// What an MSIX package asks for and offers. Private to the module.
//
// Spec: "App package manifest" schema reference (Microsoft); Package Support
// Framework documentation, "config.json".
#pragma once

#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "install/action_list.h"
#include "install/actions.h"
#include "model/action.h"

namespace countersign::install {

// AppxManifest.xml. See ReadActions.
[[nodiscard]] base::Result<void> ReadMsixManifest(const Place& place,
                                                  const base::Blob& file,
                                                  base::Budget& budget,
                                                  ActionList& actions);

// config.json of the Package Support Framework, which starts the application
// and scripts around it. See ReadActions.
[[nodiscard]] base::Result<void> ReadPackageSupport(const Place& place,
                                                    const base::Blob& file,
                                                    base::Budget& budget,
                                                    ActionList& actions);

}  // namespace countersign::install
