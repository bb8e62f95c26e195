// What RAR does to programs, tables, pictures and sound before it compresses
// them, undone. Private to codec/.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Of RAR 5 the first four, of RAR 2.9 to 4 all but kArm.
enum class RarFilterType : uint8_t {
  kDelta,
  kCalls,
  kCallsAndJumps,
  kArm,
  kItanium,
  kPicture,
  kSound,
};

struct RarFilter {
  RarFilterType type = RarFilterType::kDelta;
  uint64_t start = 0;  // in the member
  uint64_t size = 0;
  unsigned channels = 1;   // of kDelta and kSound
  uint32_t row = 0;        // of kPicture: bytes of a row
  uint32_t red = 0;        // of kPicture: where the first red byte is, 0 to 2
  bool is_linear = false;  // of calls: places do not start again at 16 MiB
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
  // Limit: filters over the same bytes, in RAR 2.9 to 4; RAR makes two.
  static constexpr unsigned kMostOnOneBlock = 8;

  // In RAR 5 there is one filter for a byte, before it there may be several
  // for a block (`most_on_one_block`), of which the first declared comes first.
  explicit RarFilters(ByteSink& output, unsigned most_on_one_block = 1)
      : output_(output), most_on_one_block_(most_on_one_block) {}

  // False when it begins before the end of the one before it, or is too large.
  [[nodiscard]] bool Add(const RarFilter& filter);
  base::Result<void> Write(base::Bytes bytes) override;
  // Hands over what waits for a filter whose bytes did not all come. True if
  // there was nothing of that kind.
  base::Result<bool> Finish();
  [[nodiscard]] bool IsIdle() const { return waiting_.empty(); }

 private:
  base::Result<void> UndoFront();

  ByteSink& output_;
  unsigned most_on_one_block_;
  std::deque<RarFilter> waiting_;
  unsigned on_last_block_ = 0;
  uint64_t end_ = 0;       // of the last filter
  uint64_t position_ = 0;  // of the next byte
  std::vector<uint8_t> held_;
};

}  // namespace countersign::formats
