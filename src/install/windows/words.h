// Words of a command line. Private to windows/.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace countersign::install {

[[nodiscard]] constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// `text` without blanks in front.
[[nodiscard]] std::string_view SkipBlanks(std::string_view text);

// The words of the arguments of a program: blanks part them but for those in
// quotes, and a backslash in front of a quote stands for the quote. Limit:
// 1,000 words; the rest is not split.
//
// Spec: CommandLineToArgvW (Microsoft).
[[nodiscard]] std::vector<std::string> SplitWords(std::string_view text);

// Whether `option` is among `words`, in any case; "-tr" is "/tr" too.
[[nodiscard]] bool HasWord(const std::vector<std::string>& words,
                           std::string_view option);

// The word that follows `option`; nothing without it.
[[nodiscard]] std::optional<std::string> ValueOf(
    const std::vector<std::string>& words, std::string_view option);

// A program in single quotes, as schtasks and wmic have them, in double ones.
[[nodiscard]] std::string WithDoubleQuotes(std::string text);

}  // namespace countersign::install
