#include "forge/elliptic_key.h"

#include <openssl/obj_mac.h>

#include <string>

#include "forge/require.h"

namespace countersign::forge {
namespace {

// A number in [1, order) derived from a text.
Bignum DerivedScalar(std::string_view text, const BIGNUM* order) {
  const BignumContext context = NewBignumContext();
  const Bignum limit = NewBignum();
  Bignum scalar = BignumFrom(
      DerivedBytes(text, static_cast<size_t>(BN_num_bytes(order)) + 16));
  BN_sub(limit.get(), order, BN_value_one());
  BN_nnmod(scalar.get(), scalar.get(), limit.get(), context.get());
  BN_add_word(scalar.get(), 1);
  return scalar;
}

}  // namespace

EllipticKey::EllipticKey(int bits, std::string_view label) : bits_(bits) {
  SetUp(label);
  Require(EC_POINT_copy(generator_.get(),
                        EC_GROUP_get0_generator(group_.get())) == 1 &&
              EC_POINT_mul(group_.get(), public_point_.get(),
                           private_key_.get(), nullptr, nullptr, nullptr) == 1,
          "the elliptic curve key failed");
}

EllipticKey::EllipticKey(const EllipticKey& victim, std::string_view label)
    : bits_(victim.bits_), imitation_(true) {
  SetUp(label);
  const BignumContext context = NewBignumContext();
  const Bignum inverse = NewBignum();
  BN_mod_inverse(inverse.get(), private_key_.get(), order_.get(),
                 context.get());
  Require(
      EC_POINT_copy(public_point_.get(), victim.public_point_.get()) == 1 &&
          EC_POINT_mul(group_.get(), generator_.get(), nullptr,
                       public_point_.get(), inverse.get(), context.get()) == 1,
      "the imitated key failed");
}

void EllipticKey::SetUp(std::string_view label) {
  Require(bits_ == 256 || bits_ == 384, "only P-256 and P-384");
  group_.reset(EC_GROUP_new_by_curve_name(bits_ == 256 ? NID_X9_62_prime256v1
                                                       : NID_secp384r1));
  Require(group_ != nullptr, "the curve is not available");
  order_.reset(BN_dup(EC_GROUP_get0_order(group_.get())));
  generator_.reset(EC_POINT_new(group_.get()));
  public_point_.reset(EC_POINT_new(group_.get()));
  private_key_ = DerivedScalar("countersign forge ec " + std::to_string(bits_) +
                                   " " + std::string(label),
                               order_.get());
}

ByteVector EllipticKey::PointBytes(const EC_POINT* point) const {
  ByteVector bytes(1 + 2 * static_cast<size_t>(bits_) / 8);
  Require(
      EC_POINT_point2oct(group_.get(), point, POINT_CONVERSION_UNCOMPRESSED,
                         bytes.data(), bytes.size(), nullptr) == bytes.size(),
      "the point cannot be written");
  return bytes;
}

ByteVector EllipticKey::PublicKey() const {
  return PointBytes(public_point_.get());
}

// Spec: SEC 1 appendix C.2, ECParameters (specifiedCurve).
ByteVector EllipticKey::ExplicitParameters() const {
  const Bignum prime = NewBignum();
  const Bignum a = NewBignum();
  const Bignum b = NewBignum();
  Require(EC_GROUP_get_curve(group_.get(), prime.get(), a.get(), b.get(),
                             nullptr) == 1,
          "the curve has no parameters");
  const auto size = static_cast<size_t>(bits_) / 8;
  return Sequence({Integer(1),
                   Sequence({Oid("1.2.840.10045.1.1"),
                             UnsignedInteger(BytesFrom(prime.get(), size))}),
                   Sequence({OctetString(BytesFrom(a.get(), size)),
                             OctetString(BytesFrom(b.get(), size))}),
                   OctetString(PointBytes(generator_.get())),
                   UnsignedInteger(BytesFrom(order_.get(), size)), Integer(1)});
}

ByteVector EllipticKey::Algorithm() const {
  const ByteVector named =
      Oid(bits_ == 256 ? "1.2.840.10045.3.1.7" : "1.3.132.0.34");
  return Sequence(
      {Oid("1.2.840.10045.2.1"), imitation_ ? ExplicitParameters() : named});
}

// Spec: SEC 1 section 4.1.3.
ByteVector EllipticKey::Sign(ByteSpan digest) const {
  const auto size = static_cast<size_t>(bits_) / 8;
  const BignumContext context = NewBignumContext();
  const ByteSpan left = digest.first(std::min(digest.size(), size));
  const Bignum message = BignumFrom(left);
  const Bignum nonce = DerivedScalar(
      HexText(BytesFrom(private_key_.get(), size)) + HexText(digest),
      order_.get());

  const Point point(EC_POINT_new(group_.get()));
  const Bignum r = NewBignum();
  const Bignum s = NewBignum();
  Require(
      EC_POINT_mul(group_.get(), point.get(), nullptr, generator_.get(),
                   nonce.get(), context.get()) == 1 &&
          EC_POINT_get_affine_coordinates(group_.get(), point.get(), r.get(),
                                          nullptr, context.get()) == 1,
      "the signature failed");
  BN_nnmod(r.get(), r.get(), order_.get(), context.get());
  BN_mod_mul(s.get(), r.get(), private_key_.get(), order_.get(), context.get());
  BN_mod_add(s.get(), s.get(), message.get(), order_.get(), context.get());
  const Bignum inverse = NewBignum();
  BN_mod_inverse(inverse.get(), nonce.get(), order_.get(), context.get());
  BN_mod_mul(s.get(), s.get(), inverse.get(), order_.get(), context.get());
  return Sequence({UnsignedInteger(BytesFrom(r.get(), size)),
                   UnsignedInteger(BytesFrom(s.get(), size))});
}

}  // namespace countersign::forge
