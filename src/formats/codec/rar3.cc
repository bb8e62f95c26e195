// Bits from the start of the data to their end:
//   at a whole byte: 1 bit: PPMd block; else 1 bit: the lengths before are kept
//   codes        20 lengths of 4 bits (15: 4 bits of zeros + 2, or 15 if none)
//                of a code for the lengths of the other four: 299 symbols,
//                60 distances, 17 low distances, 28 lengths, each as the
//                difference to the length before, modulo 16
//   symbols      0..255    bytes
//                256       end: 1 bit: codes follow; else 1 bit: of the next
//                          member, too
//                257       a filter, as a program
//                258       the last match again
//                259..262  the length of a match to one of the last distances
//                263..270  a match of 2 bytes, near
//                271..     the length of a match, its distance follows
//
// Spec: none by the maker; the bit stream as its archives and other readers of
// them show it.
#include <algorithm>
#include <array>
#include <span>

#include "formats/codec/high_bit_code.h"
#include "formats/codec/rar.h"
#include "formats/codec/rar_bits.h"
#include "formats/codec/rar_window.h"

namespace countersign::formats {
namespace {

using base::Fail;
using base::Fault;
using base::Result;

constexpr size_t kRar3Symbols = 299;
constexpr size_t kRar3Distances = 60;
constexpr size_t kRar3LowDistances = 17;
constexpr size_t kRar3Lengths = 28;
constexpr size_t kRar3AllLengths =
    kRar3Symbols + kRar3Distances + kRar3LowDistances + kRar3Lengths;
constexpr size_t kRar3Pretree = 20;

struct Rar3Range {
  uint32_t start = 0;
  uint8_t bits = 0;
};

constexpr std::array<Rar3Range, kRar3Lengths> kRar3LengthRanges = [] {
  std::array<Rar3Range, kRar3Lengths> ranges{};
  for (size_t i = 0; i < ranges.size(); ++i) {
    const auto bits = static_cast<uint8_t>(i < 8 ? 0 : i / 4 - 1);
    ranges.at(i) = {i < 8 ? static_cast<uint32_t>(i)
                          : static_cast<uint32_t>((4 + i % 4) << bits),
                    bits};
  }
  return ranges;
}();

// Two ranges of each number of bits, of none four; at the end 14 of 16 and 12
// of 18 bits.
constexpr std::array<Rar3Range, kRar3Distances> kRar3DistanceRanges = [] {
  std::array<Rar3Range, kRar3Distances> ranges{};
  uint32_t start = 0;
  for (size_t i = 0; i < ranges.size(); ++i) {
    const size_t bits = i < 4 ? 0 : i < 34 ? i / 2 - 1 : i < 48 ? 16 : 18;
    ranges.at(i) = {start, static_cast<uint8_t>(bits)};
    start += 1U << bits;
  }
  return ranges;
}();

constexpr std::array<Rar3Range, 8> kRar3ShortRanges = {
    {{0, 2}, {4, 2}, {8, 3}, {16, 4}, {32, 5}, {64, 6}, {128, 6}, {192, 6}}};

class Rar3Decoder : public RarDecoder {
 public:
  Result<void> Decompress(const RarContent& content,
                          ByteSink& output) override {
    if (content.dictionary > kMostRarDictionary) {
      return Fail(Fault::kLimit, content.packed.offset, "dictionary");
    }
    if (!content.is_solid) {
      window_.Reset(content.dictionary);
      last_ = {};
      last_length_ = 0;
      code_lengths_ = {};
      needs_codes_ = true;
    }
    size_ = content.size;
    window_.Start(output);
    RarBits bits(content.packed);
    const auto result = Run(bits);
    CS_TRY_VOID(window_.Flush());
    return result;
  }

 private:
  [[nodiscard]] bool IsDone() const {
    return size_ && window_.Done() >= *size_;
  }

