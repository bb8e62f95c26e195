// Message digests, by name and by object identifier.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "forge/der.h"

typedef struct evp_md_ctx_st EVP_MD_CTX;

namespace countersign::forge {

enum class HashAlgorithm : uint8_t { kMd5, kSha1, kSha256, kSha384, kSha512 };

// Lower-case name ("sha256"), dotted object identifier, size in bytes.
std::string_view HashName(HashAlgorithm algorithm);
std::string_view HashOid(HashAlgorithm algorithm);
size_t HashSize(HashAlgorithm algorithm);

// AlgorithmIdentifier with a NULL parameter.
ByteVector AlgorithmIdentifier(std::string_view oid);

// The digest of the bytes.
ByteVector Hash(HashAlgorithm algorithm, ByteSpan bytes);

// A digest computed piece by piece.
class Hasher {
 public:
  explicit Hasher(HashAlgorithm algorithm);
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  void Update(ByteSpan bytes);

  // The digest of everything given; the hasher is used up.
  ByteVector Finish();

 private:
  EVP_MD_CTX* context_;
};

// Lower-case hexadecimal text.
std::string HexText(ByteSpan bytes);

}  // namespace countersign::forge
