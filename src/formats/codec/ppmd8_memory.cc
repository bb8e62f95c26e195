// A free block: u32 FFFFFFFF, u32 the next of its size or 0, u32 units (0:
// joined to the one before). Neither a context nor symbols begin with such a
// number.
//
// Spec: none; the method is that of PPMd var.I rev.1 by D. Shkarin (2002),
// which is in the public domain, as 7-Zip and WinZip use it.
#include "formats/codec/ppmd8_memory.h"

namespace countersign::formats {
namespace {

constexpr uint32_t kPpmd8Free = 0xFFFFFFFF;
constexpr uint32_t kPpmd8Next = 4;   // offset of the next free block
constexpr uint32_t kPpmd8Units = 8;  // offset of the size of a free block

}  // namespace

void Ppmd8Memory::Insert(uint32_t at, size_t index) {
  arena_.Put32(at, kPpmd8Free);
  arena_.Put32(at + kPpmd8Next, free_.at(index));
  arena_.Put32(at + kPpmd8Units, kPpmdSizes.UnitsOf(index));
  free_.at(index) = at;
  ++free_counts_.at(index);
}

uint32_t Ppmd8Memory::Remove(size_t index) {
  const uint32_t at = free_.at(index);
  free_.at(index) = arena_.U32(at + kPpmd8Next);
  --free_counts_.at(index);
  return at;
}

void Ppmd8Memory::Glue() {
  until_glue_ = 1U << 13;
  free_counts_ = {};
  // So that no block goes on into what was never given.
  if (low_ != high_) {
    arena_.Put32(low_, 0);
  }
  for (uint32_t at = Join(); at != 0 && !arena_.IsBroken();) {
    const uint32_t block = at;
    const uint32_t units = arena_.U32(at + kPpmd8Units);
    at = arena_.U32(at + kPpmd8Next);
    if (units != 0) {
      InsertJoined(block, units);
    }
  }
}

// Each free block takes in those behind it. Yields a list of those that stay.
uint32_t Ppmd8Memory::Join() {
  uint32_t head = 0;
  uint32_t previous = 0;
  const auto link = [&](uint32_t next) {
    if (previous == 0) {
      head = next;
    } else {
      arena_.Put32(previous + kPpmd8Next, next);
    }
  };
  for (uint32_t& first : free_) {
    uint32_t at = first;
    first = 0;
    while (at != 0 && !arena_.IsBroken()) {
      const uint32_t next = arena_.U32(at + kPpmd8Next);
      const uint32_t units = arena_.U32(at + kPpmd8Units);
      if (units != 0) {
        link(at);
        previous = at;
        TakeIn(at, units);
      }
      at = next;
    }
  }
  link(0);
  return head;
}

// A free block of `units` takes in those behind it.
void Ppmd8Memory::TakeIn(uint32_t at, uint32_t units) {
  for (;;) {
    const uint32_t behind = at + units * kUnit;
    const uint32_t more = arena_.U32(behind + kPpmd8Units);
    if (arena_.U32(behind) != kPpmd8Free || more == 0) {
      return;
    }
    units += more;
    arena_.Put32(behind + kPpmd8Units, 0);
    arena_.Put32(at + kPpmd8Units, units);
  }
}

void Ppmd8Memory::FreeUnit(uint32_t at) {
  if (at == units_start_) {
    units_start_ += kUnit;
  } else {
    Insert(at, 0);
  }
}

uint32_t Ppmd8Memory::MoveUp(uint32_t at, uint32_t units) {
  constexpr uint32_t kNear = 1U << 14;
  const size_t index = kPpmdSizes.IndexOf(units);
  if (at - units_start_ > kNear || at > free_.at(index)) {
    return at;
  }
  const uint32_t moved = Remove(index);
  arena_.CopyUnits(moved, at, units);
  if (at == units_start_) {
    units_start_ += kPpmdSizes.UnitsOf(index) * kUnit;
  } else {
    Insert(at, index);
  }
  return moved;
}

void Ppmd8Memory::WidenText() {
  std::array<uint32_t, PpmdSizes::kCount> counts{};
  if (low_ != high_) {
    arena_.Put32(low_, 0);
  }
  while (arena_.U32(units_start_) == kPpmd8Free && !arena_.IsBroken()) {
    const uint32_t units = arena_.U32(units_start_ + kPpmd8Units);
    if (units == 0 || units > PpmdSizes::kMostUnits) {
      arena_.Break();
      return;
    }
    arena_.Put32(units_start_, 0);
    ++counts.at(kPpmdSizes.IndexOf(units));
    units_start_ += units * kUnit;
  }
  for (size_t index = 0; index < counts.size(); ++index) {
    TakeOut(index, counts.at(index));
  }
}

// Takes `count` blocks that are no longer marked as free out of their list.
void Ppmd8Memory::TakeOut(size_t index, uint32_t count) {
  free_counts_.at(index) -= count;
  uint32_t previous = 0;
  uint32_t at = free_.at(index);
  while (count > 0 && !arena_.IsBroken()) {
    if (at == 0) {
      arena_.Break();
      return;
    }
    const uint32_t next = arena_.U32(at + kPpmd8Next);
    if (arena_.U32(at) == kPpmd8Free) {
      previous = at;
    } else {
      if (previous == 0) {
        free_.at(index) = next;
      } else {
        arena_.Put32(previous + kPpmd8Next, next);
      }
      --count;
    }
    at = next;
  }
}

uint32_t Ppmd8Memory::Used() const {
  uint32_t units = 0;
  for (size_t index = 0; index < free_counts_.size(); ++index) {
    units += free_counts_.at(index) * kPpmdSizes.UnitsOf(index);
  }
  return arena_.Size() - (high_ - low_) - (units_start_ - text_) -
         units * kUnit;
}

}  // namespace countersign::formats
