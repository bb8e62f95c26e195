#include "signing/asn1/der.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <vector>

#include "forge/der.h"

namespace countersign::signing {
namespace {

using base::Budget;
using base::Bytes;
using base::Fault;
using Vector = std::vector<uint8_t>;

// Where the inputs pretend to stand, so that offsets show.
constexpr uint64_t kAt = 1000;

DerReader ReaderOf(const Vector& bytes, Budget& budget) {
  return DerReader({bytes, kAt}, budget);
}

// The fault of reading one element and then the end, or nothing.
std::optional<base::Error> ErrorOf(const Vector& bytes) {
  Budget budget;
  DerReader reader = ReaderOf(bytes, budget);
  (void)reader.Any("element");
  reader.ExpectEnd("end");
  const auto result = reader.Finish(0);
  return result ? std::nullopt : std::optional(result.error());
}

Vector ValueOf(const Vector& bytes) {
  Budget budget;
  DerReader reader = ReaderOf(bytes, budget);
  const Element element = reader.Any("element");
  EXPECT_FALSE(reader.Failed());
  return {element.value.bytes.begin(), element.value.bytes.end()};
}

TEST(DerReader, ReadsElementsWithAbsoluteOffsets) {
  Budget budget;
  const Vector bytes = {0x02, 0x01, 0x05, 0x04, 0x02, 0xAA, 0xBB};
  DerReader reader = ReaderOf(bytes, budget);
  EXPECT_TRUE(reader.NextIs(tag::kInteger));
  const Element first = reader.Expect(tag::kInteger, "first");
  EXPECT_EQ(first.whole.offset, kAt);
  EXPECT_EQ(first.whole.bytes.size(), 3U);
  EXPECT_EQ(first.value.offset, kAt + 2);
  EXPECT_FALSE(first.IsConstructed());
  const Element second = reader.Expect(tag::kOctetString, "second");
  EXPECT_EQ(second.value.offset, kAt + 5);
  EXPECT_TRUE(reader.AtEnd());
  reader.ExpectEnd("end");
  EXPECT_FALSE(reader.Failed());
  EXPECT_EQ(budget.Left().steps, base::Limits{}.steps - 2);
}

TEST(DerReader, LengthsNeedNotBeMinimal) {
  const Vector value = {0xAA};
  EXPECT_EQ(ValueOf({0x04, 0x01, 0xAA}), value);
  EXPECT_EQ(ValueOf({0x04, 0x81, 0x01, 0xAA}), value);
  EXPECT_EQ(ValueOf({0x04, 0x84, 0, 0, 0, 1, 0xAA}), value);
  EXPECT_EQ(ValueOf({0x04, 0x88, 0, 0, 0, 0, 0, 0, 0, 1, 0xAA}), value);
  // Nine octets of length are more than anything can hold.
  EXPECT_EQ(ErrorOf({0x04, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xAA})->fault,
            Fault::kMalformed);
  EXPECT_EQ(ErrorOf({0x04, 0xFF})->fault, Fault::kMalformed);
}

TEST(DerReader, LengthsBeyondTheInputAreTruncated) {
  for (const Vector& bytes :
       {Vector{0x04, 0x02, 0xAA}, Vector{0x04, 0x84, 0xFF, 0xFF, 0xFF, 0xFF},
        Vector{0x04, 0x88, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
        Vector{0x04, 0x88, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xF0, 1},
        Vector{0x04, 0x82, 0x01}, Vector{0x04}}) {
    const auto error = ErrorOf(bytes);
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->fault, Fault::kTruncated);
    EXPECT_EQ(error->offset, kAt);
    EXPECT_STREQ(error->field, "element");
  }
}

TEST(DerReader, EveryTruncationIsAnError) {
  const forge::ByteVector tree = forge::Sequence(
      {forge::Integer(1),
       forge::IndefiniteTlv(forge::kTagSequence, forge::Integer(2)),
       forge::OctetString(Vector(200, 7))});
  for (size_t size = 0; size < tree.size(); ++size) {
    Budget budget;
    DerReader reader({Bytes(tree).first(size), kAt}, budget);
    (void)reader.Expect(tag::kSequence, "tree");
    ASSERT_TRUE(reader.Failed()) << size;
    EXPECT_EQ(reader.Finish(0).error().fault, Fault::kTruncated) << size;
  }
  EXPECT_FALSE(ErrorOf(tree).has_value());
}

TEST(DerReader, IndefiniteLengthsEndWithTheirMarker) {
  EXPECT_EQ(ValueOf({0x30, 0x80, 0x05, 0x00, 0x00, 0x00}),
            (Vector{0x05, 0x00}));
  // Nested, and with zeros inside a definite element.
  EXPECT_EQ(ValueOf({0x30, 0x80, 0x30, 0x80, 0x04, 0x02, 0x00, 0x00, 0x00, 0x00,
                     0x00, 0x00}),
            (Vector{0x30, 0x80, 0x04, 0x02, 0x00, 0x00, 0x00, 0x00}));
  EXPECT_EQ(ErrorOf({0x30, 0x80, 0x05, 0x00})->fault, Fault::kTruncated);
  EXPECT_EQ(ErrorOf({0x30, 0x80, 0x05, 0x00, 0x00})->fault, Fault::kTruncated);
  // Only a constructed element may have one.
  EXPECT_EQ(ErrorOf({0x04, 0x80, 0x00, 0x00})->fault, Fault::kMalformed);
}

TEST(DerReader, WholeCoversTheMarkerAndValueDoesNot) {
  Budget budget;
  const Vector bytes = {0x30, 0x80, 0x05, 0x00, 0x00, 0x00, 0x02, 0x01, 0x01};
  DerReader reader = ReaderOf(bytes, budget);
  const Element element = reader.Any("element");
  EXPECT_TRUE(element.indefinite);
  EXPECT_EQ(element.whole.bytes.size(), 6U);
  EXPECT_EQ(element.value.bytes.size(), 2U);
  EXPECT_TRUE(reader.NextIs(tag::kInteger));
}

TEST(DerReader, IndefiniteNestingHasALimit) {
  const auto nested = [](size_t depth) {
    Vector bytes;
    for (size_t i = 0; i < depth; ++i) {
      bytes.insert(bytes.end(), {0x30, 0x80});
    }
    bytes.insert(bytes.end(), depth * 2, 0);
    return bytes;
  };
  EXPECT_FALSE(ErrorOf(nested(24)).has_value());
  EXPECT_EQ(ErrorOf(nested(100))->fault, Fault::kLimit);
}

TEST(DerReader, HighTagNumbersAreSkippedWhole) {
  EXPECT_EQ(ValueOf({0x1F, 0x1F, 0x01, 0xAA}), Vector{0xAA});
  EXPECT_EQ(ValueOf({0xBF, 0x81, 0x82, 0x03, 0x01, 0xAA}), Vector{0xAA});
  EXPECT_EQ(ErrorOf({0x1F})->fault, Fault::kTruncated);
  EXPECT_EQ(ErrorOf({0x1F, 0x81})->fault, Fault::kTruncated);
  EXPECT_EQ(ErrorOf({0x1F, 0x81, 0x01})->fault, Fault::kTruncated);
  // A number of five octets and more is refused, not read as something else.
  EXPECT_TRUE(
      ErrorOf({0x1F, 0x81, 0x81, 0x81, 0x81, 0x81, 0x01, 0x00}).has_value());
}

TEST(DerReader, FailureIsSticky) {
  Budget budget;
  const Vector bytes = {0x02, 0x01, 0x05, 0x02, 0x01, 0x06};
  DerReader reader = ReaderOf(bytes, budget);
  EXPECT_TRUE(reader.Expect(tag::kOctetString, "wrong").value.bytes.empty());
  EXPECT_TRUE(reader.Failed());
  EXPECT_TRUE(reader.AtEnd());
  EXPECT_FALSE(reader.NextIs(tag::kInteger));
  EXPECT_TRUE(reader.Rest().bytes.empty());
  EXPECT_EQ(reader.Any("later").identifier, 0);
  EXPECT_FALSE(reader.Optional(tag::kInteger, "later").has_value());
  reader.Fail(Fault::kIo, "later");
  const auto result = reader.Finish(0);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().fault, Fault::kMalformed);
  EXPECT_EQ(result.error().offset, kAt);
  EXPECT_STREQ(result.error().field, "wrong");
}

// A parser goes on reading inside what was not there.
TEST(DerReader, WhatIsNotThereStillHasAPlace) {
  Budget budget;
  const Vector bytes = {0x05, 0x00, 0x30, 0x7F};
  DerReader reader = ReaderOf(bytes, budget);
  (void)reader.Any("null");
  const Element missing = reader.Expect(tag::kSequence, "sequence");
  EXPECT_EQ(missing.whole.offset, kAt + 2);
  EXPECT_EQ(TimeContent(missing).error().offset, kAt + 2);
  DerReader inner(missing.value, budget);
  (void)inner.Expect(tag::kInteger, "integer");
  EXPECT_EQ(inner.Finish(0).error().offset, kAt + 2);
  EXPECT_EQ(reader.Any("again").value.offset, kAt + 2);
}

TEST(DerReader, OptionalConsumesOnlyItsOwn) {
  Budget budget;
  const Vector bytes = {0xA0, 0x00, 0x02, 0x01, 0x05};
  DerReader reader = ReaderOf(bytes, budget);
  EXPECT_FALSE(reader.Optional(tag::Explicit(1), "one").has_value());
  EXPECT_TRUE(reader.Optional(tag::Explicit(0), "zero").has_value());
  EXPECT_EQ(reader.Rest().bytes.size(), 3U);
  EXPECT_EQ(reader.Rest().offset, kAt + 2);
  reader.ExpectEnd("end");
  EXPECT_EQ(reader.Finish(0).error().offset, kAt + 2);
}

TEST(DerReader, ASpentBudgetIsALimit) {
  Budget budget({.steps = 1});
  const Vector bytes = {0x05, 0x00, 0x05, 0x00};
  DerReader reader = ReaderOf(bytes, budget);
  (void)reader.Any("first");
  (void)reader.Any("second");
  EXPECT_EQ(reader.Finish(0).error().fault, Fault::kLimit);
  EXPECT_EQ(reader.Finish(0).error().offset, kAt + 2);
}

// Reads everything there is, breadth first.
void ReadAll(Bytes bytes, Budget& budget) {
  std::vector<base::Input> open = {{bytes, 0}};
  for (size_t i = 0; i < open.size(); ++i) {
    DerReader reader(open[i], budget);
    while (!reader.AtEnd()) {
      const Element element = reader.Any("element");
      if (!reader.Failed() && element.IsConstructed()) {
        open.push_back(element.value);
      }
    }
  }
}

// A megabyte of the worst must end within the budget, whose steps are cheap.
TEST(DerReader, HostileMegabytesEndQuickly) {
  constexpr size_t kSize = 1 << 20;
  Vector definite;  // every SEQUENCE holds the rest
  while (definite.size() < kSize / 8) {
    const size_t left = kSize - definite.size();
    definite.insert(definite.end(),
                    {0x30, 0x83, static_cast<uint8_t>((left - 5) >> 16),
                     static_cast<uint8_t>((left - 5) >> 8),
                     static_cast<uint8_t>(left - 5)});
  }
  definite.resize(kSize);
  Vector open_ended;
  for (size_t i = 0; i < kSize / 2; ++i) {
    open_ended.insert(open_ended.end(), {0x30, 0x80});
  }
  Vector siblings;  // of 20 levels each
  while (siblings.size() < kSize) {
    for (int i = 0; i < 20; ++i) {
      siblings.insert(siblings.end(), {0x30, 0x80});
    }
    siblings.insert(siblings.end(), 40, 0);
  }
  Vector nulls;
  for (size_t i = 0; i < kSize / 2; ++i) {
    nulls.insert(nulls.end(), {0x05, 0x00});
  }
  for (const Vector& bytes :
       {definite, open_ended, siblings, nulls, Vector(kSize, 0),
        Vector(kSize, 0x30), Vector(kSize, 0x80), Vector(kSize, 0x1F)}) {
    Budget budget;
    const auto start = std::chrono::steady_clock::now();
    ReadAll(bytes, budget);
    EXPECT_LT(std::chrono::steady_clock::now() - start,
              std::chrono::seconds(3));
  }
}

Element ElementOf(const Vector& bytes, Budget& budget) {
  DerReader reader({bytes, kAt}, budget);
  const Element element = reader.Any("element");
  EXPECT_FALSE(reader.Failed());
  return element;
}

TEST(OctetString, ConstructedOnesArePutTogether) {
  Budget budget;
  Vector storage;
  const Vector plain = {0x04, 0x02, 0x01, 0x02};
  EXPECT_EQ(OctetStringContent(ElementOf(plain, budget), budget, storage)
                ->bytes.size(),
            2U);
  const Vector parts = {0x24, 0x80, 0x04, 0x01, 0x01, 0x04, 0x00,
                        0x04, 0x02, 0x02, 0x03, 0x00, 0x00};
  const auto joined =
      OctetStringContent(ElementOf(parts, budget), budget, storage);
  ASSERT_TRUE(joined.has_value());
  EXPECT_TRUE(base::Equal(joined->bytes, Vector{1, 2, 3}));
  const Vector nested = {0x24, 0x04, 0x24, 0x02, 0x04, 0x00};
  EXPECT_EQ(OctetStringContent(ElementOf(nested, budget), budget, storage)
                .error()
                .fault,
            Fault::kUnsupported);
  const Vector other = {0x24, 0x02, 0x05, 0x00};
  EXPECT_FALSE(OctetStringContent(ElementOf(other, budget), budget, storage)
                   .has_value());
}

TEST(BitString, HasItsCountOfUnusedBits) {
  Budget budget;
  const Vector good = {0x03, 0x03, 0x04, 0xAB, 0xC0};
  EXPECT_EQ(BitStringContent(ElementOf(good, budget))->bytes.size(), 2U);
  for (const Vector& bad : {Vector{0x03, 0x00}, Vector{0x03, 0x02, 0x08, 0xFF},
                            Vector{0x23, 0x03, 0x03, 0x01, 0x00}}) {
    EXPECT_FALSE(BitStringContent(ElementOf(bad, budget)).has_value());
  }
}

TEST(Integer, FitsInto64BitsAndIsNotNegative) {
  Budget budget;
  const auto content = [&](const Vector& value) {
    Vector bytes = {0x02, static_cast<uint8_t>(value.size())};
    bytes.insert(bytes.end(), value.begin(), value.end());
    const auto result = IntegerContent(ElementOf(bytes, budget));
    return result ? std::optional(*result) : std::nullopt;
  };
  EXPECT_EQ(content({0}), 0U);
  EXPECT_EQ(content({0x7F}), 127U);
  EXPECT_EQ(content({0, 0xFF}), 255U);
  EXPECT_EQ(content({0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}),
            UINT64_MAX);
  EXPECT_EQ(content({}), std::nullopt);
  EXPECT_EQ(content({0x80}), std::nullopt);
  EXPECT_EQ(content({1, 0, 0, 0, 0, 0, 0, 0, 0}), std::nullopt);
}

}  // namespace
}  // namespace countersign::signing
