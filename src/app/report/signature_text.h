// The signatures of one artifact, as a table with a few lines under each row.
#pragma once

#include "app/terminal/page.h"
#include "model/report.h"

namespace countersign::app {

// Writes the signatures of `artifact`, or one sentence when it has none.
void WriteSignatures(Page& page, const model::Artifact& artifact, bool verbose);

}  // namespace countersign::app
