// The bytes that structures account for. Private to the formats.
#pragma once

#include <vector>

#include "base/bytes.h"

namespace countersign::formats {

// Which bytes of a container its structures account for.
class ClaimedBytes {
 public:
  // Ranges that are empty are left out.
  void Claim(base::ByteRange range);
  void Claim(const std::vector<base::ByteRange>& ranges);

  // The parts of `whole` that nobody claimed, in order.
  [[nodiscard]] std::vector<base::ByteRange> Gaps(base::ByteRange whole) const;
  // The bytes that are claimed twice or more, each stretch once, in order.
  [[nodiscard]] std::vector<base::ByteRange> Overlaps() const;

  [[nodiscard]] const std::vector<base::ByteRange>& Ranges() const {
    return ranges_;
  }

 private:
  std::vector<base::ByteRange> ranges_;
};

// True when every byte is zero.
[[nodiscard]] bool IsZeros(base::Bytes bytes);

}  // namespace countersign::formats
