#include "signing/x509/certificate.h"

#include <gtest/gtest.h>

#include "forge/authorities.h"
#include "forge/digest.h"
#include "signing/asn1/oid.h"
#include "signing/path/key_cache.h"

namespace countersign::signing {
namespace {

using forge::ByteVector;
using forge::CertificateRecipe;

// Where certificates pretend to stand, so that offsets show.
constexpr uint64_t kAt = 5000;

// A certificate with the bytes it views.
class Made {
 public:
  explicit Made(const CertificateRecipe& recipe)
      : Made(forge::MakeCertificate(recipe).der) {}
  explicit Made(ByteVector der) : der_(std::move(der)) {
    base::Budget budget;
    result_ = ParseCertificate({der_, kAt}, budget);
  }

  const Certificate& operator*() const { return *result_; }
  const Certificate* operator->() const { return &*result_; }
  [[nodiscard]] bool Failed() const { return !result_.has_value(); }
  [[nodiscard]] const base::Error& Error() const { return result_.error(); }

 private:
  ByteVector der_;
  base::Result<Certificate> result_;
};

CertificateRecipe Recipe() { return forge::PublisherRecipe(); }

CertificateRecipe WithExtension(const std::string& oid, bool critical,
                                const ByteVector& value) {
  CertificateRecipe recipe = Recipe();
  recipe.extra_extensions = {{oid, critical, value}};
  return recipe;
}

TEST(Certificate, HasEveryPart) {
  CertificateRecipe recipe = Recipe();
  recipe.serial_number = ByteVector{0x00, 0x8A, 0x01};
  const forge::Certificate forged = forge::MakeCertificate(recipe);
  const Made certificate(forged.der);
  ASSERT_FALSE(certificate.Failed());
  EXPECT_TRUE(base::Equal(certificate->der.bytes, forged.der));
  EXPECT_EQ(certificate->der.offset, kAt);
  EXPECT_TRUE(base::Equal(certificate->subject.bytes, forged.subject));
  EXPECT_TRUE(base::Equal(certificate->issuer.bytes, forged.issuer));
  EXPECT_TRUE(base::Equal(certificate->spki.bytes, recipe.key.PublicKeyInfo()));
  EXPECT_TRUE(
      base::Equal(certificate->subject_key_id, recipe.key.KeyIdentifier()));
  EXPECT_TRUE(base::Equal(certificate->authority_key_id,
                          recipe.issuer->key.KeyIdentifier()));
  EXPECT_EQ(SerialText(certificate->serial), "8a01");
  EXPECT_EQ(certificate->not_before, base::FromUnixSeconds(recipe.not_before));
  EXPECT_EQ(certificate->not_after, base::FromUnixSeconds(recipe.not_after));
  EXPECT_EQ(certificate->usage, key_usage::kDigitalSignature);
  EXPECT_FALSE(certificate->is_ca);
  EXPECT_FALSE(certificate->IsSelfIssued());
  EXPECT_EQ(certificate->policies.size(), 1U);
  EXPECT_TRUE(certificate->unknown_critical.empty());
  EXPECT_EQ(
      certificate->sha256.Hex(),
      forge::HexText(forge::Hash(forge::HashAlgorithm::kSha256, forged.der)));
}

TEST(Certificate, AuthoritiesHaveTheirConstraints) {
  CertificateRecipe recipe = forge::RootRecipe("Inert Authority");
  recipe.path_length = 3;
  const Made with(recipe);
  EXPECT_TRUE(with->is_ca && with->has_basic_constraints);
  EXPECT_EQ(with->path_length, 3U);
  EXPECT_TRUE(with->IsSelfIssued());
  EXPECT_EQ(with->usage, key_usage::kKeyCertSign | key_usage::kCrlSign);
  recipe.path_length.reset();
  EXPECT_EQ(Made(recipe)->path_length, std::nullopt);
}

TEST(Certificate, UsagesAllowWhatTheyList) {
  CertificateRecipe recipe = Recipe();
  EXPECT_TRUE(Made(recipe)->AllowsUsage(oid::kCodeSigning));
  EXPECT_FALSE(Made(recipe)->AllowsUsage(oid::kTimeStamping));
  recipe.extended_key_usages = {"2.5.29.37.0"};
  EXPECT_TRUE(Made(recipe)->AllowsUsage(oid::kTimeStamping));
  recipe.extended_key_usages = {};
  const Made without(recipe);
  EXPECT_FALSE(without->extended_usages.has_value());
  EXPECT_TRUE(without->AllowsUsage(oid::kTimeStamping));
  // An empty list allows nothing.
  const Made empty(WithExtension("2.5.29.37", true, forge::Sequence({})));
  ASSERT_FALSE(empty.Failed());
}

TEST(Certificate, KeysAreNamed) {
  const std::pair<forge::KeyKind, std::string> kinds[] = {
      {forge::KeyKind::kRsa1024, "rsa1024"},
      {forge::KeyKind::kRsa4096, "rsa4096"},
      {forge::KeyKind::kP256, "p256"},
      {forge::KeyKind::kP384, "p384"}};
  for (const auto& [kind, name] : kinds) {
    CertificateRecipe recipe = Recipe();
    recipe.key = forge::MakeKey(kind, "named");
    EXPECT_EQ(KeyName(Made(recipe)->key), name);
  }
}

TEST(Certificate, ExplicitCurveParametersAreNotAName) {
  CertificateRecipe recipe = Recipe();
  recipe.key = forge::MakeImitationKey(
      forge::TestAuthorities().elliptic_root.key, "imitation");
  const Made certificate(recipe);
  ASSERT_FALSE(certificate.Failed());
  EXPECT_TRUE(certificate->key.explicit_parameters);
  EXPECT_EQ(KeyName(certificate->key), "explicit-ec");
  KeyCache keys;
  EXPECT_FALSE(keys.KeyOf(*certificate).has_value());
}

TEST(Certificate, UnknownCriticalExtensionsAreNoted) {
  const ByteVector value = forge::Null();
  EXPECT_TRUE(
      Made(WithExtension("1.2.3.4", false, value))->unknown_critical.empty());
  const Made critical(WithExtension("1.2.3.4", true, value));
  EXPECT_EQ(DottedOid(critical->unknown_critical), "1.2.3.4");
}

TEST(Certificate, DamagedExtensionsThatMatterAreErrors) {
  for (const char* oid : {"2.5.29.15", "2.5.29.19", "2.5.29.37"}) {
    const Made certificate(WithExtension(oid, false, {0x30, 0x05}));
    ASSERT_TRUE(certificate.Failed()) << oid;
    EXPECT_GT(certificate.Error().offset, kAt);
  }
}

TEST(Certificate, EveryTruncationIsAnErrorWithAPlace) {
  const ByteVector der = forge::MakeCertificate(Recipe()).der;
  for (size_t size = 0; size < der.size(); ++size) {
    base::Budget budget;
    const auto certificate =
        ParseCertificate({base::Bytes(der).first(size), kAt}, budget);
    ASSERT_FALSE(certificate.has_value()) << size;
    ASSERT_GE(certificate.error().offset, kAt);
    ASSERT_LE(certificate.error().offset, kAt + size);
  }
}

TEST(Certificate, BytesAfterItAreAnError) {
  ByteVector der = forge::MakeCertificate(Recipe()).der;
  der.push_back(0);
  const Made certificate(der);
  ASSERT_TRUE(certificate.Failed());
  EXPECT_EQ(certificate.Error().offset, kAt + der.size() - 1);
}

// A list may name a certificate by its digest; it must have one form only.
TEST(Certificate, ReencodingsAreRefused) {
  const ByteVector der = forge::MakeCertificate(Recipe()).der;
  const forge::ByteSpan content = forge::ContentOf(der);
  ByteVector longer = {0x30, 0x83, 0x00,
                       static_cast<uint8_t>(content.size() >> 8),
                       static_cast<uint8_t>(content.size())};
  longer.insert(longer.end(), content.begin(), content.end());
  EXPECT_TRUE(Made(longer).Failed());
  EXPECT_TRUE(Made(forge::IndefiniteTlv(0x30, content)).Failed());
}

TEST(Certificate, AnyFlippedBitBreaksTheSignatureOrTheForm) {
  const ByteVector issuer_der = forge::TestAuthorities().intermediate.der;
  const Made issuer(issuer_der);
  ByteVector der = forge::MakeCertificate(Recipe()).der;
  KeyCache keys;
  base::Budget budget({.public_key_operations = 100'000});
  const Made good(der);
  ASSERT_EQ(keys.IsSignedBy(*good, *issuer, budget), SignatureCheck::kValid);
  for (size_t i = 0; i < der.size(); ++i) {
    der[i] ^= static_cast<uint8_t>(1U << i % 8);
    const Made changed(der);
    der[i] ^= static_cast<uint8_t>(1U << i % 8);
    EXPECT_TRUE(changed.Failed() ||
                keys.IsSignedBy(*changed, *issuer, budget) !=
                    SignatureCheck::kValid)
        << i;
  }
}

TEST(Certificate, ASpentBudgetIsAnError) {
  const ByteVector der = forge::MakeCertificate(Recipe()).der;
  for (uint64_t steps = 0; steps < 30; ++steps) {
    base::Budget budget({.steps = steps});
    const auto certificate = ParseCertificate({der, kAt}, budget);
    ASSERT_FALSE(certificate.has_value()) << steps;
  }
}

TEST(Serial, IsHexadecimalWithoutLeadingZeros) {
  EXPECT_EQ(SerialText(ByteVector{0x00}), "0");
  EXPECT_EQ(SerialText(ByteVector{0x00, 0x0A}), "a");
  EXPECT_EQ(SerialText(ByteVector{0x10, 0x00}), "1000");
  EXPECT_EQ(SerialText(ByteVector{0xFF}), "ff");
}

TEST(KeyCache, KeepsNoAnswerThatABudgetForced) {
  const Made issuer(forge::TestAuthorities().intermediate.der);
  const Made subject(Recipe());
  KeyCache keys;
  base::Budget spent({.public_key_operations = 0});
  EXPECT_EQ(keys.IsSignedBy(*subject, *issuer, spent),
            SignatureCheck::kUnsupported);
  base::Budget budget({.public_key_operations = 1});
  EXPECT_EQ(keys.IsSignedBy(*subject, *issuer, budget), SignatureCheck::kValid);
  // Known by now, so it costs nothing.
  EXPECT_EQ(keys.IsSignedBy(*subject, *issuer, budget), SignatureCheck::kValid);
  EXPECT_EQ(keys.IsSignedBy(*subject, *issuer, spent), SignatureCheck::kValid);
  EXPECT_EQ(keys.IsSignedBy(*issuer, *subject, budget),
            SignatureCheck::kUnsupported);
}

}  // namespace
}  // namespace countersign::signing
