#include "forge/revocation.h"

namespace countersign::forge {
namespace {

ByteVector EncodeEntry(const RevokedEntry& entry) {
  std::vector<ByteVector> fields = {entry.certificate.serial,
                                    X509Time(entry.revocation_date)};
  std::vector<Extension> extensions;
  if (entry.reason != kNoReason) {
    extensions.push_back(
        {"2.5.29.21", false, Enumerated(static_cast<uint8_t>(entry.reason))});
  }
  if (entry.invalidity_date) {
    extensions.push_back(
        {"2.5.29.24", false, GeneralizedTime(*entry.invalidity_date)});
  }
  if (!extensions.empty()) {
    fields.push_back(EncodeExtensions(extensions));
  }
  return Sequence(fields);
}

// CertID with SHA-1 hashes, as every responder still writes it.
ByteVector CertificateIdentifier(const OcspRecipe& recipe) {
  return Sequence(
      {AlgorithmIdentifier(HashOid(HashAlgorithm::kSha1)),
       OctetString(Hash(HashAlgorithm::kSha1, recipe.issuer.subject)),
       OctetString(recipe.issuer.key.KeyIdentifier()),
       recipe.certificate.serial});
}

ByteVector EncodeStatus(const OcspRecipe& recipe) {
  switch (recipe.status) {
    case OcspStatus::kGood:
      return Implicit(0, Null());
    case OcspStatus::kUnknown:
      return Implicit(2, Null());
    case OcspStatus::kRevoked:
      break;
  }
  std::vector<ByteVector> fields = {GeneralizedTime(recipe.revocation_date)};
  if (recipe.reason != kNoReason) {
    fields.push_back(
        Explicit(0, Enumerated(static_cast<uint8_t>(recipe.reason))));
  }
  return Implicit(1, Sequence(fields));
}

}  // namespace

ByteVector MakeCrl(const CrlRecipe& recipe) {
  const Key& key =
      recipe.signing_key.empty() ? recipe.issuer.key : recipe.signing_key;
  const ByteVector algorithm =
      key.SignatureAlgorithm(recipe.digest, Padding::kPkcs1);
  std::vector<ByteVector> fields = {Integer(1), algorithm,
                                    recipe.issuer.subject,
                                    X509Time(recipe.this_update)};
  if (recipe.next_update) {
    fields.push_back(X509Time(*recipe.next_update));
  }
  std::vector<ByteVector> entries;
  for (const RevokedEntry& entry : recipe.entries) {
    entries.push_back(EncodeEntry(entry));
  }
  if (!entries.empty()) {
    fields.push_back(Sequence(entries));
  }
  const ByteVector identifier = OctetString(recipe.issuer.key.KeyIdentifier());
  fields.push_back(Explicit(
      0, EncodeExtensions(
             {{"2.5.29.35", false, Sequence({Implicit(0, identifier)})},
              {"2.5.29.20", false, Integer(recipe.this_update)}})));
  const ByteVector body = Sequence(fields);
  return Sequence({body, algorithm,
                   BitString(key.Sign(recipe.digest, Padding::kPkcs1, body))});
}

ByteVector MakeOcspResponse(const OcspRecipe& recipe) {
  const Certificate& signer =
      recipe.responder ? *recipe.responder : recipe.issuer;
  std::vector<ByteVector> single = {CertificateIdentifier(recipe),
                                    EncodeStatus(recipe),
                                    GeneralizedTime(recipe.this_update)};
  if (recipe.next_update) {
    single.push_back(Explicit(0, GeneralizedTime(*recipe.next_update)));
  }
  const ByteVector body = Sequence({Explicit(1, signer.subject),
                                    GeneralizedTime(recipe.this_update),
                                    Sequence({Sequence(single)})});
  std::vector<ByteVector> basic = {
      body, signer.key.SignatureAlgorithm(recipe.digest, Padding::kPkcs1),
      BitString(signer.key.Sign(recipe.digest, Padding::kPkcs1, body))};
  if (recipe.responder) {
    basic.push_back(Explicit(0, Sequence({recipe.responder->der})));
  }
  const ByteVector payload =
      Sequence({Oid("1.3.6.1.5.5.7.48.1.1"), OctetString(Sequence(basic))});
  return Sequence({Enumerated(0), Explicit(0, payload)});
}

}  // namespace countersign::forge
