// Message digests. The only place where bytes are hashed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace countersign::base {

enum class DigestAlgorithm : uint8_t {
  kMd5,
  kSha1,
  kSha224,
  kSha256,
  kSha384,
  kSha512,
};

// Bytes in a digest of this algorithm.
[[nodiscard]] size_t DigestSize(DigestAlgorithm algorithm);
// "md5", "sha1", "sha256", ...
[[nodiscard]] std::string_view Name(DigestAlgorithm algorithm);

// A digest by value: up to 64 bytes and their number.
struct Digest {
  std::array<uint8_t, 64> data{};
  uint8_t size = 0;

  [[nodiscard]] Bytes View() const { return {data.data(), size}; }
  [[nodiscard]] bool Empty() const { return size == 0; }
  // Lower-case hexadecimal.
  [[nodiscard]] std::string Hex() const;
  friend bool operator==(const Digest&, const Digest&) = default;
  friend auto operator<=>(const Digest&, const Digest&) = default;
};

// Hashes a stream. Aborts only if the crypto library cannot work at all.
class Hasher {
 public:
  explicit Hasher(DigestAlgorithm algorithm);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  ~Hasher();

  void Update(Bytes bytes);
  // The digest of everything so far; the hasher is spent afterwards.
  [[nodiscard]] Digest Finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// The digest of `bytes`.
[[nodiscard]] Digest Hash(DigestAlgorithm algorithm, Bytes bytes);

}  // namespace countersign::base