  Result<void> Run(RarBits& bits) {
    if (needs_codes_) {
      CS_TRY_VOID(ReadCodes(bits));
    }
    bool goes_on = true;
    while (goes_on && !IsDone()) {
      const auto symbol = main_.Read(bits);
      if (!symbol) {
        return Fail(Fault::kMalformed, bits.Offset(), "RAR symbol");
      }
      if (*symbol == kEnd) {
        goes_on = CS_TRY(End(bits));
      } else {
        CS_TRY_VOID(DecodeSymbol(*symbol, bits));
      }
      if (bits.IsPastEnd()) {
        return Fail(Fault::kTruncated, bits.Offset(), "RAR data");
      }
    }
    if (size_ && !IsDone()) {
      return Fail(Fault::kTruncated, bits.Offset(), "RAR data");
    }
    return goes_on ? ReadEnd(bits) : Result<void>();
  }

  // Why: behind the last byte of a solid member it stands whether the next
  // brings codes of its own.
  Result<void> ReadEnd(RarBits& bits) {
    RarBits ahead = bits;
    const auto symbol = main_.Read(ahead);
    if (symbol && *symbol == kEnd && !ahead.IsPastEnd()) {
      bits = ahead;
      if (bits.Take(1) == 0) {
        needs_codes_ = bits.Take(1) != 0;
      }
    }
    return {};
  }

  // True if more of the member follows.
  Result<bool> End(RarBits& bits) {
    if (bits.Take(1) != 0) {
      CS_TRY_VOID(ReadCodes(bits));
      return true;
    }
    needs_codes_ = bits.Take(1) != 0;
    return false;
  }

  Result<void> DecodeSymbol(uint16_t symbol, RarBits& bits) {
    constexpr uint16_t kFilter = 257;
    constexpr uint16_t kAgain = 258;
    constexpr uint16_t kOldDistance = 259;
    constexpr uint16_t kShort = 263;
    constexpr uint16_t kLength = 271;
    if (symbol < kEnd) {
      return window_.Put(static_cast<uint8_t>(symbol));
    }
    if (symbol == kFilter) {
      return Fail(Fault::kUnsupported, bits.Offset(), "RAR filter");
    }
    if (symbol == kAgain) {
      return last_length_ == 0 ? Result<void>() : Copy(bits);
    }
    if (symbol < kShort) {
      const auto old = last_.begin() + (symbol - kOldDistance);
      std::rotate(last_.begin(), old, old + 1);
      const auto slot = lengths_.Read(bits);
      if (!slot) {
        return Fail(Fault::kMalformed, bits.Offset(), "RAR length");
      }
      last_length_ = 2 + Value(kRar3LengthRanges.at(*slot), bits);
      return Copy(bits);
    }
    if (symbol < kLength) {
      Remember(1 + Value(kRar3ShortRanges.at(symbol - kShort), bits));
      last_length_ = 2;
      return Copy(bits);
    }
    uint64_t length = 3 + Value(kRar3LengthRanges.at(symbol - kLength), bits);
    const uint64_t distance = CS_TRY(Distance(bits));
    length += (distance >= 0x2000 ? 1U : 0U) + (distance >= 0x40000 ? 1U : 0U);
    Remember(distance);
    last_length_ = length;
    return Copy(bits);
  }

  static uint64_t Value(const Rar3Range& range, RarBits& bits) {
    return uint64_t{range.start} + bits.Take(range.bits);
  }

  void Remember(uint64_t distance) {
    last_ = {distance, last_[0], last_[1], last_[2]};
  }

  Result<uint64_t> Distance(RarBits& bits) {
    const auto slot = distances_.Read(bits);
    if (!slot) {
      return Fail(Fault::kMalformed, bits.Offset(), "RAR distance");
    }
    const Rar3Range& range = kRar3DistanceRanges.at(*slot);
    if (*slot <= 9) {
      return 1 + Value(range, bits);
    }
    uint64_t distance = uint64_t{1} + range.start;
    if (range.bits > 4) {
      distance += uint64_t{bits.Take(range.bits - 4U)} << 4;
    }
    if (low_repeats_ > 0) {
      --low_repeats_;
      return distance + last_low_;
    }
    constexpr uint16_t kRepeat = 16;
    const auto low = low_distances_.Read(bits);
    if (!low) {
      return Fail(Fault::kMalformed, bits.Offset(), "RAR distance");
    }
    if (*low == kRepeat) {
      low_repeats_ = kRepeat - 1;
    } else {
      last_low_ = *low;
    }
    return distance + last_low_;
  }

