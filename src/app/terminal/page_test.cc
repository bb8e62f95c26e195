#include "app/terminal/page.h"

#include <gtest/gtest.h>

namespace countersign::app {
namespace {

TEST(Page, LinesUpTablesAndNeverEndsInBlanks) {
  Page page({.columns = 40});
  page.Table(2, {{"name"}, {"count", true}, {"note"}},
             {{{"a"}, {"1"}, {""}},
              {{"a note under the row that is too long for one line"}},
              {{"long name"}, {"1,000"}, {"x"}}});
  EXPECT_EQ(page.Take(),
            "  name       count  note\n"
            "  a              1\n"
            "             a note under the row that\n"
            "             is too long for one line\n"
            "  long name  1,000  x\n");
}

TEST(Page, CutsOnlyTheLastCell) {
  Page page({.columns = 40, .unicode = false});
  page.Table(0, {{}, {}}, {{{"0123456789"}, {std::string(50, 'x')}}});
  EXPECT_EQ(page.Take(), "0123456789  " + std::string(25, 'x') + "...\n");
}

TEST(Page, WrapsBesideALabel) {
  Page page({.columns = 40});
  page.Entry(2, {"1"}, 3, {"a sentence that does not fit into one line"});
  EXPECT_EQ(page.Take(),
            "  1  a sentence that does not fit into\n"
            "     one line\n");
}

TEST(Page, ColoursWithoutMovingAnything) {
  Page page({.columns = 40, .color = true});
  page.Table(0, {{}, {}}, {{{"ok", Ink::kGood}, {"x"}}, {{"bad"}, {"y"}}});
  EXPECT_EQ(page.Take(), "\x1b[32mok\x1b[0m   x\nbad  y\n");
}

TEST(Page, HasNoDoubleGaps) {
  Page page({});
  page.Gap();
  page.Put(0, {{"a"}});
  page.Gap();
  page.Gap();
  page.Heading("b", "c");
  EXPECT_EQ(page.Take(), "a\n\nb  c\n");
}

}  // namespace
}  // namespace countersign::app
