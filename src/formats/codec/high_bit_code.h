// Canonical prefix codes whose bits come highest first. Private to codec/.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace countersign::formats {

// Of two codes of one length, that of the smaller symbol is smaller, and
// shorter ones precede longer ones.
class HighBitCode {
 public:
  static constexpr size_t kMostSymbols = 656;
  static constexpr unsigned kMostBits = 16;

  // How much of all sequences of bits means something.
  enum class Use : uint8_t { kNothing, kPart, kAll, kTooMuch };

  // Takes the bits of the code of each symbol, 0 for one that has none.
  [[nodiscard]] Use Build(std::span<const uint8_t> lengths) {
    counts_ = {};
    for (const uint8_t length : lengths) {
      ++counts_.at(length);
    }
    counts_[0] = 0;
    uint32_t used = 0;
    std::array<uint16_t, kMostBits + 2> next{};
    for (unsigned bits = 1; bits <= kMostBits; ++bits) {
      used += uint32_t{counts_.at(bits)} << (kMostBits - bits);
      next.at(bits + 1) =
          static_cast<uint16_t>(next.at(bits) + counts_.at(bits));
    }
    for (size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      if (lengths[symbol] != 0) {
        symbols_.at(next.at(lengths[symbol])++) = static_cast<uint16_t>(symbol);
      }
    }
    constexpr uint32_t kAllCodes = 1U << kMostBits;
    return used == 0          ? Use::kNothing
           : used < kAllCodes ? Use::kPart
           : used > kAllCodes ? Use::kTooMuch
                              : Use::kAll;
  }

  // The next symbol, or nothing when there is none.
  template <typename Bits>
  [[nodiscard]] std::optional<uint16_t> Read(Bits& reader) const {
    const uint32_t ahead = reader.Peek(kMostBits);
    uint32_t first = 0;  // code of the length at hand
    uint32_t index = 0;  // of its symbol
    for (unsigned bits = 1; bits <= kMostBits; ++bits) {
      const uint32_t code = ahead >> (kMostBits - bits);
      const uint32_t count = counts_.at(bits);
      if (code - first < count) {
        reader.Drop(bits);
        return symbols_.at(index + code - first);
      }
      index += count;
      first = (first + count) << 1;
    }
    return std::nullopt;
  }

 private:
  std::array<uint16_t, kMostBits + 1> counts_{};
  std::array<uint16_t, kMostSymbols> symbols_{};
};

}  // namespace countersign::formats
