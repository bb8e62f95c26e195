#include "install/checks/commands.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "install/windows/encoded.h"

namespace countersign::install {
namespace {

struct CommandWord {
  std::string_view all;
  std::string_view name;  // of a program or a store, without its folders
};

// What an action says in lower case, in the order of a command line, without
// quotes and the escapes of cmd, and with "/" for the "-" of options.
std::string CommandText(const model::Action& action) {
  std::string text = CommandTextOf(action);
  for (const std::string_view decoded : DecodedCommandsOf(action)) {
    text += ' ';
    text += decoded;
  }
  text = base::AsciiLower(text);
  std::erase_if(text, [](char c) { return c == '"' || c == '\'' || c == '^'; });
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '-' && (i == 0 || text[i - 1] == ' ')) {
      text[i] = '/';
    }
  }
  return text;
}

CommandWord WordOf(std::string_view all) {
  constexpr std::string_view kExe = ".exe";
  const size_t last = all.find_last_of("\\/");
  std::string_view name =
      last == std::string_view::npos || last == 0 ? all : all.substr(last + 1);
  if (name.ends_with(kExe)) {
    name.remove_suffix(kExe.size());
  }
  return {all, name};
}

// Views of `text`.
std::vector<CommandWord> CommandWords(std::string_view text) {
  constexpr std::string_view kBetween = " \t\r\n,;|&()@";
  std::vector<CommandWord> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of(kBetween, at), text.size());
    if (end > at) {
      words.push_back(WordOf(text.substr(at, end - at)));
    }
    at = end + 1;
  }
  return words;
}

bool IsWord(const CommandWord& word, std::string_view wanted) {
  return wanted.ends_with('*')
             ? word.all.starts_with(wanted.substr(0, wanted.size() - 1))
             : word.all == wanted || word.name == wanted;
}

// True when the words of `row` follow each other from `at` on.
bool IsCommandAt(std::span<const CommandWord> words, size_t at,
                 const CommandRow& row) {
  constexpr size_t kFarthest = 8;
  for (size_t i = 0; i < row.words.size() && !row.words[i].empty(); ++i) {
    const size_t end = std::min(words.size(), at + (i == 0 ? 1 : kFarthest));
    while (at < end && !IsWord(words[at], row.words[i])) {
      ++at;
    }
    if (at >= end) {
      return false;
    }
    ++at;
  }
  return true;
}

}  // namespace

bool SaysAny(const model::Action& action,
             std::span<const CommandRow> commands) {
  const std::string text = CommandText(action);
  const std::vector<CommandWord> words = CommandWords(text);
  return std::ranges::any_of(commands, [&](const CommandRow& row) {
    for (size_t at = 0; at < words.size(); ++at) {
      if (IsCommandAt(words, at, row)) {
        return true;
      }
    }
    return false;
  });
}

bool SaysEncodedCommand(const model::Action& action) {
  return !FindEncodedCommands(CommandTextOf(action)).empty();
}

}  // namespace countersign::install
