#include "install/windows/shell.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "install/windows/words.h"

namespace countersign::install {
namespace {

// Behind "cmd": [/options] /c commands. Yields the commands, without quotes
// around them all.
std::string_view BehindCommand(std::string_view text) {
  text = SkipBlanks(text);
  bool runs = false;
  while (text.starts_with('/') && !runs && text.size() >= 2) {
    const std::string letter = base::AsciiLower(text.substr(1, 1));
    runs = letter == "c" || letter == "k" || letter == "r";
    // "/cx.exe" does what "/c x.exe" does.
    const size_t end = runs ? 2 : text.find(' ');
    if (end == std::string_view::npos) {
      return "";
    }
    text = SkipBlanks(text.substr(end));
  }
  if (!runs) {
    return "";
  }
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"')) {
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

// What stands behind ">file", "2>&1" and "<file" in front of a command.
std::string_view BehindRedirections(std::string_view text) {
  for (;;) {
    text = SkipBlanks(text);
    const bool has_number =
        !text.empty() && text.front() >= '0' && text.front() <= '9';
    const std::string_view rest = text.substr(has_number ? 1 : 0);
    if (!rest.starts_with('>') && !rest.starts_with('<')) {
      return text;
    }
    const std::string_view file =
        rest.substr(std::min(rest.find_first_not_of("<>& \t"), rest.size()));
    const size_t end =
        file.starts_with('"') ? file.find('"', 1) : file.find_first_of(" \t<>");
    if (end == std::string_view::npos) {
      return "";
    }
    text = file.substr(file[end] == '"' ? end + 1 : end);
  }
}

// "start/b x" as "start /b x".
std::string WithBlankBehindName(std::string_view command) {
  for (const std::string_view name : {"start", "call"}) {
    const std::string_view rest =
        command.substr(std::min(name.size(), command.size()));
    if (rest.empty() ||
        !base::EqualIgnoringAsciiCase(command.substr(0, name.size()), name)) {
      continue;
    }
    if (rest.front() == '/' || rest.front() == '"') {
      return std::string(name) + ' ' + std::string(rest);
    }
    if (std::string_view(",;=").contains(rest.front())) {
      return std::string(name) + ' ' + std::string(rest.substr(1));
    }
  }
  return std::string(command);
}

// Whether variables stand for folders and programs of Windows alone, as
// placeholders do.
bool HasOnlyKnownVariables(std::string_view text) {
  constexpr std::array<std::string_view, 17> kKnown = {
      "comspec",
      "programfiles",
      "programfiles(x86)",
      "programw6432",
      "commonprogramfiles",
      "commonprogramfiles(x86)",
      "programdata",
      "allusersprofile",
      "appdata",
      "localappdata",
      "temp",
      "tmp",
      "windir",
      "systemroot",
      "systemdrive",
      "userprofile",
      "public"};
  for (size_t at = text.find('%'); at != std::string_view::npos;
       at = text.find('%')) {
    text.remove_prefix(at + 1);
    const size_t end = text.find('%');
    if (end == std::string_view::npos ||
        std::ranges::find(kKnown, base::AsciiLower(text.substr(0, end))) ==
            kKnown.end()) {
      return false;
    }
    text.remove_prefix(end + 1);
  }
  return true;
}

// One of several commands, without blanks and brackets around it.
std::string_view TrimmedCommand(std::string_view text) {
  while (!text.empty() && (IsBlank(text.front()) ||
                           std::string_view("(@,;=").contains(text.front()))) {
    text.remove_prefix(1);
  }
  auto unopened = std::ranges::count(text, ')') - std::ranges::count(text, '(');
  while (!text.empty() &&
         (IsBlank(text.back()) || (text.back() == ')' && unopened > 0))) {
    unopened -= text.back() == ')' ? 1 : 0;
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

std::vector<std::string> CommandsInside(std::string_view program,
                                        std::string_view arguments) {
  constexpr size_t kMostCommands = 16;
  if (program != "cmd.exe") {
    return {};
  }
  const std::string_view text = BehindCommand(arguments);
  std::vector<std::string> commands;
  std::string command;
  const auto end_command = [&] {
    const std::string_view trimmed = TrimmedCommand(command);
    if (!trimmed.empty()) {
      commands.emplace_back(trimmed);
    }
    command.clear();
  };
  bool is_quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '^' && !is_quoted && i + 1 < text.size()) {
      command += text[++i];
      continue;
    }
    is_quoted ^= c == '"';
    // "2>&1" is one thing.
    const bool is_number = c == '&' && i > 0 && text[i - 1] == '>';
    if (!is_quoted && !is_number && (c == '&' || c == '|' || c == '\n') &&
        commands.size() + 1 < kMostCommands) {
      end_command();
    } else {
      command += c;
    }
  }
  end_command();
  return commands;
}

std::string OnlyCommandInside(std::string_view arguments) {
  const std::vector<std::string> commands =
      CommandsInside("cmd.exe", arguments);
  if (commands.size() != 1) {
    return "";
  }
  // "/v:on" has "!name!" stand for something.
  const bool expands_later = base::AsciiLower(arguments).contains("/v");
  const std::string_view command = BehindRedirections(commands[0]);
  const bool is_plain = command.find_first_of(expands_later ? "<>!" : "<>") ==
                            std::string_view::npos &&
                        HasOnlyKnownVariables(command) &&
                        !IsOfTheShell(command);
  return is_plain ? WithBlankBehindName(command) : "";
}

std::string CommandBehindStart(std::string_view text) {
  text = SkipBlanks(text);
  if (text.starts_with('"')) {
    const size_t end = text.find('"', 1);
    const std::string_view rest =
        end == std::string_view::npos ? "" : SkipBlanks(text.substr(end + 1));
    if (!rest.empty()) {
      text = rest;
    }
  }
  while (text.starts_with('/')) {
    const bool has_folder = base::AsciiLower(text.substr(0, 3)) == "/d ";
    size_t end = text.find(' ', has_folder ? 3 : 0);
    if (has_folder && text.substr(3).starts_with('"')) {
      end = text.find('"', 4);
      end = end == std::string_view::npos ? end : end + 1;
    }
    if (end == std::string_view::npos) {
      return "";
    }
    text = SkipBlanks(text.substr(end));
  }
  return std::string(text);
}

bool IsOfTheShell(std::string_view command) {
  constexpr std::array<std::string_view, 33> kCommands = {
      "assoc", "break", "cd",    "chdir", "cls",    "color",  "copy",
      "date",  "del",   "dir",   "echo",  "erase",  "exit",   "for",
      "ftype", "goto",  "if",    "md",    "mkdir",  "mklink", "move",
      "path",  "popd",  "pushd", "rd",    "rem",    "ren",    "rename",
      "rmdir", "set",   "shift", "type",  "verify",
  };
  const size_t end = command.find_first_of(" \t/\\.,;=(\"");
  return std::ranges::find(kCommands, base::AsciiLower(command.substr(
                                          0, end))) != kCommands.end();
}

}  // namespace countersign::install
