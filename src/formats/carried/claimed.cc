#include "formats/carried/claimed.h"

#include <algorithm>

namespace countersign::formats {
namespace {

std::vector<base::ByteRange> RangesInOrder(
    std::vector<base::ByteRange> ranges) {
  std::ranges::sort(ranges, [](const auto& a, const auto& b) {
    return std::pair(a.offset, a.size) < std::pair(b.offset, b.size);
  });
  return ranges;
}

}  // namespace

void ClaimedBytes::Claim(base::ByteRange range) {
  if (range.size > 0) {
    ranges_.push_back(range);
  }
}

void ClaimedBytes::Claim(const std::vector<base::ByteRange>& ranges) {
  for (const base::ByteRange& range : ranges) {
    Claim(range);
  }
}

std::vector<base::ByteRange> ClaimedBytes::Gaps(base::ByteRange whole) const {
  std::vector<base::ByteRange> gaps;
  uint64_t position = whole.offset;
  const uint64_t end = whole.offset + whole.size;
  for (const base::ByteRange& range : RangesInOrder(ranges_)) {
    const uint64_t start = std::min(range.offset, end);
    if (start > position) {
      gaps.push_back({position, start - position});
    }
    position = std::max(position, range.offset + range.size);
  }
  if (position < end) {
    gaps.push_back({position, end - position});
  }
  return gaps;
}

std::vector<base::ByteRange> ClaimedBytes::Overlaps() const {
  std::vector<base::ByteRange> overlaps;
  uint64_t end = 0;
  for (const base::ByteRange& range : RangesInOrder(ranges_)) {
    const uint64_t range_end = range.offset + range.size;
    if (range.offset < end) {
      const uint64_t shared = std::min(end, range_end) - range.offset;
      if (!overlaps.empty() &&
          overlaps.back().offset + overlaps.back().size >= range.offset) {
        base::ByteRange& last = overlaps.back();
        last.size = std::max(last.offset + last.size, range.offset + shared) -
                    last.offset;
      } else {
        overlaps.push_back({range.offset, shared});
      }
    }
    end = std::max(end, range_end);
  }
  return overlaps;
}

bool IsZeros(base::Bytes bytes) {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
}

}  // namespace countersign::formats
