#include "install/msi/formatted.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "install/windows/command_line.h"

namespace countersign::install {
namespace {

using model::Action;

// "[#key]" and nothing else.
bool IsKeyOfFile(std::string_view text) {
  return (text.starts_with("[#") || text.starts_with("[!")) &&
         text.find(']') == text.size() - 1;
}

}  // namespace

std::string ProgramAndArguments(std::string_view program,
                                std::string_view arguments) {
  return fmt::format("{}{}{}", program, arguments.empty() ? "" : " ",
                     arguments);
}

void KeepWritten(std::string written, std::string_view formatted,
                 Action& action) {
  if (written == formatted) {
    return;
  }
  const auto known = std::ranges::find(action.parameters, "command_line",
                                       &model::Parameter::name);
  if (known == action.parameters.end()) {
    action.parameters.push_back({"command_line", std::move(written)});
  } else {
    known->value = std::move(written);
  }
}

void TakeFormattedLine(std::string_view text, const MsiPaths& paths,
                       const MsiTextMap& values, Action& action) {
  const CommandLine written = SplitCommandLine(text);
  const std::string line = paths.Formatted(text, values);
  // Why a key by itself first: it is one file, whatever that is called.
  if (IsKeyOfFile(written.program)) {
    TakeCommand(paths.Formatted(written.program, values),
                paths.Formatted(written.arguments, values), action);
  } else {
    TakeCommandLine(line, action);
  }
  KeepWritten(std::string(text), line, action);
}

}  // namespace countersign::install
