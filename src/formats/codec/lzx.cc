// A stream of 16-bit words, the highest bit of each first:
//
//   1 bit: programs were translated; then if so 32 bits: size of the file
//   blocks, in which every 32 KiB of output (a frame) end at a whole word:
//     type 3 bits, bytes that come out 24 bits
//     1 verbatim      main code, code of lengths, symbols
//     2 aligned       8 lengths of 3 bits, then as 1
//     3 uncompressed  1 to 16 bits up to a word, R0, R1, R2 as u32, bytes, a
//                     byte up to a word
//
//   lengths of a code  20 lengths of 4 bits of another code; its symbols:
//     0..16  (length before - symbol) modulo 17
//     17     4 bits + 4 zeros      18  5 bits + 20 zeros
//     19     1 bit + 4 times the length that the next symbol says
//   main code          256 bytes, then 8 symbols for each slot of distances:
//     the slot and 2 to 8 bytes, or 9 and more by the code of lengths
//   distance           slots 0 to 2: one of the last three, R0 to R2;
//     else the start of the slot + bits - 2, of which in an aligned block the
//     last three are a symbol of the aligned code
//
// Spec: Microsoft Cabinet SDK, "LZX Data Compression Format" (1997); [MS-PATCH]
// 2 corrects it.
#include "formats/codec/lzx.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <span>

#include "formats/codec/high_bit_code.h"
#include "formats/codec/lzx_bits.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Result;

constexpr uint64_t kLzxFrame = 32768;
constexpr size_t kLzxBytes = 256;
constexpr size_t kMostLzxSlots = 50;
constexpr size_t kLzxLengths = 249;
constexpr size_t kLzxPretree = 20;
constexpr size_t kLzxAligned = 8;

constexpr std::array<size_t, 7> kLzxSlots = {30, 32, 34, 36, 38, 42, 50};

constexpr unsigned LzxSlotBits(size_t slot) {
  return slot < 4 ? 0
                  : static_cast<unsigned>(std::min<size_t>((slot - 2) / 2, 17));
}

// The distance at which a slot starts, plus 2.
constexpr std::array<uint32_t, kMostLzxSlots> kLzxStarts = [] {
  std::array<uint32_t, kMostLzxSlots> starts{};
  for (size_t slot = 1; slot < starts.size(); ++slot) {
    starts.at(slot) = starts.at(slot - 1) + (1U << LzxSlotBits(slot - 1));
  }
  return starts;
}();

// Spec: a code is complete, or there is none.
bool BuildLzxCode(HighBitCode& code, std::span<const uint8_t> lengths) {
  const auto use = code.Build(lengths);
  return use == HighBitCode::Use::kAll || use == HighBitCode::Use::kNothing;
}

class LzxDecoder {
 public:
  LzxDecoder(base::Input input, unsigned window_bits, uint64_t size,
             std::vector<uint8_t>& output)
      : reader_(input),
        main_symbols_(kLzxBytes + 8 * kLzxSlots.at(window_bits - 15)),
        window_(uint64_t{1} << window_bits),
        size_(size),
        start_(output.size()),
        output_(output) {}

  Result<void> Run() {
    translated_size_ = reader_.Take(1) == 0 ? 0 : reader_.Take32();
    auto result = RunFrames();
    if (result) {
      Untranslate();
    }
    return result;
  }

 private:
  [[nodiscard]] uint64_t Done() const { return output_.size() - start_; }

  [[nodiscard]] std::unexpected<base::Error> Damaged(const char* field) const {
    return Fail(reader_.IsPastEnd() ? Fault::kTruncated : Fault::kMalformed,
                reader_.Offset(), field);
  }

  Result<void> RunFrames() {
    while (Done() < size_) {
      frame_end_ = std::min(size_, Done() + kLzxFrame);
      while (Done() < frame_end_) {
        if (block_left_ == 0) {
          CS_TRY_VOID(BeginBlock());
        }
        const uint64_t before = Done();
        CS_TRY_VOID(type_ == 3 ? CopyBytes() : Symbols());
        block_left_ -= std::min(block_left_, Done() - before);
        if (reader_.IsPastEnd()) {
          return Damaged("LZX data");
        }
      }
      reader_.AlignToWord();
    }
    return {};
  }

