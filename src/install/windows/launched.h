// What a program of Windows that runs others is told to run. Private to the
// module.
//
// Spec: start, wmic, forfiles (Windows Commands, Microsoft); for conhost
// ConsoleArguments.cpp (Microsoft Terminal).
#pragma once

#include <string>
#include <string_view>

namespace countersign::install {

// The command line that `program` (its lower-case name) with `arguments` does
// nothing but run: what stands behind "cmd /c", "start", "conhost", "wmic
// process call create" and "forfiles /c". "" where it does more than that, or
// runs nothing.
[[nodiscard]] std::string CommandInside(std::string_view program,
                                        std::string_view arguments);

}  // namespace countersign::install
