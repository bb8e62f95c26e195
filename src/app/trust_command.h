// `countersign trust`: the options and what they turn into.
#pragma once

#include "app/command.h"

namespace countersign::app {

void AddTrustCommand(CLI::App& program, Action& action);

}  // namespace countersign::app
