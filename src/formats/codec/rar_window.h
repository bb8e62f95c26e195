// What matches of RAR copy from. Private to codec/.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Grows as bytes come out, up to the size of the dictionary, and then goes
// round.
// Why: a dictionary is as large as hostile bytes say, the output is not.
class RarWindow {
 public:
  // For the first member of a solid group.
  void Reset(uint64_t dictionary) {
    bytes_.clear();
    dictionary_ = std::max<uint64_t>(dictionary, 1);
    end_ = 0;
    total_ = 0;
  }
  // For each member.
  void Start(ByteSink& output) {
    output_ = &output;
    flushed_ = end_;
    member_ = 0;
  }

  base::Result<void> Put(uint8_t byte) {
    if (end_ == dictionary_) {
      CS_TRY_VOID(Flush());
      end_ = flushed_ = 0;
    }
    if (end_ < bytes_.size()) {
      bytes_[end_] = byte;
    } else {
      bytes_.push_back(byte);
    }
    ++end_;
    ++total_;
    ++member_;
    return end_ - flushed_ < kPiece ? base::Result<void>() : Flush();
  }

  // `distance` is 1 to Reach().
  base::Result<void> Copy(uint64_t distance, uint64_t length) {
    for (; length > 0; --length) {
      const uint64_t from =
          end_ >= distance ? end_ - distance : end_ + bytes_.size() - distance;
      CS_TRY_VOID(Put(bytes_[from]));
    }
    return {};
  }

  base::Result<void> Flush() {
    const base::Bytes fresh =
        base::Bytes(bytes_).subspan(flushed_, end_ - flushed_);
    flushed_ = end_;
    return fresh.empty() ? base::Result<void>() : output_->Write(fresh);
  }

  [[nodiscard]] uint64_t Reach() const { return std::min(total_, dictionary_); }
  // Bytes of the member so far.
  [[nodiscard]] uint64_t Done() const { return member_; }

 private:
  static constexpr uint64_t kPiece = uint64_t{64} << 10;

  ByteSink* output_ = nullptr;
  std::vector<uint8_t> bytes_;
  uint64_t dictionary_ = 1;
  uint64_t end_ = 0;
  uint64_t flushed_ = 0;
  uint64_t total_ = 0;
  uint64_t member_ = 0;
};

}  // namespace countersign::formats
