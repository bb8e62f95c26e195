// The findings of this module.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/finding.h"

namespace countersign::vet {

// The finding `id`, which must be a row of the table in findings.cc.
[[nodiscard]] model::Finding MakeFinding(
    std::string_view id, uint32_t artifact, std::string message,
    base::ByteRange evidence, std::vector<model::Parameter> parameters = {});

}  // namespace countersign::vet