  Result<void> BeginBlock() {
    if (is_odd_) {
      reader_.SkipByte();
      is_odd_ = false;
    }
    type_ = reader_.Take(3);
    block_left_ = uint64_t{reader_.Take(16)} << 8;
    block_left_ |= reader_.Take(8);
    if (block_left_ == 0 || type_ == 0 || type_ > 3) {
      return Damaged("LZX block");
    }
    if (type_ == 3) {
      is_odd_ = block_left_ % 2 != 0;
      reader_.StartBytes();
      for (uint32_t& distance : last_) {
        distance = reader_.Number();
      }
      return {};
    }
    if (type_ == 2) {
      std::array<uint8_t, kLzxAligned> lengths{};
      for (uint8_t& length : lengths) {
        length = static_cast<uint8_t>(reader_.Take(3));
      }
      if (!BuildLzxCode(aligned_, lengths)) {
        return Damaged("LZX aligned code");
      }
    }
    return ReadCodes();
  }

  Result<void> ReadCodes() {
    const std::span main(main_lengths_);
    CS_TRY_VOID(ReadLengths(main.first(kLzxBytes)));
    CS_TRY_VOID(
        ReadLengths(main.subspan(kLzxBytes, main_symbols_ - kLzxBytes)));
    CS_TRY_VOID(ReadLengths(length_lengths_));
    if (!BuildLzxCode(main_, main.first(main_symbols_))) {
      return Damaged("LZX main code");
    }
    // Quirk: without lengths above 8, all of this code is zeros.
    if (!BuildLzxCode(length_, length_lengths_)) {
      return Damaged("LZX code of lengths");
    }
    return {};
  }

