// With whose rights a program runs, as its manifest asks. Private to the
// module.
//
// Spec: Windows SDK, "Application Manifests",
// trustInfo/requestedExecutionLevel; "How User Account Control works": what a
// raised program starts is raised.
#pragma once

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "install/action_list.h"
#include "install/actions.h"
#include "model/report.h"

namespace countersign::install {

// What a program asks for, as an action of kRequestCapability; nothing where it
// asks for no more than its user's rights. See ReadActions. A manifest that is
// no XML is such an action, too: what it asks for is then not known.
[[nodiscard]] base::Result<void> ReadExecutionLevel(const Place& place,
                                                    const base::Blob& file,
                                                    base::Budget& budget,
                                                    ActionList& actions);

// Says of what an installer does with the rights of whoever runs it that these
// are an administrator's, where the installer asks for them.
void RaiseRights(model::Inspection& inspection);

}  // namespace countersign::install
