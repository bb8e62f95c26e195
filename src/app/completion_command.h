// `countersign completion`: scripts for the shells, made from the command line
// itself so that they always agree with it.
#pragma once

#include "app/command.h"

namespace countersign::app {

void AddCompletionCommand(CLI::App& program, Action& action);

}  // namespace countersign::app
