// Owners and conversions for OpenSSL's big numbers.
#pragma once

#include <openssl/bn.h>

#include <memory>

#include "forge/der.h"

namespace countersign::forge {

struct BignumDeleter {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
};
using Bignum = std::unique_ptr<BIGNUM, BignumDeleter>;
using BignumContext = std::unique_ptr<BN_CTX, BignumDeleter>;

Bignum NewBignum();
BignumContext NewBignumContext();

// A number from unsigned big-endian bytes.
Bignum BignumFrom(ByteSpan big_endian);

// Unsigned big-endian bytes, left-padded with zeros to `size` bytes.
ByteVector BytesFrom(const BIGNUM* number, size_t size);

// Bytes derived from a text alone: the same text gives the same bytes.
ByteVector DerivedBytes(std::string_view text, size_t size);

}  // namespace countersign::forge
