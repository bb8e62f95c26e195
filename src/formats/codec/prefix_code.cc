#include "formats/codec/prefix_code.h"

#include <algorithm>

#include "base/result.h"

namespace countersign::formats {

bool PrefixCode::Build(std::span<const uint8_t> lengths) {
  CS_CHECK(lengths.size() <= kMostSymbols);
  counts_ = {};
  shorts_ = {};
  for (const uint8_t length : lengths) {
    CS_CHECK(length <= kMostBits);
    ++counts_[length];
  }
  const size_t used = lengths.size() - counts_[0];
  counts_[0] = 0;
  std::array<uint32_t, kMostBits + 2> starts{};  // index of the first symbol
  std::array<uint32_t, kMostBits + 2> codes{};   // the first code
  uint32_t left = 1;  // codes of this length that are not used up
  for (unsigned bits = 1; bits <= kMostBits; ++bits) {
    left *= 2;
    if (counts_[bits] > left) {
      return false;
    }
    left -= counts_[bits];
    starts[bits + 1] = starts[bits] + counts_[bits];
    codes[bits + 1] = (codes[bits] + counts_[bits]) * 2;
  }
  if (left != 0 && used > 1) {
    return false;
  }
  for (size_t symbol = 0; symbol < lengths.size(); ++symbol) {
    const unsigned bits = lengths[symbol];
    if (bits == 0) {
      continue;
    }
    symbols_[starts[bits]++] = static_cast<uint16_t>(symbol);
    const uint32_t code = codes[bits]++;
    if (bits > kShortBits) {
      continue;
    }
    // The first bit of a code is the lowest of what is peeked at.
    uint32_t reversed = 0;
    for (unsigned i = 0; i < bits; ++i) {
      reversed |= (code >> i & 1) << (bits - 1 - i);
    }
    for (size_t i = reversed; i < shorts_.size(); i += size_t{1} << bits) {
      shorts_[i] = {static_cast<uint16_t>(symbol), static_cast<uint8_t>(bits)};
    }
  }
  return true;
}

std::optional<uint16_t> PrefixCode::ReadLong(BitReader& reader,
                                             uint32_t flip) const {
  const uint32_t peeked = reader.Peek(kMostBits) ^ flip;
  uint32_t code = 0;   // the bits so far
  uint32_t first = 0;  // the first code of that length
  uint32_t index = 0;  // of its symbol
  for (unsigned bits = 1; bits <= kMostBits; ++bits) {
    code |= peeked >> (bits - 1) & 1;
    const uint32_t count = counts_[bits];
    if (code - first < count) {
      reader.Drop(bits);
      return symbols_[index + (code - first)];
    }
    index += count;
    first = (first + count) * 2;
    code *= 2;
  }
  return std::nullopt;
}

}  // namespace countersign::formats
