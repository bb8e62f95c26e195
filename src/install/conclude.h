// From facts to findings: what an installer starts, what stays, which member is
// what.
#pragma once

#include <span>
#include <string_view>

#include "model/report.h"

namespace countersign::install {

// Fills in which members actions are about, and the roles of artifacts, and
// adds the findings of this module. `inspection` has its artifacts in their
// final order.
void Conclude(model::Inspection& inspection);

// The ids of all findings of this module, in the order of the table.
[[nodiscard]] std::span<const std::string_view> FindingIds();

}  // namespace countersign::install
