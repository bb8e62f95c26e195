// Filters of RAR 5:
//   delta             bytes of each channel apart, each as the difference to
//                     the next
//   calls, and jumps  E8 (and E9) and an address that was made absolute, in a
//                     space of 16 MiB
//   ARM               EB and a number of words that was made absolute
#include "formats/codec/rar_filters.h"

#include <algorithm>
#include <utility>

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Result;

void UndoDelta(unsigned channels, std::vector<uint8_t>& bytes) {
  std::vector<uint8_t> apart = bytes;
  size_t next = 0;
  for (size_t channel = 0; channel < channels; ++channel) {
    uint8_t value = 0;
    for (size_t i = channel; i < bytes.size(); i += channels) {
      value = static_cast<uint8_t>(value - apart[next++]);
      bytes[i] = value;
    }
  }
}

uint32_t NumberAt(const std::vector<uint8_t>& bytes, size_t at, size_t size) {
  uint32_t number = 0;
  for (size_t i = size; i > 0; --i) {
    number = number << 8 | bytes[at + i - 1];
  }
  return number;
}

void PutNumber(std::vector<uint8_t>& bytes, size_t at, size_t size,
               uint32_t number) {
  for (size_t i = 0; i < size; ++i) {
    bytes[at + i] = static_cast<uint8_t>(number >> (8 * i));
  }
}

void UndoCalls(bool jumps, uint64_t position, std::vector<uint8_t>& bytes) {
  constexpr uint32_t kSpace = uint32_t{1} << 24;
  constexpr uint32_t kNegative = uint32_t{1} << 31;
  for (size_t i = 0; i + 5 <= bytes.size(); ++i) {
    if (bytes[i] != 0xE8 && !(jumps && bytes[i] == 0xE9)) {
      continue;
    }
    const auto here = static_cast<uint32_t>((position + i + 1) % kSpace);
    const uint32_t address = NumberAt(bytes, i + 1, 4);
    if ((address & kNegative) != 0) {
      if (((address + here) & kNegative) == 0) {
        PutNumber(bytes, i + 1, 4, address + kSpace);
      }
    } else if (address < kSpace) {
      PutNumber(bytes, i + 1, 4, address - here);
    }
    i += 4;
  }
}

void UndoArm(uint64_t position, std::vector<uint8_t>& bytes) {
  for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    if (bytes[i + 3] == 0xEB) {
      const auto here = static_cast<uint32_t>((position + i) / 4);
      PutNumber(bytes, i, 3, NumberAt(bytes, i, 3) - here);
    }
  }
}

}  // namespace

void UndoRarFilter(const RarFilter& filter, uint64_t position,
                   std::vector<uint8_t>& bytes) {
  switch (filter.type) {
    case RarFilterType::kDelta:
      return UndoDelta(filter.channels, bytes);
    case RarFilterType::kCalls:
    case RarFilterType::kCallsAndJumps:
      return UndoCalls(filter.type == RarFilterType::kCallsAndJumps, position,
                       bytes);
    case RarFilterType::kArm:
      return UndoArm(position, bytes);
  }
}

bool RarFilters::Add(const RarFilter& filter) {
  if (filter.start < end_ || filter.start < position_ || filter.size == 0 ||
      filter.size > kMostBytes || waiting_.size() >= kMostWaiting) {
    return false;
  }
  end_ = filter.start + filter.size;
  waiting_.push_back(filter);
  return true;
}

Result<void> RarFilters::Write(Bytes bytes) {
  while (!bytes.empty()) {
    const bool is_inside =
        !waiting_.empty() && position_ >= waiting_.front().start;
    uint64_t count = bytes.size();
    if (is_inside) {
      count = std::min<uint64_t>(count, waiting_.front().size - held_.size());
      held_.insert(held_.end(), bytes.begin(),
                   bytes.begin() + static_cast<std::ptrdiff_t>(count));
    } else {
      if (!waiting_.empty()) {
        count = std::min(count, waiting_.front().start - position_);
      }
      CS_TRY_VOID(output_.Write(bytes.first(count)));
    }
    position_ += count;
    bytes = bytes.subspan(count);
    if (is_inside && held_.size() == waiting_.front().size) {
      UndoRarFilter(waiting_.front(), waiting_.front().start, held_);
      waiting_.pop_front();
      const std::vector<uint8_t> done = std::exchange(held_, {});
      CS_TRY_VOID(output_.Write(done));
    }
  }
  return {};
}

Result<bool> RarFilters::Finish() {
  if (!held_.empty()) {
    const std::vector<uint8_t> done = std::exchange(held_, {});
    CS_TRY_VOID(output_.Write(done));
  }
  return waiting_.empty();
}

}  // namespace countersign::formats
