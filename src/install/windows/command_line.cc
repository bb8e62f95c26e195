#include "install/windows/command_line.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "install/windows/launched.h"
#include "install/windows/registered.h"
#include "install/windows/shell.h"
#include "install/windows/subjects.h"
#include "install/windows/words.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::Persistence;

// What stands in front of a name: of a path, or of a placeholder.
constexpr std::string_view kPathSeparators = "/\\]}\"";

// What a program of the system does with such arguments.
struct Launcher {
  std::string_view program;
  std::string_view word;  // in the arguments, in lower case; "" for any
  ActionKind kind;
  Persistence persistence = Persistence::kNone;
};

constexpr std::array kLaunchers = {
    Launcher{"schtasks.exe", "/create", ActionKind::kScheduleTask,
             Persistence::kScheduledTask},
    Launcher{"schtasks.exe", "-create", ActionKind::kScheduleTask,
             Persistence::kScheduledTask},
    Launcher{"at.exe", "", ActionKind::kScheduleTask,
             Persistence::kScheduledTask},
    Launcher{"sc.exe", "create", ActionKind::kInstallService,
             Persistence::kService},
    Launcher{"sc.exe", "", ActionKind::kControlService},
    Launcher{"net.exe", "start", ActionKind::kControlService},
    Launcher{"net.exe", "stop", ActionKind::kControlService},
    Launcher{"net1.exe", "start", ActionKind::kControlService},
    Launcher{"msiexec.exe", "/i", ActionKind::kInstallPackage},
    Launcher{"msiexec.exe", "/p", ActionKind::kInstallPackage},
    Launcher{"msiexec.exe", "/package", ActionKind::kInstallPackage},
    Launcher{"msiexec.exe", "http", ActionKind::kDownload},
    Launcher{"wusa.exe", "", ActionKind::kInstallPackage},
    Launcher{"dism.exe", "/add-package", ActionKind::kInstallPackage},
    Launcher{"rundll32.exe", "", ActionKind::kCallLibrary},
    Launcher{"regsvr32.exe", "", ActionKind::kCallLibrary},
    Launcher{"regasm.exe", "", ActionKind::kCallLibrary},
    Launcher{"powershell.exe", "", ActionKind::kRunScript},
    Launcher{"pwsh.exe", "", ActionKind::kRunScript},
    Launcher{"wscript.exe", "", ActionKind::kRunScript},
    Launcher{"cscript.exe", "", ActionKind::kRunScript},
    Launcher{"mshta.exe", "", ActionKind::kRunScript},
    Launcher{"cmd.exe", "", ActionKind::kRunScript},
    Launcher{"certutil.exe", "-urlcache", ActionKind::kDownload},
    Launcher{"certutil.exe", "/urlcache", ActionKind::kDownload},
    Launcher{"bitsadmin.exe", "/transfer", ActionKind::kDownload},
    Launcher{"curl.exe", "", ActionKind::kDownload},
    Launcher{"wget.exe", "", ActionKind::kDownload},
    Launcher{"setx.exe", "", ActionKind::kSetEnvironment},
};

// Programs that are looked through (launched.h) and do nothing else here.
constexpr std::array<std::string_view, 6> kOtherLaunchers = {
    "call.exe",    "reg.exe",  "start.exe",
    "regedit.exe", "wmic.exe", "forfiles.exe"};

// Programs that open what they are given. Why apart: their names are words that
// folders have too.
constexpr std::array<std::string_view, 9> kOpeners = {
    "java.exe",    "javaw.exe",   "explorer.exe",
    "pcalua.exe",  "regsvcs.exe", "installutil.exe",
    "control.exe", "hh.exe",      "conhost.exe"};

bool IsOfTheSystem(std::string_view name) {
  return std::ranges::find(kLaunchers, name, &Launcher::program) !=
             kLaunchers.end() ||
         std::ranges::find(kOtherLaunchers, name) != kOtherLaunchers.end();
}

constexpr std::array<std::string_view, 9> kProgramExtensions = {
    ".exe", ".com", ".bat", ".cmd", ".msi", ".scr", ".ps1", ".vbs", ".js"};

