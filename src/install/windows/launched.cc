// Spec: Windows Commands (Microsoft): cmd, start, schtasks create, sc create,
// reg add, reg delete, wmic, forfiles.
#include "install/windows/launched.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "install/windows/command_line.h"
#include "install/windows/registry.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::Persistence;
using model::RunsAs;

bool IsBlankLetter(char c) { return c == ' ' || c == '\t'; }

std::string_view SkipBlanks(std::string_view text) {
  while (!text.empty() && IsBlankLetter(text.front())) {
    text.remove_prefix(1);
  }
  return text;
}

// In any case; "-tr" is "/tr" too.
bool IsNamedOption(std::string_view word, std::string_view option) {
  if (word.starts_with('-') && option.starts_with('/')) {
    word.remove_prefix(1);
    option.remove_prefix(1);
  }
  return base::EqualIgnoringAsciiCase(word, option);
}

// The word that follows `option`; nothing without it.
std::optional<std::string> ValueOf(const std::vector<std::string>& words,
                                   std::string_view option) {
  const auto found = std::ranges::find_if(
      words, [&](const auto& word) { return IsNamedOption(word, option); });
  return found == words.end() || found + 1 == words.end()
             ? std::nullopt
             : std::optional(*(found + 1));
}

bool HasWord(const std::vector<std::string>& words, std::string_view option) {
  return std::ranges::any_of(
      words, [&](const auto& word) { return IsNamedOption(word, option); });
}

void TakeAccount(const std::string& account, Action& action) {
  constexpr std::array<std::string_view, 6> kSystem = {
      "",         "system",        "nt authority\\system", "localsystem",
      "s-1-5-18", ".\\localsystem"};
  const bool is_system =
      std::ranges::find(kSystem, base::AsciiLower(account)) != kSystem.end();
  action.runs_as = is_system ? RunsAs::kSystem : RunsAs::kAccount;
  action.account = is_system ? "" : account;
}

// A program in single quotes, as schtasks and wmic have them, in double ones.
std::string WithDoubleQuotes(std::string text) {
  const size_t end = text.starts_with('\'') ? text.find('\'', 1) : text.npos;
  if (end != std::string::npos) {
    text[0] = '"';
    text[end] = '"';
  }
  return text;
}

void TakeLine(std::string_view line, Action& action) {
  CommandLine command = SplitCommandLine(line);
  action.target = std::move(command.program);
  action.arguments = std::move(command.arguments);
}

// schtasks /create /tn NAME /tr COMMAND [/ru ACCOUNT] [/sc WHEN]
bool TakeTask(const std::vector<std::string>& words, Action& action) {
  const auto command = ValueOf(words, "/tr");
  if (!HasWord(words, "/create") || !command) {
    return false;
  }
  action.kind = ActionKind::kScheduleTask;
  action.persistence = Persistence::kScheduledTask;
  TakeLine(WithDoubleQuotes(*command), action);
  if (const auto name = ValueOf(words, "/tn")) {
    action.name = *name;
  }
  if (const auto account = ValueOf(words, "/ru")) {
    TakeAccount(*account, action);
  }
  if (const auto when = ValueOf(words, "/sc")) {
    action.parameters.push_back({"triggers", *when});
  }
  return true;
}

// sc [\\SERVER] create|config NAME binPath= COMMAND [obj= ACCOUNT] [start=
// WHEN]
bool TakeService(std::vector<std::string> words, Action& action) {
  if (!words.empty() && words.front().starts_with("\\\\")) {
    return false;  // of another computer
  }
  // "binPath=x" does what "binPath= x" does.
  constexpr std::array<std::string_view, 4> kOptions = {
      "binpath=", "obj=", "start=", "type="};
  for (size_t i = 0; i < words.size(); ++i) {
    for (const std::string_view option : kOptions) {
      if (words[i].size() > option.size() &&
          base::AsciiLower(words[i]).starts_with(option)) {
        const std::string value = words[i].substr(option.size());
        words[i].resize(option.size());
        words.insert(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, value);
        break;
      }
    }
  }
  const auto command = ValueOf(words, "binpath=");
  const std::string verb = words.empty() ? "" : base::AsciiLower(words[0]);
  if (!command || words.size() < 2 || (verb != "create" && verb != "config")) {
    return false;
  }
  action.kind = ActionKind::kInstallService;
  action.persistence =
      base::AsciiLower(ValueOf(words, "type=").value_or("")) == "kernel"
          ? Persistence::kDriver
          : Persistence::kService;
  action.name = words[1];
  TakeLine(*command, action);
  const auto account = ValueOf(words, "obj=");
  if (account || verb == "create") {
    TakeAccount(account.value_or(""), action);
  }
  if (const auto when = ValueOf(words, "start=")) {
    action.parameters.push_back({"start", *when});
  }
  return true;
}

