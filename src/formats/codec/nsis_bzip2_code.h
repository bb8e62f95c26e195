// Bits and prefix codes of bzip2, private to nsis_bzip2.cc.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace countersign::formats {

inline constexpr unsigned kBzip2Symbols = 258;
inline constexpr unsigned kBzip2MaxBits = 20;

// The bits of the input, highest first. Past its end they are zeros, and that
// is remembered.
class HighBits {
 public:
  explicit HighBits(base::Bytes bytes)
      : start_(bytes.data()), next_(start_), end_(start_ + bytes.size()) {}

  // Makes at least 56 bits ready.
  void Fill() {
    while (count_ <= 56) {
      buffer_ |= uint64_t{next_ != end_ ? *next_++ : Missing()}
                 << (56 - count_);
      count_ += 8;
    }
  }
  // The next `bits`, 1 to 32, of those ready.
  [[nodiscard]] unsigned Peek(unsigned bits) const {
    return static_cast<unsigned>(buffer_ >> (64 - bits));
  }
  void Drop(unsigned bits) {
    buffer_ <<= bits;
    count_ -= bits;
  }
  unsigned Take(unsigned bits) {
    Fill();
    const unsigned value = Peek(bits);
    Drop(bits);
    return value;
  }

  // Bytes that were taken, as a whole or in part.
  [[nodiscard]] size_t Taken() const {
    return static_cast<size_t>(next_ - start_) + missing_ - count_ / 8;
  }
  // True when bits were taken that are not there.
  [[nodiscard]] bool IsPastEnd() const {
    return Taken() > static_cast<size_t>(end_ - start_);
  }

 private:
  uint8_t Missing() {
    ++missing_;
    return 0;
  }

  const uint8_t* start_;
  const uint8_t* next_;
  const uint8_t* end_;
  uint64_t buffer_ = 0;
  unsigned count_ = 0;
  size_t missing_ = 0;
};

// One of the prefix codes of a block.
class Bzip2Code {
 public:
  // False when the lengths, each 1 to 20, are more than a code can have.
  bool Build(std::span<const uint8_t> lengths) {
    std::array<uint16_t, kBzip2MaxBits + 2> count{};
    for (const uint8_t length : lengths) {
      ++count[length];
    }
    uint32_t code = 0;
    unsigned first = 0;
    std::array<uint16_t, kBzip2MaxBits + 2> next{};
    short_.fill(0);
    for (unsigned bits = 1; bits <= kBzip2MaxBits; ++bits) {
      first_symbol_[bits] = first;
      first_code_[bits] = code;
      next[bits] = static_cast<uint16_t>(first);
      first += count[bits];
      code += count[bits];
      if (code > uint32_t{1} << bits) {
        return false;
      }
      // Left-aligned in 20 bits: what is below it has a code up to `bits`.
      limit_[bits] = code << (kBzip2MaxBits - bits);
      code <<= 1;
    }
    for (unsigned symbol = 0; symbol < lengths.size(); ++symbol) {
      sorted_[next[lengths[symbol]]++] = static_cast<uint16_t>(symbol);
    }
    FillShort();
    return true;
  }

  // Takes a symbol of the bits ready; kBzip2Symbols when they are no code.
  unsigned Take(HighBits& bits) const {
    const uint16_t entry = short_[bits.Peek(kShortBits)];
    if (entry != 0) [[likely]] {
      bits.Drop(entry & 0x1F);
      return entry >> 5;
    }
    const uint32_t ahead = bits.Peek(kBzip2MaxBits);
    unsigned length = kShortBits + 1;
    while (length <= kBzip2MaxBits && ahead >= limit_[length]) {
      ++length;
    }
    if (length > kBzip2MaxBits) {
      return kBzip2Symbols;
    }
    bits.Drop(length);
    return sorted_[first_symbol_[length] + (ahead >> (kBzip2MaxBits - length)) -
                   first_code_[length]];
  }

 private:
  static constexpr unsigned kShortBits = 10;

  void FillShort() {
    for (unsigned bits = 1; bits <= kShortBits; ++bits) {
      const uint32_t codes =
          (limit_[bits] >> (kBzip2MaxBits - bits)) - first_code_[bits];
      for (uint32_t i = 0; i < codes; ++i) {
        const size_t start = size_t{first_code_[bits] + i}
                             << (kShortBits - bits);
        std::fill_n(
            short_.begin() + static_cast<std::ptrdiff_t>(start),
            size_t{1} << (kShortBits - bits),
            static_cast<uint16_t>(
                unsigned{sorted_[first_symbol_[bits] + i]} << 5 | bits));
      }
    }
  }

  std::array<uint16_t, size_t{1} << kShortBits> short_;  // symbol << 5 | bits
  std::array<uint32_t, kBzip2MaxBits + 1> limit_{};
  std::array<uint32_t, kBzip2MaxBits + 1> first_code_{};
  std::array<uint32_t, kBzip2MaxBits + 1> first_symbol_{};
  std::array<uint16_t, kBzip2Symbols> sorted_{};
};

}  // namespace countersign::formats
