// A signing key of the test authorities, RSA or elliptic.
#pragma once

#include <memory>
#include <string_view>

#include "forge/digest.h"

namespace countersign::forge {

enum class KeyKind : uint8_t {
  kRsa1024,
  kRsa2048,
  kRsa3072,
  kRsa4096,
  kP256,
  kP384,
};

// How an RSA signature is padded; an elliptic key ignores it.
enum class Padding : uint8_t {
  kPkcs1,
  kPss,
  kBareDigest,  // PKCS#1 v1.5 block that holds the digest without DigestInfo
};

struct KeyMaterial;

// Cheap to copy; a default key is empty and cannot sign.
class Key {
 public:
  Key() = default;
  explicit Key(std::shared_ptr<const KeyMaterial> material);

  bool empty() const { return material_ == nullptr; }

  // SubjectPublicKeyInfo.
  ByteVector PublicKeyInfo() const;

  // SHA-1 of the public key bits (RFC 5280 section 4.2.1.2, method 1).
  ByteVector KeyIdentifier() const;

  // The signature over the message's digest.
  ByteVector Sign(HashAlgorithm algorithm, Padding padding,
                  ByteSpan message) const;

  // AlgorithmIdentifier of such a signature as certificates write it
  // (sha256WithRSAEncryption, RSASSA-PSS with all parameters, ecdsa-with-...).
  ByteVector SignatureAlgorithm(HashAlgorithm algorithm, Padding padding) const;

  // The same as PKCS#7 writes it: plain rsaEncryption for PKCS#1 v1.5.
  ByteVector SignerInfoAlgorithm(HashAlgorithm algorithm,
                                 Padding padding) const;

  const KeyMaterial& material() const { return *material_; }

 private:
  std::shared_ptr<const KeyMaterial> material_;
};

// The key that belongs to the label: derived, the same on every run, made once
// per process.
Key MakeKey(KeyKind kind, std::string_view label);

// A key that shows the victim's public point with a generator chosen to fit
// (CVE-2020-0601); its SubjectPublicKeyInfo has explicit parameters. The
// victim must be elliptic.
Key MakeImitationKey(const Key& victim, std::string_view label);

}  // namespace countersign::forge
