// RSA by the book (RFC 8017) on keys derived from a label, so that the same
// recipe gives the same bytes on every run and machine. The private keys are
// public knowledge: they sign inert test files and nothing else.
#pragma once

#include <memory>
#include <string_view>

#include "forge/bignum.h"
#include "forge/digest.h"
#include "forge/known_primes.h"

namespace countersign::forge {

class RsaKey {
 public:
  // The key of `bits` bits that belongs to the label.
  RsaKey(int bits, std::string_view label);

  // RSAPublicKey ::= SEQUENCE { modulus, publicExponent }.
  ByteVector PublicKey() const;

  // RSASSA-PKCS1-v1_5 over a digest; without `algorithm_prefix` the padded
  // block holds the bare digest, as old time-stamping services wrote it.
  ByteVector SignPkcs1(HashAlgorithm algorithm, ByteSpan digest,
                       bool algorithm_prefix) const;

  // RSASSA-PSS with MGF1 of the same hash and a salt of its size.
  ByteVector SignPss(HashAlgorithm algorithm, ByteSpan digest) const;

 private:
  size_t size_bytes() const;
  ByteVector PrivateOperation(ByteSpan block) const;

  Bignum modulus_;
  Bignum prime1_;
  Bignum prime2_;
  Bignum exponent1_;
  Bignum exponent2_;
  Bignum coefficient_;
};

}  // namespace countersign::forge
