#include "install/documents/xml_root.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace countersign::install {
namespace {

std::string RootOf(std::string_view text) {
  base::Budget budget;
  const auto name = XmlRootName(base::AsBytes(text), budget);
  return name ? *name : "(failed)";
}

// In UTF-16, without a byte order mark.
std::string Wide(std::string_view text, bool is_big_endian) {
  std::string wide;
  for (const char letter : text) {
    wide += is_big_endian ? '\0' : letter;
    wide += is_big_endian ? letter : '\0';
  }
  return wide;
}

TEST(XmlRoot, IsFoundBehindAllThatMayStandInFront) {
  const std::string comment = "<!--" + std::string(10'000, 'x') + "<a>-->";
  for (const std::string& text :
       {std::string("<Root/>"), std::string("<Root>"),
        std::string("<Root a='b'>"), std::string("<Root"),
        std::string("<?xml version='1.0'?>\r\n<p:Root xmlns:p='u'/>"),
        comment + "<Root/>", "\n" + comment + comment + "\t<Root\n/>",
        "<?a <b>?><!DOCTYPE Root [<!ENTITY a \"]>'\"><!-- ' --><?b ]> ?>]>" +
            comment + "<Root/>",
        std::string("<!DOCTYPE Root SYSTEM '>'><Root/>")}) {
    EXPECT_EQ(RootOf(text), "Root") << text.substr(0, 40);
    EXPECT_EQ(RootOf("\xEF\xBB\xBF" + text), "Root") << text.substr(0, 40);
    EXPECT_EQ(RootOf(Wide(text, false)), "Root") << text.substr(0, 40);
    EXPECT_EQ(RootOf(Wide(text, true)), "Root") << text.substr(0, 40);
    EXPECT_EQ(RootOf("\xFF\xFE" + Wide(text, false)), "Root");
    EXPECT_EQ(RootOf("\xFE\xFF" + Wide(text, true)), "Root");
  }
}

TEST(XmlRoot, WhatIsNoXmlHasNone) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view text :
       {""sv, "<"sv, "MZ\0\0"sv, "\0"sv, "\0\0\0\0"sv, "\xFF\xFE"sv,
        "\xFE\xFF"sv, "\xFF\xFE<"sv, "\xEF\xBB\xBF"sv, "<!--"sv, "<!-- <a>"sv,
        "<?xml"sv, "<!DOCTYPE a ["sv, "no xml <a>"sv, "<!"sv}) {
    EXPECT_EQ(RootOf(text), "") << text;
  }
  EXPECT_EQ(RootOf("<" + std::string(100'000, 'x')), "");
}

TEST(XmlRoot, WhatIsSkippedIsPaidFor) {
  base::Limits limits;
  limits.steps = 100;
  base::Budget budget(limits);
  const std::string text = "<!--" + std::string(100'000, 'x') + "--><a/>";
  EXPECT_FALSE(XmlRootName(base::AsBytes(text), budget));
  EXPECT_TRUE(budget.Reached());
}

}  // namespace
}  // namespace countersign::install
