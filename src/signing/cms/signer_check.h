// Whether one SignerInfo holds over a content.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "signing/cms/signed_data.h"
#include "signing/path/key_cache.h"
#include "signing/x509/certificate.h"

namespace countersign::signing {

struct SignerCheck {
  model::Integrity integrity = model::Integrity::kUnsupported;
  std::string reason;  // one clause; empty when valid
  // The content does not have the digest that the signed attributes name.
  bool content_mismatch = false;
  // The public-key operation refused the signature.
  bool signature_mismatch = false;
  const Certificate* certificate = nullptr;  // null when it did not come along
  std::optional<base::DigestAlgorithm> digest;
  SignatureScheme scheme;
};

// What is to be checked.
struct SignerQuestion {
  const SignerInfo* signer = nullptr;
  base::Bytes content;  // what the message digest covers
  std::span<const Certificate> pool;
  // When set, a signed contentType attribute must name this type, or a key
  // that signed something else of the attacker's choice could stand in
  // (RFC 5652 section 11.1).
  const Oid* content_type = nullptr;
  // PKCS #9 countersignature of Authenticode: a bare digest in the RSA block
  // is accepted (see VerifyDigest).
  bool legacy_countersignature = false;
};

// The answer, with the certificate that verified. The signed attributes are
// verified over their bytes as encoded (RFC 5652 section 5.4 with the SET OF
// tag in place of [0]), not re-ordered.
[[nodiscard]] SignerCheck CheckSigner(const SignerQuestion& question,
                                      KeyCache& keys, base::Budget& budget);

// The certificates and revocation lists that came with one SignedData. Nobody
// signs the two sets, so anybody can add to them.
struct Bag {
  std::vector<Certificate> certificates;
  std::vector<base::Input> other;  // attribute certificates and the like
  std::vector<base::Input> lists;
};

// The bag of `data`, whose certificates are `certificates`.
[[nodiscard]] Bag BagOf(const SignedData& data,
                        std::vector<Certificate> certificates);

// The certificates of a SignedData; damaged ones go to `errors`.
[[nodiscard]] std::vector<Certificate> ParseCertificates(
    const SignedData& data, std::vector<base::Error>& errors,
    base::Budget& budget);

}  // namespace countersign::signing
