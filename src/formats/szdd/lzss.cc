// +---------+------------------------------------------------+
// | control | eight items, lowest bit of the control first:  |
// | 1 byte  | 1: a byte; 0: a match of two bytes             |
// +---------+------------------------------------------------+
// match: place in the window (8 low bits), 4 high bits of it and 4 bits of
// length less 3. The window is a ring of 4096 bytes, at first all spaces.
#include "formats/szdd/lzss.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "base/reader.h"

namespace countersign::formats {
namespace {

using base::Result;

constexpr size_t kLzssWindow = 4096;
constexpr size_t kLzssPiece = size_t{32} << 10;
constexpr uint8_t kLzssShortest = 3;

class LzssWindow {
 public:
  LzssWindow(ByteSink& output, const LzssOptions& options)
      : output_(output),
        position_(options.start),
        left_(options.size.value_or(std::numeric_limits<uint64_t>::max())) {
    window_.fill(' ');
    piece_.reserve(kLzssPiece);
  }

  [[nodiscard]] uint64_t Left() const { return left_; }
  [[nodiscard]] uint64_t LeftOut() const { return left_out_; }

  Result<void> Put(uint8_t byte) {
    if (left_ == 0) {
      ++left_out_;
      return {};
    }
    --left_;
    window_[position_] = byte;
    position_ = (position_ + 1) % kLzssWindow;
    piece_.push_back(byte);
    return piece_.size() < kLzssPiece ? Result<void>() : Flush();
  }

  Result<void> PutMatch(uint8_t low, uint8_t high) {
    size_t from = low | size_t{high & 0xF0U} << 4;
    const size_t size = (high & 0x0FU) + kLzssShortest;
    for (size_t i = 0; i < size; ++i) {
      CS_TRY_VOID(Put(window_[from]));
      from = (from + 1) % kLzssWindow;
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
  std::array<uint8_t, kLzssWindow> window_{};
  std::vector<uint8_t> piece_;
  size_t position_;
  uint64_t left_;  // bytes still to be written
  uint64_t left_out_ = 0;
};

// The items of one control byte; ends early with the input or the content.
Result<void> ReadLzssItems(base::Reader& reader, LzssWindow& window) {
  const uint8_t control = reader.U8("control");
  for (int bit = 0; bit < 8; ++bit) {
    if (reader.Remaining() == 0 || window.Left() == 0) {
      return {};
    }
    const uint8_t first = reader.U8("item");
    if ((control >> bit & 1) != 0) {
      CS_TRY_VOID(window.Put(first));
      continue;
    }
    const uint8_t second = reader.U8("match");
    CS_TRY(reader.Finish(true));
    CS_TRY_VOID(window.PutMatch(first, second));
  }
  return {};
}

}  // namespace

Result<LzssEnd> DecompressLzss(base::Input input, ByteSink& output,
                               const LzssOptions& options) {
  base::Reader reader(input);
  LzssWindow window(output, options);
  while (reader.Remaining() > 0 && window.Left() > 0) {
    if (auto read = ReadLzssItems(reader, window); !read) {
      // What came out before the damage is handed over; the damage is told.
      if (reader.Failed()) {
        CS_TRY_VOID(window.Flush());
      }
      return std::unexpected(read.error());
    }
  }
  CS_TRY_VOID(window.Flush());
  if (options.size && window.Left() > 0) {
    return base::Fail(base::Fault::kTruncated, reader.Offset(),
                      "compressed data");
  }
  return LzssEnd{reader.Offset() - input.offset, window.LeftOut()};
}

}  // namespace countersign::formats
