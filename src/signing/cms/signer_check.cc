#include "signing/cms/signer_check.h"

#include <fmt/format.h>

#include "base/digest.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using model::Integrity;

bool IsNamedBy(const Certificate& certificate, const SignerInfo& signer) {
  if (!signer.subject_key_id.empty()) {
    return base::Equal(certificate.subject_key_id, signer.subject_key_id);
  }
  return base::Equal(certificate.serial, signer.serial) &&
         base::Equal(certificate.issuer.bytes, signer.issuer.bytes);
}

SignerCheck& Refuse(SignerCheck& check, Integrity integrity,
                    std::string reason) {
  check.integrity = integrity;
  check.reason = std::move(reason);
  return check;
}

// The digest over which the public-key operation runs: of the signed
// attributes as a SET, or of the content itself when there are none.
base::Digest SignedDigest(const SignerInfo& signer, Bytes content,
                          base::DigestAlgorithm algorithm) {
  base::Hasher hasher(algorithm);
  const Bytes attributes = signer.signed_attributes_whole.bytes;
  if (attributes.empty()) {
    hasher.Update(content);
  } else {
    constexpr uint8_t kSetTag = tag::kSet;
    hasher.Update({&kSetTag, 1});
    hasher.Update(attributes.subspan(1));
  }
  return hasher.Finish();
}

// True when a signed contentType attribute is there and none of its values is
// `type`. Quirk: signers exist that repeat the attribute.
bool NamesAnotherType(const SignerInfo& signer, const Oid& type,
                      base::Budget& budget) {
  bool named = false;
  for (const CmsAttribute& attribute : signer.signed_attributes) {
    if (!(oid::kContentType == attribute.oid)) {
      continue;
    }
    named = true;
    DerReader values(attribute.values, budget);
    while (!values.AtEnd()) {
      if (type == values.Any("contentType").value.bytes) {
        return false;
      }
    }
  }
  return named;
}

// False when a messageDigest attribute names another digest than the
// content's. Without signed attributes there is nothing to compare.
bool ContentAgrees(const SignerQuestion& question,
                   base::DigestAlgorithm algorithm, SignerCheck& check,
                   base::Budget& budget) {
  const SignerInfo& signer = *question.signer;
  if (signer.signed_attributes_whole.bytes.empty()) {
    return true;
  }
  const auto named =
      FirstValue(signer.signed_attributes, oid::kMessageDigest, budget);
  if (!named || named->identifier != tag::kOctetString) {
    Refuse(check, Integrity::kMalformed,
           "the signed attributes have no message digest");
    return false;
  }
  if (!base::Equal(named->value.bytes,
                   base::Hash(algorithm, question.content).View())) {
    check.content_mismatch = true;
    Refuse(check, Integrity::kInvalid,
           "the signed attributes name another digest than the content has");
    return false;
  }
  return true;
}

}  // namespace

SignerCheck CheckSigner(const SignerQuestion& question, KeyCache& keys,
                        base::Budget& budget) {
  SignerCheck check;
  const SignerInfo& signer = *question.signer;
  check.digest = DigestOf(signer.digest_algorithm.oid.bytes);
  check.scheme = SchemeOf(signer.signature_algorithm, check.digest, budget);
  for (const Certificate& certificate : question.pool) {
    if (check.certificate == nullptr && IsNamedBy(certificate, signer)) {
      check.certificate = &certificate;
    }
  }
  if (!check.digest || !check.scheme.digest) {
    return Refuse(
        check, Integrity::kUnsupported,
        fmt::format("digest {} with signature algorithm {} is not supported",
                    DottedOid(signer.digest_algorithm.oid.bytes),
                    DottedOid(signer.signature_algorithm.oid.bytes)));
  }
  if (!ContentAgrees(question, *check.digest, check, budget)) {
    return check;
  }
  if (question.content_type != nullptr &&
      NamesAnotherType(signer, *question.content_type, budget)) {
    check.signature_mismatch = true;
    return Refuse(check, Integrity::kInvalid,
                  "the signed attributes name another type of content");
  }
  if (check.certificate == nullptr) {
    return Refuse(check, Integrity::kUnsupported,
                  "the signer's certificate is not in the signature");
  }
  // Quirk: the signature algorithm may name another digest than
  // digestAlgorithm does; the former is what was signed with.
  const base::Digest digest =
      SignedDigest(signer, question.content, *check.scheme.digest);
  SignatureCheck best = SignatureCheck::kUnsupported;
  for (const Certificate& certificate : question.pool) {
    const auto key =
        IsNamedBy(certificate, signer) ? keys.KeyOf(certificate) : std::nullopt;
    if (!key || !budget.ChargePublicKeyOperation(signer.signature.offset)) {
      continue;
    }
    best = VerifyDigest(*key, check.scheme, digest, signer.signature.bytes,
                        question.legacy_countersignature);
    if (best == SignatureCheck::kValid) {
      check.certificate = &certificate;
      check.integrity = Integrity::kValid;
      return check;
    }
  }
  if (best == SignatureCheck::kInvalid) {
    check.signature_mismatch = true;
    return Refuse(check, Integrity::kInvalid,
                  "the signature value does not verify with the signer's key");
  }
  return Refuse(check, Integrity::kUnsupported,
                fmt::format("the signer's key ({}) cannot be used",
                            KeyName(check.certificate->key)));
}

Bag BagOf(const SignedData& data, std::vector<Certificate> certificates) {
  Bag bag{std::move(certificates), {}, data.crls};
  for (const base::Input choice : data.certificates) {
    if (choice.bytes[0] != tag::kSequence) {
      bag.other.push_back(choice);
    }
  }
  return bag;
}

std::vector<Certificate> ParseCertificates(const SignedData& data,
                                           std::vector<base::Error>& errors,
                                           base::Budget& budget) {
  std::vector<Certificate> certificates;
  for (const base::Input der : data.certificates) {
    // Extended and attribute certificates (other choices) are no X.509.
    if (der.bytes.empty() || der.bytes[0] != tag::kSequence) {
      continue;
    }
    auto certificate = ParseCertificate(der, budget);
    if (certificate) {
      certificates.push_back(*std::move(certificate));
    } else {
      errors.push_back(certificate.error());
    }
  }
  return certificates;
}

}  // namespace countersign::signing
