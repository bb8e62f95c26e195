// Blocks, each of whole bytes:
//   flags u8     bits 0-2 bits of the last byte - 1, 3-4 bytes of the size - 1,
//                6 last block, 7 codes follow
//   checksum u8  5A, flags and bytes of the size, exclusive or
//   size         1 to 3 bytes, of what follows
//   codes        20 lengths of 4 bits (15: 4 bits of zeros + 2, or 15 if none)
//                of a code for the lengths of the other four: 306 symbols,
//                64 distances, 16 low distances, 44 lengths
//   symbols      0..255    bytes
//                256       a filter: offset from here, size, type 3 bits
//                257       the last match again
//                258..261  the length of a match to one of the last distances
//                262..     the length of a match, its distance follows
//
// Spec: none by the maker beyond "RAR 5.0 archive format"; the bit stream as
// its archives and other readers of them show it.
#include <algorithm>
#include <array>
#include <span>

#include "formats/codec/high_bit_code.h"
#include "formats/codec/rar.h"
#include "formats/codec/rar_bits.h"
#include "formats/codec/rar_filters.h"
#include "formats/codec/rar_window.h"

namespace countersign::formats {
namespace {

using base::Error;
using base::Fail;
using base::Fault;
using base::Input;
using base::Result;

constexpr size_t kRar5Symbols = 306;
constexpr size_t kRar5Distances = 64;
constexpr size_t kRar5LowDistances = 16;
constexpr size_t kRar5Lengths = 44;
constexpr size_t kRar5Pretree = 20;
constexpr uint64_t kRar5BlockHeader = 2;

struct Rar5Block {
  Input content;
  uint64_t bits = 0;
  uint64_t size = 0;  // with its header
  bool is_last = false;
  bool has_codes = false;
};

class Rar5Decoder : public RarDecoder {
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
      has_codes_ = false;
    }
    RarFilters filters(output);
    filters_ = &filters;
    size_ = content.size;
    window_.Start(filters);
    const auto result = Blocks(content.packed);
    const auto flushed = window_.Flush();
    CS_TRY_VOID(flushed);
    const bool is_whole = CS_TRY(filters.Finish());
    CS_TRY_VOID(result);
    return is_whole ? Result<void>()
                    : Fail(Fault::kMalformed,
                           content.packed.offset + content.packed.bytes.size(),
                           "RAR filter");
  }

 private:
  [[nodiscard]] bool IsDone() const {
    return size_ && window_.Done() >= *size_;
  }

  Result<void> Blocks(Input packed) {
    while (!IsDone()) {
      const Rar5Block block = CS_TRY(ReadBlock(packed));
      CS_TRY_VOID(DecodeBlock(block));
      packed = {packed.bytes.subspan(block.size), packed.offset + block.size};
      if (block.is_last) {
        break;
      }
    }
    return !size_ || IsDone()
               ? Result<void>()
               : Fail(Fault::kTruncated, packed.offset, "RAR data");
  }

  static Result<Rar5Block> ReadBlock(Input packed) {
    if (packed.bytes.size() < kRar5BlockHeader) {
      return Fail(Fault::kTruncated, packed.offset, "RAR block");
    }
    const uint8_t flags = packed.bytes[0];
    const uint64_t size_bytes = (flags >> 3 & 3U) + 1;
    if (size_bytes > 3) {
      return Fail(Fault::kMalformed, packed.offset, "RAR block");
    }
    if (packed.bytes.size() < kRar5BlockHeader + size_bytes) {
      return Fail(Fault::kTruncated, packed.offset, "RAR block");
    }
    uint8_t sum = 0x5A ^ flags;
    uint64_t size = 0;
    for (uint64_t i = 0; i < size_bytes; ++i) {
      const uint8_t byte = packed.bytes[kRar5BlockHeader + i];
      sum ^= byte;
      size |= uint64_t{byte} << (8 * i);
    }
    if (sum != packed.bytes[1]) {
      return Fail(Fault::kMalformed, packed.offset + 1, "RAR block checksum");
    }
    const uint64_t header = kRar5BlockHeader + size_bytes;
    if (size > packed.bytes.size() - header) {
      return Fail(Fault::kTruncated, packed.offset, "RAR block");
    }
    if (size == 0) {
      return Fail(Fault::kMalformed, packed.offset, "RAR block");
    }
    return Rar5Block{
        {packed.bytes.subspan(header, size), packed.offset + header},
        (size - 1) * 8 + (flags & 7U) + 1,
        header + size,
        (flags & 0x40) != 0,
        (flags & 0x80) != 0};
  }

