// How what a model of PPMd foretells is coded: as a place in a range of 32 bits
// that each symbol makes smaller. Two forms; see ppmd7.h for what a coder is.
// Private to codec/.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/bytes.h"

namespace countersign::formats {

inline constexpr uint32_t kPpmdRangeTop = uint32_t{1} << 24;
inline constexpr uint32_t kPpmdRangeBottom = uint32_t{1} << 15;

// Bytes of a stream. Behind the end there are zeros, and `IsPastEnd` says that
// some were used.
class PpmdBytes {
 public:
  explicit PpmdBytes(base::Input input) : input_(input) {}

  uint8_t Next() {
    const uint64_t at = position_++;
    return at < input_.bytes.size() ? input_.bytes[at] : uint8_t{0};
  }
  [[nodiscard]] bool IsPastEnd() const {
    return position_ > input_.bytes.size();
  }
  [[nodiscard]] uint64_t Taken() const {
    return std::min<uint64_t>(position_, input_.bytes.size());
  }
  [[nodiscard]] uint64_t Offset() const { return input_.offset + Taken(); }

 private:
  base::Input input_;
  uint64_t position_ = 0;
};

// The form of 7z, that of LZMA: a byte of zero, then four of the code.
class PpmdRangeOf7z {
 public:
  explicit PpmdRangeOf7z(PpmdBytes& bytes) : bytes_(bytes) {}

  // False when the first byte is another, or the code is outside the range.
  [[nodiscard]] bool Begin() {
    const bool is_zero = bytes_.Next() == 0;
    for (int i = 0; i < 4; ++i) {
      code_ = code_ << 8 | bytes_.Next();
    }
    return is_zero && code_ < range_;
  }
  // True behind the last symbol of a stream.
  [[nodiscard]] bool IsAtEnd() const { return code_ == 0; }

  bool Start(uint32_t total) {
    if (total == 0) {
      return false;
    }
    range_ /= total;
    place_ = code_ / range_;
    return true;
  }
  [[nodiscard]] bool Is(uint32_t below, uint32_t count, uint8_t) const {
    return place_ < below + count;
  }
  [[nodiscard]] bool IsEscape(uint32_t total) const { return place_ < total; }
  void Take(uint32_t below, uint32_t count) {
    code_ -= below * range_;
    range_ *= count;
    Normalize();
  }
  bool Binary(uint32_t chance, uint8_t) {
    const uint32_t bound = (range_ >> 14) * chance;
    const bool is_first = code_ < bound;
    if (is_first) {
      range_ = bound;
    } else {
      code_ -= bound;
      range_ -= bound;
    }
    Normalize();
    return is_first;
  }

 private:
  void Normalize() {
    // No more than all bits of the range.
    for (int i = 0; i < 4 && range_ < kPpmdRangeTop; ++i) {
      code_ = code_ << 8 | bytes_.Next();
      range_ <<= 8;
    }
  }

  PpmdBytes& bytes_;
  uint32_t range_ = 0xFFFFFFFF;
  uint32_t code_ = 0;
  uint32_t place_ = 0;
};

// The form of RAR and ZIP, in which nothing is carried over: the range is cut
// short instead. Four bytes of the code. `Bytes` has a `Next`.
template <typename Bytes>
class PpmdRangeWithoutCarry {
 public:
  explicit PpmdRangeWithoutCarry(Bytes& bytes) : bytes_(bytes) {}

  void Begin() {
    for (int i = 0; i < 4; ++i) {
      code_ = code_ << 8 | bytes_.Next();
    }
  }

  bool Start(uint32_t total) {
    if (total == 0 || range_ < total) {
      return false;
    }
    range_ /= total;
    place_ = code_ / range_;
    return true;
  }
  [[nodiscard]] bool Is(uint32_t below, uint32_t count, uint8_t) const {
    return place_ < below + count;
  }
  [[nodiscard]] bool IsEscape(uint32_t total) const { return place_ < total; }
  void Take(uint32_t below, uint32_t count) {
    low_ += below * range_;
    code_ -= below * range_;
    range_ *= count;
    // No more than all bits of the range, and once more when it is cut.
    for (int i = 0; i < 8; ++i) {
      if ((low_ ^ (low_ + range_)) >= kPpmdRangeTop) {
        if (range_ >= kPpmdRangeBottom) {
          return;
        }
        range_ = (0U - low_) & (kPpmdRangeBottom - 1);
      }
      code_ = code_ << 8 | bytes_.Next();
      range_ <<= 8;
      low_ <<= 8;
    }
  }
  bool Binary(uint32_t chance, uint8_t) {
    constexpr uint32_t kAll = uint32_t{1} << 14;
    // The range is never below 2^15.
    (void)Start(kAll);
    const bool is_first = place_ < chance;
    is_first ? Take(0, chance) : Take(chance, kAll - chance);
    return is_first;
  }
  [[nodiscard]] bool IsAtEnd() const { return code_ == 0; }

 private:
  Bytes& bytes_;
  uint32_t range_ = 0xFFFFFFFF;
  uint32_t low_ = 0;
  uint32_t code_ = 0;  // less `low_`
  uint32_t place_ = 0;
};

}  // namespace countersign::formats
