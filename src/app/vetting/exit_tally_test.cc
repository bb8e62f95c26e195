#include "app/vetting/exit_tally.h"

#include <gtest/gtest.h>

#include <vector>

#include "app/command.h"
#include "app/sample/reports.h"

namespace countersign::app {
namespace {

struct Row {
  const char* name;
  FailOn fail_on;
  std::vector<model::Report> reports;
  bool unreadable;
  int code;
};

TEST(ExitTally, DecisionTable) {
  model::Report unsigned_incomplete = SampleUnsigned();
  unsigned_incomplete.complete = false;
  const auto allowed = SampleAllowed();
  const auto held = SampleUnsigned();
  const auto blocked = SampleTampered();
  const auto incomplete = SampleIncomplete();
  const std::vector<Row> rows = {
      {"nothing", FailOn::kHold, {}, false, kExitSuccess},
      {"allow", FailOn::kHold, {allowed}, false, kExitSuccess},
      {"allow counts", FailOn::kAllow, {allowed}, false, kExitFound},
      {"hold", FailOn::kHold, {allowed, held}, false, kExitFound},
      {"hold below", FailOn::kBlock, {held}, false, kExitSuccess},
      {"block", FailOn::kBlock, {held, blocked}, false, kExitFound},
      {"never", FailOn::kNever, {blocked, incomplete}, false, kExitSuccess},
      {"never, unreadable", FailOn::kNever, {blocked}, true, kExitError},
      {"unreadable", FailOn::kHold, {allowed}, true, kExitError},
      {"found before unreadable", FailOn::kHold, {held}, true, kExitFound},
      {"incomplete", FailOn::kHold, {incomplete}, false, kExitIncomplete},
      {"incomplete below",
       FailOn::kBlock,
       {incomplete},
       false,
       kExitIncomplete},
      {"unreadable before incomplete",
       FailOn::kHold,
       {incomplete},
       true,
       kExitError},
      {"found before incomplete",
       FailOn::kHold,
       {incomplete, held},
       false,
       kExitFound},
      {"incomplete, but more",
       FailOn::kHold,
       {unsigned_incomplete},
       false,
       kExitFound},
      {"incomplete, but more, below",
       FailOn::kBlock,
       {unsigned_incomplete},
       false,
       kExitIncomplete},
  };
  for (const Row& row : rows) {
    ExitTally tally(row.fail_on);
    for (const model::Report& report : row.reports) {
      tally.Add(report);
    }
    if (row.unreadable) {
      tally.AddUnreadable();
    }
    EXPECT_EQ(tally.Code(), row.code) << row.name;
  }
}

}  // namespace
}  // namespace countersign::app
