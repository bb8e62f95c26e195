#include "signing/crypto.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "forge/key.h"
#include "forge/rsa_key.h"
#include "signing/sample/forged_certificates.h"

namespace countersign::signing {
namespace {

using base::DigestAlgorithm;
using forge::ByteVector;
using forge::HashAlgorithm;
using forge::KeyKind;
using forge::Padding;
using Kind = SignatureScheme::Kind;

const ByteVector kMessage = {'i', 'n', 'e', 'r', 't'};
const base::Digest kSha256 = base::Hash(DigestAlgorithm::kSha256, kMessage);

// The forge's key, as this module sees it.
struct Keys {
  explicit Keys(KeyKind kind) : secret(forge::MakeKey(kind, "crypto test")) {
    spki = secret.PublicKeyInfo();
    base::Budget budget;
    parts = *ParseKey({spki, 0}, budget);
    open = PublicKey::Make(parts);
  }

  forge::Key secret;
  ByteVector spki;
  KeyParts parts;
  std::optional<PublicKey> open;
};

SignatureScheme Rsa(DigestAlgorithm digest) {
  return {Kind::kRsaPkcs1, digest, {}, 0};
}

SignatureCheck Check(const Keys& keys, const SignatureScheme& scheme,
                     const ByteVector& signature, bool bare_digest = false) {
  return VerifyDigest(*keys.open, scheme, base::Hash(*scheme.digest, kMessage),
                      signature, bare_digest);
}

TEST(Rsa, Pkcs1HoldsWithEveryDigest) {
  const Keys keys(KeyKind::kRsa2048);
  const std::pair<HashAlgorithm, DigestAlgorithm> rows[] = {
      {HashAlgorithm::kMd5, DigestAlgorithm::kMd5},
      {HashAlgorithm::kSha1, DigestAlgorithm::kSha1},
      {HashAlgorithm::kSha256, DigestAlgorithm::kSha256},
      {HashAlgorithm::kSha384, DigestAlgorithm::kSha384},
      {HashAlgorithm::kSha512, DigestAlgorithm::kSha512}};
  for (const auto& [hash, digest] : rows) {
    ByteVector signature = keys.secret.Sign(hash, Padding::kPkcs1, kMessage);
    EXPECT_EQ(Check(keys, Rsa(digest), signature), SignatureCheck::kValid);
    signature[10] ^= 1;
    EXPECT_EQ(Check(keys, Rsa(digest), signature), SignatureCheck::kInvalid);
  }
}

TEST(Rsa, AnotherDigestOfTheSameSizeDoesNotHold) {
  const Keys keys(KeyKind::kRsa2048);
  const ByteVector signature =
      keys.secret.Sign(HashAlgorithm::kSha256, Padding::kPkcs1, kMessage);
  EXPECT_EQ(VerifyDigest(*keys.open, Rsa(DigestAlgorithm::kSha256),
                         base::Hash(DigestAlgorithm::kSha256, {}), signature),
            SignatureCheck::kInvalid);
  // The digest is of the wrong size for the scheme.
  EXPECT_EQ(
      VerifyDigest(*keys.open, Rsa(DigestAlgorithm::kSha1), kSha256, signature),
      SignatureCheck::kInvalid);
}

TEST(Rsa, ABareDigestHoldsOnlyWhereAllowed) {
  const Keys keys(KeyKind::kRsa2048);
  const ByteVector bare =
      keys.secret.Sign(HashAlgorithm::kSha256, Padding::kBareDigest, kMessage);
  const SignatureScheme scheme = Rsa(DigestAlgorithm::kSha256);
  EXPECT_EQ(Check(keys, scheme, bare), SignatureCheck::kInvalid);
  EXPECT_EQ(Check(keys, scheme, bare, true), SignatureCheck::kValid);
  const ByteVector usual =
      keys.secret.Sign(HashAlgorithm::kSha256, Padding::kPkcs1, kMessage);
  EXPECT_EQ(Check(keys, scheme, usual, true), SignatureCheck::kValid);
}

// Raw RSA with a block of our choice: what the bare digest's padding holds is
// the "digest" handed to the forge.
ByteVector SignBlock(const ByteVector& content) {
  return forge::RsaKey(2048, "crypto test")
      .SignPkcs1(HashAlgorithm::kSha256, content, false);
}

ByteVector DigestInfo(const std::vector<ByteVector>& parameters,
                      const ByteVector& after = {}) {
  std::vector<ByteVector> algorithm = {
      forge::Oid(forge::HashOid(HashAlgorithm::kSha256))};
  algorithm.insert(algorithm.end(), parameters.begin(), parameters.end());
  ByteVector info = forge::Sequence(
      {forge::Sequence(algorithm), forge::OctetString(kSha256.View())});
  forge::Append(info, after);
  return info;
}

TEST(Rsa, DigestInfoIsComparedWhole) {
  const Keys keys(KeyKind::kRsa2048);
  const SignatureScheme scheme = Rsa(DigestAlgorithm::kSha256);
  EXPECT_EQ(Check(keys, scheme, SignBlock(DigestInfo({forge::Null()}))),
            SignatureCheck::kValid);
  EXPECT_EQ(Check(keys, scheme, SignBlock(DigestInfo({}))),
            SignatureCheck::kValid);
  // Other parameters, something behind it, or a longer form of a length
  // (Bleichenbacher's forgeries lived on such tolerance).
  EXPECT_EQ(Check(keys, scheme, SignBlock(DigestInfo({forge::Integer(1)}))),
            SignatureCheck::kInvalid);
  EXPECT_EQ(Check(keys, scheme, SignBlock(DigestInfo({forge::Null()}, {0x00}))),
            SignatureCheck::kInvalid);
  ByteVector longer = {0x30, 0x81, 0x31};
  forge::Append(longer, forge::ContentOf(DigestInfo({forge::Null()})));
  EXPECT_EQ(Check(keys, scheme, SignBlock(longer)), SignatureCheck::kInvalid);
}

// RFC 8017 section 8.2.2 step 1.
TEST(Rsa, SignaturesHaveTheSizeOfTheModulus) {
  const Keys keys(KeyKind::kRsa2048);
  const SignatureScheme scheme = Rsa(DigestAlgorithm::kSha256);
  for (size_t i = 0; i < 4000; ++i) {
    // One whose first byte is zero, so that leaving it out changes no number.
    const ByteVector message = {static_cast<uint8_t>(i),
                                static_cast<uint8_t>(i >> 8)};
    ByteVector signature =
        keys.secret.Sign(HashAlgorithm::kSha256, Padding::kPkcs1, message);
    const base::Digest digest = base::Hash(DigestAlgorithm::kSha256, message);
    ASSERT_EQ(VerifyDigest(*keys.open, scheme, digest, signature),
              SignatureCheck::kValid);
    ByteVector longer = signature;
    longer.insert(longer.begin(), 0);
    ASSERT_EQ(VerifyDigest(*keys.open, scheme, digest, longer),
              SignatureCheck::kInvalid);
    if (signature[0] == 0) {
      signature.erase(signature.begin());
      EXPECT_EQ(VerifyDigest(*keys.open, scheme, digest, signature),
                SignatureCheck::kInvalid);
      return;
    }
  }
  GTEST_SKIP() << "no signature of this key begins with zero";
}

TEST(Rsa, EmptySignaturesAreInvalid) {
  const Keys keys(KeyKind::kRsa2048);
  EXPECT_EQ(Check(keys, Rsa(DigestAlgorithm::kSha256), {}),
            SignatureCheck::kInvalid);
}

TEST(Rsa, PssNeedsItsParameters) {
  const Keys keys(KeyKind::kRsa2048);
  const ByteVector signature =
      keys.secret.Sign(HashAlgorithm::kSha256, Padding::kPss, kMessage);
  SignatureScheme scheme = {Kind::kRsaPss, DigestAlgorithm::kSha256,
                            DigestAlgorithm::kSha256, 32};
  EXPECT_EQ(Check(keys, scheme, signature), SignatureCheck::kValid);
  scheme.salt_size = 20;
  EXPECT_EQ(Check(keys, scheme, signature), SignatureCheck::kInvalid);
  scheme.salt_size = 32;
  scheme.mask_digest = DigestAlgorithm::kSha1;
  EXPECT_EQ(Check(keys, scheme, signature), SignatureCheck::kInvalid);
  EXPECT_EQ(Check(keys, Rsa(DigestAlgorithm::kSha256), signature),
            SignatureCheck::kInvalid);
}

TEST(Rsa, AbsurdKeysAreRefused) {
  KeyParts parts;
  parts.type = KeyType::kRsa;
  EXPECT_FALSE(PublicKey::Make(parts).has_value());
  const ByteVector exponent = {1, 0, 1};
  const ByteVector huge(2049, 0xFF);
  parts.modulus = huge;
  parts.exponent = exponent;
  EXPECT_FALSE(PublicKey::Make(parts).has_value());
  const ByteVector modulus(256, 0xFF);
  const ByteVector long_exponent(9, 0xFF);
  parts.modulus = modulus;
  parts.exponent = long_exponent;
  EXPECT_FALSE(PublicKey::Make(parts).has_value());
  EXPECT_FALSE(PublicKey::Make({}).has_value());
}

TEST(Ecdsa, HoldsAndBreaks) {
  for (const KeyKind kind : {KeyKind::kP256, KeyKind::kP384}) {
    const Keys keys(kind);
    ByteVector signature =
        keys.secret.Sign(HashAlgorithm::kSha256, Padding::kPkcs1, kMessage);
    const SignatureScheme scheme = {
        Kind::kEcdsa, DigestAlgorithm::kSha256, {}, 0};
    EXPECT_EQ(Check(keys, scheme, signature), SignatureCheck::kValid);
    ByteVector longer = signature;
    longer.push_back(0);
    EXPECT_EQ(Check(keys, scheme, longer), SignatureCheck::kInvalid);
    signature.back() ^= 1;
    EXPECT_EQ(Check(keys, scheme, signature), SignatureCheck::kInvalid);
    EXPECT_EQ(Check(keys, scheme, {}), SignatureCheck::kInvalid);
    // Zero for both numbers, which a careless verifier accepts.
    EXPECT_EQ(Check(keys, scheme,
                    forge::Sequence({forge::Integer(0), forge::Integer(0)})),
              SignatureCheck::kInvalid);
  }
}

// Exactly one of the twins is of the key's curve, and it holds, too.
TEST(Ecdsa, ASignatureHasATwin) {
  for (const KeyKind kind : {KeyKind::kP256, KeyKind::kP384}) {
    const Keys keys(kind);
    const SignatureScheme scheme = {
        Kind::kEcdsa, DigestAlgorithm::kSha256, {}, 0};
    const ByteVector signature =
        keys.secret.Sign(HashAlgorithm::kSha256, Padding::kPkcs1, kMessage);
    const auto twins = EcdsaTwins(signature);
    EXPECT_EQ(twins.size(), kind == KeyKind::kP256 ? 3U : 2U);
    EXPECT_EQ(std::ranges::count_if(twins,
                                    [&](const ByteVector& twin) {
                                      return Check(keys, scheme, twin) ==
                                             SignatureCheck::kValid;
                                    }),
              1);
    EXPECT_EQ(std::ranges::count(twins, signature), 0);
  }
  EXPECT_TRUE(EcdsaTwins({}).empty());
  EXPECT_TRUE(EcdsaTwins(kMessage).empty());
  const ByteVector huge = forge::Sequence(
      {forge::Integer(1), forge::UnsignedInteger(ByteVector(70, 0x7F))});
  EXPECT_TRUE(EcdsaTwins(huge).empty());
}

TEST(Ecdsa, PointsOffTheCurveAreRefused) {
  Keys keys(KeyKind::kP256);
  ByteVector point(keys.parts.point.begin(), keys.parts.point.end());
  point.back() ^= 1;
  keys.parts.point = point;
  EXPECT_FALSE(PublicKey::Make(keys.parts).has_value());
  keys.parts.point = {};
  EXPECT_FALSE(PublicKey::Make(keys.parts).has_value());
  const ByteVector infinity = {0};
  keys.parts.point = infinity;
  EXPECT_FALSE(PublicKey::Make(keys.parts).has_value());
}

TEST(VerifyDigest, KeysAndSchemesMustFit) {
  const Keys rsa(KeyKind::kRsa2048);
  const Keys ec(KeyKind::kP256);
  const ByteVector by_rsa =
      rsa.secret.Sign(HashAlgorithm::kSha256, Padding::kPkcs1, kMessage);
  const SignatureScheme ecdsa = {Kind::kEcdsa, DigestAlgorithm::kSha256, {}, 0};
  EXPECT_EQ(Check(ec, Rsa(DigestAlgorithm::kSha256), by_rsa),
            SignatureCheck::kInvalid);
  EXPECT_EQ(Check(rsa, ecdsa, by_rsa), SignatureCheck::kInvalid);
  EXPECT_EQ(VerifyDigest(*rsa.open, {}, kSha256, by_rsa),
            SignatureCheck::kUnsupported);
}

TEST(SignatureScheme, IsDescribed) {
  EXPECT_EQ(Describe(Rsa(DigestAlgorithm::kSha256)), "sha256WithRSA");
  EXPECT_EQ(Describe({Kind::kRsaPss, DigestAlgorithm::kSha384, {}, 48}),
            "rsaPss-sha384");
  EXPECT_EQ(Describe({Kind::kEcdsa, DigestAlgorithm::kSha512, {}, 0}),
            "ecdsa-sha512");
  EXPECT_EQ(Describe(SignatureScheme{}), "unsupported");
}

}  // namespace
}  // namespace countersign::signing
