// How text looks on the terminal or in the file it goes to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace countersign::app {

// What a piece of text is for; the style knows its colour.
enum class Ink : uint8_t {
  kPlain,
  kStrong,  // headings and names that matter
  kQuiet,   // what the eye may skip
  kGood,
  kWarning,
  kBad,
  kAllow,  // the three verdicts, as a block of colour
  kHold,
  kBlock,
};

enum class ColorChoice : uint8_t { kAuto, kAlways, kNever };

struct TextStyle {
  size_t columns = 100;
  bool color = false;
  bool unicode = true;  // the locale can show more than ASCII

  // `text` between the escape sequences of `ink`, if there is colour at all.
  [[nodiscard]] std::string Paint(Ink ink, std::string_view text) const;
  // `text`, whoever wrote it, so that it can neither move the cursor nor hide
  // nor reorder anything; in ASCII where the locale has no more.
  [[nodiscard]] std::string Safe(std::string_view text) const;
};

// What "auto" follows.
struct Surroundings {
  bool is_terminal = false;
  size_t terminal_columns = 0;  // 0: unknown
  std::string no_color;         // $NO_COLOR
  std::string term;             // $TERM
  std::string columns;          // $COLUMNS
  std::string locale;           // first set of $LC_ALL, $LC_CTYPE, $LANG
};

// Reads the environment and asks the terminal behind `descriptor`.
[[nodiscard]] Surroundings Look(int descriptor);

// The style for such surroundings.
[[nodiscard]] TextStyle ChooseStyle(ColorChoice choice,
                                    const Surroundings& surroundings);

}  // namespace countersign::app