  Result<void> DecodeBlock(const Rar5Block& block) {
    RarBits bits(block.content);
    if (block.has_codes) {
      CS_TRY_VOID(ReadCodes(bits));
      has_codes_ = true;
    }
    if (!has_codes_) {
      return Fail(Fault::kMalformed, block.content.offset, "RAR codes");
    }
    while (bits.Taken() < block.bits && !IsDone()) {
      const auto symbol = main_.Read(bits);
      if (!symbol) {
        return Fail(Fault::kMalformed, bits.Offset(), "RAR symbol");
      }
      CS_TRY_VOID(DecodeSymbol(*symbol, bits));
      if (bits.IsPastEnd()) {
        return Fail(Fault::kTruncated, bits.Offset(), "RAR data");
      }
    }
    return {};
  }

  Result<void> DecodeSymbol(uint16_t symbol, RarBits& bits) {
    constexpr uint16_t kFilter = 256;
    constexpr uint16_t kAgain = 257;
    constexpr uint16_t kOldDistance = 258;
    constexpr uint16_t kLength = 262;
    if (symbol < kFilter) {
      return window_.Put(static_cast<uint8_t>(symbol));
    }
    if (symbol == kFilter) {
      return AddFilter(bits);
    }
    if (symbol == kAgain) {
      return last_length_ == 0 ? Result<void>() : Copy(bits);
    }
    if (symbol < kLength) {
      const auto old = last_.begin() + (symbol - kOldDistance);
      std::rotate(last_.begin(), old, old + 1);
      const auto slot = lengths_.Read(bits);
      if (!slot) {
        return Fail(Fault::kMalformed, bits.Offset(), "RAR length");
      }
      last_length_ = Length(*slot, bits);
      return Copy(bits);
    }
    uint64_t length = Length(static_cast<uint16_t>(symbol - kLength), bits);
    const uint64_t distance = CS_TRY(Distance(bits));
    length += (distance > 0x100 ? 1U : 0U) + (distance > 0x2000 ? 1U : 0U) +
              (distance > 0x40000 ? 1U : 0U);
    last_ = {distance, last_[0], last_[1], last_[2]};
    last_length_ = length;
    return Copy(bits);
  }

  static uint64_t Length(uint16_t slot, RarBits& bits) {
    if (slot < 8) {
      return 2U + slot;
    }
    const unsigned more = slot / 4U - 1;
    return 2 + (uint64_t{4U | (slot & 3U)} << more) + bits.Take(more);
  }

