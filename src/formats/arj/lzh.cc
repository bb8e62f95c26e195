// Bits are taken from the highest of each byte.
//
// Huffman: blocks of
//   count u16   symbols in the block
//   lengths     of the 19 codes for lengths: number u5, each 3 bits or 7 and
//               more ones; behind the third, 2 bits tell how many are skipped
//   lengths     of the 510 codes for bytes and matches: number u9, by the codes
//               above: 0 one, 1 (u4) + 3, 2 (u9) + 20 without a code, others
//               are the length + 2
//   lengths     of the 17 codes for distances: number u5, as the first
//   symbols     below 256 a byte, else a match of symbol - 253 bytes; its
//               distance is 0, or 2^(n-1) and n-1 bits, for code n
//   A number of 0 is followed by the one symbol that all codes stand for.
// Fixed: a length is a prefix of ones and so many bits; 0 is a byte of 8 bits,
//   n a match of n + 2 bytes, whose distance has a prefix as well, from 9 bits.
//
// Spec: none was published; "technote.txt" of ARJ 2.86 for the container, and
// the descriptions of LHA's -lh5- family, from which it differs in the sizes.
#include "formats/arj/lzh.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Input;
using base::Result;

constexpr size_t kArjWindow = 26'624;
constexpr size_t kArjPiece = size_t{32} << 10;
constexpr unsigned kLongestCode = 16;
constexpr size_t kArjSymbols = 510;
constexpr size_t kArjLengthCodes = 19;
constexpr size_t kArjDistanceCodes = 17;
constexpr unsigned kShortestArjMatch = 3;

// Failure is sticky, as in base::Reader; bits behind the end are zero.
class ArjBits {
 public:
  explicit ArjBits(Input input) : input_(input) {}

  unsigned Take(unsigned count) {
    unsigned value = 0;
    for (unsigned i = 0; i < count; ++i) {
      value = value << 1 | Bit();
    }
    return value;
  }
  unsigned Bit() {
    if (left_ == 0) {
      if (position_ == input_.bytes.size()) {
        truncated_ = true;
        return 0;
      }
      byte_ = input_.bytes[position_++];
      left_ = 8;
    }
    return byte_ >> --left_ & 1U;
  }
  void Malformed() { malformed_ = true; }
  [[nodiscard]] bool Failed() const { return truncated_ || malformed_; }
  // Bytes that were needed.
  [[nodiscard]] Result<uint64_t> Finish() const {
    if (Failed()) {
      return Fail(truncated_ ? Fault::kTruncated : Fault::kMalformed,
                  input_.offset + position_, "compressed data");
    }
    return position_;
  }

 private:
  Input input_;
  size_t position_ = 0;
  unsigned byte_ = 0;
  unsigned left_ = 0;
  bool truncated_ = false;
  bool malformed_ = false;
};

// Canonical codes: shorter ones first, and of one length in order of symbols.
class ArjCodes {
 public:
  void SetOnly(unsigned symbol) {
    only_ = true;
    symbols_.assign(1, static_cast<uint16_t>(symbol));
  }

  // False when there are more codes than fit.
  bool Set(std::span<const uint8_t> lengths) {
    only_ = false;
    counts_.fill(0);
    for (const uint8_t length : lengths) {
      ++counts_[length];
    }
    counts_[0] = 0;
    unsigned free = 1;
    std::array<unsigned, kLongestCode + 2> starts{};
    for (unsigned length = 1; length <= kLongestCode; ++length) {
      free <<= 1;
      if (counts_[length] > free) {
        return false;
      }
      free -= counts_[length];
      starts[length + 1] = starts[length] + counts_[length];
    }
    symbols_.assign(lengths.size(), 0);
    for (size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      if (lengths[symbol] != 0) {
        symbols_[starts[lengths[symbol]]++] = static_cast<uint16_t>(symbol);
      }
    }
    return true;
  }

  unsigned Take(ArjBits& bits) const {
    if (only_) {
      return symbols_[0];
    }
    unsigned code = 0;
    unsigned first = 0;  // code of the present length
    unsigned index = 0;  // its symbol
    for (unsigned length = 1; length <= kLongestCode; ++length) {
      code |= bits.Bit();
      const unsigned count = counts_[length];
      if (code - first < count) {
        return symbols_[index + (code - first)];
      }
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    bits.Malformed();
    return 0;
  }

 private:
  bool only_ = false;
  std::array<uint16_t, kLongestCode + 1> counts_{};
  std::vector<uint16_t> symbols_;
};

class ArjWindow {
 public:
  ArjWindow(ByteSink& output, uint64_t size) : output_(output), left_(size) {
    piece_.reserve(kArjPiece);
  }
  [[nodiscard]] uint64_t Left() const { return left_; }

  Result<void> Put(uint8_t byte) {
    --left_;
    window_[position_] = byte;
    position_ = (position_ + 1) % kArjWindow;
    piece_.push_back(byte);
    return piece_.size() < kArjPiece ? Result<void>() : Flush();
  }

  // False when the match begins before the window or runs over the size.
  [[nodiscard]] bool Fits(size_t distance, size_t size) const {
    return distance < kArjWindow && size <= left_;
  }

  // From `distance` bytes before the last, which fits.
  Result<void> PutMatch(size_t distance, size_t size) {
    size_t from = (position_ + kArjWindow - distance - 1) % kArjWindow;
    for (size_t i = 0; i < size; ++i) {
      CS_TRY_VOID(Put(window_[from]));
      from = (from + 1) % kArjWindow;
    }
    return {};
  }

  Result<void> Flush() {
    if (piece_.empty()) {
      return {};
    }
    const auto written = output_.Write(piece_);
    piece_.clear();
    return written;
  }

