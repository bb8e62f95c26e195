// Spec: RFC 7693 for the compression; "BLAKE2: simpler, smaller, fast as MD5"
// (2013), section 2.8 to 2.10, for the parameters of trees and BLAKE2sp.
#include "base/blake2sp.h"

#include <algorithm>
#include <bit>

#include "base/result.h"

namespace countersign::base {
namespace {

// Spec: RFC 7693, 2.6 and 2.7.
constexpr std::array<uint32_t, 8> kBlake2sStart = {
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
    0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};
constexpr std::array<std::array<uint8_t, 16>, 10> kBlake2sSchedule = {
    {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
     {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
     {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
     {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
     {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
     {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
     {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
     {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
     {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
     {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}}};

struct Blake2sWords {
  std::array<uint32_t, 16> v{};

  // Spec: RFC 7693, 3.1.
  void Mix(size_t a, size_t b, size_t c, size_t d, uint32_t x, uint32_t y) {
    v[a] += v[b] + x;
    v[d] = std::rotr(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = std::rotr(v[b] ^ v[c], 12);
    v[a] += v[b] + y;
    v[d] = std::rotr(v[d] ^ v[a], 8);
    v[c] += v[d];
    v[b] = std::rotr(v[b] ^ v[c], 7);
  }
};

uint32_t Blake2sWord(const uint8_t* bytes) {
  return uint32_t{bytes[0]} | uint32_t{bytes[1]} << 8 |
         uint32_t{bytes[2]} << 16 | uint32_t{bytes[3]} << 24;
}

}  // namespace

// Spec: BLAKE2 paper, 2.8: digest length, key length, fanout, depth; leaf
// length; node offset of 48 bits, node depth, inner length.
Blake2sNode::Blake2sNode(uint32_t offset, uint8_t depth, bool is_last)
    : state_(kBlake2sStart), is_last_(is_last) {
  constexpr uint32_t kFanout = 8;
  constexpr uint32_t kDepth = 2;
  state_[0] ^= uint32_t{kBlake2spBytes} | kFanout << 16 | kDepth << 24;
  state_[2] ^= offset;
  state_[3] ^= uint32_t{depth} << 16 | uint32_t{kBlake2spBytes} << 24;
}

void Blake2sNode::Update(Bytes bytes) {
  while (!bytes.empty()) {
    // Why not when it is full: the last block is compressed as such.
    if (held_ == kBlockBytes) {
      Compress(false);
    }
    const size_t count = std::min(bytes.size(), kBlockBytes - held_);
    std::copy_n(bytes.begin(), count, &block_[held_]);
    held_ += count;
    bytes = bytes.subspan(count);
  }
}

// Spec: RFC 7693, 3.2.
void Blake2sNode::Compress(bool is_end) {
  total_ += held_;
  held_ = 0;
  std::array<uint32_t, 16> message{};
  for (size_t i = 0; i < message.size(); ++i) {
    message[i] = Blake2sWord(&block_[4 * i]);
  }
  Blake2sWords words;
  auto& v = words.v;
  std::copy_n(state_.begin(), 8, v.begin());
  std::copy_n(kBlake2sStart.begin(), 8, v.begin() + 8);
  v[12] ^= static_cast<uint32_t>(total_);
  v[13] ^= static_cast<uint32_t>(total_ >> 32);
  v[14] ^= is_end ? ~0U : 0U;
  v[15] ^= is_end && is_last_ ? ~0U : 0U;
  for (const auto& order : kBlake2sSchedule) {
    const auto word = [&](size_t i) { return message[order[i]]; };
    words.Mix(0, 4, 8, 12, word(0), word(1));
    words.Mix(1, 5, 9, 13, word(2), word(3));
    words.Mix(2, 6, 10, 14, word(4), word(5));
    words.Mix(3, 7, 11, 15, word(6), word(7));
    words.Mix(0, 5, 10, 15, word(8), word(9));
    words.Mix(1, 6, 11, 12, word(10), word(11));
    words.Mix(2, 7, 8, 13, word(12), word(13));
    words.Mix(3, 4, 9, 14, word(14), word(15));
  }
  for (size_t i = 0; i < state_.size(); ++i) {
    state_[i] ^= v[i] ^ v[i + 8];
  }
}

Blake2spDigest Blake2sNode::Finish() {
  std::fill(block_.begin() + static_cast<std::ptrdiff_t>(held_), block_.end(),
            uint8_t{0});
  Compress(true);
  Blake2spDigest digest{};
  for (size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<uint8_t>(state_[i / 4] >> (8 * (i % 4)));
  }
  return digest;
}

void Blake2spHasher::Update(Bytes bytes) {
  while (!bytes.empty()) {
    const size_t room = kStripeBytes - total_ % kStripeBytes;
    const size_t count = std::min(bytes.size(), room);
    leaves_[total_ / kStripeBytes % kLeaves].Update(bytes.first(count));
    total_ += count;
    bytes = bytes.subspan(count);
  }
}

Blake2spDigest Blake2spHasher::Finish() {
  Blake2sNode root(0, 1, true);
  for (Blake2sNode& leaf : leaves_) {
    root.Update(leaf.Finish());
  }
  return root.Finish();
}

}  // namespace countersign::base
