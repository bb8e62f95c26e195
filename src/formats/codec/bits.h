// Bits of a stream, the lowest of each byte first. Private to codec/.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace countersign::formats {

// Behind the end there are zeros, and `IsPastEnd` says that some were used: a
// decoder asks once for each piece of its output rather than for each bit.
class BitReader {
 public:
  explicit BitReader(base::Input input) : input_(input) {}

  // The next `count` bits (at most 32), without taking them.
  uint32_t Peek(unsigned count) {
    while (held_ < count) {
      if (position_ < input_.bytes.size()) {
        bits_ |= uint64_t{input_.bytes[position_]} << held_;
        ++position_;
      } else {
        ++missing_;
      }
      held_ += 8;
    }
    return static_cast<uint32_t>(bits_ & ((uint64_t{1} << count) - 1));
  }

  // Takes `count` bits that were peeked at.
  void Drop(unsigned count) {
    bits_ >>= count;
    held_ -= count;
  }

  uint32_t Take(unsigned count) {
    const uint32_t bits = Peek(count);
    Drop(count);
    return bits;
  }

  // Drops what is left of the byte that was begun.
  void Align() { Drop(held_ % 8); }

  [[nodiscard]] bool IsPastEnd() const { return missing_ * 8 > held_; }

  // Bytes of the input of which at least a bit was taken.
  [[nodiscard]] uint64_t Taken() const {
    const uint64_t whole = held_ / 8;
    return whole > missing_ ? position_ - (whole - missing_) : position_;
  }
  // The absolute offset behind them.
  [[nodiscard]] uint64_t Offset() const { return input_.offset + Taken(); }

 private:
  base::Input input_;
  uint64_t position_ = 0;
  uint64_t missing_ = 0;  // bytes behind the end that were peeked at
  uint64_t bits_ = 0;
  unsigned held_ = 0;  // bits in `bits_`
};

}  // namespace countersign::formats
