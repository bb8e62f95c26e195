#include "install/checks/commands.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"

namespace countersign::install {
namespace {

struct CommandWord {
  std::string_view all;
  std::string_view name;  // of a program or a store, without its folders
};

// What an action says in lower case, in the order of a command line, without
// quotes and the escapes of cmd, and with "/" for the "-" of options.
std::string CommandText(const model::Action& action) {
  std::string text = base::AsciiLower(action.target + ' ' + action.arguments +
                                      ' ' + action.value + ' ' + action.name);
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

bool IsPowershell(const CommandWord& word) {
  return word.name == "powershell" || word.name == "pwsh" ||
         word.name == "powershell_ise";
}

// True when the options of a PowerShell that begin at `at` have one for an
// encoded command, with something behind it. Options end where two words that
// are none follow each other, or where a file or a command is given.
bool HasEncodedOption(std::span<const CommandWord> words, size_t at) {
  // Limit: a PowerShell has some twenty options.
  constexpr size_t kMostOptionWords = 64;
  const size_t end = std::min(words.size(), at + kMostOptionWords);
  bool is_value = false;
  for (; at + 1 < end; ++at) {
    const std::string_view word = words[at].all;
    const std::string_view option =
        word.starts_with('/') ? word.substr(1) : std::string_view();
    if (option.empty()) {
      if (std::exchange(is_value, true)) {
        return false;
      }
      continue;
    }
    is_value = false;
    if (std::string_view("encodedcommand").starts_with(option) ||
        option == "ec") {
      return true;
    }
    if (std::string_view("command").starts_with(option) ||
        std::string_view("file").starts_with(option)) {
      return false;
    }
  }
  return false;
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
  const std::string text = CommandText(action);
  const std::vector<CommandWord> words = CommandWords(text);
  for (size_t at = 0; at < words.size(); ++at) {
    if (IsPowershell(words[at]) && HasEncodedOption(words, at + 1)) {
      return true;
    }
  }
  return false;
}

}  // namespace countersign::install
