#include "app/vetting/progress.h"

#include <gtest/gtest.h>

#include "app/terminal/width.h"

namespace countersign::app {
namespace {

ProgressFacts Half() {
  return {.files_done = 50,
          .bytes_done = 500'000,
          .files_total = 100,
          .bytes_total = 1'000'000,
          .total_known = true,
          .seconds = 10,
          .current = "downloads/some directory/a rather long name.exe"};
}

TEST(Progress, SaysHowFarAndHowLong) {
  const TextStyle style = {.columns = 100, .color = false, .unicode = false};
  EXPECT_EQ(ProgressLine(Half(), style),
            "######------  50%  50/100 files, 488.3 KiB, 5.0/s, 10.0 s left  "
            "downloads/...a rather long name.exe");
}

TEST(Progress, FitsAnyTerminal) {
  for (size_t columns = 1; columns < 150; ++columns) {
    const TextStyle style = {.columns = columns};
    EXPECT_LT(Width(ProgressLine(Half(), style)), columns);
  }
}

TEST(Progress, KnowsNoEndWhileItCounts) {
  ProgressFacts facts = Half();
  facts.total_known = false;
  facts.current = "a\x1b[2J";
  const std::string line = ProgressLine(facts, {.columns = 80});
  EXPECT_EQ(line.find('%'), std::string::npos);
  EXPECT_EQ(line.find("left"), std::string::npos);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace countersign::app
