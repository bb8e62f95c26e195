// Blocks of the memory of a PPMd model, for both variants. Private to codec/.
#pragma once

#include <array>
#include <cstdint>

#include "formats/codec/ppmd_arena.h"

namespace countersign::formats {

// Text grows from the start; contexts and their symbols are units behind it,
// which grow from both ends of the room between them.
//
//   0 ... text ... units start ... low ... high ... size
//
// Which block is given decides when memory ends and the model is made smaller,
// so the order of free blocks is part of the format. `Variant` is what keeps
// their lists: Insert, Remove, and Glue, which joins those that touch.
template <typename Variant>
class PpmdBlocks {
  friend Variant;
  PpmdBlocks() = default;

 public:
  [[nodiscard]] bool Reserve(uint32_t size) { return arena_.Reserve(size); }

  [[nodiscard]] PpmdArena& Arena() { return arena_; }
  [[nodiscard]] const PpmdArena& Arena() const { return arena_; }

  // The end of the text.
  [[nodiscard]] uint32_t Text() const { return text_; }
  // False when there is no room.
  [[nodiscard]] bool PutText(uint8_t byte) {
    arena_.Put8(text_++, byte);
    return text_ < units_start_;
  }
  void DropText() { --text_; }
  [[nodiscard]] uint32_t UnitsStart() const { return units_start_; }

  // Each yields the offset of a block, 0 when there is no room.
  [[nodiscard]] uint32_t NewContext() {
    if (high_ != low_) {
      return high_ -= kUnit;
    }
    return free_[0] != 0 ? Self().Remove(0) : NewRare(0);
  }
  [[nodiscard]] uint32_t NewUnits(uint32_t units) {
    const size_t index = kPpmdSizes.IndexOf(units);
    if (free_.at(index) != 0) {
      return Self().Remove(index);
    }
    const uint32_t bytes = kPpmdSizes.UnitsOf(index) * kUnit;
    if (bytes <= high_ - low_) {
      const uint32_t at = low_;
      low_ += bytes;
      return at;
    }
    return NewRare(index);
  }
  // A block of `units` gets room for one more. Yields where it is then.
  [[nodiscard]] uint32_t Grow(uint32_t at, uint32_t units) {
    const size_t index = kPpmdSizes.IndexOf(units);
    if (index == kPpmdSizes.IndexOf(units + 1)) {
      return at;
    }
    const uint32_t grown = NewUnits(units + 1);
    if (grown != 0) {
      arena_.CopyUnits(grown, at, units);
      Self().Insert(at, index);
    }
    return grown;
  }

  void FreeUnits(uint32_t at, uint32_t units) {
    Self().Insert(at, kPpmdSizes.IndexOf(units));
  }
  // Yields where the block is then.
  [[nodiscard]] uint32_t Shrink(uint32_t at, uint32_t from, uint32_t to) {
    const size_t old_index = kPpmdSizes.IndexOf(from);
    const size_t index = kPpmdSizes.IndexOf(to);
    if (old_index == index) {
      return at;
    }
    if (free_.at(index) != 0) {
      const uint32_t shrunk = Self().Remove(index);
      arena_.CopyUnits(shrunk, at, to);
      Self().Insert(at, old_index);
      return shrunk;
    }
    Split(at, old_index, index);
    return at;
  }

 protected:
  static constexpr uint32_t kUnit = PpmdArena::kUnitBytes;

  void ForgetAll() {
    free_ = {};
    text_ = 0;
    high_ = arena_.Size();
    units_start_ = high_ - arena_.Size() / 8 / kUnit * 7 * kUnit;
    low_ = units_start_;
    until_glue_ = 0;
  }

  // Frees what blocks that were joined have.
  void InsertJoined(uint32_t at, uint32_t units) {
    for (; units > PpmdSizes::kMostUnits; units -= PpmdSizes::kMostUnits) {
      Self().Insert(at, PpmdSizes::kCount - 1);
      at += PpmdSizes::kMostUnits * kUnit;
    }
    InsertUnits(at, units);
  }

  PpmdArena arena_;
  std::array<uint32_t, PpmdSizes::kCount> free_{};
  uint32_t text_ = 0;
  uint32_t units_start_ = 0;
  uint32_t low_ = 0;
  uint32_t high_ = 0;
  uint32_t until_glue_ = 0;

 private:
  [[nodiscard]] Variant& Self() { return static_cast<Variant&>(*this); }

  // Frees what a block of size `from` has more than one of size `to`.
  void Split(uint32_t at, size_t from, size_t to) {
    const uint32_t kept = kPpmdSizes.UnitsOf(to);
    InsertUnits(at + kept * kUnit, kPpmdSizes.UnitsOf(from) - kept);
  }

  // Frees up to 128 units, as two blocks if there is no size for all of them.
  void InsertUnits(uint32_t at, uint32_t units) {
    size_t index = kPpmdSizes.IndexOf(units);
    if (kPpmdSizes.UnitsOf(index) != units) {
      const uint32_t first = kPpmdSizes.UnitsOf(--index);
      Self().Insert(at + first * kUnit, kPpmdSizes.IndexOf(units - first));
    }
    Self().Insert(at, index);
  }

  uint32_t NewRare(size_t index) {
    if (until_glue_ == 0) {
      Self().Glue();
      if (free_.at(index) != 0) {
        return Self().Remove(index);
      }
    }
    for (size_t larger = index + 1; larger < free_.size(); ++larger) {
      if (free_.at(larger) != 0) {
        const uint32_t at = Self().Remove(larger);
        Split(at, larger, index);
        return at;
      }
    }
    --until_glue_;
    const uint32_t bytes = kPpmdSizes.UnitsOf(index) * kUnit;
    if (units_start_ - text_ <= bytes) {
      return 0;
    }
    return units_start_ -= bytes;
  }
};

}  // namespace countersign::formats
