// Keys of the registry whose values start something. Private to the module.
#pragma once

#include <string_view>

#include "model/action.h"

namespace countersign::install {

// What value `name` of `key` (with or without its root, "\" between names) is
// for; kNone for all others. Case does not matter.
[[nodiscard]] model::Persistence PersistenceOf(std::string_view key,
                                               std::string_view name);

}  // namespace countersign::install
