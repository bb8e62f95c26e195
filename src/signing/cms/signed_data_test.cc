#include "signing/cms/signed_data.h"

#include <gtest/gtest.h>

#include <array>

#include "forge/signed_data.h"
#include "signing/cms/signer_check.h"
#include "signing/sample/forged_certificates.h"

namespace countersign::signing {
namespace {

using forge::ByteVector;
using forge::SignedDataRecipe;
using forge::SignerRecipe;
using forge::TestAuthorities;
using model::Integrity;

// Where inputs pretend to stand, so that offsets show.
constexpr uint64_t kAt = 3000;
constexpr char kType[] = "1.3.6.1.4.1.311.2.1.4";

ByteVector Content() { return forge::Sequence({forge::Integer(42)}); }

SignerRecipe Signer() {
  SignerRecipe recipe;
  recipe.certificate = TestAuthorities().publisher;
  return recipe;
}

SignedDataRecipe Recipe(const SignerRecipe& signer,
                        std::string_view signed_type = kType) {
  SignedDataRecipe recipe;
  recipe.content_type = kType;
  recipe.content = Content();
  recipe.digests = {signer.digest};
  recipe.certificates = {signer.certificate, TestAuthorities().intermediate};
  recipe.signers = {forge::SignContent(signer, signed_type,
                                       forge::ContentOf(recipe.content))};
  return recipe;
}

struct Answer {
  Integrity integrity = Integrity::kMalformed;
  bool content_mismatch = false;
  bool signature_mismatch = false;
  bool has_certificate = false;
};

// Checks the first signer over the content, or over another one.
Answer Check(const SignedDataRecipe& recipe,
             const ByteVector& other_content = {}) {
  const ByteVector der = forge::EncodeSignedData(recipe);
  base::Budget budget;
  const auto data = ParseSignedData({der, kAt}, budget);
  EXPECT_TRUE(data.has_value());
  if (!data) {
    return {};
  }
  std::vector<base::Error> errors;
  const auto pool = ParseCertificates(*data, errors, budget);
  KeyCache keys;
  const SignerCheck check = CheckSigner(
      {.signer = &data->signers.at(0),
       .content = other_content.empty() ? data->content.bytes
                                        : base::Bytes(other_content),
       .pool = pool,
       .content_type = &oid::kSpcIndirectData},
      keys, budget);
  EXPECT_EQ(check.reason.empty(), check.integrity == Integrity::kValid);
  return {check.integrity, check.content_mismatch, check.signature_mismatch,
          check.certificate != nullptr};
}

Answer Check(const SignerRecipe& signer) { return Check(Recipe(signer)); }

TEST(SignedData, HasEveryPart) {
  const SignedDataRecipe recipe = Recipe(Signer());
  ByteVector der = forge::EncodeSignedData(recipe);
  const size_t size = der.size();
  forge::Append(der, ByteVector{1, 2, 3});  // left to the caller
  base::Budget budget;
  const auto data = ParseSignedData({der, kAt}, budget);
  ASSERT_TRUE(data.has_value()) << data.error().field;
  EXPECT_EQ(data->whole.offset, kAt);
  EXPECT_EQ(data->whole.bytes.size(), size);
  EXPECT_EQ(DottedOid(data->content_type), kType);
  EXPECT_TRUE(base::Equal(data->content.bytes, forge::ContentOf(Content())));
  EXPECT_TRUE(data->has_content);
  EXPECT_EQ(data->certificates.size(), 2U);
  EXPECT_TRUE(data->rest.empty());
  ASSERT_EQ(data->signers.size(), 1U);
  const SignerInfo& signer = data->signers[0];
  EXPECT_TRUE(
      base::Equal(signer.issuer.bytes, TestAuthorities().publisher.issuer));
  EXPECT_GE(signer.signed_attributes.size(), 2U);
  const auto digest =
      FirstValue(signer.signed_attributes, oid::kMessageDigest, budget);
  ASSERT_TRUE(digest.has_value());
  EXPECT_EQ(digest->identifier, tag::kOctetString);
  EXPECT_FALSE(FirstValue(signer.signed_attributes, oid::kSigningTime, budget));
}

TEST(SignedData, EveryTruncationIsAnErrorWithAPlace) {
  const ByteVector der = forge::EncodeSignedData(Recipe(Signer()));
  for (size_t size = 0; size < der.size(); ++size) {
    base::Budget budget;
    const auto data =
        ParseSignedData({base::Bytes(der).first(size), kAt}, budget);
    ASSERT_FALSE(data.has_value()) << size;
    ASSERT_GE(data.error().offset, kAt);
    ASSERT_LE(data.error().offset, kAt + size);
  }
}

TEST(SignedData, OtherContentTypesAreUnsupported) {
  const ByteVector der =
      forge::Sequence({forge::Oid(forge::kDataType),
                       forge::Explicit(0, forge::OctetString({{1}}))});
  base::Budget budget;
  const auto data = ParseSignedData({der, kAt}, budget);
  ASSERT_FALSE(data.has_value());
  EXPECT_EQ(data.error().fault, base::Fault::kUnsupported);
}

// The identifier of the content is not hashed.
TEST(SignedData, TheContentHasAnExpectedIdentifier) {
  for (const uint8_t identifier : std::to_array<uint8_t>({0x30, 0x04})) {
    SignedDataRecipe recipe = Recipe(Signer());
    recipe.content[0] = identifier;
    EXPECT_EQ(Check(recipe).integrity, Integrity::kValid);
  }
  for (const uint8_t identifier :
       std::to_array<uint8_t>({0x38, 0x31, 0x10, 0xA0, 0x05})) {
    SignedDataRecipe recipe = Recipe(Signer());
    recipe.content[0] = identifier;
    const ByteVector der = forge::EncodeSignedData(recipe);
    base::Budget budget;
    EXPECT_FALSE(ParseSignedData({der, kAt}, budget).has_value());
  }
}

TEST(SignedData, IndefiniteLengthsAreRead) {
  SignedDataRecipe recipe = Recipe(Signer());
  recipe.indefinite_length = true;
  EXPECT_EQ(Check(recipe).integrity, Integrity::kValid);
}

TEST(SignedData, DetachedContentIsEmpty) {
  const ByteVector der = forge::Sequence(
      {forge::Oid("1.2.840.113549.1.7.2"),
       forge::Explicit(0, forge::Sequence({forge::Integer(1), forge::Set({}),
                                           forge::Sequence({forge::Oid(kType)}),
                                           forge::Set({})}))});
  base::Budget budget;
  const auto data = ParseSignedData({der, kAt}, budget);
  ASSERT_TRUE(data.has_value());
  EXPECT_FALSE(data->has_content);
  EXPECT_TRUE(data->content.bytes.empty());
  EXPECT_TRUE(data->signers.empty());
}

TEST(CheckSigner, HoldsInEveryForm) {
  EXPECT_EQ(Check(Signer()).integrity, Integrity::kValid);
  SignerRecipe recipe = Signer();
  recipe.identify_by_key_identifier = true;
  EXPECT_EQ(Check(recipe).integrity, Integrity::kValid);
  recipe = Signer();
  recipe.unordered_attributes = true;
  EXPECT_EQ(Check(recipe).integrity, Integrity::kValid);
  recipe = Signer();
  recipe.signed_attributes = false;
  EXPECT_EQ(Check(recipe).integrity, Integrity::kValid);
  recipe = Signer();
  recipe.padding = forge::Padding::kPss;
  EXPECT_EQ(Check(recipe).integrity, Integrity::kValid);
}

TEST(CheckSigner, OtherContentDoesNotHold) {
  for (const bool attributes : {true, false}) {
    SignerRecipe recipe = Signer();
    recipe.signed_attributes = attributes;
    const Answer answer = Check(Recipe(recipe), ByteVector{2, 1, 43});
    EXPECT_EQ(answer.integrity, Integrity::kInvalid);
    EXPECT_EQ(answer.content_mismatch, attributes);
    EXPECT_EQ(answer.signature_mismatch, !attributes);
  }
}

TEST(CheckSigner, BrokenSignaturesDoNotHold) {
  SignerRecipe recipe = Signer();
  recipe.corrupt_signature = true;
  Answer answer = Check(recipe);
  EXPECT_EQ(answer.integrity, Integrity::kInvalid);
  EXPECT_TRUE(answer.signature_mismatch);
  recipe = Signer();
  recipe.wrong_message_digest = true;
  answer = Check(recipe);
  EXPECT_EQ(answer.integrity, Integrity::kInvalid);
  EXPECT_TRUE(answer.content_mismatch);
  EXPECT_TRUE(answer.has_certificate);
}

// A key that signed something else of an attacker's choice must not stand in.
TEST(CheckSigner, AnotherSignedContentTypeDoesNotHold) {
  EXPECT_NE(Check(Recipe(Signer(), forge::kDataType)).integrity,
            Integrity::kValid);
}

TEST(CheckSigner, WithoutItsCertificateIsUnsupported) {
  SignedDataRecipe recipe = Recipe(Signer());
  recipe.certificates = {TestAuthorities().intermediate};
  const Answer answer = Check(recipe);
  EXPECT_EQ(answer.integrity, Integrity::kUnsupported);
  EXPECT_FALSE(answer.has_certificate);
}

TEST(CheckSigner, UnknownAlgorithmsAreUnsupported) {
  SignerRecipe recipe = Signer();
  recipe.digest_algorithm_oid = "1.2.3.4";
  EXPECT_EQ(Check(recipe).integrity, Integrity::kUnsupported);
}

// Anybody may add certificates of the same name and number to the bag.
TEST(CheckSigner, FindsTheRightOneAmongLookAlikes) {
  forge::CertificateRecipe imitation = forge::PublisherRecipe();
  imitation.key = forge::MakeKey(forge::KeyKind::kRsa2048, "imitation");
  const forge::ByteSpan serial =
      forge::ContentOf(TestAuthorities().publisher.serial);
  imitation.serial_number = ByteVector(serial.begin(), serial.end());
  SignedDataRecipe recipe = Recipe(Signer());
  for (int i = 0; i < 3; ++i) {
    recipe.certificates.insert(recipe.certificates.begin(),
                               forge::MakeCertificate(imitation));
  }
  EXPECT_EQ(Check(recipe).integrity, Integrity::kValid);
}

TEST(CheckSigner, ASpentBudgetIsNotInvalid) {
  const ByteVector der = forge::EncodeSignedData(Recipe(Signer()));
  base::Budget budget({.public_key_operations = 0});
  const auto data = ParseSignedData({der, kAt}, budget);
  std::vector<base::Error> errors;
  const auto pool = ParseCertificates(*data, errors, budget);
  KeyCache keys;
  EXPECT_EQ(CheckSigner({.signer = &data->signers[0],
                         .content = data->content.bytes,
                         .pool = pool},
                        keys, budget)
                .integrity,
            Integrity::kUnsupported);
  EXPECT_TRUE(budget.Reached().has_value());
}

TEST(ParseCertificates, DamagedOnesAreErrorsAndOthersStay) {
  SignedDataRecipe recipe = Recipe(Signer());
  forge::Certificate damaged = TestAuthorities().intermediate;
  damaged.der = forge::Sequence({forge::Integer(1)});
  recipe.certificates.push_back(damaged);
  const ByteVector der = forge::EncodeSignedData(recipe);
  base::Budget budget;
  const auto data = ParseSignedData({der, kAt}, budget);
  std::vector<base::Error> errors;
  EXPECT_EQ(ParseCertificates(*data, errors, budget).size(), 2U);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_GT(errors[0].offset, kAt);
}

}  // namespace
}  // namespace countersign::signing
