// Commands that are looked for in what an action says. Private to the module.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "model/action.h"

namespace countersign::install {

// The words of a command, one behind the other; up to seven others may stand
// between two. In lower case; a "-" in front of an option is a "/". A word is
// as written, or the name of a program without folder and ".exe"; with a "*" at
// the end it only begins so. Empty ones are none.
struct CommandRow {
  std::array<std::string_view, 5> words;
};

// True when what `action` says holds one of `commands`.
[[nodiscard]] bool SaysAny(const model::Action& action,
                           std::span<const CommandRow> commands);

// True when `action` gives a PowerShell a command that is encoded.
[[nodiscard]] bool SaysEncodedCommand(const model::Action& action);

}  // namespace countersign::install