  Result<void> ReadLengths(std::span<uint8_t> lengths) {
    std::array<uint8_t, kLzxPretree> pretree{};
    for (uint8_t& length : pretree) {
      length = static_cast<uint8_t>(reader_.Take(4));
    }
    HighBitCode code;
    if (!BuildLzxCode(code, pretree)) {
      return Damaged("LZX code of code lengths");
    }
    for (size_t i = 0; i < lengths.size();) {
      const auto symbol = code.Read(reader_);
      if (!symbol) {
        return Damaged("LZX code lengths");
      }
      if (*symbol < 17) {
        lengths[i] = Delta(lengths[i], *symbol);
        ++i;
        continue;
      }
      size_t count = 0;
      uint8_t value = 0;
      if (*symbol == 17) {
        count = reader_.Take(4) + 4;
      } else if (*symbol == 18) {
        count = reader_.Take(5) + 20;
      } else {
        count = reader_.Take(1) + 4;
        const auto next = code.Read(reader_);
        if (!next || *next > 16) {
          return Damaged("LZX code lengths");
        }
        value = Delta(lengths[i], *next);
      }
      if (count > lengths.size() - i) {
        return Damaged("LZX code lengths");
      }
      std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(i), count,
                  value);
      i += count;
    }
    return {};
  }

  static uint8_t Delta(uint8_t before, uint16_t symbol) {
    return static_cast<uint8_t>((17 + before - symbol) % 17);
  }

  Result<void> CopyBytes() {
    const uint64_t wanted = std::min(block_left_, frame_end_ - Done());
    const Bytes bytes = reader_.TakeBytes(wanted);
    output_.insert(output_.end(), bytes.begin(), bytes.end());
    return bytes.size() < wanted
               ? Result<void>(Fail(Fault::kTruncated, reader_.Offset(),
                                   "LZX uncompressed block"))
               : Result<void>();
  }

  // Up to the end of the block or of the frame.
  Result<void> Symbols() {
    const uint64_t end = Done() + std::min(block_left_, frame_end_ - Done());
    while (Done() < end) {
      const auto symbol = main_.Read(reader_);
      if (!symbol) {
        return Damaged("LZX main symbol");
      }
      if (*symbol < kLzxBytes) {
        output_.push_back(static_cast<uint8_t>(*symbol));
        continue;
      }
      CS_TRY_VOID(Match(*symbol - kLzxBytes, end));
      if (reader_.IsPastEnd()) {
        return Damaged("LZX data");
      }
    }
    return {};
  }

  Result<void> Match(size_t symbol, uint64_t end) {
    uint64_t length = symbol % 8;
    if (length == 7) {
      const auto more = length_.Read(reader_);
      if (!more) {
        return Damaged("LZX length");
      }
      length += *more;
    }
    length += 2;
    const auto distance = Distance(symbol / 8);
    if (!distance) {
      return Damaged("LZX aligned symbol");
    }
    if (*distance == 0 || *distance > std::min(Done(), window_)) {
      return Damaged("LZX distance");
    }
    // Spec: a match goes neither beyond its block nor beyond its frame.
    if (length > end - Done()) {
      return Damaged("LZX length");
    }
    for (uint64_t i = 0; i < length; ++i) {
      output_.push_back(output_[output_.size() - *distance]);
    }
    return {};
  }

  std::optional<uint64_t> Distance(size_t slot) {
    if (slot < last_.size()) {
      std::swap(last_[0], last_.at(slot));
      return last_[0];
    }
    const unsigned bits = LzxSlotBits(slot);
    uint32_t distance = kLzxStarts.at(slot) - 2;
    if (type_ == 2 && bits >= 3) {
      distance += TakeUpTo17(bits - 3) << 3;
      const auto low = aligned_.Read(reader_);
      if (!low) {
        return std::nullopt;
      }
      distance += *low;
    } else {
      distance += TakeUpTo17(bits);
    }
    last_ = {distance, last_[0], last_[1]};
    return distance;
  }

  uint32_t TakeUpTo17(unsigned bits) {
    if (bits <= 16) {
      return reader_.Take(bits);
    }
    const uint32_t high = reader_.Take(1);
    return high << 16 | reader_.Take(16);
  }

  // Calls in programs were made absolute before compression.
  // Spec: the last 10 bytes of a frame are left as they are, and everything
  // from 1 GiB on.
  void Untranslate() {
    if (translated_size_ == 0) {
      return;
    }
    constexpr uint64_t kCallBytes = 10;
    for (uint64_t frame = 0; frame < Done(); frame += kLzxFrame) {
      const uint64_t end = std::min(Done(), frame + kLzxFrame);
      for (uint64_t i = frame; i + kCallBytes < end; ++i) {
        if (output_[start_ + i] == 0xE8) {
          UntranslateCall(start_ + i + 1, static_cast<int32_t>(i));
          i += 4;
        }
      }
    }
  }

  void UntranslateCall(uint64_t at, int32_t position) {
    uint32_t stored = 0;
    for (size_t i = 4; i > 0; --i) {
      stored = stored << 8 | output_[at + i - 1];
    }
    const auto absolute = static_cast<int64_t>(static_cast<int32_t>(stored));
    const auto size =
        static_cast<int64_t>(static_cast<int32_t>(translated_size_));
    if (absolute < -position || absolute >= size) {
      return;
    }
    const auto relative = static_cast<uint32_t>(
        absolute >= 0 ? absolute - position : absolute + size);
    for (size_t i = 0; i < 4; ++i) {
      output_[at + i] = static_cast<uint8_t>(relative >> (8 * i));
    }
  }

  LzxReader reader_;
  size_t main_symbols_;
  uint64_t window_;
  uint64_t size_;
  size_t start_;
  std::vector<uint8_t>& output_;
  uint32_t translated_size_ = 0;
  uint32_t type_ = 0;
  uint64_t block_left_ = 0;
  uint64_t frame_end_ = 0;
  bool is_odd_ = false;
  std::array<uint32_t, 3> last_ = {1, 1, 1};
  std::array<uint8_t, kLzxBytes + 8 * kMostLzxSlots> main_lengths_{};
  std::array<uint8_t, kLzxLengths> length_lengths_{};
  HighBitCode main_;
  HighBitCode length_;
  HighBitCode aligned_;
};

}  // namespace

Result<void> DecompressLzx(base::Input input, unsigned window_bits,
                           uint64_t size, std::vector<uint8_t>& output) {
  return LzxDecoder(input, window_bits, size, output).Run();
}

}  // namespace countersign::formats