// Whether a name that ends at `at` is that of a shell with an option right
// behind it ("cmd/c").
bool IsShellWithOption(std::string_view lower, size_t name, size_t at) {
  constexpr std::string_view kOptions = "cksqrauvdef";
  const std::string_view called = lower.substr(name, at - name);
  const std::string_view rest = lower.substr(at);
  return (called == "cmd" || called == "cmd.exe" || called == "%comspec%") &&
         rest.size() >= 2 && rest[0] == '/' && kOptions.contains(rest[1]) &&
         (rest.size() == 2 || !(rest[2] >= 'a' && rest[2] <= 'z'));
}

// Whether a program whose extension begins at `at` ends with it; where.
std::optional<size_t> EndOfExtension(std::string_view lower, size_t at) {
  for (const std::string_view extension : kProgramExtensions) {
    const size_t end = at + extension.size();
    if (lower.substr(at).starts_with(extension) &&
        (end == lower.size() || IsBlank(lower[end]))) {
      return end;
    }
  }
  return std::nullopt;
}

// Extensions of texts that need another program; the shell runs itself those of
// the other scripts.
constexpr std::array<std::string_view, 4> kInterpretedFiles = {".ps1", ".vbs",
                                                               ".js", ".wsf"};

bool IsScriptFile(std::string_view name) {
  return name.ends_with(".bat") || name.ends_with(".cmd") ||
         std::ranges::any_of(kInterpretedFiles,
                             [&](std::string_view extension) {
                               return name.ends_with(extension);
                             });
}

struct Extension {
  size_t begin = 0;
  size_t end = 0;
};

// "node a.js": where the first word ends, when it has no folder and what has
// the extension is a text, which it reads.
std::optional<size_t> EndOfReader(std::string_view lower,
                                  const Extension& extension) {
  const auto* blank = std::ranges::find_if(lower, IsBlank);
  const auto end = static_cast<size_t>(blank - lower.begin());
  const std::string_view text =
      lower.substr(extension.begin, extension.end - extension.begin);
  const bool is_text =
      std::ranges::find(kInterpretedFiles, text) != kInterpretedFiles.end();
  return is_text && end < extension.begin &&
                 lower.find_first_of(kPathSeparators) > end
             ? std::optional(end)
             : std::nullopt;
}

