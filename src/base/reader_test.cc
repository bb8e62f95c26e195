#include "base/reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/checked.h"

namespace countersign::base {
namespace {

constexpr std::array<uint8_t, 16> kBytes = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06,
                                            0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C,
                                            0x0D, 0x0E, 0x0F, 0x10};

TEST(Reader, ReadsLittleEndianIntegers) {
  Reader reader(Input{kBytes, 0});
  EXPECT_EQ(reader.U8("a"), 0x01);
  EXPECT_EQ(reader.U16("b"), 0x0302);
  EXPECT_EQ(reader.U32("c"), 0x07060504U);
  EXPECT_EQ(reader.U64("d"), 0x0F0E0D0C0B0A0908U);
  EXPECT_EQ(reader.Remaining(), 1U);
  EXPECT_FALSE(reader.Failed());
  EXPECT_EQ(reader.Finish(7).value(), 7);
}

TEST(Reader, OffsetsAreAbsolute) {
  Reader reader(Input{kBytes, 1000});
  EXPECT_EQ(reader.Offset(), 1000U);
  reader.Skip(3, "skip");
  EXPECT_EQ(reader.Offset(), 1003U);
  reader.Seek(10, "seek");
  EXPECT_EQ(reader.Offset(), 1010U);
  EXPECT_EQ(reader.U8("byte"), 0x0B);
}

TEST(Reader, FailureIsStickyAndTheFirstWins) {
  Reader reader(Input{kBytes, 100});
  reader.Skip(14, "skip");
  EXPECT_EQ(reader.U32("needs four"), 0U);
  EXPECT_TRUE(reader.Failed());
  // Bytes that are there are no longer given, and nothing moves.
  EXPECT_EQ(reader.U8("there"), 0);
  EXPECT_EQ(reader.U16("there"), 0);
  EXPECT_EQ(reader.Remaining(), 0U);
  EXPECT_TRUE(reader.Take(0, "nothing").empty());
  reader.Seek(0, "back");
  EXPECT_EQ(reader.U64("start"), 0U);
  reader.Fail(Fault::kUnsupported, "later");
  const auto result = reader.Finish(1);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().fault, Fault::kTruncated);
  EXPECT_EQ(result.error().offset, 114U);
  EXPECT_STREQ(result.error().field, "needs four");
}

TEST(Reader, ReadsToTheEndAndNotBeyond) {
  Reader reader(Input{kBytes, 0});
  EXPECT_EQ(reader.Take(16, "all").size(), 16U);
  EXPECT_EQ(reader.Remaining(), 0U);
  EXPECT_TRUE(reader.Take(0, "nothing").empty());
  EXPECT_FALSE(reader.Failed());
  reader.Skip(1, "one more");
  EXPECT_TRUE(reader.Failed());
}

TEST(Reader, SizesThatWouldWrapAreRefused) {
  Reader reader(Input{kBytes, 0});
  reader.Skip(4, "skip");
  EXPECT_TRUE(reader.Take(UINT64_MAX - 2, "huge").empty());
  EXPECT_TRUE(reader.Failed());
}

TEST(Reader, SeeksToTheEndButNotPastIt) {
  Reader at_end(Input{kBytes, 0});
  at_end.Seek(16, "end");
  EXPECT_FALSE(at_end.Failed());
  Reader beyond(Input{kBytes, 0});
  beyond.Seek(17, "beyond");
  ASSERT_TRUE(beyond.Failed());
  EXPECT_STREQ(beyond.Finish(0).error().field, "beyond");
}

TEST(ByteRange, InsideNeverWraps) {
  EXPECT_TRUE((ByteRange{0, 0}.Inside(0)));
  EXPECT_TRUE((ByteRange{10, 0}.Inside(10)));
  EXPECT_TRUE((ByteRange{4, 6}.Inside(10)));
  EXPECT_FALSE((ByteRange{4, 7}.Inside(10)));
  EXPECT_FALSE((ByteRange{11, 0}.Inside(10)));
  EXPECT_FALSE((ByteRange{UINT64_MAX, 2}.Inside(10)));
  EXPECT_FALSE((ByteRange{2, UINT64_MAX}.Inside(10)));
  EXPECT_FALSE((ByteRange{UINT64_MAX, UINT64_MAX}.Inside(UINT64_MAX)));
}

