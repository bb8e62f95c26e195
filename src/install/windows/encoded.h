// Commands that PowerShell is given encoded. Private to the module.
//
// Spec: about_PowerShell_exe and about_Pwsh (Microsoft), -EncodedCommand.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/action.h"

namespace countersign::install {

// The text that `word`, as it stands behind the option, stands for: UTF-8, or
// nothing where it is no Base64.
[[nodiscard]] std::optional<std::string> DecodeCommand(std::string_view word);

// The words behind the option for an encoded command, by whatever beginning of
// its name, of every PowerShell in `text`: a command line, or several, or a
// script. Limit: 8.
[[nodiscard]] std::vector<std::string> FindEncodedCommands(
    std::string_view text);

// What `text` says encoded, decoded: each command, and behind it those that are
// encoded in it. Limits: 8 of them, 4 in each other, 32 KiB of each.
struct DecodedCommands {
  std::vector<std::string> texts;
  bool left_out = false;  // there is more than the limits allow
};
[[nodiscard]] DecodedCommands DecodeAll(std::string_view text);

// All that `action` gives to programs and scripts, in the order of a command
// line.
[[nodiscard]] std::string CommandTextOf(const model::Action& action);

// The parameters of an action that hold what it says encoded.
inline constexpr std::string_view kDecodedCommand = "decoded_command";

// Adds what `action` says encoded as parameters of that name, and
// "more_decoded" where that is not all.
void AddDecodedCommands(model::Action& action);

// What AddDecodedCommands has added to an action.
[[nodiscard]] std::vector<std::string_view> DecodedCommandsOf(
    const model::Action& action);

}  // namespace countersign::install
