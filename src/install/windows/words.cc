#include "install/windows/words.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace countersign::install {
namespace {

// In any case; "-tr" is "/tr" too.
bool IsNamedOption(std::string_view word, std::string_view option) {
  if (word.starts_with('-') && option.starts_with('/')) {
    word.remove_prefix(1);
    option.remove_prefix(1);
  }
  return base::EqualIgnoringAsciiCase(word, option);
}

}  // namespace

std::string_view SkipBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) {
    text.remove_prefix(1);
  }
  return text;
}

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
    if (IsBlank(c) && !is_quoted && words.size() < kMostWords) {
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

bool HasWord(const std::vector<std::string>& words, std::string_view option) {
  return std::ranges::any_of(
      words, [&](const auto& word) { return IsNamedOption(word, option); });
}

std::optional<std::string> ValueOf(const std::vector<std::string>& words,
                                   std::string_view option) {
  const auto found = std::ranges::find_if(
      words, [&](const auto& word) { return IsNamedOption(word, option); });
  return found == words.end() || found + 1 == words.end()
             ? std::nullopt
             : std::optional(*(found + 1));
}

std::string WithDoubleQuotes(std::string text) {
  const size_t end = text.starts_with('\'') ? text.find('\'', 1) : text.npos;
  if (end != std::string::npos) {
    text[0] = '"';
    text[end] = '"';
  }
  return text;
}

}  // namespace countersign::install
