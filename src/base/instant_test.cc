#include "base/instant.h"

#include <gtest/gtest.h>

namespace countersign::base {
namespace {

// Microseconds of the first and last instant that RFC 3339 can say.
constexpr int64_t kFirst = -62'135'596'800'000'000;
constexpr int64_t kLast = 253'402'300'799'999'999;

TEST(Instant, FromFileTime) {
  // 1601, the epoch of FILETIME; 1970; the last moment of 9999.
  EXPECT_EQ(ToRfc3339(*FromFileTime(0)), "1601-01-01T00:00:00Z");
  EXPECT_EQ(FromFileTime(116'444'736'000'000'000), Instant{});
  EXPECT_EQ(ToRfc3339(*FromFileTime(132537600000000000ULL)),
            "2020-12-30T00:00:00Z");
  EXPECT_EQ(ToRfc3339(*FromFileTime(2'650'467'743'999'999'999)),
            "9999-12-31T23:59:59.999999Z");
  EXPECT_EQ(FromFileTime(2'650'467'744'000'000'000), std::nullopt);
  EXPECT_EQ(FromFileTime(UINT64_MAX), std::nullopt);
}

TEST(Instant, Rfc3339HasAFractionOnlyWhereThereIsOne) {
  EXPECT_EQ(ToRfc3339({0}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(ToRfc3339({1}), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(ToRfc3339({120'000}), "1970-01-01T00:00:00.12Z");
  EXPECT_EQ(ToRfc3339({-1}), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(ToRfc3339({kFirst}), "0001-01-01T00:00:00Z");
  EXPECT_EQ(ToRfc3339({kLast}), "9999-12-31T23:59:59.999999Z");
}

TEST(Instant, TextAndInstantRoundTrip) {
  // Steps of an odd length over ten thousand years.
  for (int64_t at = kFirst; at < kLast; at += 41'234'567'890'123) {
    const Instant instant{at};
    const auto again = ParseInstant(ToRfc3339(instant));
    ASSERT_TRUE(again.has_value()) << ToRfc3339(instant);
    ASSERT_EQ(*again, instant) << ToRfc3339(instant);
    const auto civil = FromCivil(ToCivil(instant));
    ASSERT_TRUE(civil.has_value());
    ASSERT_EQ(*civil, instant);
  }
}

TEST(Instant, LeapYears) {
  EXPECT_TRUE(FromCivil({2000, 2, 29}).has_value());
  EXPECT_TRUE(FromCivil({2024, 2, 29}).has_value());
  EXPECT_FALSE(FromCivil({1900, 2, 29}).has_value());
  EXPECT_FALSE(FromCivil({2023, 2, 29}).has_value());
  EXPECT_EQ(FromCivil({2024, 3, 1})->unix_microseconds -
                FromCivil({2024, 2, 29})->unix_microseconds,
            86'400'000'000);
}

TEST(Instant, FieldsOutOfRangeAreRefused) {
  const CivilTime bad[] = {
      {0, 1, 1},           {10000, 1, 1},          {2024, 0, 1},
      {2024, 13, 1},       {2024, 1, 0},           {2024, 4, 31},
      {2024, 1, 1, 24},    {2024, 1, 1, -1},       {2024, 1, 1, 0, 60},
      {2024, 1, 1, 0, -1}, {2024, 1, 1, 0, 0, 61}, {2024, 1, 1, 0, 0, -1},
      {65536 + 2024, 1, 1}};
  for (const CivilTime& civil : bad) {
    EXPECT_FALSE(FromCivil(civil).has_value())
        << civil.year << "-" << civil.month << "-" << civil.day;
  }
  // A leap second counts as the next second.
  EXPECT_EQ(FromCivil({2016, 12, 31, 23, 59, 60}), FromCivil({2017, 1, 1}));
}

TEST(Instant, ParsesItsForms) {
  const Instant expected = *FromCivil({2026, 11, 23, 10, 0, 0});
  for (const std::string_view text :
       {"2026-11-23T10:00:00Z", "2026-11-23t10:00:00z", "2026-11-23 10:00:00Z",
        "2026-11-23T10:00:00.000Z", "2026-11-23T12:00:00+02:00",
        "2026-11-23T02:30:00-07:30", "@1795428000"}) {
    EXPECT_EQ(ParseInstant(text), expected) << text;
  }
  EXPECT_EQ(ParseInstant("2026-11-23"), FromCivil({2026, 11, 23}));
  EXPECT_EQ(ParseInstant("@-1"), FromUnixSeconds(-1));
  // Digits beyond a microsecond are dropped.
  EXPECT_EQ(ParseInstant("1970-01-01T00:00:00.1234567Z"), Instant{123'456});
}

TEST(Instant, RefusesWhatIsNoInstant) {
  for (const std::string_view text : {"",
                                      "2026",
                                      "2026-11",
                                      "2026-11-23T",
                                      "2026-11-23T10:00",
                                      "2026-11-23T10:00:00",
                                      "2026-11-23T10:00:00.Z",
                                      "2026-13-01",
                                      "2026-02-30",
                                      "2026-11-23T25:00:00Z",
                                      "2026-11-23T10:00:00Zx",
                                      "2026-11-23T10:00:00+0200",
                                      "2026-11-23T10:00:00+24:00",
                                      "2026-11-23T10:00:00+02:60",
                                      "+026-11-23",
                                      "2026-1-23",
                                      "@",
                                      "@x",
                                      "@1x",
                                      "@253402300800",
                                      "@-62135596801",
                                      "@99999999999999999999",
                                      "2026-11-23x"}) {
    EXPECT_EQ(ParseInstant(text), std::nullopt) << text;
  }
}

// What ParseInstant yields must be sayable in RFC 3339, or a report that
// holds it cannot be read back.
TEST(Instant, ParsedInstantsLieInYears1To9999) {
  for (const std::string_view text :
       {"0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:60Z", "0000-01-01"}) {
    EXPECT_EQ(ParseInstant(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseInstant("0001-01-01"), Instant{kFirst});
  EXPECT_EQ(ParseInstant("9999-12-31T23:59:59.999999Z"), Instant{kLast});
}

TEST(Instant, UnixSecondsRoundDown) {
  EXPECT_EQ(UnixSeconds({1'999'999}), 1);
  EXPECT_EQ(UnixSeconds({0}), 0);
  EXPECT_EQ(UnixSeconds({-1}), -1);
  EXPECT_EQ(UnixSeconds({-1'000'000}), -1);
  EXPECT_EQ(UnixSeconds({-1'000'001}), -2);
  EXPECT_EQ(UnixSeconds({kFirst}), -62'135'596'800);
}

}  // namespace
}  // namespace countersign::base
