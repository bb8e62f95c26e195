#include <gtest/gtest.h>

#include <string>

#include "forge/der.h"
#include "signing/asn1/der.h"
#include "signing/asn1/pem.h"

namespace countersign::signing {
namespace {

using std::string_literals::operator""s;

base::Result<base::Instant> Time(uint8_t identifier, std::string_view text) {
  Element element;
  element.identifier = identifier;
  element.value = {base::AsBytes(text), 77};
  element.whole = {base::AsBytes(text), 75};
  return TimeContent(element);
}

// RFC 3339 of the time, or the fault.
std::string Utc(std::string_view text) {
  const auto time = Time(tag::kUtcTime, text);
  return time ? base::ToRfc3339(*time) : base::Describe(time.error().fault);
}

std::string Generalized(std::string_view text) {
  const auto time = Time(tag::kGeneralizedTime, text);
  return time ? base::ToRfc3339(*time) : base::Describe(time.error().fault);
}

TEST(Time, UtcTimeTurnsIn1950) {
  EXPECT_EQ(Utc("491231235959Z"), "2049-12-31T23:59:59Z");
  EXPECT_EQ(Utc("500101000000Z"), "1950-01-01T00:00:00Z");
  EXPECT_EQ(Utc("000229000000Z"), "2000-02-29T00:00:00Z");
  EXPECT_EQ(Utc("991231235959Z"), "1999-12-31T23:59:59Z");
}

TEST(Time, OffsetsAndMissingSeconds) {
  EXPECT_EQ(Utc("2606011000Z"), "2026-06-01T10:00:00Z");
  EXPECT_EQ(Utc("260601100000+0200"), "2026-06-01T08:00:00Z");
  EXPECT_EQ(Utc("260601100000-0730"), "2026-06-01T17:30:00Z");
  EXPECT_EQ(Generalized("20260601100000"), "2026-06-01T10:00:00Z");
  EXPECT_EQ(Generalized("202606011000Z"), "2026-06-01T10:00:00Z");
}

TEST(Time, Fractions) {
  EXPECT_EQ(Generalized("20260601100000.5Z"), "2026-06-01T10:00:00.5Z");
  EXPECT_EQ(Generalized("20260601100000,25Z"), "2026-06-01T10:00:00.25Z");
  EXPECT_EQ(Generalized("20260601100000.1234567Z"),
            "2026-06-01T10:00:00.123456Z");
}

TEST(Time, BoundsAreThoseOfRfc3339) {
  EXPECT_EQ(Generalized("00010101000000Z"), "0001-01-01T00:00:00Z");
  EXPECT_EQ(Generalized("99991231235959Z"), "9999-12-31T23:59:59Z");
  EXPECT_EQ(Generalized("00000101000000Z"), "is malformed");
  EXPECT_EQ(Generalized("00010101000000+0001"), "is malformed");
  EXPECT_EQ(Generalized("99991231235959-0001"), "is malformed");
  EXPECT_EQ(Generalized("99991231235960Z"), "is malformed");
}

TEST(Time, WhatIsNoTimeIsMalformed) {
  for (const std::string_view text :
       {"", "26", "2606011", "260601100000z", "260601100000 ", "2606011000005Z",
        "261301100000Z", "260600100000Z", "260230100000Z", "260601240000Z",
        "260601106000Z", "260601100061Z", "26060110000aZ", "-60601100000Z",
        "260601100000+02", "260601100000+02000", "260601100000x0200"}) {
    EXPECT_EQ(Utc(text), "is malformed") << text;
  }
  const auto wrong = Time(tag::kInteger, "260601100000Z");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().offset, 75U);
  EXPECT_FALSE(Time(tag::kUtcTime, "260601100000Z\0"s).has_value());
}

TEST(Time, ReadsWhatTheForgeWrites) {
  for (const int64_t seconds :
       {-631152000LL, 0LL, 1748772000LL, 2524607999LL, 2524608000LL}) {
    base::Budget budget;
    const forge::ByteVector node = forge::X509Time(seconds);
    DerReader reader({node, 0}, budget);
    EXPECT_EQ(TimeContent(reader.Any("Time")).value(),
              base::FromUnixSeconds(seconds));
  }
}

std::string Text(uint8_t identifier, std::string_view octets) {
  Element element;
  element.identifier = identifier;
  element.value = {base::AsBytes(octets), 0};
  return StringContent(element);
}

TEST(String, EveryTypeBecomesUtf8) {
  EXPECT_EQ(Text(tag::kUtf8String, "M\u00FCller"), "M\u00FCller");
  EXPECT_EQ(Text(tag::kPrintableString, "plain"), "plain");
  EXPECT_EQ(Text(tag::kT61String, "M\xFCller"), "M\u00FCller");
  EXPECT_EQ(Text(tag::kIa5String, "a@b"), "a@b");
  EXPECT_EQ(Text(tag::kBmpString, "\0M\0\xFC"s), "M\u00FC");
  EXPECT_EQ(Text(tag::kUniversalString, "\0\0\0M\0\1\xF6\x42"s), "M\U0001F642");
  // What no code point can be.
  EXPECT_EQ(Text(tag::kUniversalString, "\x7F\xFF\xFF\xFF"), "\uFFFD");
  EXPECT_EQ(Text(tag::kUniversalString, "\0\0\xD8\0"s), "\uFFFD");
  EXPECT_EQ(Text(tag::kUniversalString, "\0\0\0"s), "");
}

TEST(String, TypesOfTheForgeAgree) {
  const std::string text = "Inert \u00E9";
  for (const forge::StringType type :
       {forge::StringType::kUtf8, forge::StringType::kBmp,
        forge::StringType::kUniversal}) {
    base::Budget budget;
    const forge::ByteVector node = forge::String(type, text);
    DerReader reader({node, 0}, budget);
    EXPECT_EQ(StringContent(reader.Any("string")), text);
  }
}

TEST(Pem, YieldsEveryBlockAndSkipsTheRest) {
  const auto blocks = DecodePem(
      "text\n-----BEGIN A-----\nAAEC\n-----END A-----\r\nmore\n"
      "-----BEGIN B-----\r\nAw ==\r\n-----END B-----\n");
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(blocks[0], (std::vector<uint8_t>{0, 1, 2}));
  EXPECT_EQ(blocks[1], (std::vector<uint8_t>{3}));
}

TEST(Pem, LeavesOutWhatIsDamaged) {
  EXPECT_TRUE(DecodePem("").empty());
  EXPECT_TRUE(DecodePem("-----BEGIN A-----\nAAEC\n").empty());
  EXPECT_TRUE(DecodePem("-----BEGIN A-----AAEC-----END A-----").empty());
  EXPECT_TRUE(DecodePem("-----BEGIN A-----\nA!EC\n-----END A-----\n").empty());
  EXPECT_TRUE(DecodePem("-----BEGIN A-----\nA\n-----END A-----\n").empty());
  EXPECT_TRUE(
      DecodePem("-----BEGIN A-----\nAA==AA\n-----END A-----\n").empty());
}

TEST(Integer, RedundantOctetsAreNoDifference) {
  const auto shortest = [](const std::vector<uint8_t>& content) {
    const base::Bytes bytes = ShortestInteger(content);
    return std::vector<uint8_t>(bytes.begin(), bytes.end());
  };
  using Octets = std::vector<uint8_t>;
  EXPECT_EQ(shortest({0x00, 0x00, 0x12}), (Octets{0x12}));
  EXPECT_EQ(shortest({0x00, 0x80}), (Octets{0x00, 0x80}));
  EXPECT_EQ(shortest({0xFF, 0xFF, 0x80}), (Octets{0x80}));
  EXPECT_EQ(shortest({0xFF, 0x12}), (Octets{0xFF, 0x12}));
  EXPECT_EQ(shortest({0x00}), (Octets{0x00}));
  EXPECT_EQ(shortest({}), Octets{});
}

}  // namespace
}  // namespace countersign::signing
