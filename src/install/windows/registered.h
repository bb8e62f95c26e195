// What programs of Windows are told to register. Private to windows/.
//
// Spec: schtasks create, sc create, sc config, reg add, reg delete (Windows
// Commands, Microsoft).
#pragma once

#include <string_view>

#include "model/action.h"

namespace countersign::install {

// What the task, service or registry value is that `program` makes, filled into
// `action`: its name, its command line apart, as whom it runs. False, and
// nothing changed, where the arguments do not say all of that.
[[nodiscard]] bool TakeRegistration(std::string_view program,
                                    std::string_view arguments,
                                    model::Action& action);

}  // namespace countersign::install