  Result<uint64_t> Distance(RarBits& bits) {
    const auto slot = distances_.Read(bits);
    if (!slot) {
      return Fail(Fault::kMalformed, bits.Offset(), "RAR distance");
    }
    if (*slot < 4) {
      return uint64_t{1} + *slot;
    }
    const unsigned more = *slot / 2U - 1;
    uint64_t distance = 1 + (uint64_t{2U | (*slot & 1U)} << more);
    if (more < 4) {
      return distance + bits.Take(more);
    }
    if (more > 4) {
      distance += uint64_t{bits.Take(more - 4)} << 4;
    }
    const auto low = low_distances_.Read(bits);
    if (!low) {
      return Fail(Fault::kMalformed, bits.Offset(), "RAR distance");
    }
    return distance + *low;
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

  static uint64_t FilterNumber(RarBits& bits) {
    const uint32_t count = bits.Take(2) + 1;
    uint64_t number = 0;
    for (uint32_t i = 0; i < count; ++i) {
      number |= uint64_t{bits.Take(8)} << (8 * i);
    }
    return number;
  }

  Result<void> AddFilter(RarBits& bits) {
    RarFilter filter;
    filter.start = window_.Done() + FilterNumber(bits);
    filter.size = FilterNumber(bits);
    const uint32_t type = bits.Take(3);
    if (type > static_cast<uint32_t>(RarFilterType::kArm)) {
      return Fail(Fault::kUnsupported, bits.Offset(), "RAR filter");
    }
    filter.type = static_cast<RarFilterType>(type);
    if (filter.type == RarFilterType::kDelta) {
      filter.channels = bits.Take(5) + 1;
    }
    return filters_->Add(filter)
               ? Result<void>()
               : Fail(Fault::kMalformed, bits.Offset(), "RAR filter");
  }

  Result<void> ReadCodes(RarBits& bits) {
    std::array<uint8_t, kRar5Pretree> pretree{};
    for (size_t i = 0; i < pretree.size();) {
      const auto length = static_cast<uint8_t>(bits.Take(4));
      if (length != 15) {
        pretree.at(i++) = length;
        continue;
      }
      const uint32_t zeros = bits.Take(4);
      if (zeros == 0) {
        pretree.at(i++) = length;
      } else {
        i += std::min<size_t>(zeros + 2, pretree.size() - i);
      }
    }
    HighBitCode code;
    std::array<uint8_t,
               kRar5Symbols + kRar5Distances + kRar5LowDistances + kRar5Lengths>
        lengths{};
    if (code.Build(pretree) == HighBitCode::Use::kTooMuch) {
      return Fail(Fault::kMalformed, bits.Offset(), "RAR codes");
    }
    CS_TRY_VOID(ReadLengths(code, lengths, bits));
    std::span<const uint8_t> rest(lengths);
    for (const auto& [next, count] :
         {std::pair(&main_, kRar5Symbols),
          std::pair(&distances_, kRar5Distances),
          std::pair(&low_distances_, kRar5LowDistances),
          std::pair(&lengths_, kRar5Lengths)}) {
      if (next->Build(rest.first(count)) == HighBitCode::Use::kTooMuch) {
        return Fail(Fault::kMalformed, bits.Offset(), "RAR codes");
      }
      rest = rest.subspan(count);
    }
    return {};
  }

  static Result<void> ReadLengths(const HighBitCode& code,
                                  std::span<uint8_t> lengths, RarBits& bits) {
    for (size_t i = 0; i < lengths.size();) {
      const auto symbol = code.Read(bits);
      if (!symbol || bits.IsPastEnd()) {
        return Fail(symbol ? Fault::kTruncated : Fault::kMalformed,
                    bits.Offset(), "RAR codes");
      }
      if (*symbol < 16) {
        lengths[i++] = static_cast<uint8_t>(*symbol);
        continue;
      }
      const bool is_long = *symbol % 2 != 0;
      const size_t count = is_long ? bits.Take(7) + 11 : bits.Take(3) + 3;
      const bool repeats = *symbol < 18;
      if (repeats && i == 0) {
        return Fail(Fault::kMalformed, bits.Offset(), "RAR codes");
      }
      const uint8_t value = repeats ? lengths[i - 1] : uint8_t{0};
      for (size_t k = 0; k < count && i < lengths.size(); ++k) {
        lengths[i++] = value;
      }
    }
    return {};
  }

  RarWindow window_;
  RarFilters* filters_ = nullptr;
  std::optional<uint64_t> size_;
  std::array<uint64_t, 4> last_{};
  uint64_t last_length_ = 0;
  bool has_codes_ = false;
  HighBitCode main_;
  HighBitCode distances_;
  HighBitCode low_distances_;
  HighBitCode lengths_;
};

}  // namespace

std::unique_ptr<RarDecoder> NewRar5Decoder() {
  return std::make_unique<Rar5Decoder>();
}

}  // namespace countersign::formats
