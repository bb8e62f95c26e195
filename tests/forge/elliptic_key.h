// ECDSA by the book (SEC 1) on keys derived from a label, with derived nonces:
// the same recipe gives the same bytes. Also the CurveBall forgery.
#pragma once

#include <openssl/ec.h>

#include <memory>
#include <string_view>

#include "forge/bignum.h"
#include "forge/digest.h"

namespace countersign::forge {

struct EllipticDeleter {
  void operator()(EC_GROUP* group) const { EC_GROUP_free(group); }
  void operator()(EC_POINT* point) const { EC_POINT_free(point); }
};

class EllipticKey {
 public:
  // The P-256 (or P-384) key that belongs to the label.
  EllipticKey(int bits, std::string_view label);

  // A key with the victim's public point but a generator of its own choice
  // (CVE-2020-0601): private key d' from the label, G' = Q / d'.
  EllipticKey(const EllipticKey& victim, std::string_view label);

  // AlgorithmIdentifier of the key: the curve by name, or for an imitation
  // by its full parameters.
  ByteVector Algorithm() const;

  // The public point, uncompressed.
  ByteVector PublicKey() const;

  // ECDSA-Sig-Value over a digest.
  ByteVector Sign(ByteSpan digest) const;

 private:
  using Group = std::unique_ptr<EC_GROUP, EllipticDeleter>;
  using Point = std::unique_ptr<EC_POINT, EllipticDeleter>;

  void SetUp(std::string_view label);
  ByteVector PointBytes(const EC_POINT* point) const;
  ByteVector ExplicitParameters() const;

  int bits_;
  Group group_;
  Bignum order_;
  Bignum private_key_;
  Point generator_;
  Point public_point_;
  bool imitation_ = false;
};

}  // namespace countersign::forge
