#include "forge/signed_data.h"

#include <algorithm>

namespace countersign::forge {
namespace {

constexpr std::string_view kSignedDataType = "1.2.840.113549.1.7.2";

ByteVector EncodeAttribute(const Attribute& attribute) {
  return Sequence({Oid(attribute.oid), SetOf(attribute.values)});
}

// The attributes as a SET (0x31), in DER order or in the reverse of it.
ByteVector EncodeAttributes(const std::vector<Attribute>& attributes,
                            bool unordered) {
  std::vector<ByteVector> members;
  for (const Attribute& attribute : attributes) {
    members.push_back(EncodeAttribute(attribute));
  }
  std::sort(members.begin(), members.end());
  if (unordered) {
    std::reverse(members.begin(), members.end());
  }
  return Set(members);
}

std::vector<Attribute> SignedAttributes(const SignerRecipe& recipe,
                                        std::string_view content_type,
                                        ByteSpan content) {
  std::vector<Attribute> out;
  if (!content_type.empty()) {
    out.push_back({kContentTypeAttribute, {Oid(content_type)}});
  }
  ByteVector digest = Hash(recipe.digest, content);
  if (recipe.wrong_message_digest) {
    digest[0] ^= 0x01;
  }
  out.push_back({kMessageDigestAttribute, {OctetString(digest)}});
  out.insert(out.end(), recipe.extra_signed_attributes.begin(),
             recipe.extra_signed_attributes.end());
  return out;
}

ByteVector SignerIdentifier(const SignerRecipe& recipe) {
  if (!recipe.identify_by_key_identifier) {
    return IssuerAndSerial(recipe.certificate);
  }
  return Implicit(0, OctetString(recipe.certificate.key.KeyIdentifier()));
}

ByteVector DigestAlgorithms(const SignedDataRecipe& recipe) {
  std::vector<ByteVector> members;
  if (!recipe.digest_algorithm_oid.empty()) {
    members.push_back(AlgorithmIdentifier(recipe.digest_algorithm_oid));
    return Set(members);
  }
  for (const HashAlgorithm digest : recipe.digests) {
    const ByteVector member = AlgorithmIdentifier(HashOid(digest));
    if (std::find(members.begin(), members.end(), member) == members.end()) {
      members.push_back(member);
    }
  }
  members.insert(members.end(), recipe.extra_digest_algorithms.begin(),
                 recipe.extra_digest_algorithms.end());
  return SetOf(members);
}

}  // namespace

SignedSigner SignContent(const SignerRecipe& recipe,
                         std::string_view content_type, ByteSpan content) {
  const std::string_view digest_oid = recipe.digest_algorithm_oid.empty()
                                          ? HashOid(recipe.digest)
                                          : recipe.digest_algorithm_oid;
  std::vector<ByteVector> fields = {Integer(recipe.version),
                                    SignerIdentifier(recipe),
                                    AlgorithmIdentifier(digest_oid)};
  ByteVector signed_bytes(content.begin(), content.end());
  if (recipe.signed_attributes) {
    signed_bytes =
        EncodeAttributes(SignedAttributes(recipe, content_type, content),
                         recipe.unordered_attributes);
    fields.push_back(Implicit(0, signed_bytes));
  }
  fields.push_back(recipe.certificate.key.SignerInfoAlgorithm(recipe.digest,
                                                              recipe.padding));

  SignedSigner out;
  out.fields = Join(fields);
  out.signature =
      recipe.certificate.key.Sign(recipe.digest, recipe.padding, signed_bytes);
  if (recipe.corrupt_signature) {
    out.signature[out.signature.size() / 2] ^= 0x01;
  }
  return out;
}

ByteVector EncodeSignerInfo(const SignedSigner& signer) {
  std::vector<ByteVector> parts = {signer.fields,
                                   OctetString(signer.signature)};
  if (!signer.unsigned_attributes.empty()) {
    parts.push_back(
        Implicit(1, EncodeAttributes(signer.unsigned_attributes, false)));
  }
  return Sequence(parts);
}

ByteVector EncodeSignedData(const SignedDataRecipe& recipe) {
  const auto wrap = [&recipe](uint8_t tag, ByteSpan content) {
    return recipe.indefinite_length ? IndefiniteTlv(tag, content)
                                    : Tlv(tag, content);
  };
  constexpr uint8_t kExplicit0 = 0xA0;
  const ByteVector content =
      recipe.content.empty() ? ByteVector() : wrap(kExplicit0, recipe.content);
  std::vector<ByteVector> fields = {
      Integer(recipe.version), DigestAlgorithms(recipe),
      wrap(kTagSequence, Join({Oid(recipe.content_type), content}))};
  std::vector<ByteVector> certificates;
  for (const Certificate& certificate : recipe.certificates) {
    certificates.push_back(certificate.der);
  }
  if (!certificates.empty()) {
    fields.push_back(wrap(kExplicit0, Join(certificates)));
  }
  if (!recipe.revocation_lists.empty()) {
    fields.push_back(Implicit(1, Set(recipe.revocation_lists)));
  }
  std::vector<ByteVector> signers;
  for (const SignedSigner& signer : recipe.signers) {
    signers.push_back(EncodeSignerInfo(signer));
  }
  // The order of the recipe: signers are told apart by their place.
  fields.push_back(Set(signers));
  const ByteVector signed_data = wrap(kTagSequence, Join(fields));
  return wrap(kTagSequence,
              Join({Oid(kSignedDataType), wrap(kExplicit0, signed_data)}));
}

}  // namespace countersign::forge
