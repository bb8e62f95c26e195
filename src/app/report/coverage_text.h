// Who stands behind each program of a package, for people.
#pragma once

#include "app/terminal/page.h"
#include "model/report.h"

namespace countersign::app {

// A row for each program, library and script of a package: who signed it, with
// what result, and whether something is said to start it.
void WriteCoverage(Page& page, const model::Report& report, bool verbose);

}  // namespace countersign::app
