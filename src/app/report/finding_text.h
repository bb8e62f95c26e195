// The reasons that carry a verdict, and all findings by severity.
#pragma once

#include "app/terminal/page.h"
#include "model/report.h"

namespace countersign::app {

// The reasons, most weighty first, each with what would clear it.
void WriteReasons(Page& page, const model::Report& report);

// The findings, most severe first. One whose sentence is already a reason is
// named without repeating it. Those of severity "info" are only counted
// unless `verbose`.
void WriteFindings(Page& page, const model::Report& report, bool verbose);

}  // namespace countersign::app
