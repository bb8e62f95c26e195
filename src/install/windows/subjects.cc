#include "install/windows/subjects.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "install/windows/command_line.h"
#include "install/windows/encoded.h"
#include "install/windows/shell.h"
#include "install/windows/words.h"

namespace countersign::install {
namespace {

using WordList = std::vector<std::string>;

// Limit: words of one text; the rest is not looked at.
constexpr size_t kMostSubjects = 1000;

bool LooksLikeOption(std::string_view word) {
  return word.starts_with('/') || word.starts_with('-');
}

bool IsInList(std::string_view word, auto&& list) {
  return std::ranges::find(list, word) != std::ranges::end(list);
}

// The words that are no options.
WordList PlainWords(std::string_view arguments) {
  WordList words = SplitWords(arguments);
  std::erase_if(words, LooksLikeOption);
  return words;
}

// The words of PowerShell: blanks and what parts commands part them, but for
// those in quotes of either kind.
WordList ScriptWords(std::string_view text) {
  constexpr std::string_view kBetween = " \t\r\n;|&(){},";
  WordList words;
  std::string word;
  char quote = 0;
  for (const char c : text) {
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else if (quote != 0 || !kBetween.contains(c)) {
      word += c;
    } else if (!word.empty() && words.size() < kMostSubjects) {
      words.push_back(std::exchange(word, ""));
    }
  }
  if (!word.empty()) {
    words.push_back(std::move(word));
  }
  return words;
}

// "Start-Process [-FilePath] x", "& x": what a line of PowerShell starts.
WordList ScriptSubjects(std::string_view text) {
  constexpr std::array<std::string_view, 6> kStarters = {
      "start-process", "saps", "start", "invoke-item", "ii", "import-module"};
  WordList words = ScriptWords(text);
  std::erase(words, ".");
  WordList subjects;
  const auto starter =
      std::ranges::find_if(words, [&](const std::string& word) {
        return IsInList(base::AsciiLower(word), kStarters);
      });
  for (auto word = starter; word != words.end(); ++word) {
    const std::string lower = base::AsciiLower(*word);
    if (lower.size() >= 2 && std::string_view("-filepath").starts_with(lower) &&
        word + 1 != words.end()) {
      subjects.insert(subjects.begin(), *(word + 1));
    } else if (word != starter && !LooksLikeOption(lower)) {
      subjects.push_back(*word);
    }
  }
  if (!words.empty()) {
    subjects.push_back(words.front());
  }
  return subjects;
}

enum class ShellOption : uint8_t { kFlag, kValue, kFile, kCommand, kEncoded };

// What an option of PowerShell is, which may be cut short.
ShellOption KindOfShellOption(std::string_view word) {
  constexpr std::array<std::string_view, 9> kValued = {
      "executionpolicy",  "windowstyle",       "version",
      "psconsolefile",    "inputformat",       "outputformat",
      "workingdirectory", "configurationname", "custompipename"};
  constexpr std::array<std::string_view, 4> kShort = {"ep", "if", "of", "wd"};
  word.remove_prefix(std::min(word.find_first_not_of("-/"), word.size()));
  const std::string lower = base::AsciiLower(word);
  const auto begins = [&](std::string_view name) {
    return !lower.empty() && name.starts_with(lower);
  };
  if (begins("file")) {
    return ShellOption::kFile;
  }
  if (begins("command")) {
    return ShellOption::kCommand;
  }
  if (begins("encodedcommand") || lower == "ec") {
    return ShellOption::kEncoded;
  }
  return std::ranges::any_of(kValued, begins) || IsInList(lower, kShort)
             ? ShellOption::kValue
             : ShellOption::kFlag;
}

WordList PowerShellSubjects(std::string_view arguments) {
  const DecodedCommands encoded =
      DecodeAll("powershell " + std::string(arguments));
  if (!encoded.texts.empty()) {
    WordList subjects;
    for (const std::string& text : encoded.texts) {
      std::ranges::move(ScriptSubjects(text), std::back_inserter(subjects));
    }
    return subjects;
  }
  const WordList words = SplitWords(arguments);
  size_t at = 0;
  while (at < words.size() && LooksLikeOption(words[at])) {
    const ShellOption kind = KindOfShellOption(words[at]);
    ++at;
    if (kind == ShellOption::kEncoded) {
      return {};
    }
    if (kind == ShellOption::kFile || kind == ShellOption::kCommand) {
      break;
    }
    at += kind == ShellOption::kValue ? 1 : 0;
  }
  if (at >= words.size()) {
    return {};
  }
  WordList subjects = {words[at]};
  std::string script;
  for (; at < words.size(); ++at) {
    script += (script.empty() ? "" : " ") + words[at];
  }
  std::ranges::move(ScriptSubjects(script), std::back_inserter(subjects));
  return subjects;
}

// Libraries of Windows with functions that run what they are given.
bool RunsItsArguments(std::string_view library) {
  constexpr std::array<std::string_view, 13> kLibraries = {
      "shell32", "url",      "ieframe", "setupapi", "advpack",
      "mshtml",  "shdocvw",  "zipfldr", "pcwutl",   "ieadvpack",
      "dfshim",  "syssetup", "desk.cpl"};
  std::string name = base::AsciiLower(
      library.substr(library.find_last_of("/\\]}") + 1));  // 0 without any
  if (name.ends_with(".dll")) {
    name.resize(name.size() - 4);
  }
  const bool is_elsewhere = library.find_first_of("/\\]}") != library.npos &&
                            !IsInSystemFolder(library);
  return !is_elsewhere && IsInList(name, kLibraries);
}

// rundll32 LIBRARY,FUNCTION [ARGUMENTS]
WordList LibrarySubjects(std::string_view arguments) {
  arguments.remove_prefix(
      std::min(arguments.find_first_not_of(" \t"), arguments.size()));
  const bool is_quoted = arguments.starts_with('"');
  const std::string_view text = arguments.substr(is_quoted ? 1 : 0);
  const size_t end =
      std::min(text.find_first_of(is_quoted ? "\"" : ", \t"), text.size());
  const std::string library(text.substr(0, end));
  // Without quotes a path with blanks may be meant.
  const std::string up_to_comma(text.substr(0, text.find(',')));
  WordList subjects = {library};
  if (!is_quoted && up_to_comma != library) {
    subjects.push_back(up_to_comma);
  }
  if (!RunsItsArguments(library)) {
    return subjects;
  }
  WordList behind = SplitWords(text.substr(end));
  for (size_t i = 1; i < behind.size(); ++i) {
    subjects.insert(subjects.end() - 1,
                    behind[i].substr(0, behind[i].find(',')));
  }
  return subjects;
}

// msiexec /i PACKAGE, /iPACKAGE, /p PATCH, ...
WordList PackageSubjects(std::string_view arguments) {
  constexpr std::array<std::string_view, 11> kOptions = {
      "i", "a",  "p",  "package",   "update", "x",
      "j", "ju", "jm", "uninstall", "fa"};
  const WordList words = SplitWords(arguments);
  WordList subjects;
  for (size_t i = 0; i < words.size(); ++i) {
    if (!LooksLikeOption(words[i])) {
      continue;
    }
    const std::string option = base::AsciiLower(words[i].substr(1));
    if (IsInList(option, kOptions) || option.starts_with('f')) {
      if (i + 1 < words.size()) {
        subjects.push_back(words[i + 1]);
      }
    } else if (option.size() > 1 &&
               std::string_view("iapx").contains(option.front()) &&
               option.contains('.')) {
      subjects.push_back(words[i].substr(2));
    }
  }
  return subjects;
}

// java [-cp PATHS] [-jar FILE | CLASS]
WordList JavaSubjects(std::string_view arguments) {
  constexpr std::array<std::string_view, 5> kPaths = {
      "-cp", "-classpath", "--class-path", "-p", "--module-path"};
  const WordList words = SplitWords(arguments);
  WordList subjects;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "-jar") {
      return {words[i + 1]};
    }
    if (!IsInList(words[i], kPaths)) {
      continue;
    }
    std::string_view paths = words[++i];
    while (!paths.empty() && subjects.size() < kMostSubjects) {
      const size_t end = std::min(paths.find(';'), paths.size());
      subjects.emplace_back(paths.substr(0, end));
      paths.remove_prefix(std::min(end + 1, paths.size()));
    }
  }
  return subjects;
}

