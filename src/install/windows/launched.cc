#include "install/windows/launched.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "install/windows/shell.h"
#include "install/windows/words.h"

namespace countersign::install {
namespace {

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

// Behind the first word, which may be in quotes.
std::string_view BehindWord(std::string_view text) {
  bool is_quoted = false;
  const auto* end = std::ranges::find_if(text, [&](char c) {
    is_quoted ^= c == '"';
    return IsBlank(c) && !is_quoted;
  });
  return text.substr(static_cast<size_t>(end - text.begin()));
}

// Behind "conhost": what follows its own options, which are told by their case;
// "" behind one that is not known.
std::string_view BehindConsole(std::string_view text) {
  constexpr std::array<std::string_view, 7> kAlone = {
      "--headless",      "--inheritcursor", "--resizeQuirk", "--win32input",
      "-ForceNoHandoff", "-ForceV1",        "-Embedding"};
  constexpr std::array<std::string_view, 6> kWithValue = {
      "--width", "--height", "--signal", "--server", "--vtmode", "--feature"};
  for (;;) {
    text = SkipBlanks(text);
    const std::string_view rest = BehindWord(text);
    const std::vector<std::string> words =
        SplitWords(text.substr(0, text.size() - rest.size()));
    const std::string word = words.empty() ? "" : words[0];
    if (word == "--") {
      return SkipBlanks(rest);
    }
    if (std::ranges::find(kWithValue, word) != kWithValue.end()) {
      text = BehindWord(SkipBlanks(rest));
    } else if (std::ranges::find(kAlone, word) != kAlone.end() ||
               word.starts_with("0x")) {
      text = rest;
    } else {
      return word.starts_with('-') ? "" : text;
    }
  }
}

}  // namespace

std::string CommandInside(std::string_view program,
                          std::string_view arguments) {
  if (program == "cmd.exe") {
    return OnlyCommandInside(arguments);
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
  if (program == "conhost.exe") {
    return std::string(BehindConsole(arguments));
  }
  return program == "start.exe" ? CommandBehindStart(arguments) : "";
}

}  // namespace countersign::install
