// The program: one table of commands, and what happens around them.
#pragma once

#include <memory>

#include "app/command.h"

namespace countersign::app {

// Runs the program and yields its exit code.
[[nodiscard]] int Main(int argc, char** argv);

// The command line with every command in it; `action` must outlive it.
[[nodiscard]] std::unique_ptr<CLI::App> MakeProgram(Action& action);

}  // namespace countersign::app