// The name of what a command of a shell begins with, in lower case.
std::string NameOfCommand(std::string_view command) {
  return base::AsciiLower(
      command.substr(0, command.find_first_of(" \t/,;=(\"")));
}

WordList ShellSubjects(std::string_view arguments, int depth);

WordList SubjectsBelow(std::string_view program, std::string_view arguments,
                       int depth) {
  if (program == "cmd.exe") {
    return ShellSubjects(arguments, depth);
  }
  if (program == "powershell.exe" || program == "pwsh.exe") {
    return PowerShellSubjects(arguments);
  }
  if (program == "rundll32.exe") {
    return LibrarySubjects(arguments);
  }
  if (program == "msiexec.exe") {
    return PackageSubjects(arguments);
  }
  if (program == "java.exe" || program == "javaw.exe") {
    return JavaSubjects(arguments);
  }
  WordList plain = PlainWords(arguments);
  if (!IsLauncher(program) && plain.size() > 1) {
    plain.resize(1);
  }
  return plain;
}

// The programs of the commands of a shell, and what they are given.
WordList ShellSubjects(std::string_view arguments, int depth) {
  // Limit: 4 shells in each other; nobody needs two.
  constexpr int kMostDepth = 4;
  WordList subjects;
  if (depth >= kMostDepth) {
    return subjects;
  }
  for (const std::string& text : CommandsInside("cmd.exe", arguments)) {
    if (IsOfTheShell(text)) {
      continue;
    }
    const CommandLine command = SplitCommandLine(text);
    const std::string name = ProgramName(command.program);
    if (IsLauncher(name)) {
      std::ranges::move(SubjectsBelow(name, command.arguments, depth + 1),
                        std::back_inserter(subjects));
    }
    subjects.push_back(command.program);
  }
  return subjects;
}

