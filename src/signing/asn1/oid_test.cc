#include "signing/asn1/oid.h"

#include <gtest/gtest.h>

#include <vector>

#include "forge/der.h"

namespace countersign::signing {
namespace {

using Vector = std::vector<uint8_t>;

TEST(Oid, EncodesAsTheForgeDoes) {
  const auto expect = [](const Oid& oid, std::string_view dotted) {
    const forge::ByteVector node = forge::Oid(dotted);
    EXPECT_TRUE(base::Equal(oid.View(), forge::ContentOf(node))) << dotted;
    EXPECT_EQ(DottedOid(oid.View()), dotted);
  };
  expect(Oid("1.2.840.113549.1.7.2"), "1.2.840.113549.1.7.2");
  expect(Oid("2.5.29.37.0"), "2.5.29.37.0");
  expect(Oid("0.9.2342.19200300.100.1.25"), "0.9.2342.19200300.100.1.25");
  expect(Oid("1.3.6.1.4.1.311.2.1.4"), "1.3.6.1.4.1.311.2.1.4");
  expect(Oid("2.999.3"), "2.999.3");
  expect(Oid("1.39"), "1.39");
  expect(Oid("2.16.840.1.113730.1.1"), "2.16.840.1.113730.1.1");
}

TEST(Oid, DottedTextRoundTrips) {
  for (const std::string_view dotted :
       {"0.0", "0.39", "1.0", "1.39", "2.0", "2.47", "2.48", "2.999.127.128",
        "1.2.16383.16384.2097151.2097152", "1.3.4294967295.4294967296",
        "2.5.18446744073709551615"}) {
    const forge::ByteVector node = forge::Oid(dotted);
    EXPECT_EQ(DottedOid(forge::ContentOf(node)), dotted);
  }
}

TEST(Oid, WhatCannotBeReadIsShownAsHexadecimal) {
  EXPECT_EQ(DottedOid({}), "invalid:");
  // The last arc has no end.
  EXPECT_EQ(DottedOid(Vector{0x2A, 0x86}), "invalid:2a86");
  // An arc of more than 64 bits.
  Vector huge = {0x2A};
  huge.insert(huge.end(), 10, 0xFF);
  huge.push_back(0x7F);
  EXPECT_EQ(DottedOid(huge), "invalid:2affffffffffffffffffff7f");
}

TEST(Oid, ComparesAsEncoded) {
  EXPECT_TRUE(oid::kCommonName == Vector({0x55, 0x04, 0x03}));
  EXPECT_FALSE(oid::kCommonName == Vector({0x55, 0x04}));
  EXPECT_FALSE(oid::kCommonName == Vector({0x55, 0x04, 0x03, 0x00}));
  // The same arcs with a padded first octet are another encoding.
  EXPECT_FALSE(oid::kCommonName == Vector({0x80, 0x55, 0x04, 0x03}));
}

TEST(Oid, NamesStandardAttributes) {
  EXPECT_EQ(AttributeName(oid::kMessageDigest.View()), "messageDigest");
  EXPECT_EQ(AttributeName(oid::kNestedSignature.View()), "nestedSignature");
  EXPECT_EQ(AttributeName(Oid("1.2.3.4").View()), "");
  EXPECT_EQ(AttributeName({}), "");
}

}  // namespace
}  // namespace countersign::signing
