// Bits from the start of the data to their end:
//   at a whole byte: 1 bit: PPMd block (below); else 1 bit: the lengths before
//   are kept
//   codes        20 lengths of 4 bits (15: 4 bits of zeros + 2, or 15 if none)
//                of a code for the lengths of the other four: 299 symbols,
//                60 distances, 17 low distances, 28 lengths, each as the
//                difference to the length before, modulo 16
//   symbols      0..255    bytes
//                256       end: 1 bit: codes follow; else 1 bit: of the next
//                          member, too
//                257       a filter: flags, bytes (rar3_filters.h)
//                258       the last match again
//                259..262  the length of a match to one of the last distances
//                263..270  a match of 2 bytes, near
//                271..     the length of a match, its distance follows
//
// A PPMd block:
//   flags u8     80; 20 a new model, 40 another escape; low 5 bits: order - 1,
//                those above 15 stand for 3 each
//   memory u8    of a new model, MiB - 1
//   escape u8    instead of the last one, at first 2
//   symbols of variant H, in the range coder without carry. Behind an escape:
//                0         end of the block: codes follow
//                1         the byte that is the escape
//                2         end of the member
//                3         a filter: flags, bytes
//                4         a match: distance - 2 in 3 bytes, the highest first;
//                          length - 32
//                5         the last byte again: length - 4
// Where a PPMd block ends a member, the next one brings codes.
//
// Spec: none by the maker; the bit stream as its archives and other readers of
// them show it.
#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "formats/codec/high_bit_code.h"
#include "formats/codec/ppmd7.h"
#include "formats/codec/ppmd_coding.h"
#include "formats/codec/ppmd_range.h"
#include "formats/codec/rar.h"
#include "formats/codec/rar3_filters.h"
#include "formats/codec/rar_bits.h"
#include "formats/codec/rar_filters.h"
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

// Whole bytes of the bits, for a range coder.
class Rar3Bytes {
 public:
  explicit Rar3Bytes(RarBits& bits) : bits_(bits) {}
  uint8_t Next() { return static_cast<uint8_t>(bits_.Take(8)); }

 private:
  RarBits& bits_;
};

// A PPMd block that is being read.
struct Rar3PpmdBlock {
  explicit Rar3PpmdBlock(RarBits& bits) : bytes(bits), range(bytes) {
    range.Begin();
  }
  Rar3PpmdBlock(const Rar3PpmdBlock&) = delete;
  Rar3PpmdBlock& operator=(const Rar3PpmdBlock&) = delete;
  ~Rar3PpmdBlock() = default;

