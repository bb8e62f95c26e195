// A text that several actions have. Private to the module.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

namespace countersign::install {

// Limit: one more than ActionList keeps of a text, so that it still says that
// it cut it. Why here: a text is copied for every action that has it.
inline constexpr size_t kLongestSharedText = (size_t{32} << 10) + 1;

// `text`, cut to that length.
[[nodiscard]] inline std::string SharedText(std::string text) {
  if (text.size() > kLongestSharedText) {
    text = text.substr(0, kLongestSharedText);
  }
  return text;
}

}  // namespace countersign::install