// reg add KEY [/v NAME | /ve] [/t TYPE] [/d DATA]; reg delete KEY [/v NAME]
bool TakeRegistryCommand(const std::vector<std::string>& words,
                         Action& action) {
  if (words.size() < 2) {
    return false;
  }
  const std::string verb = base::AsciiLower(words[0]);
  if (verb != "add" && verb != "delete") {
    return false;
  }
  action.kind =
      verb == "add" ? ActionKind::kWriteRegistry : ActionKind::kRemoveRegistry;
  action.target = words[1];
  action.name = ValueOf(words, "/v").value_or("");
  action.arguments.clear();
  if (verb == "add") {
    action.value = ValueOf(words, "/d").value_or("");
    action.persistence = PersistenceOf(action.target, action.name);
    if (const auto type = ValueOf(words, "/t")) {
      action.parameters.push_back({"type", *type});
    }
  }
  return true;
}

// Behind "start": ["title"] [/options] [/d FOLDER] command.
std::string BehindStart(std::string_view text) {
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

// Behind "wmic": [/options] process call create COMMAND.
std::string BehindCreate(std::string_view arguments) {
  const std::vector<std::string> words = SplitWords(arguments);
  const bool is_elsewhere = std::ranges::any_of(words, [](const auto& word) {
    return base::AsciiLower(word).starts_with("/node");
  });
  const auto command = ValueOf(words, "create");
  if (is_elsewhere || !command || !HasWord(words, "call")) {
    return "";
  }
  return WithDoubleQuotes(*command);
}

// Behind "forfiles": /c COMMAND, for each of several files.
std::string BehindEachFile(std::string_view arguments) {
  const std::string command =
      ValueOf(SplitWords(arguments), "/c").value_or("cmd /c echo @file");
  return command.contains('@') ? "" : command;
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

// The command that a shell runs; "" where it is more than a program, or not
// what it seems.
std::string OnlyCommand(const std::vector<std::string>& commands,
                        bool expands_later) {
  if (commands.size() != 1) {
    return "";
  }
  const std::string_view command = BehindRedirections(commands[0]);
  const bool is_plain = command.find_first_of(expands_later ? "<>!" : "<>") ==
                            std::string_view::npos &&
                        HasOnlyKnownVariables(command) &&
                        !IsOfTheShell(command);
  return is_plain ? WithBlankBehindName(command) : "";
}

// One of several commands, without blanks and brackets around it.
std::string_view TrimmedCommand(std::string_view text) {
  while (!text.empty() && (IsBlankLetter(text.front()) ||
                           std::string_view("(@,;=").contains(text.front()))) {
    text.remove_prefix(1);
  }
  auto unopened = std::ranges::count(text, ')') - std::ranges::count(text, '(');
  while (!text.empty() &&
         (IsBlankLetter(text.back()) || (text.back() == ')' && unopened > 0))) {
    unopened -= text.back() == ')' ? 1 : 0;
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

std::vector<std::string> SplitWords(std::string_view text) {
  constexpr size_t kMostWords = 1000;
  std::vector<std::string> words;
  std::string word;
  bool is_word = false;
  bool is_quoted = false;
  size_t backslashes = 0;
  const auto put_backslashes = [&](size_t count) {
    word.append(count, '\\');
    backslashes = 0;
  };
  for (const char c : text) {
    if (c == '\\') {
      ++backslashes;
      is_word = true;
      continue;
    }
    if (c == '"') {
      const bool is_plain = backslashes % 2 == 1;
      put_backslashes(backslashes / 2);
      is_word = true;
      if (is_plain) {
        word += c;
      } else {
        is_quoted = !is_quoted;
      }
      continue;
    }
    put_backslashes(backslashes);
    if (IsBlankLetter(c) && !is_quoted && words.size() < kMostWords) {
      if (is_word) {
        words.push_back(std::exchange(word, ""));
      }
      is_word = false;
    } else {
      word += c;
      is_word = true;
    }
  }
  put_backslashes(backslashes);
  if (is_word) {
    words.push_back(std::move(word));
  }
  return words;
}

std::string CommandInside(std::string_view program,
                          std::string_view arguments) {
  if (program == "cmd.exe") {
    // "/v:on" has "!name!" stand for something.
    return OnlyCommand(CommandsInside(program, arguments),
                       base::AsciiLower(arguments).contains("/v"));
  }
  if (program == "wmic.exe") {
    return BehindCreate(arguments);
  }
  if (program == "forfiles.exe") {
    return BehindEachFile(arguments);
  }
  if (program == "call.exe") {
    return std::string(SkipBlanks(arguments));
  }
  return program == "start.exe" ? BehindStart(arguments) : "";
}

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

bool TakeRegistration(std::string_view program, std::string_view arguments,
                      Action& action) {
  if (program == "schtasks.exe") {
    return TakeTask(SplitWords(arguments), action);
  }
  if (program == "sc.exe") {
    return TakeService(SplitWords(arguments), action);
  }
  return program == "reg.exe" &&
         TakeRegistryCommand(SplitWords(arguments), action);
}

}  // namespace countersign::install
