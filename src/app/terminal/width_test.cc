#include "app/terminal/width.h"

#include <gtest/gtest.h>

namespace countersign::app {
namespace {

TEST(Width, CountsColumnsNotBytes) {
  EXPECT_EQ(Width("abc"), 3U);
  EXPECT_EQ(Width("\u00e4\u00f6"), 2U);
  EXPECT_EQ(Width("\u65e5\u672c"), 4U);
  EXPECT_EQ(Width("e\u0301"), 1U);
  EXPECT_EQ(Width("\xff\xfe"), 2U);
  EXPECT_EQ(Width("\xe6\x97"), 2U);  // cut off
}

TEST(Cut, NeverSplitsACharacter) {
  EXPECT_EQ(CutEnd("\u65e5\u672c\u8a9e", 5, "\u2026"), "\u65e5\u672c\u2026");
  EXPECT_EQ(CutEnd("\u65e5\u672c\u8a9e", 4, "\u2026"), "\u65e5\u2026");
  EXPECT_EQ(CutEnd("abc", 3, "..."), "abc");
  EXPECT_EQ(CutEnd("abcd", 3, "..."), "...");
  EXPECT_EQ(CutMiddle("/srv/share/setup.exe", 12, "~"), "/sr~etup.exe");
}

TEST(Wrap, BreaksBetweenWordsAndInsideLongOnes) {
  EXPECT_EQ(Wrap("one two three", 7),
            (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(Wrap("abcdefghij xy", 4),
            (std::vector<std::string>{"abcd", "efgh", "ij", "xy"}));
  EXPECT_EQ(Wrap("abcd", 4), (std::vector<std::string>{"abcd"}));
  EXPECT_EQ(Wrap("", 4), (std::vector<std::string>{""}));
  EXPECT_EQ(Wrap("\u65e5\u672c", 1),
            (std::vector<std::string>{"\u65e5", "\u672c"}));
}

}  // namespace
}  // namespace countersign::app
