#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace countersign::base {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

struct CodePointRange {
  char32_t first;
  char32_t last;
};

// Characters that are not seen or change how their neighbours are seen.
constexpr std::array<CodePointRange, 27> kInvisible = {{
    {0x0000, 0x001F},   {0x007F, 0x009F},   {0x00AD, 0x00AD},
    {0x034F, 0x034F},   {0x0600, 0x0605},   {0x061C, 0x061C},
    {0x06DD, 0x06DD},   {0x070F, 0x070F},   {0x0890, 0x0891},
    {0x08E2, 0x08E2},   {0x115F, 0x1160},   {0x17B4, 0x17B5},
    {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},
    {0x2060, 0x206F},   {0x3164, 0x3164},   {0xFE00, 0xFE0F},
    {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},
    {0x110BD, 0x110BD}, {0x110CD, 0x110CD}, {0x13430, 0x1343F},
    {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
}};

bool IsInvisible(char32_t c) {
  for (const CodePointRange& range : kInvisible) {
    if (c >= range.first && c <= range.last) {
      return true;
    }
  }
  return false;
}

// Decodes one code point of `text` at `position` and advances. Overlong forms,
// surrogates and stray bytes yield U+FFFD and advance by one byte.
char32_t DecodeUtf8(std::string_view text, size_t& position) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(position);
  const size_t start = position++;
  if (lead < 0x80) {
    return lead;
  }
  const size_t extra = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - start <= extra) {
    return kReplacement;
  }
  char32_t value = lead & (0x3FU >> extra);
  for (size_t i = 1; i <= extra; ++i) {
    if ((byte(start + i) & 0xC0) != 0x80) {
      return kReplacement;
    }
    value = value << 6 | (byte(start + i) & 0x3FU);
  }
  constexpr std::array<char32_t, 4> kSmallest = {0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[extra] || value > 0x10FFFF ||
      (value >= 0xD800 && value <= 0xDFFF)) {
    return kReplacement;
  }
  position = start + extra + 1;
  return value;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return -1;
}

// `high` is the place of the upper byte in each unit.
std::string FromUtf16(Bytes bytes, size_t high) {
  std::string text;
  text.reserve(bytes.size());
  const auto unit = [&](size_t i) {
    return static_cast<char32_t>(bytes[i + high] << 8 | bytes[i + 1 - high]);
  };
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    char32_t c = unit(i);
    if (c >= 0xD800 && c <= 0xDBFF && i + 3 < bytes.size()) {
      const char32_t low = unit(i + 2);
      if (low >= 0xDC00 && low <= 0xDFFF) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        i += 2;
      }
    }
    AppendUtf8(text, c);
  }
  return text;
}

}  // namespace

std::string ToHex(Bytes bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::optional<std::vector<uint8_t>> FromHex(std::string_view text) {
  if (text.size() % 2 != 0) {
    return std::nullopt;
  }
  std::vector<uint8_t> bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = HexValue(text[i]);
    const int low = HexValue(text[i + 1]);
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    bytes.push_back(static_cast<uint8_t>(high << 4 | low));
  }
  return bytes;
}

void AppendUtf8(std::string& out, char32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
    c = kReplacement;
  }
  const auto put = [&out](char32_t byte) {
    out += static_cast<char>(static_cast<uint8_t>(byte));
  };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

std::string DisplaySafe(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  size_t position = 0;
  while (position < text.size()) {
    // Almost all text is printable ASCII; such runs are copied at once.
    const size_t start = position;
    while (position < text.size() && text[position] >= 0x20 &&
           text[position] < 0x7F) {
      ++position;
    }
    safe.append(text, start, position - start);
    if (position == text.size()) {
      break;
    }
    const auto lead = static_cast<uint8_t>(text[position]);
    const size_t before = position;
    const char32_t c = DecodeUtf8(text, position);
    if (lead >= 0x80 && position == before + 1) {
      safe += fmt::format("\\x{{{:02X}}}", lead);
    } else if (IsInvisible(c)) {
      safe += fmt::format("\\u{{{:04X}}}", static_cast<uint32_t>(c));
    } else {
      AppendUtf8(safe, c);
    }
  }
  return safe;
}

std::string AsciiLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    c = AsciiLower(c);
  }
  return lower;
}

bool EqualIgnoringAsciiCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return AsciiLower(c); };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string FromUtf16BigEndian(Bytes bytes) { return FromUtf16(bytes, 0); }

std::string FromUtf16LittleEndian(Bytes bytes) { return FromUtf16(bytes, 1); }

std::string FromLatin1(Bytes bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const uint8_t byte : bytes) {
    AppendUtf8(text, byte);
  }
  return text;
}

}  // namespace countersign::base
