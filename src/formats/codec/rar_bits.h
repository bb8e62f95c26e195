// Bits of RAR. Private to codec/.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/bytes.h"

namespace countersign::formats {

// The highest bit of each byte first. Behind the end there are zeros, and
// `IsPastEnd` says that some were used.
class RarBits {
 public:
  explicit RarBits(base::Input input) : input_(input) {}

  // The next `count` bits (at most 32), without taking them.
  uint32_t Peek(unsigned count) {
    while (held_ < count) {
      bits_ = bits_ << 8 |
              (position_ < input_.bytes.size() ? input_.bytes[position_]
                                               : uint8_t{0});
      ++position_;
      held_ += 8;
    }
    return static_cast<uint32_t>((bits_ >> (held_ - count)) &
                                 ((uint64_t{1} << count) - 1));
  }
  void Drop(unsigned count) { held_ -= count; }
  uint32_t Take(unsigned count) {
    const uint32_t bits = Peek(count);
    Drop(count);
    return bits;
  }
  void Align() { Drop(held_ % 8); }

  // Bits that were taken.
  [[nodiscard]] uint64_t Taken() const { return position_ * 8 - held_; }
  [[nodiscard]] bool IsPastEnd() const {
    return Taken() > uint64_t{input_.bytes.size()} * 8;
  }
  // Absolute; inside the input or at its end.
  [[nodiscard]] uint64_t Offset() const {
    return input_.offset +
           std::min<uint64_t>((Taken() + 7) / 8, input_.bytes.size());
  }

 private:
  base::Input input_;
  uint64_t position_ = 0;
  uint64_t bits_ = 0;
  unsigned held_ = 0;
};

}  // namespace countersign::formats
