#include "model/wire.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "model/report.h"
#include "model/sample/every_field.h"
#include "model/trust.h"

namespace countersign::model {
namespace {

using Message = std::vector<uint8_t>;

// Refused, or understood in a way that says the same again.
template <typename T>
void ExpectRefusedOrCanonical(base::Bytes bytes) {
  const auto value = DecodeWire<T>(bytes);
  if (!value) {
    EXPECT_LE(value.error().offset, bytes.size());
    EXPECT_STRNE(value.error().field, "");
    return;
  }
  EXPECT_TRUE(base::Equal(EncodeWire(*value), bytes));
}

template <typename T>
class Wire : public testing::Test {
 protected:
  const Message message = EncodeWire(WithEveryField<T>());
};

using Messages = testing::Types<Report, Inspection, TrustStore>;
TYPED_TEST_SUITE(Wire, Messages);

TYPED_TEST(Wire, RoundTripsEveryField) {
  const auto again = DecodeWire<TypeParam>(this->message);
  ASSERT_TRUE(again.has_value()) << again.error().field;
  EXPECT_EQ(EncodeWire(*again), this->message);
  // Nothing of it is left at its default.
  EXPECT_GT(this->message.size(), EncodeWire(TypeParam{}).size() + 400);
}

TYPED_TEST(Wire, RoundTripsDefaultsAndLongLists) {
  for (const size_t list_size : {0U, 1U, 5U}) {
    const auto value = WithEveryField<TypeParam>(list_size);
    const Message bytes = EncodeWire(value);
    const auto again = DecodeWire<TypeParam>(bytes);
    ASSERT_TRUE(again.has_value()) << list_size;
    EXPECT_EQ(EncodeWire(*again), bytes);
  }
}

TYPED_TEST(Wire, EveryTruncationIsAnError) {
  for (size_t size = 0; size < this->message.size(); ++size) {
    const auto value =
        DecodeWire<TypeParam>(base::Bytes(this->message).first(size));
    ASSERT_FALSE(value.has_value()) << size;
    ASSERT_EQ(value.error().fault, base::Fault::kTruncated) << size;
    ASSERT_LE(value.error().offset, size);
  }
}

TYPED_TEST(Wire, BytesAfterTheEndAreAnError) {
  Message longer = this->message;
  longer.push_back(0);
  const auto value = DecodeWire<TypeParam>(longer);
  ASSERT_FALSE(value.has_value());
  EXPECT_EQ(value.error().fault, base::Fault::kMalformed);
  EXPECT_EQ(value.error().offset, this->message.size());
}

TYPED_TEST(Wire, FlippedBytesAreRefusedOrCanonical) {
  std::mt19937 random(1);
  Message bytes = this->message;
  for (int i = 0; i < 2000; ++i) {
    uint8_t& byte = bytes[random() % bytes.size()];
    const uint8_t before = byte;
    byte = static_cast<uint8_t>(random());
    ExpectRefusedOrCanonical<TypeParam>(bytes);
    byte = before;
  }
}

// A count is as large as it can be; the message is small. Time and memory
// must stay those of the message.
TYPED_TEST(Wire, HugeCountsAreRefusedAtOnce) {
  Message bytes = this->message;
  for (size_t at = 0; at + 4 <= bytes.size(); ++at) {
    const Message before(bytes.begin() + static_cast<ptrdiff_t>(at),
                         bytes.begin() + static_cast<ptrdiff_t>(at) + 4);
    std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(at), 4, 0xFF);
    ExpectRefusedOrCanonical<TypeParam>(bytes);
    std::copy(before.begin(), before.end(),
              bytes.begin() + static_cast<ptrdiff_t>(at));
  }
}

TEST(WireFormat, IsLittleEndianInTheOrderOfFields) {
  const LimitReached limit{"ab", 0x0102, 3};
  const Message expected = {2, 0, 0, 0, 'a', 'b', 2, 1, 0,
                            0, 0, 0, 0, 0,   3,   0, 0, 0};
  EXPECT_EQ(EncodeWire(limit), expected);
}

TEST(WireFormat, EnumeratorsAreBoundByTheirTable) {
  Finding finding;
  finding.id = "";
  Message bytes = EncodeWire(finding);
  bytes[4] = static_cast<uint8_t>(kNames<Severity>.size() - 1);
  EXPECT_TRUE(DecodeWire<Finding>(bytes).has_value());
  bytes[4] = static_cast<uint8_t>(kNames<Severity>.size());
  const auto value = DecodeWire<Finding>(bytes);
  ASSERT_FALSE(value.has_value());
  EXPECT_STREQ(value.error().field, "severity");
}

TEST(WireFormat, BooleansAreZeroOrOne) {
  Message bytes = EncodeWire(Inspection{});
  bytes[0] = 2;
  EXPECT_FALSE(DecodeWire<Inspection>(bytes).has_value());
}

TEST(WireFormat, InstantsOutsideRfc3339AreRefused) {
  RevocationFacts facts;
  facts.revoked_at = {253'402'300'799'999'999};
  EXPECT_TRUE(DecodeWire<RevocationFacts>(EncodeWire(facts)).has_value());
  facts.revoked_at = {253'402'300'800'000'000};
  EXPECT_FALSE(DecodeWire<RevocationFacts>(EncodeWire(facts)).has_value());
  facts.revoked_at = {std::numeric_limits<int64_t>::min()};
  EXPECT_FALSE(DecodeWire<RevocationFacts>(EncodeWire(facts)).has_value());
}

TEST(WireFormat, StringsMayHoldAnyBytes) {
  Finding finding;
  finding.message = std::string("\0\xFF\xFE\n", 4);
  finding.parameters = {{"", std::string()}, {"n", int64_t{-1}}};
  const auto again = DecodeWire<Finding>(EncodeWire(finding));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->message, finding.message);
  EXPECT_EQ(std::get<int64_t>(again->parameters[1].value), -1);
}

}  // namespace
}  // namespace countersign::model
