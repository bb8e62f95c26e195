// What an installer does, and who stands behind each program, for people.
#pragma once

#include "app/terminal/page.h"
#include "model/report.h"

namespace countersign::app {

// The actions: all of them when `verbose`, else those that start or stay, and
// how many others there are.
void WriteActions(Page& page, const model::Report& report, bool verbose);

// A row for each program, library and script of a package.
void WriteCoverage(Page& page, const model::Report& report, bool verbose);

}  // namespace countersign::app