// Where the program ends in a command line without quotes.
size_t EndOfProgram(std::string_view lower) {
  // Limit: no program of the system has a longer name.
  constexpr size_t kLongestLauncher = 16;
  size_t name = 0;  // where the name behind the last separator begins
  for (size_t at = 0; at < lower.size() && lower[at] != '"'; ++at) {
    // "cmd /c x.exe" starts cmd: a program of the system is found before a
    // file with blanks in its name.
    if (IsBlank(lower[at]) && at - name <= kLongestLauncher) {
      const std::string called = ProgramName(lower.substr(name, at - name));
      if (IsOfTheSystem(called) || (name == 0 && IsLauncher(called))) {
        return at;
      }
    }
    // Options follow a name without a folder.
    if (IsBlank(lower[at]) && name == 0 &&
        lower.substr(at + 1).starts_with('/')) {
      break;
    }
    if (IsShellWithOption(lower, name, at)) {
      return at;
    }
    if (kPathSeparators.contains(lower[at])) {
      name = at + 1;
    } else if (lower[at] == '.') {
      if (const auto end = EndOfExtension(lower, at)) {
        return EndOfReader(lower, {at, *end}).value_or(*end);
      }
    }
  }
  const auto* blank = std::ranges::find_if(lower, IsBlank);
  return static_cast<size_t>(blank - lower.begin());
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && IsBlank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

CommandLine SplitCommandLine(std::string_view text) {
  text = Trimmed(text);
  if (text.starts_with('"')) {
    const size_t end = text.find('"', 1);
    const std::string_view program = text.substr(
        1, end == std::string_view::npos ? std::string_view::npos : end - 1);
    const std::string_view rest =
        end == std::string_view::npos ? "" : text.substr(end + 1);
    return {std::string(program), std::string(Trimmed(rest))};
  }
  const size_t end = EndOfProgram(base::AsciiLower(text));
  return {std::string(text.substr(0, end)),
          std::string(Trimmed(text.substr(end)))};
}

bool IsLauncher(std::string_view name) {
  return IsOfTheSystem(name) ||
         std::ranges::find(kOpeners, name) != kOpeners.end();
}

std::string ProgramName(std::string_view program) {
  const auto is_around = [](char c) { return c == '"' || IsBlank(c); };
  while (!program.empty() && is_around(program.back())) {
    program.remove_suffix(1);
  }
  const size_t last = program.find_last_of(kPathSeparators);
  std::string name = base::AsciiLower(
      last == std::string_view::npos ? program : program.substr(last + 1));
  if (name == "%comspec%") {
    return "cmd.exe";
  }
  // "$INSTDIR" and the like stand for a directory, a name behind it follows a
  // separator.
  if (!name.empty() && name.find('.') == std::string::npos) {
    name += ".exe";
  }
  return name;
}

void TakeCommand(std::string program, std::string arguments, Action& action) {
  const std::string written =
      program + (arguments.empty() ? "" : " ") + arguments;
  // Limit: 16 shells around a command; nobody needs two.
  constexpr int kMostShells = 16;
  std::string name = ProgramName(program);
  bool is_inside = false;
  for (int shell = 0; shell < kMostShells && MayBeOfWindows(program); ++shell) {
    const std::string inside = CommandInside(name, arguments);
    if (inside.empty()) {
      break;
    }
    CommandLine command = SplitCommandLine(inside);
    if (command.program.empty()) {
      break;
    }
    program = std::move(command.program);
    arguments = std::move(command.arguments);
    name = ProgramName(program);
    is_inside = true;
  }
  if (TakeRegistration(name, arguments, action)) {
    action.parameters.push_back({"command_line", written});
    return;
  }
  if (is_inside) {
    action.parameters.push_back({"command_line", written});
  }
  const std::string words = base::AsciiLower(arguments);
  action.target = std::move(program);
  action.arguments = std::move(arguments);
  const auto* launcher =
      std::ranges::find_if(kLaunchers, [&](const Launcher& row) {
        return row.program == name && words.find(row.word) != std::string::npos;
      });
  if (launcher != kLaunchers.end()) {
    action.kind = launcher->kind;
    action.persistence = launcher->persistence;
  } else if (IsScriptFile(name)) {
    action.kind = ActionKind::kRunScript;
  }
}

void TakeCommandLine(std::string_view text, Action& action) {
  CommandLine command = SplitCommandLine(text);
  TakeCommand(std::move(command.program), std::move(command.arguments), action);
}

void TakeShellLine(const std::string& text, Action& action) {
  constexpr std::string_view kShell = "cmd.exe";
  TakeCommand(std::string(kShell), "/c " + text, action);
  // Nobody wrote the shell.
  std::erase_if(action.parameters, [](const model::Parameter& parameter) {
    return parameter.name == "command_line";
  });
  action.parameters.push_back({"command_line", text});
}

std::vector<Action> CommandsOf(const Action& action) {
  const std::vector<std::string> commands =
      CommandsInside(ProgramName(action.target), action.arguments);
  if (commands.size() < 2) {
    return {};
  }
  const bool is_run = action.kind == ActionKind::kRunProgram ||
                      action.kind == ActionKind::kRunScript;
  const auto is_written = [](const model::Parameter& parameter) {
    return parameter.name == "command_line";
  };
  const auto known = std::ranges::find_if(action.parameters, is_written);
  const model::Parameter written =
      known != action.parameters.end()
          ? *known
          : model::Parameter{"command_line",
                             action.target + " " + action.arguments};
  std::vector<Action> parts;
  for (const std::string& command : commands) {
    Action& part = parts.emplace_back(action);
    part.kind = ActionKind::kRunProgram;
    part.persistence = Persistence::kNone;
    TakeCommand(action.target, "/c " + command, part);
    // A service, task or shortcut stays one, whatever it starts.
    if (!is_run) {
      part.kind = action.kind;
    }
    if (part.persistence == Persistence::kNone) {
      part.persistence = action.persistence;
    }
    std::erase_if(part.parameters, is_written);
    part.parameters.push_back(written);
  }
  return parts;
}

}  // namespace countersign::install
