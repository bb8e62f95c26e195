// Output that can be copied from again. Private to codec/.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

class OutputWindow {
 public:
  // `reach` is the largest distance, in bytes, that is copied from. Before the
  // first byte there are zeros, as in the decoders of PKZIP.
  OutputWindow(ByteSink& sink, size_t reach)
      : sink_(sink), reach_(reach), buffer_(reach + kPieceBytes), end_(reach) {}

  base::Result<void> Put(uint8_t byte) {
    if (end_ == buffer_.size()) {
      CS_TRY_VOID(Flush());
    }
    buffer_[end_++] = byte;
    return {};
  }

  // `distance` is 1 to `reach`.
  base::Result<void> Copy(size_t distance, uint64_t length) {
    while (length > 0) {
      if (end_ == buffer_.size()) {
        CS_TRY_VOID(Flush());
      }
      const size_t count =
          std::min<uint64_t>({length, buffer_.size() - end_, distance});
      std::memcpy(&buffer_[end_], &buffer_[end_ - distance], count);
      end_ += count;
      length -= count;
    }
    return {};
  }

  // Writes what was not written, and keeps what can be copied from. After an
  // error of the sink, gives that again.
  base::Result<void> Flush() {
    const size_t fresh = end_ - reach_;
    if (refused_) {
      return std::unexpected(*refused_);
    }
    if (fresh > 0) {
      if (const auto put = sink_.Write({&buffer_[reach_], fresh}); !put) {
        refused_ = put.error();
        return put;
      }
      written_ += fresh;
      std::memmove(buffer_.data(), &buffer_[fresh], reach_);
      end_ = reach_;
    }
    return {};
  }

  // Bytes of output so far.
  [[nodiscard]] uint64_t Total() const { return written_ + (end_ - reach_); }

 private:
  static constexpr size_t kPieceBytes = size_t{64} << 10;

  ByteSink& sink_;
  size_t reach_;
  std::vector<uint8_t> buffer_;  // `reach_` bytes of the past, then new ones
  size_t end_;
  uint64_t written_ = 0;
  std::optional<base::Error> refused_;
};

}  // namespace countersign::formats
