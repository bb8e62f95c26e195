// Command lines of a database, with what keys and properties in them stand for.
// Private to msi/.
//
// Spec: "Formatted" (Windows Installer reference).
#pragma once

#include <string>
#include <string_view>

#include "install/msi/paths.h"
#include "model/action.h"

namespace countersign::install {

// A program and its arguments in one text.
[[nodiscard]] std::string ProgramAndArguments(std::string_view program,
                                              std::string_view arguments);

// Keeps what is written of a command line, where it says more than `action`.
void KeepWritten(std::string written, std::string_view formatted,
                 model::Action& action);

// Takes apart what `text` stands for, and keeps what is written.
void TakeFormattedLine(std::string_view text, const MsiPaths& paths,
                       const MsiTextMap& values, model::Action& action);

}  // namespace countersign::install
