// What a program of Windows that runs, schedules or registers others is told
// to do. Private to the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/action.h"

namespace countersign::install {

// The words of the arguments of a program: blanks part them but for those in
// quotes, and a backslash in front of a quote stands for the quote. Limit:
// 1,000 words; the rest is not split.
//
// Spec: CommandLineToArgvW (Microsoft).
[[nodiscard]] std::vector<std::string> SplitWords(std::string_view text);

// The command line that `program` (its lower-case name) with `arguments` does
// nothing but run: what stands behind "cmd /c", "start", "wmic process call
// create" and "forfiles /c". "" where it does more than that, or runs nothing.
// What leads output elsewhere in front of a command is left out.
[[nodiscard]] std::string CommandInside(std::string_view program,
                                        std::string_view arguments);

// The commands that `program` (its lower-case name) with `arguments` runs one
// after the other: those behind "cmd /c", parted by "&", "&&", "||" and "|" but
// for those in quotes or behind "^". Limit: 16; the last is the rest.
//
// Spec: cmd (Windows Commands, Microsoft), "Remarks".
[[nodiscard]] std::vector<std::string> CommandsInside(
    std::string_view program, std::string_view arguments);

// Whether the shell does that command itself, without another program.
[[nodiscard]] bool IsOfTheShell(std::string_view command);

// What the task, service or registry value is that `program` makes, filled into
// `action`: its name, its command line apart, as whom it runs. False, and
// nothing changed, where the arguments do not say all of that.
[[nodiscard]] bool TakeRegistration(std::string_view program,
                                    std::string_view arguments,
                                    model::Action& action);

}  // namespace countersign::install
