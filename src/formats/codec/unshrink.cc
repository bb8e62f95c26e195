// LZW with codes of 9 to 13 bits. Code 256 is followed by another: 1 makes
// codes one bit longer, 2 frees those that no other code begins with.
//
// Spec: APPNOTE 6.3.10, 5.1.
#include <algorithm>
#include <array>
#include <bitset>

#include "formats/codec/bits.h"
#include "formats/codec/output_window.h"
#include "formats/codec/pkzip.h"

namespace countersign::formats {
namespace {

using base::Fail;
using base::Fault;
using base::Result;

class ShrinkDecoder {
 public:
  ShrinkDecoder(base::Input input, ByteSink& output, uint64_t size)
      : reader_(input), window_(output, 1), size_(size) {
    parents_.fill(kFree);
  }

  Result<uint64_t> Run() {
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
  static constexpr uint16_t kControl = 256;
  static constexpr unsigned kMostBits = 13;
  static constexpr size_t kCodes = size_t{1} << kMostBits;
  static constexpr uint16_t kFree = 0xFFFF;

  std::unexpected<base::Error> Bad() const {
    return Fail(reader_.IsPastEnd() ? Fault::kTruncated : Fault::kMalformed,
                reader_.Offset(), "compressed data");
  }

  Result<void> Step() {
    const auto code = static_cast<uint16_t>(reader_.Take(bits_));
    if (reader_.IsPastEnd()) {
      return Bad();
    }
    if (code == kControl) {
      return Control();
    }
    // The string of a code that is not there yet is the last one and its own
    // first byte.
    const bool is_new = code > kControl && parents_[code] == kFree;
    if (is_new && previous_ == kFree) {
      return Bad();
    }
    size_t length = 0;
    if (is_new) {
      string_[length++] = first_;
    }
    uint16_t at = is_new ? previous_ : code;
    for (; at > kControl; at = parents_[at]) {
      // Why the length: a code that was freed and given again can begin with
      // itself.
      if (parents_[at] == kFree || length + 1 >= string_.size()) {
        return Bad();
      }
      string_[length++] = last_bytes_[at];
    }
    first_ = static_cast<uint8_t>(at);
    string_[length++] = first_;
    if (length > size_ - window_.Total()) {
      return Fail(Fault::kMalformed, reader_.Offset(), "size of the content");
    }
    while (length > 0) {
      CS_TRY_VOID(window_.Put(string_[--length]));
    }
    Add();
    previous_ = code;
    return {};
  }

  // Gives the next free code to the last string and the first byte of this one.
  void Add() {
    if (previous_ == kFree) {
      return;
    }
    while (next_ < kCodes && parents_[next_] != kFree) {
      ++next_;
    }
    if (next_ < kCodes) {
      parents_[next_] = previous_;
      last_bytes_[next_] = first_;
      ++next_;
    }
  }

  Result<void> Control() {
    const uint32_t what = reader_.Take(bits_);
    if (reader_.IsPastEnd() || (what == 1 && bits_ == kMostBits) ||
        (what != 1 && what != 2)) {
      return Bad();
    }
    if (what == 1) {
      ++bits_;
      return {};
    }
    std::bitset<kCodes> is_parent;
    for (size_t code = kControl + 1; code < kCodes; ++code) {
      if (parents_[code] != kFree) {
        is_parent.set(parents_[code]);
      }
    }
    for (size_t code = kControl + 1; code < kCodes; ++code) {
      if (!is_parent.test(code)) {
        parents_[code] = kFree;
      }
    }
    next_ = kControl + 1;
    return {};
  }

  BitReader reader_;
  OutputWindow window_;
  uint64_t size_;
  unsigned bits_ = 9;
  size_t next_ = kControl + 1;  // no code before it is free
  uint16_t previous_ = kFree;   // the last code
  uint8_t first_ = 0;           // of the last string
  std::array<uint16_t, kCodes> parents_{};
  std::array<uint8_t, kCodes> last_bytes_{};
  std::array<uint8_t, kCodes> string_{};  // backwards
};

}  // namespace

Result<uint64_t> Unshrink(base::Input input, ByteSink& output, uint64_t size) {
  return ShrinkDecoder(input, output, size).Run();
}

}  // namespace countersign::formats
