#include "app/terminal/quantity.h"

#include <gtest/gtest.h>

namespace countersign::app {
namespace {

using std::chrono::milliseconds;

TEST(Quantity, ParsesDurations) {
  EXPECT_EQ(ParseDuration("30"), milliseconds(30'000));
  EXPECT_EQ(ParseDuration("500ms"), milliseconds(500));
  EXPECT_EQ(ParseDuration("2m"), milliseconds(120'000));
  EXPECT_EQ(ParseDuration("24h"), milliseconds(86'400'000));
  for (const char* bad : {"", "0", "-1", "25h", "1d", "1 s", "s", "1.5s",
                          "99999999999999999999s", "18446744073709551615h"}) {
    EXPECT_FALSE(ParseDuration(bad)) << bad;
  }
}

TEST(Quantity, ParsesSizes) {
  EXPECT_EQ(ParseSize("10"), 10U);
  EXPECT_EQ(ParseSize("64k"), 65536U);
  EXPECT_EQ(ParseSize("2GiB"), uint64_t{2} << 30);
  EXPECT_EQ(ParseSize("1TB"), uint64_t{1} << 40);
  for (const char* bad :
       {"", "0", "M", "1X", "1MM", "1.5G", "-1", "18446744073709551615k"}) {
    EXPECT_FALSE(ParseSize(bad)) << bad;
  }
}

TEST(Quantity, WritesForPeople) {
  EXPECT_EQ(WithCommas(0), "0");
  EXPECT_EQ(WithCommas(999), "999");
  EXPECT_EQ(WithCommas(1234567), "1,234,567");
  EXPECT_EQ(HumanSize(1), "1 byte");
  EXPECT_EQ(HumanSize(1536), "1.5 KiB");
  EXPECT_EQ(HumanSize((uint64_t{1} << 20) - 1), "1.0 MiB");
  EXPECT_EQ(HumanSeconds(0.021), "0.02 s");
  EXPECT_EQ(HumanSeconds(59.96), "1 min 00 s");
  EXPECT_EQ(HumanSeconds(7620), "2 h 07 min");
  EXPECT_EQ(Count(1, "file"), "1 file");
  EXPECT_EQ(Count(1204, "file"), "1,204 files");
}

}  // namespace
}  // namespace countersign::app
