// Findings and facts -> verdict. The only place that constructs one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/report.h"

namespace countersign::vet {

// Changes when a row of the table changes.
inline constexpr std::string_view kPolicyVersion = "2026-11/2";

struct Verdict {
  model::Decision decision = model::Decision::kHold;
  std::vector<std::string> reasons;  // one sentence each, most weighty first
};

// The verdict on one inspection. Allows only when something is signed, every
// signature holds and is trusted, everything was inspected, and no finding of
// medium weight or more was made; whatever is unknown is held.
[[nodiscard]] Verdict Decide(const model::Inspection& inspection);

}  // namespace countersign::vet
