// X.509 certificates, parsed once, as views into the bytes they came in.
//
// Spec: RFC 5280 section 4.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "model/signature.h"
#include "signing/asn1/der.h"
#include "signing/x509/algorithm.h"

namespace countersign::signing {

// Bits of KeyUsage, RFC 5280 section 4.2.1.3, bit 0 = most significant.
namespace key_usage {
inline constexpr uint16_t kDigitalSignature = 1U << 0;
inline constexpr uint16_t kNonRepudiation = 1U << 1;
inline constexpr uint16_t kKeyCertSign = 1U << 5;
inline constexpr uint16_t kCrlSign = 1U << 6;
}  // namespace key_usage

struct Certificate {
  base::Input der;
  base::Input tbs;      // what is signed, whole element
  base::Bytes serial;   // content octets
  base::Input issuer;   // whole Name
  base::Input subject;  // whole Name
  base::Instant not_before;
  base::Instant not_after;
  base::Input spki;  // whole SubjectPublicKeyInfo
  KeyParts key;
  AlgorithmIdentifier signature_algorithm;
  SignatureScheme scheme;
  base::Input signature;

  // Extensions.
  bool is_ca = false;
  bool has_basic_constraints = false;
  std::optional<uint32_t> path_length;
  std::optional<uint16_t> usage;  // KeyUsage bits; nothing when absent
  std::optional<std::vector<base::Bytes>> extended_usages;  // OID contents
  std::vector<base::Bytes> policies;
  base::Bytes subject_key_id;
  base::Bytes authority_key_id;
  base::Input name_constraints;  // extnValue content; empty when absent
  base::Input subject_alt_name;
  base::Input crl_distribution_points;
  base::Bytes unknown_critical;  // OID of one we cannot honour

  // SHA-256 and SHA-1 of `der`.
  base::Digest sha256;
  base::Digest sha1;

  [[nodiscard]] bool IsSelfIssued() const {
    return base::Equal(issuer.bytes, subject.bytes);
  }
  // True when `oid` itself is listed.
  [[nodiscard]] bool ListsUsage(const struct Oid& oid) const;
  // True when `oid` is listed, or no ExtendedKeyUsage restricts the key, or
  // anyExtendedKeyUsage is listed.
  [[nodiscard]] bool AllowsUsage(const struct Oid& oid) const;
};

// The certificate in `der`, which must be exactly one SEQUENCE. The result
// views `der`. Damage in an extension that matters is an error; unknown
// extensions are skipped unless critical.
[[nodiscard]] base::Result<Certificate> ParseCertificate(base::Input der,
                                                         base::Budget& budget);

// The other encodings of a certificate that hold under the same key: where it
// is signed with ECDSA, those with the signature's twins (EcdsaTwins). One of
// them at most is real; none for other signatures.
// Why: anybody can write a certificate in its other form, which has another
// digest, so a list that names certificates by digest means both.
[[nodiscard]] std::vector<std::vector<uint8_t>> Twins(
    const Certificate& certificate);

// Subject as RFC 4514 text, safe to display.
[[nodiscard]] std::string SubjectText(const Certificate& certificate);

// The serial number as lower-case hex without leading zeros ("0" for zero).
[[nodiscard]] std::string SerialText(base::Bytes content);

// Everything the report says of a certificate, the publisher key included.
[[nodiscard]] model::CertificateFacts Describe(const Certificate& certificate);

// The publisher's identity that survives renewal (docs/publisher-key.md):
//   "eku:<oid>"                the identity usage of Microsoft's signing
//                              service, 1.3.6.1.4.1.311.97.<4 or more arcs>
//   "ev:<jurisdiction>:<no>"   EV registration number with its jurisdiction
//   "org:<organisation>"       else the organisation, normalised
//   "cn:<common name>", "spki:<sha256>"   where there is no organisation
[[nodiscard]] std::string PublisherKey(const Certificate& certificate);

}  // namespace countersign::signing
