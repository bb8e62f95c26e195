#include "forge/digest.h"

#include <openssl/evp.h>

#include <array>
#include <string>

#include "forge/require.h"

namespace countersign::forge {
namespace {

struct HashRow {
  std::string_view name;
  std::string_view oid;
  size_t size;
  const EVP_MD* (*implementation)();
};

// In the order of HashAlgorithm.
constexpr std::array<HashRow, 5> kHashes = {{
    {"md5", "1.2.840.113549.2.5", 16, EVP_md5},
    {"sha1", "1.3.14.3.2.26", 20, EVP_sha1},
    {"sha256", "2.16.840.1.101.3.4.2.1", 32, EVP_sha256},
    {"sha384", "2.16.840.1.101.3.4.2.2", 48, EVP_sha384},
    {"sha512", "2.16.840.1.101.3.4.2.3", 64, EVP_sha512},
}};

const HashRow& RowOf(HashAlgorithm algorithm) {
  return kHashes[static_cast<size_t>(algorithm)];
}

}  // namespace

std::string_view HashName(HashAlgorithm algorithm) {
  return RowOf(algorithm).name;
}

std::string_view HashOid(HashAlgorithm algorithm) {
  return RowOf(algorithm).oid;
}

size_t HashSize(HashAlgorithm algorithm) { return RowOf(algorithm).size; }

ByteVector AlgorithmIdentifier(std::string_view oid) {
  return Sequence({Oid(oid), Null()});
}

ByteVector Hash(HashAlgorithm algorithm, ByteSpan bytes) {
  Hasher hasher(algorithm);
  hasher.Update(bytes);
  return hasher.Finish();
}

Hasher::Hasher(HashAlgorithm algorithm) : context_(EVP_MD_CTX_new()) {
  Require(context_ != nullptr &&
              EVP_DigestInit_ex(context_, RowOf(algorithm).implementation(),
                                nullptr) == 1,
          "the digest is not available");
}

Hasher::~Hasher() { EVP_MD_CTX_free(context_); }

void Hasher::Update(ByteSpan bytes) {
  Require(EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1,
          "the digest failed");
}

ByteVector Hasher::Finish() {
  ByteVector digest(EVP_MAX_MD_SIZE);
  unsigned int size = 0;
  Require(EVP_DigestFinal_ex(context_, digest.data(), &size) == 1,
          "the digest failed");
  digest.resize(size);
  return digest;
}

std::string HexText(ByteSpan bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 0x0F]);
  }
  return text;
}

}  // namespace countersign::forge
