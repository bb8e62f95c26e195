// Bits of LZX. Private to codec/.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/bytes.h"

namespace countersign::formats {

// Words of 16 bits, low byte first, the highest bit of a word first. Behind the
// end there are zeros, and `IsPastEnd` says that some were used.
class LzxReader {
 public:
  explicit LzxReader(base::Input input) : input_(input) {}

  // The next `count` bits (at most 16), without taking them.
  uint32_t Peek(unsigned count) {
    while (held_ < count) {
      bits_ = bits_ << 16 | NextWord();
      held_ += 16;
    }
    return static_cast<uint32_t>(bits_ >> (held_ - count)) &
           ((1U << count) - 1);
  }
  void Drop(unsigned count) { held_ -= count; }
  uint32_t Take(unsigned count) {
    const uint32_t bits = Peek(count);
    Drop(count);
    return bits;
  }
  uint32_t Take32() {
    const uint32_t high = Take(16);
    return high << 16 | Take(16);
  }

  // Drops what is left of the word that was begun.
  void AlignToWord() { held_ -= held_ % 16; }

  // Goes over to bytes, at the next word: if none was begun, behind it.
  void StartBytes() {
    if (held_ % 16 == 0) {
      (void)Take(16);
    }
    AlignToWord();
    position_ -= 2 * (held_ / 16);
    held_ = 0;
  }
  base::Bytes TakeBytes(uint64_t size) {
    const uint64_t there = std::min<uint64_t>(
        size, input_.bytes.size() -
                  std::min<uint64_t>(position_, input_.bytes.size()));
    const base::Bytes taken =
        there == 0 ? base::Bytes() : input_.bytes.subspan(position_, there);
    position_ += size;
    return taken;
  }
  uint32_t Number() {
    uint32_t number = 0;
    const base::Bytes bytes = TakeBytes(4);
    for (size_t i = bytes.size(); i > 0; --i) {
      number = number << 8 | bytes[i - 1];
    }
    return number;
  }
  void SkipByte() { ++position_; }

  [[nodiscard]] bool IsPastEnd() const {
    return position_ > input_.bytes.size() + 2 * (held_ / 16);
  }
  // Absolute; inside the input or at its end.
  [[nodiscard]] uint64_t Offset() const {
    return input_.offset + std::min<uint64_t>(position_ - 2 * (held_ / 16),
                                              input_.bytes.size());
  }

 private:
  uint32_t NextWord() {
    uint32_t word = 0;
    for (unsigned i = 0; i < 2; ++i) {
      if (position_ + i < input_.bytes.size()) {
        word |= uint32_t{input_.bytes[position_ + i]} << (8 * i);
      }
    }
    position_ += 2;
    return word;
  }

  base::Input input_;
  uint64_t position_ = 0;  // behind the end where zeros were made up
  uint64_t bits_ = 0;
  unsigned held_ = 0;
};

}  // namespace countersign::formats
