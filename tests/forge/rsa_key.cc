#include "forge/rsa_key.h"

#include <array>
#include <string>

#include "forge/require.h"

namespace countersign::forge {
namespace {

constexpr BN_ULONG kPublicExponent = 65537;

// The derived odd number with its two top bits set where the search starts.
Bignum SearchStart(int bits, std::string_view label, int which) {
  const std::string text = "countersign forge rsa " + std::to_string(bits) +
                           " " + std::string(label) + " " +
                           std::to_string(which);
  ByteVector bytes = DerivedBytes(text, static_cast<size_t>(bits / 16));
  bytes.front() |= 0xC0;
  bytes.back() |= 0x01;
  return BignumFrom(bytes);
}

bool IsUsablePrime(const BIGNUM* candidate, BN_CTX* context) {
  return BN_mod_word(candidate, kPublicExponent) != 1 &&
         BN_check_prime(candidate, context, nullptr) == 1;
}

int StepsToPrime(int bits, std::string_view label, int which) {
  const BignumContext context = NewBignumContext();
  const Bignum candidate = SearchStart(bits, label, which);
  int steps = 0;
  while (!IsUsablePrime(candidate.get(), context.get())) {
    BN_add_word(candidate.get(), 2);
    ++steps;
  }
  return steps;
}

Bignum PrimeAt(int bits, std::string_view label, int which, int steps) {
  Bignum prime = SearchStart(bits, label, which);
  BN_add_word(prime.get(), static_cast<BN_ULONG>(steps) * 2);
  return prime;
}

PrimeSteps StepsOf(int bits, std::string_view label) {
  for (const KnownPrimes& known : kKnownPrimes) {
    if (known.bits == bits && known.label == label) {
      return known.steps;
    }
  }
  return SearchPrimeSteps(bits, label);
}

// d mod (prime - 1).
Bignum PrivateExponent(const BIGNUM* prime, BN_CTX* context) {
  const Bignum order = NewBignum();
  const Bignum exponent = NewBignum();
  Bignum out = NewBignum();
  BN_sub(order.get(), prime, BN_value_one());
  BN_set_word(exponent.get(), kPublicExponent);
  Require(BN_mod_inverse(out.get(), exponent.get(), order.get(), context) !=
              nullptr,
          "the exponent has no inverse");
  return out;
}

ByteVector Mgf1(HashAlgorithm algorithm, ByteSpan seed, size_t size) {
  ByteVector mask;
  for (uint8_t counter = 0; mask.size() < size; ++counter) {
    ByteVector block(seed.begin(), seed.end());
    Append(block, std::array<uint8_t, 4>{0, 0, 0, counter});
    Append(mask, Hash(algorithm, block));
  }
  mask.resize(size);
  return mask;
}

}  // namespace

PrimeSteps SearchPrimeSteps(int bits, std::string_view label) {
  return {StepsToPrime(bits, label, 1), StepsToPrime(bits, label, 2)};
}

RsaKey::RsaKey(int bits, std::string_view label)
    : modulus_(NewBignum()), coefficient_(NewBignum()) {
  const BignumContext context = NewBignumContext();
  const PrimeSteps steps = StepsOf(bits, label);
  prime1_ = PrimeAt(bits, label, 1, steps.prime1);
  prime2_ = PrimeAt(bits, label, 2, steps.prime2);
  BN_mul(modulus_.get(), prime1_.get(), prime2_.get(), context.get());
  exponent1_ = PrivateExponent(prime1_.get(), context.get());
  exponent2_ = PrivateExponent(prime2_.get(), context.get());
  Require(BN_mod_inverse(coefficient_.get(), prime2_.get(), prime1_.get(),
                         context.get()) != nullptr,
          "the primes are equal");
}

size_t RsaKey::size_bytes() const {
  return static_cast<size_t>(BN_num_bytes(modulus_.get()));
}

ByteVector RsaKey::PublicKey() const {
  return Sequence({UnsignedInteger(BytesFrom(modulus_.get(), size_bytes())),
                   Integer(int64_t{kPublicExponent})});
}

// Spec: RFC 8017 section 5.1.2, the two-prime form.
ByteVector RsaKey::PrivateOperation(ByteSpan block) const {
  const BignumContext context = NewBignumContext();
  const Bignum message = BignumFrom(block);
  const Bignum part1 = NewBignum();
  const Bignum part2 = NewBignum();
  BN_mod_exp(part1.get(), message.get(), exponent1_.get(), prime1_.get(),
             context.get());
  BN_mod_exp(part2.get(), message.get(), exponent2_.get(), prime2_.get(),
             context.get());
  BN_mod_sub(part1.get(), part1.get(), part2.get(), prime1_.get(),
             context.get());
  BN_mod_mul(part1.get(), part1.get(), coefficient_.get(), prime1_.get(),
             context.get());
  BN_mul(part1.get(), part1.get(), prime2_.get(), context.get());
  BN_add(part1.get(), part1.get(), part2.get());
  return BytesFrom(part1.get(), size_bytes());
}

// Spec: RFC 8017 section 9.2.
ByteVector RsaKey::SignPkcs1(HashAlgorithm algorithm, ByteSpan digest,
                             bool algorithm_prefix) const {
  ByteVector payload(digest.begin(), digest.end());
  if (algorithm_prefix) {
    payload = Sequence(
        {AlgorithmIdentifier(HashOid(algorithm)), OctetString(digest)});
  }
  Require(payload.size() + 11 <= size_bytes(), "the RSA key is too short");
  ByteVector block = {0x00, 0x01};
  block.resize(size_bytes() - payload.size() - 1, 0xFF);
  block.push_back(0x00);
  Append(block, payload);
  return PrivateOperation(block);
}

// Spec: RFC 8017 section 9.1.1. The salt is derived, not drawn.
ByteVector RsaKey::SignPss(HashAlgorithm algorithm, ByteSpan digest) const {
  const size_t hash_size = HashSize(algorithm);
  const auto encoded_bits =
      static_cast<size_t>(BN_num_bits(modulus_.get()) - 1);
  const size_t encoded_size = (encoded_bits + 7) / 8;
  Require(encoded_size >= 2 * hash_size + 2, "the RSA key is too short");

  const ByteVector salt =
      DerivedBytes("countersign forge salt " + HexText(digest), hash_size);
  ByteVector message(8, 0);
  Append(message, digest);
  Append(message, salt);
  const ByteVector hash = Hash(algorithm, message);

  ByteVector block(encoded_size - 2 * hash_size - 2, 0);
  block.push_back(0x01);
  Append(block, salt);
  const ByteVector mask = Mgf1(algorithm, hash, block.size());
  for (size_t i = 0; i < block.size(); ++i) {
    block[i] = static_cast<uint8_t>(block[i] ^ mask[i]);
  }
  block[0] = static_cast<uint8_t>(block[0] &
                                  (0xFF >> (8 * encoded_size - encoded_bits)));
  Append(block, hash);
  block.push_back(0xBC);
  return PrivateOperation(block);
}

}  // namespace countersign::forge
