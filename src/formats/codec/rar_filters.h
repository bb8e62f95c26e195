// What RAR 5 does to programs and tables before it compresses them, undone.
// Private to codec/.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

enum class RarFilterType : uint8_t { kDelta, kCalls, kCallsAndJumps, kArm };

struct RarFilter {
  RarFilterType type = RarFilterType::kDelta;
  uint64_t start = 0;  // in the member
  uint64_t size = 0;
  unsigned channels = 1;
};

// Undoes a filter over `bytes`, which start at `position` of the member.
void UndoRarFilter(const RarFilter& filter, uint64_t position,
                   std::vector<uint8_t>& bytes);

// Passes bytes on, those of a filter once they are complete.
class RarFilters : public ByteSink {
 public:
  // Limit: bytes of one filter; those of RAR are smaller.
  static constexpr uint64_t kMostBytes = uint64_t{4} << 20;
  // Limit: filters that wait for their bytes.
  static constexpr size_t kMostWaiting = 8192;

  explicit RarFilters(ByteSink& output) : output_(output) {}

  // False when it begins before the end of the one before it, or is too large.
  [[nodiscard]] bool Add(const RarFilter& filter);
  base::Result<void> Write(base::Bytes bytes) override;
  // Hands over what waits for a filter whose bytes did not all come. True if
  // there was nothing of that kind.
  base::Result<bool> Finish();

 private:
  ByteSink& output_;
  std::deque<RarFilter> waiting_;
  uint64_t end_ = 0;       // of the last filter
  uint64_t position_ = 0;  // of the next byte
  std::vector<uint8_t> held_;
};

}  // namespace countersign::formats
