#include "forge/bignum.h"

#include <string>

#include "forge/digest.h"
#include "forge/require.h"

namespace countersign::forge {

Bignum NewBignum() {
  Bignum number(BN_new());
  Require(number != nullptr, "out of memory");
  return number;
}

BignumContext NewBignumContext() {
  BignumContext context(BN_CTX_new());
  Require(context != nullptr, "out of memory");
  return context;
}

Bignum BignumFrom(ByteSpan big_endian) {
  Bignum number(BN_bin2bn(big_endian.data(),
                          static_cast<int>(big_endian.size()), nullptr));
  Require(number != nullptr, "out of memory");
  return number;
}

ByteVector BytesFrom(const BIGNUM* number, size_t size) {
  ByteVector bytes(size);
  Require(BN_bn2binpad(number, bytes.data(), static_cast<int>(size)) >= 0,
          "the number does not fit");
  return bytes;
}

ByteVector DerivedBytes(std::string_view text, size_t size) {
  ByteVector out;
  for (int counter = 0; out.size() < size; ++counter) {
    const std::string block = std::string(text) + "#" + std::to_string(counter);
    Append(out, Hash(HashAlgorithm::kSha256, BytesOf(block)));
  }
  out.resize(size);
  return out;
}

}  // namespace countersign::forge
