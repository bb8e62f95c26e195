#include "app/terminal/style.h"

#include <gtest/gtest.h>

namespace countersign::app {
namespace {

Surroundings Terminal() {
  return {.is_terminal = true,
          .terminal_columns = 120,
          .no_color = "",
          .term = "xterm",
          .columns = "",
          .locale = "en_US.UTF-8"};
}

TEST(Style, FollowsTheTerminal) {
  const TextStyle style = ChooseStyle(ColorChoice::kAuto, Terminal());
  EXPECT_TRUE(style.color);
  EXPECT_TRUE(style.unicode);
  EXPECT_EQ(style.columns, 100U);
}

TEST(Style, HasNoColourWhereItIsNotWanted) {
  Surroundings surroundings = Terminal();
  surroundings.no_color = "1";
  EXPECT_FALSE(ChooseStyle(ColorChoice::kAuto, surroundings).color);
  EXPECT_TRUE(ChooseStyle(ColorChoice::kAlways, surroundings).color);
  surroundings = Terminal();
  surroundings.is_terminal = false;
  EXPECT_FALSE(ChooseStyle(ColorChoice::kAuto, surroundings).color);
  surroundings = Terminal();
  surroundings.term = "dumb";
  EXPECT_FALSE(ChooseStyle(ColorChoice::kAuto, surroundings).color);
  EXPECT_FALSE(ChooseStyle(ColorChoice::kNever, Terminal()).color);
}

TEST(Style, KnowsTheLocale) {
  for (const char* locale : {"C.utf8", "de_DE.UTF-8", "de_DE.utf-8@euro"}) {
    Surroundings surroundings = Terminal();
    surroundings.locale = locale;
    EXPECT_TRUE(ChooseStyle(ColorChoice::kAuto, surroundings).unicode)
        << locale;
  }
  for (const char* locale : {"", "C", "POSIX", "de_DE.ISO-8859-1"}) {
    Surroundings surroundings = Terminal();
    surroundings.locale = locale;
    EXPECT_FALSE(ChooseStyle(ColorChoice::kAuto, surroundings).unicode)
        << locale;
  }
}

TEST(Style, ClampsColumns) {
  Surroundings surroundings = Terminal();
  surroundings.terminal_columns = 10;
  EXPECT_EQ(ChooseStyle(ColorChoice::kAuto, surroundings).columns, 40U);
  surroundings.terminal_columns = 0;
  EXPECT_EQ(ChooseStyle(ColorChoice::kAuto, surroundings).columns, 100U);
  surroundings.columns = "80";
  EXPECT_EQ(ChooseStyle(ColorChoice::kAuto, surroundings).columns, 80U);
}

TEST(Style, ShowsAsciiWhereTheLocaleHasNoMore) {
  TextStyle style;
  EXPECT_EQ(style.Safe("M\u00fcller"), "M\u00fcller");
  style.unicode = false;
  EXPECT_EQ(style.Safe("M\u00fcller\x1b[31m"), "M\\u{00FC}ller\\u{001B}[31m");
}

}  // namespace
}  // namespace countersign::app
