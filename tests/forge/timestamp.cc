#include "forge/timestamp.h"

namespace countersign::forge {
namespace {

constexpr char kTokenAttribute[] = "1.3.6.1.4.1.311.3.3.1";
constexpr char kTstInfoType[] = "1.2.840.113549.1.9.16.1.4";
constexpr char kSigningCertificateV2[] = "1.2.840.113549.1.9.16.2.47";

// Spec: RFC 3161 section 2.4.2.
ByteVector EncodeTstInfo(const TimestampRecipe& recipe,
                         ByteSpan signature_value) {
  ByteVector imprint = Hash(recipe.imprint, signature_value);
  if (recipe.wrong_imprint) {
    imprint[0] ^= 0x01;
  }
  ByteVector serial = Hash(HashAlgorithm::kSha1, imprint);
  serial.resize(8);
  return Sequence({Integer(1), Oid("1.3.6.1.4.1.4146.2.3"),
                   Sequence({AlgorithmIdentifier(HashOid(recipe.imprint)),
                             OctetString(imprint)}),
                   UnsignedInteger(serial), GeneralizedTime(recipe.time)});
}

// Spec: RFC 5035 section 3; the default hash, SHA-256, is not written.
Attribute SigningCertificate(const Certificate& certificate) {
  const ByteVector issuer = Sequence(
      {Sequence({Explicit(4, certificate.issuer)}), certificate.serial});
  const ByteVector identifier = Sequence(
      {OctetString(Hash(HashAlgorithm::kSha256, certificate.der)), issuer});
  return {kSigningCertificateV2, {Sequence({Sequence({identifier})})}};
}

SignerRecipe AuthoritySigner(const TimestampRecipe& recipe) {
  SignerRecipe signer;
  signer.certificate = recipe.authority;
  signer.digest = recipe.digest;
  signer.corrupt_signature = recipe.corrupt_signature;
  signer.padding = recipe.bare_digest ? Padding::kBareDigest : Padding::kPkcs1;
  signer.extra_signed_attributes.push_back(
      {kSigningTimeAttribute, {X509Time(recipe.time)}});
  return signer;
}

ByteVector MakeToken(const TimestampRecipe& recipe, ByteSpan signature_value) {
  const ByteVector info = EncodeTstInfo(recipe, signature_value);
  SignerRecipe signer = AuthoritySigner(recipe);
  if (recipe.signing_certificate_v2) {
    signer.extra_signed_attributes.push_back(
        SigningCertificate(recipe.authority));
  }
  SignedDataRecipe data;
  data.version = 3;
  data.content_type = kTstInfoType;
  data.content = recipe.raw_content ? info : OctetString(info);
  data.digests = {recipe.digest};
  data.certificates = recipe.certificates;
  data.signers.push_back(
      SignContent(signer, kTstInfoType, ContentOf(data.content)));
  const ByteVector token = EncodeSignedData(data);
  if (!recipe.full_response) {
    return token;
  }
  return Sequence({Sequence({Integer(0)}), token});
}

// The SignerInfo over the signature value itself.
ByteVector MakeCountersignature(const TimestampRecipe& recipe,
                                ByteSpan signature_value) {
  SignerRecipe signer = AuthoritySigner(recipe);
  signer.wrong_message_digest = recipe.wrong_imprint;
  return EncodeSignerInfo(SignContent(signer, kDataType, signature_value));
}

}  // namespace

Attribute MakeTimestamp(const TimestampRecipe& recipe,
                        ByteSpan signature_value) {
  if (recipe.kind == TimestampKind::kCountersignature) {
    return {kCountersignatureAttribute,
            {MakeCountersignature(recipe, signature_value)}};
  }
  return {kTokenAttribute, {MakeToken(recipe, signature_value)}};
}

}  // namespace countersign::forge
