// Canonical prefix codes (Huffman, Shannon-Fano). Private to codec/.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "formats/codec/bits.h"

namespace countersign::formats {

// Symbols are 0 to 319, codes up to 16 bits. Of two codes of one length, that
// of the smaller symbol is smaller; shorter codes are smaller than the
// beginnings of longer ones. Codes are read from their highest bit.
class PrefixCode {
 public:
  static constexpr size_t kMostSymbols = 320;
  static constexpr unsigned kMostBits = 16;

  // Bits of the code of each symbol; 0 for one that has none. False when there
  // are too many codes, or too few: some bits would then mean nothing, which is
  // allowed for a code of one symbol or none.
  // Spec: RFC 1951, 3.2.2.
  [[nodiscard]] bool Build(std::span<const uint8_t> lengths);

  // The next symbol, or nothing when the bits mean none. With `inverted`, codes
  // are made of ones where they would be of zeros.
  [[nodiscard]] std::optional<uint16_t> Read(BitReader& reader,
                                             bool inverted = false) const {
    const uint32_t flip = inverted ? ~0U : 0U;
    const Short found =
        shorts_[(reader.Peek(kShortBits) ^ flip) & (shorts_.size() - 1)];
    if (found.bits != 0) {
      reader.Drop(found.bits);
      return found.symbol;
    }
    return ReadLong(reader, flip);
  }

 private:
  static constexpr unsigned kShortBits = 9;

  struct Short {
    uint16_t symbol = 0;
    uint8_t bits = 0;  // 0: no code, or a longer one
  };

  [[nodiscard]] std::optional<uint16_t> ReadLong(BitReader& reader,
                                                 uint32_t flip) const;

  std::array<Short, size_t{1} << kShortBits> shorts_{};
  std::array<uint16_t, kMostBits + 1> counts_{};  // codes of each length
  std::array<uint16_t, kMostSymbols> symbols_{};  // in the order of their codes
};

}  // namespace countersign::formats
