// Public-key primitives. The only door to the crypto library in this module;
// digests are in base/digest.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"

namespace countersign::signing {

enum class KeyType : uint8_t { kUnsupported, kRsa, kEc };
enum class Curve : uint8_t { kNone, kP256, kP384, kP521 };

// The parts of a SubjectPublicKeyInfo, as views.
struct KeyParts {
  KeyType type = KeyType::kUnsupported;
  uint32_t bits = 0;
  base::Bytes modulus;   // RSA, big-endian
  base::Bytes exponent;  // RSA, big-endian
  Curve curve = Curve::kNone;
  bool explicit_parameters = false;  // EC parameters that are not a name
  base::Bytes point;                 // EC, encoded point
};

// A key ready for use. Copies share it.
class PublicKey {
 public:
  // Nothing when the library refuses the key (bad point, absurd modulus).
  // Limit: RSA moduli up to 16,384 bits, exponents up to 64 bits, so that one
  // operation stays below a few ms.
  static std::optional<PublicKey> Make(const KeyParts& parts);

  struct Handle;
  [[nodiscard]] const Handle& Shared() const { return *handle_; }

 private:
  std::shared_ptr<const Handle> handle_;
};

// How a signature was made.
struct SignatureScheme {
  enum class Kind : uint8_t { kUnsupported, kRsaPkcs1, kRsaPss, kEcdsa };
  Kind kind = Kind::kUnsupported;
  std::optional<base::DigestAlgorithm> digest;
  std::optional<base::DigestAlgorithm> mask_digest;  // PSS: hash of MGF1
  uint32_t salt_size = 20;                           // PSS, bytes
};

// "sha256WithRSA", "rsaPss-sha256", "ecdsa-sha384", or "unsupported".
[[nodiscard]] std::string Describe(const SignatureScheme& scheme);

enum class SignatureCheck : uint8_t { kValid, kInvalid, kUnsupported };

// Whether `signature` over a message with this `digest` holds under `key`.
//
// RSA PKCS#1 v1.5 (RFC 8017 section 8.2.2): the recovered block must be
// exactly the DigestInfo, with NULL parameters or without any.
// `bare_digest` also accepts the digest itself as the whole block, which
// legacy Authenticode time-stamping services (Symantec, VeriSign, Thawte)
// sign; allowed for PKCS#9 countersignatures only.
[[nodiscard]] SignatureCheck VerifyDigest(const PublicKey& key,
                                          const SignatureScheme& scheme,
                                          const base::Digest& digest,
                                          base::Bytes signature,
                                          bool bare_digest = false);

// The other forms of an ECDSA signature: with (r, s), (r, n - s) holds as well
// for the same key and message, n being the order of the key's curve (SEC 1
// version 2 section 4.1.4; no verifier asks for the lower s). One DER
// ECDSA-Sig-Value for each of our curves that `signature` can belong to; none
// when it is not the DER of two numbers.
[[nodiscard]] std::vector<std::vector<uint8_t>> EcdsaTwins(
    base::Bytes signature);

}  // namespace countersign::signing
