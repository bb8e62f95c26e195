// JSON of the report and of trust listings.
#pragma once

#include <string>
#include <vector>

#include "model/report.h"

namespace countersign::model {

// The report as one JSON document (docs/report-schema.md). `indent` spaces a
// level, or a single line when negative. Text is made valid UTF-8.
[[nodiscard]] std::string WriteJson(const Report& report, int indent);

// A list of trust sources as a JSON array.
[[nodiscard]] std::string WriteJson(const std::vector<TrustSource>& sources,
                                    int indent);

}  // namespace countersign::model
