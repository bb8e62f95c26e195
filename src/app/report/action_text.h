// What an installer does, for people.
#pragma once

#include "app/terminal/page.h"
#include "model/report.h"

namespace countersign::app {

// The actions: all of them when `verbose`, with everything that they say below
// each; else those that start or stay, and how many others there are.
void WriteActions(Page& page, const model::Report& report, bool verbose);

}  // namespace countersign::app
