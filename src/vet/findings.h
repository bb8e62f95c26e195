// The findings of this module.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/finding.h"

namespace countersign::vet {

// The finding `id`, which must be a row of the table in findings.cc.
// `clears_if` replaces the row's text where the facts call for it.
[[nodiscard]] model::Finding MakeFinding(
    std::string_view id, uint32_t artifact, std::string message,
    base::ByteRange evidence, std::vector<model::Parameter> parameters = {},
    std::string_view clears_if = "");

}  // namespace countersign::vet
