#include "formats/inno/call_filter.h"

#include <algorithm>

namespace countersign::formats {

void UndoInnoCallFilter(std::span<uint8_t> code, uint32_t offset) {
  constexpr uint8_t kCall = 0xE8;
  constexpr uint8_t kJump = 0xE9;
  constexpr uint32_t kMask = 0xFFFFFF;
  constexpr uint32_t kSign = 0x800000;
  constexpr size_t kTargetBytes = 4;
  size_t at = 0;
  while (at + kTargetBytes < code.size()) {
    if (code[at] != kCall && code[at] != kJump) {
      ++at;
      continue;
    }
    const auto target = code.subspan(++at, kTargetBytes);
    if (target[3] == 0x00 || target[3] == 0xFF) {
      const uint32_t next = offset + static_cast<uint32_t>(at + kTargetBytes);
      const uint32_t absolute =
          static_cast<uint32_t>(target[0] | target[1] << 8 | target[2] << 16);
      const uint32_t relative = (absolute - next) & kMask;
      for (unsigned i = 0; i < 3; ++i) {
        target[i] = static_cast<uint8_t>(relative >> (8 * i));
      }
      if ((relative & kSign) != 0) {
        target[3] = static_cast<uint8_t>(~target[3]);
      }
    }
    at += kTargetBytes;
  }
}

base::Result<void> InnoCallFilter::Write(base::Bytes bytes) {
  while (!bytes.empty()) {
    const size_t size = std::min(bytes.size(), kBlockBytes - block_.size());
    block_.insert(block_.end(), bytes.begin(),
                  bytes.begin() + static_cast<std::ptrdiff_t>(size));
    bytes = bytes.subspan(size);
    if (block_.size() == kBlockBytes) {
      CS_TRY_VOID(Finish());
    }
  }
  return {};
}

base::Result<void> InnoCallFilter::Finish() {
  if (block_.empty()) {
    return {};
  }
  UndoInnoCallFilter(block_, static_cast<uint32_t>(offset_));
  offset_ += block_.size();
  const auto written = next_.Write(block_);
  block_.clear();
  return written;
}

}  // namespace countersign::formats
