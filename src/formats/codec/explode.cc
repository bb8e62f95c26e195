// Two or three codes, then literals and matches until the content is complete.
//
//   codes    [literals, 256], lengths 64, distances 64. Each: number of bytes
//            less 1, then bytes: number of symbols less 1 (upper 4 bits), bits
//            of their codes less 1
//   literal  1, then its code, or 8 bits where there is none for literals
//   match    0, lower 6 or 7 bits of the distance, code of its upper bits,
//            code of the length, 8 more bits if that is 63
//
// Spec: APPNOTE 6.3.10, 5.3. The codes are those of a canonical prefix code
// with every bit inverted.
#include <array>

#include "formats/codec/bits.h"
#include "formats/codec/output_window.h"
#include "formats/codec/pkzip.h"
#include "formats/codec/prefix_code.h"

namespace countersign::formats {
namespace {

using base::Fail;
using base::Fault;
using base::Result;

class ImplodeDecoder {
 public:
  ImplodeDecoder(base::Input input, ByteSink& output, uint64_t size,
                 bool has_large_window, bool has_literal_code)
      : reader_(input),
        window_(output, kReach),
        size_(size),
        low_bits_(has_large_window ? 7 : 6),
        has_literal_code_(has_literal_code) {}

  Result<uint64_t> Run() {
    if ((has_literal_code_ && !ReadCode(literals_, 256)) ||
        !ReadCode(lengths_, 64) || !ReadCode(distances_, 64)) {
      return Bad();
    }
    while (window_.Total() < size_) {
      if (const auto step = Step(); !step) {
        // What came out before is of use even so.
        CS_TRY_VOID(window_.Flush());
        return std::unexpected(step.error());
      }
    }
    CS_TRY_VOID(window_.Flush());
    return reader_.Taken();
  }

 private:
  // 64 distances of 7 bits.
  static constexpr size_t kReach = 8192;

  std::unexpected<base::Error> Bad() const {
    return Fail(reader_.IsPastEnd() ? Fault::kTruncated : Fault::kMalformed,
                reader_.Offset(), "compressed data");
  }

  bool ReadCode(PrefixCode& code, size_t symbols) {
    std::array<uint8_t, 256> lengths{};
    size_t filled = 0;
    const uint32_t bytes = reader_.Take(8) + 1;
    for (uint32_t i = 0; i < bytes; ++i) {
      const uint32_t byte = reader_.Take(8);
      const size_t repeats = (byte >> 4) + 1;
      if (repeats > symbols - filled) {
        return false;
      }
      for (size_t j = 0; j < repeats; ++j) {
        lengths[filled++] = static_cast<uint8_t>((byte & 15) + 1);
      }
    }
    return filled == symbols && !reader_.IsPastEnd() &&
           code.Build({lengths.data(), symbols});
  }

  Result<void> Step() {
    if (reader_.Take(1) != 0) {
      std::optional<uint16_t> byte;
      if (has_literal_code_) {
        byte = literals_.Read(reader_, true);
      } else {
        byte = static_cast<uint16_t>(reader_.Take(8));
      }
      if (!byte || reader_.IsPastEnd()) {
        return Bad();
      }
      return window_.Put(static_cast<uint8_t>(*byte));
    }
    const uint32_t low = reader_.Take(low_bits_);
    const auto high = distances_.Read(reader_, true);
    const auto code = lengths_.Read(reader_, true);
    if (!high || !code) {
      return Bad();
    }
    const uint64_t length = uint64_t{*code} + (has_literal_code_ ? 3 : 2) +
                            (*code == 63 ? reader_.Take(8) : 0);
    if (reader_.IsPastEnd()) {
      return Bad();
    }
    if (length > size_ - window_.Total()) {
      return Fail(Fault::kMalformed, reader_.Offset(), "size of the content");
    }
    const size_t distance = (size_t{*high} << low_bits_ | low) + 1;
    return window_.Copy(distance, length);
  }

  BitReader reader_;
  OutputWindow window_;
  uint64_t size_;
  unsigned low_bits_;
  bool has_literal_code_;
  PrefixCode literals_;
  PrefixCode lengths_;
  PrefixCode distances_;
};

}  // namespace

Result<uint64_t> Explode(base::Input input, ByteSink& output, uint64_t size,
                         bool has_large_window, bool has_literal_code) {
  return ImplodeDecoder(input, output, size, has_large_window, has_literal_code)
      .Run();
}

}  // namespace countersign::formats
