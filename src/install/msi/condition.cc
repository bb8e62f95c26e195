#include "install/msi/condition.h"

#include <string>
#include <utility>
#include <vector>

#include "base/text.h"

namespace countersign::install {
namespace {

// The words of a condition in lower case, brackets and quotes apart.
std::vector<std::string> WordsOfCondition(std::string_view condition) {
  std::vector<std::string> words(1);
  for (const char c : base::AsciiLower(condition)) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      words.emplace_back();
    } else if (c == '(' || c == ')') {
      words.emplace_back(1, c);
      words.emplace_back();
    } else if (c != '~' && c != '"') {
      words.back() += c;
    }
  }
  std::erase(words, "");
  return words;
}

}  // namespace

bool IsOnlyForRemoval(std::string_view condition) {
  const std::vector<std::string> words = WordsOfCondition(condition);
  bool removes = false;  // a term of this alternative
  std::string term;      // without blanks
  const auto end_term = [&] {
    removes |= term == "remove" || term == "remove=all";
    term.clear();
  };
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "xor" || word == "eqv" || word == "imp" ||
        (word == "not" && i + 1 < words.size() && words[i + 1] == "(")) {
      return false;
    }
    if (word == "and") {
      end_term();
    } else if (word == "or") {
      end_term();
      if (!std::exchange(removes, false)) {
        return false;
      }
    } else if (word != "(" && word != ")") {
      term += word;
    }
  }
  end_term();
  return removes;
}

}  // namespace countersign::install
