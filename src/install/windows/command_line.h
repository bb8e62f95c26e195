// Command lines of Windows, as installers write them. Private to the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/action.h"

namespace countersign::install {

struct CommandLine {
  std::string program;    // without quotes
  std::string arguments;  // as written
};

// Takes a command line apart as CreateProcess does: a quoted program, or else
// all up to the end of the first word with an extension of programs or the name
// of a program of the system, or else the first word. Placeholders may hold
// spaces ("[ProgramFilesFolder]a b.exe").
//
// Spec: CreateProcessW, parameter lpCommandLine (Microsoft).
[[nodiscard]] CommandLine SplitCommandLine(std::string_view text);

// The name behind the last separator or placeholder, in lower case, without
// quotes, and with ".exe" where it has no extension: "[INSTALLDIR]Updater" is
// "updater.exe", "%ComSpec%" is "cmd.exe".
[[nodiscard]] std::string ProgramName(std::string_view program);

// Whether a program of that lower-case name does nothing by itself: what
// matters is in its arguments.
[[nodiscard]] bool IsLauncher(std::string_view name);

// Fills in program, arguments and what starting that program amounts to:
// "msiexec /i" installs a package; "schtasks /create" makes a task of another
// program, and "cmd /c start" does nothing but start one, so that one is said
// and the parameter `command_line` keeps what is written. `action` keeps its
// kind where nothing more is known.
void TakeCommandLine(std::string_view text, model::Action& action);
// The same for a program and its arguments apart.
void TakeCommand(std::string program, std::string arguments,
                 model::Action& action);

// The same for a line that is given to the shell of the system, as by make and
// package managers: cmd runs it, and an action for each of its commands comes
// of it (see CommandsOf). `command_line` keeps what is written.
void TakeShellLine(const std::string& text, model::Action& action);

// An action for each of the commands that the shell which `action` starts runs
// one after the other ("cmd /c a & b"); none where it runs only one. All that
// is written stays with each as the parameter "command_line".
[[nodiscard]] std::vector<model::Action> CommandsOf(
    const model::Action& action);

}  // namespace countersign::install
