#include "app/terminal/width.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace countersign::app {
namespace {

struct CodePointRange {
  char32_t first;
  char32_t last;
};

// Spec: Unicode Standard Annex 11, "W" and "F", in whole blocks. A terminal
// may know more or fewer; a wrong guess costs one column of alignment.
constexpr std::array<CodePointRange, 12> kWide = {{
    {0x1100, 0x115F},
    {0x231A, 0x231B},
    {0x2E80, 0x303E},
    {0x3041, 0xA4CF},
    {0xA960, 0xA97C},
    {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},
    {0xFE30, 0xFE6F},
    {0xFF01, 0xFF60},
    {0xFFE0, 0xFFE6},
    {0x1F300, 0x1F9FF},
    {0x20000, 0x3FFFD},
}};

// Marks that sit on the character before them (general category Mn, in the
// blocks where they are alone).
constexpr std::array<CodePointRange, 8> kCombining = {{
    {0x0300, 0x036F},
    {0x0483, 0x0489},
    {0x0591, 0x05BD},
    {0x0610, 0x061A},
    {0x064B, 0x065F},
    {0x1AB0, 0x1AFF},
    {0x20D0, 0x20FF},
    {0xFE20, 0xFE2F},
}};

bool In(const auto& table, char32_t value) {
  return std::ranges::any_of(table, [value](const CodePointRange& range) {
    return value >= range.first && value <= range.last;
  });
}

size_t WidthOf(char32_t value) {
  return In(kCombining, value) ? 0 : In(kWide, value) ? 2 : 1;
}

// The longest prefix of at most `columns`; at least one code point if `forced`.
std::string_view Prefix(std::string_view text, size_t columns, bool forced) {
  size_t at = 0;
  size_t used = 0;
  while (at < text.size()) {
    const CodePoint point = NextCodePoint(text, at);
    used += WidthOf(point.value);
    if (used > columns && !(forced && at == 0)) {
      break;
    }
    at += point.bytes;
  }
  return text.substr(0, at);
}

// The longest suffix of at most `columns`.
std::string_view Suffix(std::string_view text, size_t columns) {
  size_t skip = Width(text);
  size_t at = 0;
  while (at < text.size() && skip > columns) {
    const CodePoint point = NextCodePoint(text, at);
    skip -= WidthOf(point.value);
    at += point.bytes;
  }
  return text.substr(at);
}

}  // namespace

CodePoint NextCodePoint(std::string_view text, size_t at) {
  const auto lead = static_cast<uint8_t>(text[at]);
  const size_t bytes = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (bytes == 1 || text.size() - at < bytes) {
    return {lead, 1};
  }
  char32_t value = lead & (0xFFU >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) {
    value = value << 6 | (static_cast<uint8_t>(text[at + i]) & 0x3FU);
  }
  return {value, bytes};
}

size_t Width(std::string_view text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = NextCodePoint(text, at);
    width += WidthOf(point.value);
    at += point.bytes;
  }
  return width;
}

std::string CutEnd(std::string_view text, size_t columns,
                   std::string_view mark) {
  if (Width(text) <= columns) {
    return std::string(text);
  }
  const size_t room = columns - std::min(columns, Width(mark));
  return std::string(Prefix(text, room, false)).append(mark);
}

std::string CutMiddle(std::string_view text, size_t columns,
                      std::string_view mark) {
  if (Width(text) <= columns) {
    return std::string(text);
  }
  const size_t room = columns - std::min(columns, Width(mark));
  // Two thirds for the end, because that is where the file's name is.
  const size_t head = room / 3;
  return std::string(Prefix(text, head, false))
      .append(mark)
      .append(Suffix(text, room - head));
}

std::vector<std::string> Wrap(std::string_view text, size_t columns) {
  std::vector<std::string> lines(1);
  size_t used = 0;
  while (!text.empty()) {
    const size_t space = text.find(' ');
    std::string_view word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size()
                                                       : space + 1);
    if (word.empty()) {
      continue;
    }
    const size_t width = Width(word);
    if (used != 0 && used + 1 + width > columns) {
      lines.emplace_back();
      used = 0;
    }
    while (used == 0 && Width(word) > columns) {
      const std::string_view part = Prefix(word, columns, true);
      lines.back() = part;
      word.remove_prefix(part.size());
      lines.emplace_back();
    }
    lines.back() += used == 0 ? "" : " ";
    lines.back() += word;
    used = Width(lines.back());
  }
  if (lines.size() > 1 && lines.back().empty()) {
    lines.pop_back();
  }
  return lines;
}

}  // namespace countersign::app