 private:
  ByteSink& output_;
  std::array<uint8_t, kArjWindow> window_{};
  std::vector<uint8_t> piece_;
  size_t position_ = 0;
  uint64_t left_;
};

// Hands over what came out, whether or not the input was good.
Result<uint64_t> FinishArj(const ArjBits& bits, ArjWindow& window) {
  CS_TRY_VOID(window.Flush());
  return bits.Finish();
}

class ArjHuffman {
 public:
  ArjHuffman(Input input, ByteSink& output, uint64_t size)
      : bits_(input), window_(output, size) {}

  Result<uint64_t> Run() {
    unsigned in_block = 0;
    while (window_.Left() > 0 && !bits_.Failed()) {
      if (in_block == 0) {
        in_block = ReadBlock();
        continue;
      }
      --in_block;
      CS_TRY_VOID(ReadSymbol());
    }
    return FinishArj(bits_, window_);
  }

 private:
  unsigned ReadBlock() {
    const unsigned count = bits_.Take(16);
    constexpr size_t kSkipBehind = 3;
    ReadLengths(kArjLengthCodes, kSkipBehind, lengths_);
    ReadSymbolCodes();
    ReadLengths(kArjDistanceCodes, kArjDistanceCodes + 1, distances_);
    if (count == 0) {
      bits_.Malformed();
    }
    return count;
  }

  // The lengths of up to `most` codes; behind the one at `skip_behind` some are
  // passed over.
  void ReadLengths(size_t most, size_t skip_behind, ArjCodes& codes) {
    constexpr unsigned kCountBits = 5;
    const unsigned count = bits_.Take(kCountBits);
    if (count == 0) {
      SetOnly(bits_.Take(kCountBits), most, codes);
      return;
    }
    std::array<uint8_t, kArjLengthCodes> lengths{};
    size_t at = 0;
    while (at < count && !bits_.Failed()) {
      unsigned length = bits_.Take(3);
      while (length >= 7 && length <= kLongestCode && bits_.Bit() == 1) {
        ++length;
      }
      if (at >= most || length > kLongestCode) {
        bits_.Malformed();
        return;
      }
      lengths[at++] = static_cast<uint8_t>(length);
      if (at == skip_behind) {
        at += bits_.Take(2);
      }
    }
    if (!codes.Set(std::span(lengths).first(most))) {
      bits_.Malformed();
    }
  }

  void SetOnly(unsigned symbol, size_t most, ArjCodes& codes) {
    codes.SetOnly(symbol);
    if (symbol >= most) {
      bits_.Malformed();
    }
  }

  void ReadSymbolCodes() {
    constexpr unsigned kCountBits = 9;
    const unsigned count = bits_.Take(kCountBits);
    if (count == 0) {
      SetOnly(bits_.Take(kCountBits), kArjSymbols, symbols_);
      return;
    }
    std::array<uint8_t, kArjSymbols> lengths{};
    size_t at = 0;
    while (at < count && !bits_.Failed()) {
      const unsigned code = lengths_.Take(bits_);
      const size_t skipped = code == 0   ? 1
                             : code == 1 ? bits_.Take(4) + size_t{3}
                             : code == 2 ? bits_.Take(9) + size_t{20}
                                         : 0;
      if (at >= kArjSymbols) {
        bits_.Malformed();
        return;
      }
      if (skipped == 0) {
        lengths[at++] = static_cast<uint8_t>(code - 2);
      }
      at += skipped;
    }
    if (!symbols_.Set(lengths)) {
      bits_.Malformed();
    }
  }

  Result<void> ReadSymbol() {
    const unsigned symbol = symbols_.Take(bits_);
    if (bits_.Failed()) {
      return {};
    }
    if (symbol < 256) {
      return window_.Put(static_cast<uint8_t>(symbol));
    }
    const unsigned bits = distances_.Take(bits_);
    const size_t distance =
        bits == 0 ? 0 : (size_t{1} << (bits - 1)) + bits_.Take(bits - 1);
    const size_t size = symbol - 256 + kShortestArjMatch;
    if (bits_.Failed()) {
      return {};
    }
    if (!window_.Fits(distance, size)) {
      bits_.Malformed();
      return {};
    }
    return window_.PutMatch(distance, size);
  }

  ArjBits bits_;
  ArjWindow window_;
  ArjCodes lengths_;
  ArjCodes symbols_;
  ArjCodes distances_;
};

// A number whose bits, `least` to `most`, a prefix of ones tells.
unsigned TakeArjPrefixed(ArjBits& bits, unsigned least, unsigned most) {
  unsigned width = least;
  unsigned base = 0;
  while (width < most && bits.Bit() == 1) {
    base += 1U << width;
    ++width;
  }
  return base + bits.Take(width);
}

}  // namespace

Result<uint64_t> DecompressArjHuffman(Input input, ByteSink& output,
                                      uint64_t size) {
  return ArjHuffman(input, output, size).Run();
}

Result<uint64_t> DecompressArjFast(Input input, ByteSink& output,
                                   uint64_t size) {
  ArjBits bits(input);
  ArjWindow window(output, size);
  while (window.Left() > 0 && !bits.Failed()) {
    const unsigned length = TakeArjPrefixed(bits, 0, 7);
    const unsigned low =
        length == 0 ? bits.Take(8) : TakeArjPrefixed(bits, 9, 13);
    if (bits.Failed()) {
      break;
    }
    if (length == 0) {
      CS_TRY_VOID(window.Put(static_cast<uint8_t>(low)));
    } else if (window.Fits(low, length - 1 + kShortestArjMatch)) {
      CS_TRY_VOID(window.PutMatch(low, length - 1 + kShortestArjMatch));
    } else {
      bits.Malformed();
    }
  }
  return FinishArj(bits, window);
}

}  // namespace countersign::formats
