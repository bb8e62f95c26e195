#include "vet/tree/allowance.h"

#include <gtest/gtest.h>

namespace countersign::vet {
namespace {

std::string LimitOf(const base::Result<void>& result) {
  return result ? "" : result.error().field;
}

TEST(Allowance, MembersAreCountedForGood) {
  UnpackLimits limits;
  limits.members = 2;
  Allowance allowance(limits, 100);
  allowance.BeginLayer();
  EXPECT_TRUE(allowance.TakeMember(0).has_value());
  EXPECT_TRUE(allowance.TakeMember(0).has_value());
  EXPECT_FALSE(allowance.IsSpent());
  EXPECT_EQ(LimitOf(allowance.TakeMember(7)), "members");
  EXPECT_TRUE(allowance.IsSpent());
  EXPECT_EQ(allowance.ValueOf("members"), 2U);
}

TEST(Allowance, OutputIsCountedOverAllMembers) {
  UnpackLimits limits;
  limits.output_bytes = 100;
  Allowance allowance(limits, 100);
  allowance.BeginLayer();
  EXPECT_TRUE(allowance.TakeOutput(60, 0, 10, 0).has_value());
  EXPECT_TRUE(allowance.TakeOutput(40, 0, 10, 0).has_value());
  EXPECT_EQ(LimitOf(allowance.TakeOutput(1, 0, 10, 0)), "output_bytes");
  EXPECT_TRUE(allowance.IsSpent());
}

TEST(Allowance, AMemberThatIsTooLargeEndsAlone) {
  UnpackLimits limits;
  limits.member_bytes = 50;
  Allowance allowance(limits, 100);
  allowance.BeginLayer();
  EXPECT_TRUE(allowance.TakeOutput(50, 0, 10, 0).has_value());
  EXPECT_EQ(LimitOf(allowance.TakeOutput(1, 50, 10, 0)), "member_bytes");
  EXPECT_FALSE(allowance.IsSpent());
  EXPECT_TRUE(allowance.TakeOutput(50, 0, 10, 0).has_value());
}

TEST(Allowance, TheRatioCountsOnceEnoughCameOut) {
  UnpackLimits limits;
  limits.ratio = 10;
  limits.ratio_from_bytes = 1000;
  Allowance large(limits, 1000);
  large.BeginLayer();
  EXPECT_TRUE(large.TakeOutput(1000, 0, 1, 0).has_value());
  EXPECT_EQ(LimitOf(large.TakeOutput(10, 1000, 1, 0)), "ratio");
  EXPECT_FALSE(large.IsSpent());
  EXPECT_TRUE(large.TakeOutput(1000, 0, 200, 0).has_value());
  Allowance small(limits, 10);
  small.BeginLayer();
  EXPECT_TRUE(small.TakeOutput(1000, 0, 1000, 0).has_value());
  EXPECT_EQ(LimitOf(small.TakeOutput(1000, 0, 1000, 0)), "ratio");
  EXPECT_TRUE(small.IsSpent());
}

TEST(Allowance, PathsAreCounted) {
  const UnpackLimits limits;
  Allowance allowance(limits, 100);
  EXPECT_TRUE(allowance.TakePath(uint64_t{32} << 20, 0).has_value());
  EXPECT_EQ(LimitOf(allowance.TakePath(1, 0)), "path_bytes");
}

TEST(Allowance, ALayerHasItsTime) {
  UnpackLimits limits;
  limits.layer_time = std::chrono::milliseconds(0);
  Allowance allowance(limits, 100);
  allowance.BeginLayer();
  std::string limit;
  for (int i = 0; i < 1'000'000 && limit.empty(); ++i) {
    limit = LimitOf(allowance.CheckTime(0));
  }
  EXPECT_EQ(limit, "layer_time_ms");
  EXPECT_FALSE(allowance.IsSpent());
}

TEST(Allowance, ATenthOfAllTimeIsForTheAnswer) {
  UnpackLimits limits;
  limits.total_time = std::chrono::seconds(1000);
  const auto ago = [](int seconds) {
    return Allowance::Clock::now() - std::chrono::seconds(seconds);
  };
  Allowance early(limits, 100, ago(890));
  early.BeginLayer();
  EXPECT_TRUE(early.CheckTime(0).has_value());
  EXPECT_FALSE(early.HasTimeToRepeat());
  Allowance late(limits, 100, ago(901));
  late.BeginLayer();
  EXPECT_EQ(LimitOf(late.TakeMember(7)), "time_ms");
  EXPECT_TRUE(late.IsSpent());
  EXPECT_EQ(late.ValueOf("time_ms"), 1'000'000U);
  EXPECT_TRUE(Allowance(limits, 100, ago(390)).HasTimeToRepeat());
}

}  // namespace
}  // namespace countersign::vet
