#include "signing/timestamp/timestamp.h"

#include <gtest/gtest.h>

#include <functional>

#include "forge/recipes.h"
#include "signing/cms/signer_check.h"
#include "signing/sample/forged_certificates.h"

namespace countersign::signing {
namespace {

using forge::ByteVector;
using forge::TestAuthorities;
using forge::TimestampRecipe;
using model::Integrity;
using model::TimestampFacts;
using model::Trust;

constexpr int64_t kTime = forge::kSigningTime;

// The facts on the timestamps of one signature.
std::vector<TimestampFacts> Facts(const forge::ImageSignature& signature,
                                  base::Budget& budget) {
  const ByteVector der = forge::SignImage(forge::PlainImage(), signature);
  const auto data = ParseSignedData({der, 0}, budget);
  EXPECT_TRUE(data.has_value());
  std::vector<base::Error> errors;
  const auto pool = ParseCertificates(*data, errors, budget);
  const TrustSet trust(
      {StoreOf(model::Purpose::kTimeStamping, {TestAuthorities().time_root})});
  const RevocationSet revocation;
  KeyCache keys;
  return ExamineTimestamps(
             data->signers.at(0), pool,
             {trust, revocation, keys,
              base::FromUnixSeconds(forge::kEvaluationTime), budget})
      .facts;
}

TimestampFacts Fact(const TimestampRecipe& recipe) {
  base::Budget budget;
  const auto facts = Facts(
      forge::Stamped(forge::SignatureBy(TestAuthorities().publisher), recipe),
      budget);
  EXPECT_EQ(facts.size(), 1U);
  return facts.empty() ? TimestampFacts() : facts[0];
}

TimestampRecipe StampBy(const forge::CertificateRecipe& authority) {
  TimestampRecipe recipe = forge::StampAt(kTime);
  recipe.authority = forge::MakeCertificate(authority);
  recipe.certificates = {recipe.authority};
  return recipe;
}

void ExpectGood(const TimestampFacts& facts) {
  EXPECT_EQ(facts.integrity, Integrity::kValid) << facts.reason;
  EXPECT_EQ(facts.trust, Trust::kTrusted) << facts.reason;
  EXPECT_EQ(facts.time, base::FromUnixSeconds(kTime));
  EXPECT_TRUE(facts.reason.empty());
  EXPECT_FALSE(facts.used);  // the caller chooses
}

TEST(Timestamp, EveryGoodFormIsAccepted) {
  const std::vector<std::function<void(TimestampRecipe&)>> forms = {
      [](TimestampRecipe&) {},
      [](TimestampRecipe& r) { r.full_response = true; },
      [](TimestampRecipe& r) { r.raw_content = true; },
      [](TimestampRecipe& r) { r.imprint = forge::HashAlgorithm::kSha512; },
      [](TimestampRecipe& r) { r.digest = forge::HashAlgorithm::kSha384; },
      [](TimestampRecipe& r) { r.signing_certificate_v2 = false; },
      [](TimestampRecipe& r) {
        r.kind = forge::TimestampKind::kCountersignature;
      },
  };
  for (const auto& form : forms) {
    TimestampRecipe recipe = forge::StampAt(kTime);
    form(recipe);
    ExpectGood(Fact(recipe));
  }
}

TEST(Timestamp, KindsAreTold) {
  EXPECT_EQ(Fact(forge::StampAt(kTime)).kind, model::TimestampKind::kRfc3161);
  EXPECT_EQ(Fact(forge::CountersignAt(kTime)).kind,
            model::TimestampKind::kAuthenticode);
}

TEST(Timestamp, OfAnotherSignatureIsInvalid) {
  for (TimestampRecipe recipe :
       {forge::StampAt(kTime), forge::CountersignAt(kTime)}) {
    recipe.wrong_imprint = true;
    const TimestampFacts facts = Fact(recipe);
    EXPECT_EQ(facts.integrity, Integrity::kInvalid);
    EXPECT_EQ(facts.trust, Trust::kUnchecked);
    EXPECT_FALSE(facts.reason.empty());
  }
}

TEST(Timestamp, ThatDoesNotVerifyIsInvalid) {
  for (TimestampRecipe recipe :
       {forge::StampAt(kTime), forge::CountersignAt(kTime)}) {
    recipe.corrupt_signature = true;
    EXPECT_EQ(Fact(recipe).integrity, Integrity::kInvalid);
  }
}

TEST(Timestamp, ABareDigestIsForCountersignaturesOnly) {
  TimestampRecipe legacy = forge::CountersignAt(kTime);
  legacy.bare_digest = true;
  ExpectGood(Fact(legacy));
  legacy.digest = forge::HashAlgorithm::kMd5;
  EXPECT_EQ(Fact(legacy).weak.at(0), "md5");
  TimestampRecipe token = forge::StampAt(kTime);
  token.bare_digest = true;
  EXPECT_EQ(Fact(token).integrity, Integrity::kInvalid);
}

// A code-signing key must not be able to choose its time.
TEST(Timestamp, AuthoritiesNeedTheirUsage) {
  forge::CertificateRecipe authority = forge::TimeStamperRecipe();
  for (const std::vector<std::string>& usages :
       {std::vector<std::string>{forge::kCodeSigningUsage}, {}}) {
    authority.extended_key_usages = usages;
    const TimestampFacts facts = Fact(StampBy(authority));
    EXPECT_EQ(facts.integrity, Integrity::kValid);
    EXPECT_EQ(facts.trust, Trust::kNotCodeSigning);
  }
}

TEST(Timestamp, AuthoritiesAreJudgedAtTheirTime) {
  forge::CertificateRecipe authority = forge::TimeStamperRecipe();
  authority.not_after = kTime + 1;  // expired long before now
  ExpectGood(Fact(StampBy(authority)));
  authority.not_after = kTime - 1;
  EXPECT_EQ(Fact(StampBy(authority)).trust, Trust::kExpired);
  authority.not_after = forge::TimeStamperRecipe().not_after;
  authority.not_before = kTime + 1;
  EXPECT_EQ(Fact(StampBy(authority)).trust, Trust::kExpired);
}

TEST(Timestamp, AuthoritiesMustChainToAStoreForTimeStamping) {
  forge::CertificateRecipe authority = forge::TimeStamperRecipe();
  authority.issuer = &TestAuthorities().private_root;
  TimestampRecipe recipe = StampBy(authority);
  recipe.certificates.push_back(TestAuthorities().private_root);
  EXPECT_EQ(Fact(recipe).trust, Trust::kUntrusted);
  // The store for code is another one.
  authority.issuer = &TestAuthorities().root;
  EXPECT_NE(Fact(StampBy(authority)).trust, Trust::kTrusted);
}

TEST(Timestamp, FromTheFutureProvesNothing) {
  const TimestampFacts facts =
      Fact(forge::StampAt(forge::kEvaluationTime + 3600));
  EXPECT_EQ(facts.integrity, Integrity::kValid);
  EXPECT_NE(facts.trust, Trust::kTrusted);
}

TEST(Timestamp, WithoutItsCertificateIsNotValid) {
  TimestampRecipe recipe = forge::StampAt(kTime);
  recipe.certificates.clear();
  const TimestampFacts facts = Fact(recipe);
  EXPECT_EQ(facts.integrity, Integrity::kUnsupported);
  EXPECT_EQ(facts.trust, Trust::kUnchecked);
}

TEST(Timestamp, SeveralAreGivenInOrder) {
  base::Budget budget;
  forge::ImageSignature signature =
      forge::SignatureBy(TestAuthorities().publisher);
  for (const int64_t time : {kTime, kTime + 60, kTime - 60}) {
    signature = forge::Stamped(signature, forge::StampAt(time));
  }
  const auto facts = Facts(signature, budget);
  ASSERT_EQ(facts.size(), 3U);
  for (const TimestampFacts& each : facts) {
    EXPECT_EQ(each.integrity, Integrity::kValid);
  }
}

TEST(Timestamp, TooManyAreALimitThatIsRemembered) {
  forge::ImageSignature signature =
      forge::SignatureBy(TestAuthorities().publisher);
  for (int i = 0; i < 3; ++i) {
    signature = forge::Stamped(signature, forge::StampAt(kTime + i));
  }
  base::Budget budget({.signatures = 2});
  EXPECT_EQ(Facts(signature, budget).size(), 2U);
  EXPECT_TRUE(budget.Reached().has_value());
}

TEST(Timestamp, GarbageIsMalformed) {
  forge::ImageSignature signature =
      forge::SignatureBy(TestAuthorities().publisher);
  for (const char* type : {"1.3.6.1.4.1.311.3.3.1", "1.2.840.113549.1.9.6",
                           "1.2.840.113549.1.9.16.2.14"}) {
    signature.signers[0].unsigned_attributes = {
        {type, {forge::Sequence({forge::Integer(1)})}}};
    base::Budget budget;
    const auto facts = Facts(signature, budget);
    ASSERT_EQ(facts.size(), 1U) << type;
    EXPECT_EQ(facts[0].integrity, Integrity::kMalformed) << type;
    EXPECT_EQ(facts[0].trust, Trust::kUnchecked);
    EXPECT_FALSE(facts[0].reason.empty());
  }
}

}  // namespace
}  // namespace countersign::signing
