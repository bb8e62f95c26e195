// How many columns UTF-8 text takes on a terminal, and cutting by columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace countersign::app {

struct CodePoint {
  char32_t value = 0;
  size_t bytes = 1;
};

// The code point of valid UTF-8 `text` at byte `at`; a stray byte is one of
// its own.
[[nodiscard]] CodePoint NextCodePoint(std::string_view text, size_t at);

// Columns that `text` (without escape sequences) takes: wide characters of
// East Asian scripts and emoji count two, combining marks none.
[[nodiscard]] size_t Width(std::string_view text);

// `text` in at most `columns`, its end replaced by `mark` when it is longer.
[[nodiscard]] std::string CutEnd(std::string_view text, size_t columns,
                                 std::string_view mark);

// The same, but the middle is replaced: of a path both the beginning and the
// file's name say something.
[[nodiscard]] std::string CutMiddle(std::string_view text, size_t columns,
                                    std::string_view mark);

// `text` as lines of at most `columns`, broken between words. A word longer
// than a line is broken where the line ends. Never yields nothing.
[[nodiscard]] std::vector<std::string> Wrap(std::string_view text,
                                            size_t columns);

}  // namespace countersign::app
