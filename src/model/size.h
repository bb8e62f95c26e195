// How much of a report something takes: what limits count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/action.h"
#include "model/finding.h"

namespace countersign::model {

// Limit: what the installers of one input do. Large ones write some 20,000
// values of the registry.
inline constexpr size_t kMostActions = 50'000;
inline constexpr uint64_t kMostActionBytes = uint64_t{12} << 20;

// Bytes, with some for numbers and enumerators.
[[nodiscard]] uint64_t BytesOf(const std::vector<Parameter>& parameters);
[[nodiscard]] uint64_t BytesOf(const Action& action);

}  // namespace countersign::model
