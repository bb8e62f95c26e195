#include "app/terminal/style.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "app/terminal/width.h"
#include "base/text.h"

namespace countersign::app {
namespace {

// SGR parameters by Ink. Only the sixteen colours that every theme defines,
// so that light and dark backgrounds both work.
constexpr std::array<std::string_view, 9> kSgr = {
    "", "1", "2", "32", "33", "31", "1;30;42", "1;30;43", "1;97;41"};

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

size_t ParseColumns(std::string_view text) {
  size_t columns = 0;
  std::from_chars(text.data(), text.data() + text.size(), columns);
  return columns;
}

// "de_DE.UTF-8", "C.utf8": the part behind the dot names the encoding.
bool IsUtf8Locale(std::string_view locale) {
  const size_t dot = locale.find('.');
  if (dot == std::string_view::npos) {
    return false;
  }
  std::string encoding;
  for (const char c : locale.substr(dot + 1, locale.find('@') - dot - 1)) {
    if (c != '-') {
      encoding += base::AsciiLower(c);
    }
  }
  return encoding == "utf8";
}

}  // namespace

std::string TextStyle::Paint(Ink ink, std::string_view text) const {
  if (!color || ink == Ink::kPlain || text.empty()) {
    return std::string(text);
  }
  return fmt::format("\x1b[{}m{}\x1b[0m", kSgr[static_cast<size_t>(ink)], text);
}

std::string TextStyle::Safe(std::string_view text) const {
  std::string safe = base::DisplaySafe(text);
  if (unicode) {
    return safe;
  }
  std::string ascii;
  for (size_t at = 0; at < safe.size();) {
    const CodePoint point = NextCodePoint(safe, at);
    if (point.value < 0x80) {
      ascii += static_cast<char>(point.value);
    } else {
      ascii += fmt::format("\\u{{{:04X}}}", static_cast<uint32_t>(point.value));
    }
    at += point.bytes;
  }
  return ascii;
}

Surroundings Look(int descriptor) {
  Surroundings surroundings;
  surroundings.is_terminal = ::isatty(descriptor) == 1;
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0) {
    surroundings.terminal_columns = size.ws_col;
  }
  surroundings.no_color = Variable("NO_COLOR");
  surroundings.term = Variable("TERM");
  surroundings.columns = Variable("COLUMNS");
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (surroundings.locale.empty()) {
      surroundings.locale = Variable(name);
    }
  }
  return surroundings;
}

TextStyle ChooseStyle(ColorChoice choice, const Surroundings& surroundings) {
  TextStyle style;
  size_t columns = surroundings.terminal_columns;
  if (columns == 0) {
    columns = ParseColumns(surroundings.columns);
  }
  // Limit: below 40 nothing lines up any more, and prose above 100 columns is
  // hard to read however wide the window is.
  style.columns = columns == 0 ? 100 : std::clamp<size_t>(columns, 40, 100);
  style.color = choice == ColorChoice::kAlways ||
                (choice == ColorChoice::kAuto && surroundings.is_terminal &&
                 surroundings.no_color.empty() && surroundings.term != "dumb");
  style.unicode = IsUtf8Locale(surroundings.locale);
  return style;
}

}  // namespace countersign::app
