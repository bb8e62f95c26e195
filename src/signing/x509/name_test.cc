#include "signing/x509/name.h"

#include <gtest/gtest.h>

#include "forge/certificate.h"
#include "forge/der.h"

namespace countersign::signing {
namespace {

using forge::ByteVector;

NameAttributes Parse(const ByteVector& der) {
  base::Budget budget;
  return ParseName({der, 0}, budget);
}

std::string Text(const forge::Name& name) {
  return ToText(Parse(forge::EncodeName(name)));
}

TEST(Name, IsWrittenLastAttributeFirst) {
  EXPECT_EQ(Text({{"C", "XX", {}}, {"O", "Inert", {}}, {"CN", "Name", {}}}),
            "CN=Name,O=Inert,C=XX");
  EXPECT_EQ(Text({}), "");
}

// RFC 4514 section 2.4.
TEST(Name, IsEscaped) {
  EXPECT_EQ(Text({{"CN", "a,b+c\"d\\e<f>g;h", {}}}),
            "CN=a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h");
  EXPECT_EQ(Text({{"CN", " a b ", {}}}), "CN=\\ a b\\ ");
  EXPECT_EQ(Text({{"CN", "#a#", {}}}), "CN=\\#a#");
  EXPECT_EQ(Text({{"CN", " ", {}}}), "CN=\\ ");
}

// A value cannot pretend to be another attribute.
TEST(Name, CannotBeForgedFromInside) {
  EXPECT_EQ(Text({{"CN", "x,O=Trusted Corp", {}}, {"O", "Evil", {}}}),
            "O=Evil,CN=x\\,O=Trusted Corp");
}

TEST(Name, IsSafeToDisplay) {
  EXPECT_EQ(Text({{"CN", "a\u202Eexe.b\n", {}}}),
            "CN=a\\u{202E}exe.b\\u{000A}");
}

TEST(Name, UnknownTypesAreDotted) {
  EXPECT_EQ(Text({{"1.2.3.4", "x", {}}}), "1.2.3.4=x");
}

TEST(Name, EveryStringTypeIsRead) {
  using forge::StringType;
  for (const StringType type :
       {StringType::kUtf8, StringType::kPrintable, StringType::kIa5,
        StringType::kTeletex, StringType::kVisible, StringType::kBmp,
        StringType::kUniversal}) {
    EXPECT_EQ(Text({{"CN", "Inert", type}}), "CN=Inert");
  }
}

TEST(Name, JoinsAttributesOfOneRdnWithPlus) {
  const auto pair = [](std::string_view oid, std::string_view value) {
    return forge::Sequence(
        {forge::Oid(oid), forge::String(forge::StringType::kUtf8, value)});
  };
  const ByteVector name = forge::Sequence(
      {forge::Set({pair("2.5.4.6", "XX")}),
       forge::Set({pair("2.5.4.10", "Inert"), pair("2.5.4.3", "Name")})});
  EXPECT_EQ(ToText(Parse(name)), "O=Inert+CN=Name,C=XX");
}

TEST(Name, TheFirstValueCounts) {
  const ByteVector der = forge::EncodeName(
      {{"CN", "First", {}}, {"CN", "Second", {}}, {"O", "Inert", {}}});
  const NameAttributes name = Parse(der);
  EXPECT_EQ(First(name, oid::kCommonName), "First");
  EXPECT_EQ(First(name, oid::kOrganization), "Inert");
  EXPECT_EQ(First(name, oid::kSerialNumber), "");
}

TEST(Name, DamageLeavesWhatStandsBeforeIt) {
  const ByteVector whole =
      forge::EncodeName({{"C", "XX", {}}, {"CN", "Name", {}}});
  for (size_t size = 0; size < whole.size(); ++size) {
    base::Budget budget;
    EXPECT_TRUE(ParseName({base::Bytes(whole).first(size), 0}, budget).empty());
  }
  ByteVector damaged = whole;
  damaged[damaged.size() - 9] = 0x04;  // the second OBJECT IDENTIFIER's tag
  EXPECT_LE(Parse(damaged).size(), 2U);
  ASSERT_FALSE(Parse(damaged).empty());
  EXPECT_EQ(First(Parse(damaged), Oid("2.5.4.6")), "XX");
}

}  // namespace
}  // namespace countersign::signing
