#include "signing/cms/signing_certificate.h"

#include "base/digest.h"

namespace countersign::signing {

bool NamesItsCertificate(const SignerInfo& signer, base::Budget& budget) {
  return FirstValue(signer.signed_attributes, kSigningCertificate, budget) ||
         FirstValue(signer.signed_attributes, kSigningCertificateV2, budget);
}

bool NamesAnotherCertificate(const SignerInfo& signer,
                             const Certificate& certificate,
                             base::Budget& budget) {
  const auto v2 =
      FirstValue(signer.signed_attributes, kSigningCertificateV2, budget);
  const auto v1 =
      FirstValue(signer.signed_attributes, kSigningCertificate, budget);
  const auto& value = v2 ? v2 : v1;
  if (!value) {
    return false;
  }
  DerReader attribute(value->value, budget);
  DerReader list(attribute.Expect(tag::kSequence, "certs").value, budget);
  DerReader id(list.Expect(tag::kSequence, "ESSCertID").value, budget);
  auto digest =
      v2 ? base::DigestAlgorithm::kSha256 : base::DigestAlgorithm::kSha1;
  if (id.NextIs(tag::kSequence)) {
    const auto named = DigestOf(ReadAlgorithm(id, "hashAlgorithm").oid.bytes);
    if (!named) {
      return false;
    }
    digest = *named;
  }
  const base::Bytes hash = id.Expect(tag::kOctetString, "certHash").value.bytes;
  return !id.Failed() &&
         !base::Equal(hash, base::Hash(digest, certificate.der.bytes).View());
}

}  // namespace countersign::signing
