// JSON of the report.
#pragma once

#include <string>

#include "model/report.h"

namespace countersign::model {

// The report as one JSON document (docs/report-schema.md). `indent` spaces a
// level, or a single line when negative. Text is made valid UTF-8.
[[nodiscard]] std::string WriteJson(const Report& report, int indent);

}  // namespace countersign::model
