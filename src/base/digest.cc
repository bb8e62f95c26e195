// Digests by OpenSSL (EVP). No OpenSSL type leaves this file.
#include "base/digest.h"

#include <openssl/evp.h>

#include "base/result.h"
#include "base/text.h"

namespace countersign::base {
namespace {

struct Row {
  DigestAlgorithm algorithm;
  std::string_view name;
  const char* openssl_name;
  size_t size;
};

constexpr std::array<Row, 6> kRows = {{
    {DigestAlgorithm::kMd5, "md5", "MD5", 16},
    {DigestAlgorithm::kSha1, "sha1", "SHA1", 20},
    {DigestAlgorithm::kSha224, "sha224", "SHA224", 28},
    {DigestAlgorithm::kSha256, "sha256", "SHA256", 32},
    {DigestAlgorithm::kSha384, "sha384", "SHA384", 48},
    {DigestAlgorithm::kSha512, "sha512", "SHA512", 64},
}};

const Row& RowOf(DigestAlgorithm algorithm) {
  return kRows[static_cast<size_t>(algorithm)];
}

// Why: OpenSSL 3 looks an algorithm up by name on every use unless it was
// fetched; the look-up costs more than hashing a certificate.
const EVP_MD* Fetched(DigestAlgorithm algorithm) {
  static const auto kFetched = [] {
    std::array<const EVP_MD*, kRows.size()> fetched{};
    for (const Row& row : kRows) {
      fetched[static_cast<size_t>(row.algorithm)] =
          EVP_MD_fetch(nullptr, row.openssl_name, nullptr);
    }
    return fetched;
  }();
  const EVP_MD* found = kFetched[static_cast<size_t>(algorithm)];
  CS_CHECK(found != nullptr);
  return found;
}

}  // namespace

size_t DigestSize(DigestAlgorithm algorithm) { return RowOf(algorithm).size; }

std::string_view Name(DigestAlgorithm algorithm) {
  return RowOf(algorithm).name;
}

std::string Digest::Hex() const { return ToHex(View()); }

struct Hasher::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();

  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { EVP_MD_CTX_free(evp); }
};

Hasher::Hasher(DigestAlgorithm algorithm)
    : context_(std::make_unique<Context>()) {
  CS_CHECK(context_->evp != nullptr);
  CS_CHECK(EVP_DigestInit_ex2(context_->evp, Fetched(algorithm), nullptr) == 1);
}

Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::Update(Bytes bytes) {
  CS_CHECK(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()) == 1);
}

Digest Hasher::Finish() {
  Digest digest;
  unsigned int size = 0;
  CS_CHECK(EVP_DigestFinal_ex(context_->evp, digest.data.data(), &size) == 1);
  digest.size = static_cast<uint8_t>(size);
  return digest;
}

Digest Hash(DigestAlgorithm algorithm, Bytes bytes) {
  Hasher hasher(algorithm);
  hasher.Update(bytes);
  return hasher.Finish();
}

}  // namespace countersign::base
