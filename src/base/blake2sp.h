// BLAKE2sp, the digest of RAR 5.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace countersign::base {

inline constexpr size_t kBlake2spBytes = 32;
using Blake2spDigest = std::array<uint8_t, kBlake2spBytes>;

// One BLAKE2s of a tree, unkeyed, of 32 bytes.
class Blake2sNode {
 public:
  // `offset` among those of the same depth; leaves have depth 0.
  Blake2sNode(uint32_t offset, uint8_t depth, bool is_last);

  void Update(Bytes bytes);
  // The node is spent afterwards.
  [[nodiscard]] Blake2spDigest Finish();

 private:
  static constexpr size_t kBlockBytes = 64;

  void Compress(bool is_end);

  std::array<uint32_t, 8> state_{};
  std::array<uint8_t, kBlockBytes> block_{};
  size_t held_ = 0;     // bytes in `block_`
  uint64_t total_ = 0;  // bytes that were compressed
  bool is_last_;        // of its depth
};

// Hashes a stream: blocks of 64 bytes go to eight leaves by turns, whose
// digests are hashed.
class Blake2spHasher {
 public:
  void Update(Bytes bytes);
  // The digest of everything so far; the hasher is spent afterwards.
  [[nodiscard]] Blake2spDigest Finish();

 private:
  static constexpr size_t kLeaves = 8;
  static constexpr size_t kStripeBytes = 64;

  std::array<Blake2sNode, kLeaves> leaves_ = {
      Blake2sNode{0, 0, false}, Blake2sNode{1, 0, false},
      Blake2sNode{2, 0, false}, Blake2sNode{3, 0, false},
      Blake2sNode{4, 0, false}, Blake2sNode{5, 0, false},
      Blake2sNode{6, 0, false}, Blake2sNode{7, 0, true}};
  uint64_t total_ = 0;
};

}  // namespace countersign::base