TEST(Checked, SumsAndProducts) {
  EXPECT_EQ((CheckedSum<uint8_t>(200, 55)), 255);
  EXPECT_EQ((CheckedSum<uint8_t>(200, 56)), std::nullopt);
  EXPECT_EQ((CheckedSum<uint64_t>(UINT64_MAX, 0)), UINT64_MAX);
  EXPECT_EQ((CheckedSum<uint64_t>(UINT64_MAX, 1)), std::nullopt);
  EXPECT_EQ((CheckedProduct<uint32_t>(65536, 65535)), 0xFFFF0000U);
  EXPECT_EQ((CheckedProduct<uint32_t>(65536, 65536)), std::nullopt);
  EXPECT_EQ((CheckedProduct<uint32_t>(0, UINT32_MAX)), 0U);
}

TEST(Checked, AlignsUp) {
  EXPECT_EQ((CheckedAlign<uint64_t>(0, 8)), 0U);
  EXPECT_EQ((CheckedAlign<uint64_t>(1, 8)), 8U);
  EXPECT_EQ((CheckedAlign<uint64_t>(8, 8)), 8U);
  EXPECT_EQ((CheckedAlign<uint64_t>(9, 8)), 16U);
  EXPECT_EQ((CheckedAlign<uint32_t>(0xFFFFFFF8U, 8)), 0xFFFFFFF8U);
  EXPECT_EQ((CheckedAlign<uint32_t>(0xFFFFFFF9U, 8)), std::nullopt);
}

TEST(Budget, PaysUntilItIsSpentAndStaysSpent) {
  Budget budget(
      {.steps = 10, .depth = 1, .signatures = 1, .public_key_operations = 0});
  EXPECT_TRUE(budget.ChargeSteps(7, 0).has_value());
  EXPECT_EQ(budget.Left().steps, 3U);
  EXPECT_TRUE(budget.ChargeSteps(3, 0).has_value());
  EXPECT_TRUE(budget.ChargeSteps(0, 0).has_value());
  const auto refused = budget.ChargeSteps(1, 42);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fault, Fault::kLimit);
  EXPECT_EQ(refused.error().offset, 42U);
  EXPECT_STREQ(refused.error().field, "steps");
  EXPECT_TRUE(budget.ChargeSignature(0).has_value());
  EXPECT_FALSE(budget.ChargeSignature(0).has_value());
  EXPECT_FALSE(budget.ChargePublicKeyOperation(0).has_value());
}

TEST(Budget, OneChargeTooLargeSpendsEverything) {
  Budget budget({.steps = 10});
  EXPECT_FALSE(budget.ChargeSteps(11, 0).has_value());
  EXPECT_EQ(budget.Left().steps, 0U);
  EXPECT_FALSE(budget.ChargeSteps(1, 0).has_value());
}

TEST(Budget, RemembersTheFirstLimitThatWasReached) {
  Budget budget({.steps = 0, .signatures = 0});
  EXPECT_FALSE(budget.Reached().has_value());
  (void)budget.ChargeSignature(5);
  (void)budget.ChargeSteps(1, 9);
  budget.NoteReached(11, "something else");
  ASSERT_TRUE(budget.Reached().has_value());
  EXPECT_EQ(budget.Reached()->offset, 5U);
  EXPECT_STREQ(budget.Reached()->field, "signatures");
}

Result<int> Half(int value) {
  if (value % 2 != 0) {
    return Fail(Fault::kMalformed, 3, "odd");
  }
  return value / 2;
}

Result<int> Quarter(int value) {
  const int half = CS_TRY(Half(value));
  return CS_TRY(Half(half));
}

TEST(Result, TryPropagatesTheError) {
  EXPECT_EQ(Quarter(8).value(), 2);
  ASSERT_FALSE(Quarter(6).has_value());
  EXPECT_STREQ(Quarter(6).error().field, "odd");
}

TEST(Result, EveryFaultHasItsOwnWords) {
  std::vector<std::string> seen;
  for (const Fault fault : {Fault::kTruncated, Fault::kMalformed,
                            Fault::kUnsupported, Fault::kLimit, Fault::kIo}) {
    const std::string words = Describe(fault);
    EXPECT_EQ(std::count(seen.begin(), seen.end(), words), 0) << words;
    seen.push_back(words);
  }
}

}  // namespace
}  // namespace countersign::base
