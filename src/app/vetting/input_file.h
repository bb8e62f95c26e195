// Opening what is to be vetted, without ever waiting for it.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "app/file/descriptor.h"
#include "app/vetting/input_walk.h"

namespace countersign::app {

// A read-only descriptor of the regular file that `step` names, or a sentence
// for the user. "-" is standard input: taken as it is when it is a regular
// file at its beginning, else copied into memory, at most
// `standard_input_limit_bytes` of it.
[[nodiscard]] std::expected<Descriptor, std::string> OpenInput(
    const WalkStep& step, uint64_t standard_input_limit_bytes);

// What OpenInput does for "-", with the descriptor as a parameter.
[[nodiscard]] std::expected<Descriptor, std::string> CopyToMemory(
    int source, uint64_t limit_bytes);

}  // namespace countersign::app
