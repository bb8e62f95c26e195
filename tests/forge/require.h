// The forge builds files from recipes written by us: a recipe that cannot be
// built is a mistake in a test, and stops the program with its reason.
#pragma once

#include <string_view>

namespace countersign::forge {

// Ends the program with `reason` on standard error unless `condition` holds.
void Require(bool condition, std::string_view reason);

}  // namespace countersign::forge