bool LooksLikeFile(std::string_view word) {
  return word.substr(word.find_last_of("/\\]}") + 1).contains('.');
}

// The words of `text`, and those in its words.
WordList WordsWithin(std::string_view text) {
  WordList all;
  for (const std::string& word : SplitWords(text)) {
    all.push_back(word);
    const WordList inner = ScriptWords(word);
    if (inner.size() > 1 || (inner.size() == 1 && inner[0] != word)) {
      all.insert(all.end(), inner.begin(), inner.end());
    }
    // "/packagepath:x.cab", "PATCH=x.msp"
    const size_t value = word.find_first_of(":=");
    if (value != std::string::npos && value > 1) {
      all.push_back(word.substr(value + 1));
    }
  }
  std::erase_if(all, [](const auto& word) { return !LooksLikeFile(word); });
  if (all.size() > kMostSubjects) {
    all.resize(kMostSubjects);
  }
  return all;
}

}  // namespace

WordList SubjectsOf(std::string_view program, std::string_view arguments) {
  return SubjectsBelow(program, arguments, 0);
}

WordList FileNamesIn(std::string_view program, std::string_view arguments) {
  if (program != "cmd.exe") {
    return IsLauncher(program) ? WordsWithin(arguments) : WordList();
  }
  constexpr std::array<std::string_view, 2> kRunning = {"if", "for"};
  WordList all;
  for (const std::string& command : CommandsInside(program, arguments)) {
    if (!IsOfTheShell(command) || IsInList(NameOfCommand(command), kRunning)) {
      std::ranges::move(WordsWithin(command), std::back_inserter(all));
    }
  }
  return all;
}

bool IsInSystemFolder(std::string_view path) {
  constexpr std::array<std::string_view, 19> kFolders = {
      "[systemfolder]",
      "[system64folder]",
      "[system16folder]",
      "[windowsfolder]",
      "%systemroot%\\",
      "%windir%\\",
      "$sysdir\\",
      "$windir\\",
      "{sys}\\",
      "{win}\\",
      "{syswow64}\\",
      "{sysnative}\\",
      "{sysnative32}\\",
      "\\systemroot\\",
      "$env:windir\\",
      "$env:systemroot\\",
      "[windowsvolume]windows\\",
      "%systemdrive%\\windows\\",
      "{sd}\\windows\\"};
  std::string lower = base::AsciiLower(path);
  std::ranges::replace(lower, '/', '\\');
  std::string_view rest = lower;
  // "C:\Windows\"
  constexpr std::string_view kOfDrive = ":\\windows\\";
  const auto* folder = std::ranges::find_if(
      kFolders, [&](std::string_view f) { return rest.starts_with(f); });
  if (folder != kFolders.end()) {
    rest.remove_prefix(folder->size());
  } else if (rest.size() > 1 && rest.substr(1).starts_with(kOfDrive)) {
    rest.remove_prefix(1 + kOfDrive.size());
  } else {
    return false;
  }
  rest.remove_prefix(std::min(rest.find_first_not_of('\\'), rest.size()));
  return !rest.starts_with("temp\\") && !rest.contains("..\\");
}

bool MayBeOfWindows(std::string_view program) {
  return program.find_first_of("/\\]}") == std::string_view::npos ||
         IsInSystemFolder(program);
}

}  // namespace countersign::install
