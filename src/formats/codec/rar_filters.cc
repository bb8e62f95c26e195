// Filters of RAR:
//   delta             bytes of each channel apart, each as the difference to
//                     the next
//   calls, and jumps  E8 (and E9) and an address that was made absolute, in a
//                     space of 16 MiB
//   ARM               EB and a number of words that was made absolute
//   Itanium           branches of its bundles of 16 bytes, in bundles
//   picture           bytes of three colours apart, each as the difference to
//                     what its neighbours foretell; red and blue less green
//   sound             bytes of each channel apart, each as the difference to
//                     what those before it foretell
//
// Spec: none by the maker; what the programs compute that RAR 2.9 to 4 puts
// into its archives, and other readers of them.
#include "formats/codec/rar_filters.h"

#include <algorithm>
#include <array>
#include <cstdlib>
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

void UndoCalls(const RarFilter& filter, uint64_t position,
               std::vector<uint8_t>& bytes) {
  constexpr uint32_t kSpace = uint32_t{1} << 24;
  constexpr uint32_t kNegative = uint32_t{1} << 31;
  const bool jumps = filter.type == RarFilterType::kCallsAndJumps;
  for (size_t i = 0; i + 5 <= bytes.size(); ++i) {
    if (bytes[i] != 0xE8 && !(jumps && bytes[i] == 0xE9)) {
      continue;
    }
    const uint64_t place = position + i + 1;
    const auto here =
        static_cast<uint32_t>(filter.is_linear ? place : place % kSpace);
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

// Slots of a bundle that hold an instruction of the unit for branches, by the
// bundle's template less 10h, a bit for each slot.
// Spec: Intel Itanium Architecture Software Developer's Manual, volume 3, table
// "Template Field Encoding and Instruction Slot Mapping".
constexpr std::array<uint8_t, 16> kItaniumSlots = {4, 4, 6, 6, 0, 0, 7, 7,
                                                   4, 4, 0, 0, 4, 4, 0, 0};

// Bits of a bundle of 16 bytes at `at`, the lowest of each byte first.
uint32_t BundleBits(const std::vector<uint8_t>& bytes, size_t at, size_t first,
                    unsigned count) {
  return NumberAt(bytes, at + first / 8, 4) >> (first % 8) &
         ((uint32_t{1} << count) - 1);
}

// Quirk: the last bundle, and what is less than two, is left as it is.
void UndoItanium(uint64_t position, std::vector<uint8_t>& bytes) {
  constexpr size_t kBundle = 16;
  constexpr size_t kLeftAlone = 21;
  constexpr uint32_t kAddress = 0xFFFFF;
  constexpr uint32_t kRelativeBranch = 5;
  auto bundle = static_cast<uint32_t>(position / kBundle);
  for (size_t at = 0; at + kLeftAlone < bytes.size(); at += kBundle, ++bundle) {
    const unsigned kind = bytes[at] & 0x1FU;
    const unsigned slots = kind < 0x10 ? 0U : kItaniumSlots.at(kind - 0x10);
    for (size_t slot = 0; slot < 3; ++slot) {
      const size_t first = slot * 41 + 5;
      if ((slots >> slot & 1U) == 0 ||
          BundleBits(bytes, at, first + 37, 4) != kRelativeBranch) {
        continue;
      }
      const size_t byte = at + (first + 13) / 8;
      const size_t shift = (first + 13) % 8;
      const uint32_t address =
          (BundleBits(bytes, at, first + 13, 20) - bundle) & kAddress;
      const uint32_t others = NumberAt(bytes, byte, 4) & ~(kAddress << shift);
      PutNumber(bytes, byte, 4, others | address << shift);
    }
  }
}

// The one of three neighbours that is closest to left + upper - upper left.
uint8_t ClosestNeighbour(uint8_t left, uint8_t upper, uint8_t upper_left) {
  const int foretold = left + upper - upper_left;
  const int to_left = std::abs(foretold - left);
  const int to_upper = std::abs(foretold - upper);
  const int to_upper_left = std::abs(foretold - upper_left);
  if (to_left <= to_upper && to_left <= to_upper_left) {
    return left;
  }
  return to_upper <= to_upper_left ? upper : upper_left;
}

// Quirk: a row that is no whole number of pixels has neighbours of another
// colour, which are zero until that was made.
void UndoPicture(const RarFilter& filter, std::vector<uint8_t>& bytes) {
  constexpr size_t kColours = 3;
  std::vector<uint8_t> made(bytes.size());
  size_t next = 0;
  for (size_t colour = 0; colour < kColours; ++colour) {
    uint8_t left = 0;
    for (size_t i = colour; i < made.size(); i += kColours) {
      const uint8_t foretold =
          filter.row > kColours && i >= filter.row
              ? ClosestNeighbour(left, made[i - filter.row + kColours],
                                 made[i - filter.row])
              : left;
      left = static_cast<uint8_t>(foretold - bytes[next++]);
      made[i] = left;
    }
  }
  for (size_t i = filter.red; i + 2 < made.size(); i += kColours) {
    made[i] = static_cast<uint8_t>(made[i] + made[i + 1]);
    made[i + 2] = static_cast<uint8_t>(made[i + 2] + made[i + 1]);
  }
  bytes = std::move(made);
}

// Foretells the next byte of a channel by its last and three differences, whose
// weights follow what would have been closer.
class SoundChannel {
 public:
  uint8_t Next(uint8_t difference) {
    steps_ = {last_step_, last_step_ - steps_[0], steps_[1]};
    int foretold = 8 * last_;
    for (size_t i = 0; i < steps_.size(); ++i) {
      foretold += weights_.at(i) * steps_.at(i);
    }
    const auto byte = static_cast<uint8_t>((foretold >> 3) - difference);
    Weigh(8 * Signed(difference));
    last_step_ = Signed(static_cast<uint8_t>(byte - last_));
    last_ = byte;
    return byte;
  }

 private:
  static int Signed(uint8_t byte) { return byte < 0x80 ? byte : byte - 0x100; }

  void Weigh(int error) {
    errors_[0] += std::abs(error);
    for (size_t i = 0; i < steps_.size(); ++i) {
      errors_.at(2 * i + 1) += std::abs(error - steps_.at(i));
      errors_.at(2 * i + 2) += std::abs(error + steps_.at(i));
    }
    constexpr unsigned kBytesOfWeight = 32;
    if (count_++ % kBytesOfWeight != 0) {
      return;
    }
    const auto least = static_cast<size_t>(std::ranges::min_element(errors_) -
                                           errors_.begin());
    errors_ = {};
    if (least == 0) {
      return;
    }
    int& weight = weights_.at((least - 1) / 2);
    if (least % 2 != 0) {
      weight -= weight >= -16 ? 1 : 0;
    } else {
      weight += weight < 16 ? 1 : 0;
    }
  }

  uint8_t last_ = 0;
  int last_step_ = 0;
  std::array<int, 3> steps_{};
  std::array<int, 3> weights_{};
  // As it is, and with each weight less and more.
  std::array<int, 7> errors_{};
  unsigned count_ = 0;
};

void UndoSound(unsigned channels, std::vector<uint8_t>& bytes) {
  const std::vector<uint8_t> apart = bytes;
  size_t next = 0;
  for (size_t channel = 0; channel < channels; ++channel) {
    SoundChannel sound;
    for (size_t i = channel; i < bytes.size(); i += channels) {
      bytes[i] = sound.Next(apart[next++]);
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
      return UndoCalls(filter, position, bytes);
    case RarFilterType::kArm:
      return UndoArm(position, bytes);
    case RarFilterType::kItanium:
      return UndoItanium(position, bytes);
    case RarFilterType::kPicture:
      return UndoPicture(filter, bytes);
    case RarFilterType::kSound:
      return UndoSound(filter.channels, bytes);
  }
}

bool RarFilters::Add(const RarFilter& filter) {
  const bool is_same_block = !waiting_.empty() &&
                             filter.start == waiting_.back().start &&
                             filter.size == waiting_.back().size;
  if (is_same_block ? on_last_block_ >= most_on_one_block_
                    : filter.start < end_ || filter.start < position_) {
    return false;
  }
  if (filter.size == 0 || filter.size > kMostBytes ||
      waiting_.size() >= kMostWaiting) {
    return false;
  }
  on_last_block_ = is_same_block ? on_last_block_ + 1 : 1;
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
      CS_TRY_VOID(UndoFront());
    }
  }
  return {};
}

// The bytes of the first filter are there, and so are those of others over the
// same block.
Result<void> RarFilters::UndoFront() {
  std::vector<uint8_t> done = std::exchange(held_, {});
  const uint64_t start = waiting_.front().start;
  while (!waiting_.empty() && waiting_.front().start == start) {
    UndoRarFilter(waiting_.front(), start, done);
    waiting_.pop_front();
  }
  return output_.Write(done);
}

Result<bool> RarFilters::Finish() {
  if (!held_.empty()) {
    const std::vector<uint8_t> done = std::exchange(held_, {});
    CS_TRY_VOID(output_.Write(done));
  }
  return waiting_.empty();
}

}  // namespace countersign::formats
