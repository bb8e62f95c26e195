// Definitions of scheduled tasks. Private to the module.
//
// Spec: "Task Scheduler Schema" (Microsoft), [MS-TSCH] section 2.5.
#pragma once

#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "install/action_list.h"
#include "install/actions.h"
#include "model/action.h"

namespace countersign::install {

// A document of XML that may be the definition of a task; others say nothing.
// See ReadActions.
[[nodiscard]] base::Result<void> ReadTask(const Place& place,
                                          const base::Blob& file,
                                          base::Budget& budget,
                                          ActionList& actions);

}  // namespace countersign::install