  Rar3Bytes bytes;
  PpmdRangeWithoutCarry<Rar3Bytes> range;
};

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
      programs_.Reset();
      has_model_ = false;
      escape_ = kFirstEscape;
    }
    RarFilters filters(output, RarFilters::kMostOnOneBlock);
    filters_ = &filters;
    dictionary_ = content.dictionary;
    size_ = content.size;
    window_.Start(filters);
    RarBits bits(content.packed);
    const auto result = Run(bits);
    block_.reset();
    CS_TRY_VOID(window_.Flush());
    const bool is_whole = CS_TRY(filters.Finish());
    CS_TRY_VOID(result);
    return is_whole ? Result<void>()
                    : Fail(Fault::kMalformed, bits.Offset(), "RAR filter");
  }

  [[nodiscard]] std::string Unread() const override {
    return programs_.Unknown();
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
      goes_on = CS_TRY(block_ ? PpmdStep(bits) : LzStep(bits));
      if (bits.IsPastEnd()) {
        return Fail(Fault::kTruncated, bits.Offset(), "RAR data");
      }
    }
    if (size_ && !IsDone()) {
      return Fail(Fault::kTruncated, bits.Offset(), "RAR data");
    }
    if (goes_on) {
      block_ ? ReadPpmdEnd(bits) : ReadEnd(bits);
    }
    return {};
  }

  // True if more of the member follows, as for all that follow.
  Result<bool> LzStep(RarBits& bits) {
    const auto symbol = main_.Read(bits);
    if (!symbol) {
      return Fail(Fault::kMalformed, bits.Offset(), "RAR symbol");
    }
    if (*symbol == kEnd) {
      return End(bits);
    }
    CS_TRY_VOID(DecodeSymbol(*symbol, bits));
    return true;
  }

  Result<bool> PpmdStep(RarBits& bits) {
    const uint8_t byte = CS_TRY(PpmdByte(bits));
    if (byte != escape_) {
      CS_TRY_VOID(window_.Put(byte));
      return true;
    }
    const uint8_t code = CS_TRY(PpmdByte(bits));
    if (code == kPpmdEnd) {
      return false;
    }
    CS_TRY_VOID(PpmdEscape(code, bits));
    return true;
  }

  // What follows an escape, but for the end.
  Result<void> PpmdEscape(uint8_t code, RarBits& bits) {
    switch (code) {
      case 0:
        return ReadCodes(bits);
      case 3: {
        const uint8_t flags = CS_TRY(PpmdByte(bits));
        return AddFilter(flags, bits, [&] { return PpmdByte(bits); });
      }
      case 4:
        return PpmdMatch(bits);
      case 5: {
        const uint8_t length = CS_TRY(PpmdByte(bits));
        return CopyFrom(1, 4U + length, bits);
      }
      default:
        // Quirk: RAR writes 1, and takes any for it.
        return window_.Put(escape_);
    }
  }

  // Distance, highest byte first, and length.
  Result<void> PpmdMatch(RarBits& bits) {
    uint64_t distance = 0;
    for (int i = 0; i < 3; ++i) {
      distance = distance << 8 | CS_TRY(PpmdByte(bits));
    }
    const uint8_t length = CS_TRY(PpmdByte(bits));
    return CopyFrom(distance + 2, 32U + length, bits);
  }

  Result<uint8_t> PpmdByte(RarBits& bits) {
    const int symbol = model_.Code(block_->range);
    if (symbol < 0) {
      has_model_ = false;
      return Fail(bits.IsPastEnd() ? Fault::kTruncated : Fault::kMalformed,
                  bits.Offset(), "PPMd data");
    }
    return static_cast<uint8_t>(symbol);
  }

  // Why: the model learns from the mark of the end, too, and the next solid
  // member may go on with it.
  void ReadPpmdEnd(RarBits& bits) {
    const auto escape = PpmdByte(bits);
    const auto end = escape && *escape == escape_ ? PpmdByte(bits) : escape;
    has_model_ = has_model_ && end && *end == kPpmdEnd && !bits.IsPastEnd();
  }

  // Why: behind the last byte of a solid member it stands whether the next
  // brings codes of its own.
  void ReadEnd(RarBits& bits) {
    RarBits ahead = bits;
    const auto symbol = main_.Read(ahead);
    if (symbol && *symbol == kEnd && !ahead.IsPastEnd()) {
      bits = ahead;
      if (bits.Take(1) == 0) {
        needs_codes_ = bits.Take(1) != 0;
      }
    }
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
      const auto next = [&]() -> Result<uint8_t> {
        return static_cast<uint8_t>(bits.Take(8));
      };
      return AddFilter(*next(), bits, next);
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

  // `next` yields a byte.
  template <typename Next>
  Result<void> AddFilter(uint8_t flags, RarBits& bits, const Next& next) {
    uint32_t size = (flags & 7U) + 1;
    if (size == 7) {
      size = CS_TRY(next()) + 7U;
    } else if (size == 8) {
      size = CS_TRY(next()) * 256U;
      size += CS_TRY(next());
    }
    std::vector<uint8_t> declaration;
    for (uint32_t i = 0; i < size && !bits.IsPastEnd(); ++i) {
      declaration.push_back(CS_TRY(next()));
    }
    if (bits.IsPastEnd()) {
      return Fail(Fault::kTruncated, bits.Offset(), "RAR filter");
    }
    return Declare(flags, declaration, bits.Offset());
  }

  Result<void> Declare(uint8_t flags, const std::vector<uint8_t>& declaration,
                       uint64_t offset) {
    const auto declared = CS_TRY(programs_.Declare(
        flags, declaration, window_.Done(), dictionary_, offset));
    if (declared.starts_over) {
      // Those whose bytes are there were undone before.
      CS_TRY_VOID(window_.Flush());
      if (!filters_->IsIdle()) {
        return Fail(Fault::kMalformed, offset, "RAR filter number");
      }
    }
    return filters_->Add(declared.filter)
               ? Result<void>()
               : Fail(Fault::kMalformed, offset, "RAR filter");
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
    return CopyFrom(last_[0], last_length_, bits);
  }

  Result<void> CopyFrom(uint64_t distance, uint64_t length,
                        const RarBits& bits) {
    if (distance == 0 || distance > window_.Reach()) {
      return Fail(Fault::kMalformed, bits.Offset(), "RAR distance");
    }
    if (size_ && length > *size_ - window_.Done()) {
      return Fail(Fault::kMalformed, bits.Offset(), "RAR length");
    }
    return window_.Copy(distance, length);
  }

  Result<void> StartPpmd(RarBits& bits) {
    const uint32_t flags = bits.Take(7);
    const bool is_new = (flags & 0x20) != 0;
    const uint32_t memory = is_new ? (bits.Take(8) + 1) << 20 : 0;
    if ((flags & 0x40) != 0) {
      escape_ = static_cast<uint8_t>(bits.Take(8));
    }
    if (is_new) {
      uint32_t order = (flags & 0x1F) + 1;
      order = order > 16 ? 16 + (order - 16) * 3 : order;
      if (order < Ppmd7Model::kLeastOrder) {
        return Fail(Fault::kMalformed, bits.Offset(), "PPMd order");
      }
      static_assert(kMostPpmdMemory >= uint32_t{256} << 20);
      if (!model_.Start(order, memory)) {
        return Fail(Fault::kLimit, bits.Offset(), "memory of the decompressor");
      }
      has_model_ = true;
    }
    if (!has_model_) {
      return Fail(Fault::kMalformed, bits.Offset(), "PPMd model");
    }
    block_.emplace(bits);
    needs_codes_ = true;
    return {};
  }

  Result<void> ReadCodes(RarBits& bits) {
    bits.Align();
    block_.reset();
    if (bits.Take(1) != 0) {
      return StartPpmd(bits);
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
        return Fail(bits.IsPastEnd() ? Fault::kTruncated : Fault::kMalformed,
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
  static constexpr uint8_t kPpmdEnd = 2;
  static constexpr uint8_t kFirstEscape = 2;

  RarWindow window_;
  Rar3Filters programs_;
  RarFilters* filters_ = nullptr;
  uint64_t dictionary_ = 0;
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
  // In a PPMd block only.
  std::optional<Rar3PpmdBlock> block_;
  Ppmd7Model model_;
  bool has_model_ = false;
  uint8_t escape_ = kFirstEscape;
};

}  // namespace

std::unique_ptr<RarDecoder> NewRar3Decoder() {
  return std::make_unique<Rar3Decoder>();
}

}  // namespace countersign::formats
