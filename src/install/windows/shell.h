// What the shell of Windows is told to do. Private to windows/.
//
// Spec: cmd, start (Windows Commands, Microsoft).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace countersign::install {

// The commands that `program` (its lower-case name) with `arguments` runs one
// after the other: those behind "cmd /c", parted by "&", "&&", "||" and "|" but
// for those in quotes or behind "^". Limit: 16; the last is the rest.
//
// Spec: cmd, "Remarks".
[[nodiscard]] std::vector<std::string> CommandsInside(
    std::string_view program, std::string_view arguments);

// The command that the shell with `arguments` runs; "" where it is more than a
// program, or not what it seems. What leads output elsewhere in front of it is
// left out.
[[nodiscard]] std::string OnlyCommandInside(std::string_view arguments);

// The command behind "start" and its title, options and folder.
[[nodiscard]] std::string CommandBehindStart(std::string_view arguments);

// Whether the shell does that command itself, without another program.
[[nodiscard]] bool IsOfTheShell(std::string_view command);

}  // namespace countersign::install
