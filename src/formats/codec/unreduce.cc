// Two steps, one behind the other. The first gives each byte that is likely to
// follow the last one a short code; what it yields says where to copy from:
//
//   first    for each byte 255 to 0: 6 bits, how many bytes may follow it; 8
//            bits for each of these. Then codes: 8 bits, where none may follow;
//            else 1 and 8 bits, or 0 and the index of one that may follow
//   second   bytes, of which 144 means: 0 for itself; else V, [more length],
//            distance: `factor` upper bits of V and a byte, length: its lower
//            bits, 3 more, and one more byte if all of them are set
//
// Spec: APPNOTE 6.3.10, 5.2.
#include <algorithm>
#include <array>
#include <bit>

#include "formats/codec/bits.h"
#include "formats/codec/output_window.h"
#include "formats/codec/pkzip.h"

namespace countersign::formats {
namespace {

using base::Fail;
using base::Fault;
using base::Result;

class ReduceDecoder {
 public:
  ReduceDecoder(base::Input input, ByteSink& output, uint64_t size,
                unsigned factor)
      : reader_(input),
        window_(output, kReach),
        size_(size),
        length_bits_(8 - factor) {}

  Result<uint64_t> Run() {
    ReadFollowers();
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
  // Four bits and a byte.
  static constexpr size_t kReach = 4096;
  static constexpr uint8_t kCopyMark = 144;

  std::unexpected<base::Error> Bad() const {
    return Fail(reader_.IsPastEnd() ? Fault::kTruncated : Fault::kMalformed,
                reader_.Offset(), "compressed data");
  }

  void ReadFollowers() {
    for (size_t byte = 256; byte > 0; --byte) {
      Followers& followers = followers_[byte - 1];
      followers.count = reader_.Take(6);
      for (uint32_t i = 0; i < followers.count; ++i) {
        followers.bytes[i] = static_cast<uint8_t>(reader_.Take(8));
      }
    }
  }

  // The next byte of the first step.
  uint8_t Next() {
    const Followers& followers = followers_[last_];
    if (followers.count == 0 || reader_.Take(1) != 0) {
      last_ = static_cast<uint8_t>(reader_.Take(8));
    } else {
      // Spec: as many bits as count - 1 has, and at least one.
      const unsigned bits = std::max(
          1U, static_cast<unsigned>(std::bit_width(followers.count - 1)));
      last_ = followers.bytes[reader_.Take(bits)];
    }
    return last_;
  }

  Result<void> Step() {
    const uint8_t byte = Next();
    const uint8_t value = byte == kCopyMark ? Next() : uint8_t{0};
    if (reader_.IsPastEnd()) {
      return Bad();
    }
    if (byte != kCopyMark || value == 0) {
      return window_.Put(byte);
    }
    const uint32_t all = (1U << length_bits_) - 1;
    uint64_t length = value & all;
    if (length == all) {
      length += Next();
    }
    length += 3;
    const size_t distance = (size_t{value} >> length_bits_) * 256 + Next() + 1;
    if (reader_.IsPastEnd()) {
      return Bad();
    }
    if (length > size_ - window_.Total()) {
      return Fail(Fault::kMalformed, reader_.Offset(), "size of the content");
    }
    return window_.Copy(distance, length);
  }

  struct Followers {
    uint32_t count = 0;
    // Why 64: so many an index of 6 bits can name; the rest are zeros.
    std::array<uint8_t, 64> bytes{};
  };

  BitReader reader_;
  OutputWindow window_;
  uint64_t size_;
  unsigned length_bits_;
  uint8_t last_ = 0;
  std::array<Followers, 256> followers_{};
};

}  // namespace

Result<uint64_t> Unreduce(base::Input input, ByteSink& output, uint64_t size,
                          unsigned factor) {
  return ReduceDecoder(input, output, size, factor).Run();
}

}  // namespace countersign::formats
