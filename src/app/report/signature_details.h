// What `--verbose` adds about one signature: every fact the report has.
#pragma once

#include "app/terminal/page.h"
#include "model/signature.h"

namespace countersign::app {

void WriteSignatureDetails(Page& page, size_t indent,
                           const model::SignatureFacts& signature);

}  // namespace countersign::app