  Result<void> Copy(const RarBits& bits) {
    if (last_[0] == 0 || last_[0] > window_.Reach()) {
      return Fail(Fault::kMalformed, bits.Offset(), "RAR distance");
    }
    if (size_ && last_length_ > *size_ - window_.Done()) {
      return Fail(Fault::kMalformed, bits.Offset(), "RAR length");
    }
    return window_.Copy(last_[0], last_length_);
  }

  Result<void> ReadCodes(RarBits& bits) {
    bits.Align();
    if (bits.Take(1) != 0) {
      return Fail(Fault::kUnsupported, bits.Offset(), "PPMd");
    }
    if (bits.Take(1) == 0) {
      code_lengths_ = {};
    }
    last_low_ = 0;
    low_repeats_ = 0;
    std::array<uint8_t, kRar3Pretree> pretree{};
    for (size_t i = 0; i < pretree.size();) {
      const auto length = static_cast<uint8_t>(bits.Take(4));
      const uint32_t zeros = length == 15 ? bits.Take(4) : 0;
      if (zeros == 0) {
        pretree.at(i++) = length;
      } else {
        i += std::min<size_t>(zeros + 2, pretree.size() - i);
      }
    }
    HighBitCode code;
    if (code.Build(pretree) == HighBitCode::Use::kTooMuch) {
      return Fail(Fault::kMalformed, bits.Offset(), "RAR codes");
    }
    CS_TRY_VOID(ReadLengths(code, bits));
    std::span<const uint8_t> rest(code_lengths_);
    for (const auto& [next, count] :
         {std::pair(&main_, kRar3Symbols),
          std::pair(&distances_, kRar3Distances),
          std::pair(&low_distances_, kRar3LowDistances),
          std::pair(&lengths_, kRar3Lengths)}) {
      if (next->Build(rest.first(count)) == HighBitCode::Use::kTooMuch) {
        return Fail(Fault::kMalformed, bits.Offset(), "RAR codes");
      }
      rest = rest.subspan(count);
    }
    needs_codes_ = false;
    return {};
  }

  Result<void> ReadLengths(const HighBitCode& code, RarBits& bits) {
    for (size_t i = 0; i < code_lengths_.size();) {
      const auto symbol = code.Read(bits);
      if (!symbol || bits.IsPastEnd()) {
        return Fail(symbol ? Fault::kTruncated : Fault::kMalformed,
                    bits.Offset(), "RAR codes");
      }
      if (*symbol < 16) {
        code_lengths_.at(i) =
            static_cast<uint8_t>((code_lengths_.at(i) + *symbol) % 16);
        ++i;
        continue;
      }
      const bool is_long = *symbol % 2 != 0;
      const size_t count = is_long ? bits.Take(7) + 11 : bits.Take(3) + 3;
      const bool repeats = *symbol < 18;
      if (repeats && i == 0) {
        return Fail(Fault::kMalformed, bits.Offset(), "RAR codes");
      }
      const uint8_t value = repeats ? code_lengths_.at(i - 1) : uint8_t{0};
      for (size_t k = 0; k < count && i < code_lengths_.size(); ++k) {
        code_lengths_.at(i++) = value;
      }
    }
    return {};
  }

  static constexpr uint16_t kEnd = 256;

  RarWindow window_;
  std::optional<uint64_t> size_;
  std::array<uint64_t, 4> last_{};
  uint64_t last_length_ = 0;
  bool needs_codes_ = true;
  uint64_t last_low_ = 0;
  uint32_t low_repeats_ = 0;
  std::array<uint8_t, kRar3AllLengths> code_lengths_{};
  HighBitCode main_;
  HighBitCode distances_;
  HighBitCode low_distances_;
  HighBitCode lengths_;
};

}  // namespace

std::unique_ptr<RarDecoder> NewRar3Decoder() {
  return std::make_unique<Rar3Decoder>();
}

}  // namespace countersign::formats
