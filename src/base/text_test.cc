#include "base/text.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace countersign::base {
namespace {

using std::string_literals::operator""s;

// Unicode 14: general categories Cc, Cf, Zl and Zp.
constexpr struct {
  char32_t first;
  char32_t last;
} kHidden[] = {
    {0x0000, 0x001F},   {0x007F, 0x009F},   {0x00AD, 0x00AD},
    {0x0600, 0x0605},   {0x061C, 0x061C},   {0x06DD, 0x06DD},
    {0x070F, 0x070F},   {0x0890, 0x0891},   {0x08E2, 0x08E2},
    {0x180E, 0x180E},   {0x200B, 0x200F},   {0x2028, 0x202E},
    {0x2060, 0x2064},   {0x2066, 0x206F},   {0xFEFF, 0xFEFF},
    {0xFFF9, 0xFFFB},   {0x110BD, 0x110BD}, {0x110CD, 0x110CD},
    {0x13430, 0x13438}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
    {0xE0001, 0xE0001}, {0xE0020, 0xE007F},
};

std::string Utf8(char32_t c) {
  std::string text;
  AppendUtf8(text, c);
  return text;
}

TEST(DisplaySafe, KeepsWhatCanBeSeen) {
  for (const std::string_view text :
       {"", "plain text", "Ünïcödé", "日本語", "עברית", "\xF0\x9F\x99\x82",
        "a\\b \"c\" $(d)"}) {
    EXPECT_EQ(DisplaySafe(text), text);
  }
}

TEST(DisplaySafe, ShowsEveryControlAndFormatCharacter) {
  for (const auto& range : kHidden) {
    for (char32_t c = range.first; c <= range.last; ++c) {
      const std::string safe = DisplaySafe("a" + Utf8(c) + "b");
      ASSERT_EQ(safe.substr(0, 4), "a\\u{")
          << std::hex << static_cast<uint32_t>(c);
      ASSERT_EQ(safe.back(), 'b');
      ASSERT_EQ(safe.find(Utf8(c)), std::string::npos);
    }
  }
}

TEST(DisplaySafe, NamesTheCharacter) {
  EXPECT_EQ(DisplaySafe("\n"), "\\u{000A}");
  EXPECT_EQ(DisplaySafe("\0"s), "\\u{0000}");
  EXPECT_EQ(DisplaySafe("\x1B[2J"), "\\u{001B}[2J");
  EXPECT_EQ(DisplaySafe("\u202Egnp.exe"), "\\u{202E}gnp.exe");
  EXPECT_EQ(DisplaySafe("\u2066x\u2069"), "\\u{2066}x\\u{2069}");
  EXPECT_EQ(DisplaySafe("\u200B"), "\\u{200B}");
  EXPECT_EQ(DisplaySafe("\uFEFF"), "\\u{FEFF}");
  // The tag characters, which spell invisible ASCII.
  EXPECT_EQ(DisplaySafe("\U000E0041"), "\\u{E0041}");
  // Fillers of Hangul, which look like nothing.
  EXPECT_EQ(DisplaySafe("\u3164"), "\\u{3164}");
  EXPECT_EQ(DisplaySafe("\uFFA0"), "\\u{FFA0}");
}

TEST(DisplaySafe, NamesEveryByteOfInvalidUtf8) {
  // A stray continuation byte, a lead byte at the end, and one cut short.
  EXPECT_EQ(DisplaySafe("a\x80z"), "a\\x{80}z");
  EXPECT_EQ(DisplaySafe("a\xC3"), "a\\x{C3}");
  EXPECT_EQ(DisplaySafe("\xE2\x82z"), "\\x{E2}\\x{82}z");
  // Overlong forms of "/", a surrogate, and beyond U+10FFFF.
  EXPECT_EQ(DisplaySafe("\xC0\xAF"), "\\x{C0}\\x{AF}");
  EXPECT_EQ(DisplaySafe("\xE0\x80\xAF"), "\\x{E0}\\x{80}\\x{AF}");
  EXPECT_EQ(DisplaySafe("\xED\xA0\x80"), "\\x{ED}\\x{A0}\\x{80}");
  EXPECT_EQ(DisplaySafe("\xF4\x90\x80\x80"), "\\x{F4}\\x{90}\\x{80}\\x{80}");
  EXPECT_EQ(DisplaySafe("\xFF\xFE"), "\\x{FF}\\x{FE}");
  // The replacement character itself is a character like any other.
  EXPECT_EQ(DisplaySafe("\uFFFD"), "\uFFFD");
}

TEST(DisplaySafe, IsStable) {
  // What is safe stays as it is, for every pair of bytes.
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string text = {static_cast<char>(a), static_cast<char>(b)};
      const std::string safe = DisplaySafe(text);
      ASSERT_EQ(DisplaySafe(safe), safe) << a << " " << b;
    }
  }
}

TEST(Utf16, DecodesPairsAndReplacesLoneSurrogates) {
  const auto decode = [](std::initializer_list<uint8_t> bytes) {
    return FromUtf16BigEndian(std::vector<uint8_t>(bytes));
  };
  EXPECT_EQ(decode({}), "");
  EXPECT_EQ(decode({0x00, 0x41, 0x00, 0xE9}), "A\u00E9");
  EXPECT_EQ(decode({0xD8, 0x3D, 0xDE, 0x42}), "\U0001F642");
  EXPECT_EQ(decode({0xD8, 0x3D}), "\uFFFD");
  EXPECT_EQ(decode({0xD8, 0x3D, 0x00, 0x41}), "\uFFFDA");
  EXPECT_EQ(decode({0xDE, 0x42, 0x00, 0x41}), "\uFFFDA");
  EXPECT_EQ(decode({0x00, 0x41, 0x00}), "A");  // the odd byte is dropped
}

TEST(Latin1, EveryByteIsACharacter) {
  EXPECT_EQ(FromLatin1(AsBytes("M\xFCller")), "M\u00FCller");
}

TEST(AsciiCase, OnlyLettersOfAsciiHaveOne) {
  EXPECT_EQ(AsciiLower("AZ[@`az{ \xC0\u00C4"), "az[@`az{ \xC0\u00C4");
  EXPECT_TRUE(EqualIgnoringAsciiCase("Setup.EXE", "sETUP.exe"));
  EXPECT_TRUE(EqualIgnoringAsciiCase("", ""));
  EXPECT_FALSE(EqualIgnoringAsciiCase("a", "ab"));
  EXPECT_FALSE(EqualIgnoringAsciiCase("[", "{"));
  EXPECT_FALSE(EqualIgnoringAsciiCase("\u00C4", "\u00E4"));
}

TEST(Hex, RoundTrips) {
  const std::vector<uint8_t> bytes = {0x00, 0x0F, 0xF0, 0xFF, 0x9A};
  EXPECT_EQ(ToHex(bytes), "000ff0ff9a");
  EXPECT_EQ(FromHex("000FF0ff9a"), bytes);
  EXPECT_EQ(FromHex(""), std::vector<uint8_t>{});
  for (const std::string_view text : {"0", "0g", " 00", "0x00", "00 "}) {
    EXPECT_EQ(FromHex(text), std::nullopt) << text;
  }
}

TEST(Utf16, LittleEndianMirrorsBigEndian) {
  const auto bytes = FromHex("41003dd800deac20").value();
  EXPECT_EQ(FromUtf16LittleEndian(bytes), "A\U0001F600\u20AC");
  EXPECT_EQ(FromUtf16LittleEndian(Bytes(bytes).first(5)), "A\uFFFD");
}

}  // namespace
}  // namespace countersign::base
