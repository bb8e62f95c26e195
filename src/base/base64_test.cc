#include "base/base64.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace countersign::base {
namespace {

std::string Decoded(std::string_view text) {
  const auto bytes = DecodeBase64(text);
  return bytes ? std::string(bytes->begin(), bytes->end()) : "(nothing)";
}

// RFC 4648 section 10.
TEST(Base64, TestVectorsOfTheRfc) {
  EXPECT_EQ(Decoded(""), "");
  EXPECT_EQ(Decoded("Zg=="), "f");
  EXPECT_EQ(Decoded("Zm8="), "fo");
  EXPECT_EQ(Decoded("Zm9v"), "foo");
  EXPECT_EQ(Decoded("Zm9vYg=="), "foob");
  EXPECT_EQ(Decoded("Zm9vYmE="), "fooba");
  EXPECT_EQ(Decoded("Zm9vYmFy"), "foobar");
}

TEST(Base64, BlanksAndMissingEndsAreTaken) {
  EXPECT_EQ(Decoded(" Zm\r\n9v\tYg "), "foob");
  EXPECT_EQ(Decoded("+/+/"), "\xFB\xFF\xBF");
}

TEST(Base64, WhatIsNoneIsNothing) {
  for (const std::string_view text :
       {"Z", "Zm9vY", "Zm9v!", "Zg==Zg==", "-_"}) {
    EXPECT_EQ(Decoded(text), "(nothing)") << text;
  }
}

}  // namespace
}  // namespace countersign::base
