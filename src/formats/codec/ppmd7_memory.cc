// A free block:
//   u32  the next of its size, 0 for none
// and while blocks that touch are joined:
//   u16 0, u16 units (0: joined to the one before), u32 the next
// The u16 at the start of a context (how many symbols) and of symbols (one and
// its count) is never 0.
//
// Spec: none; the method is that of PPMd var.H by D. Shkarin (2001), which is
// in the public domain, with what 7-Zip and RAR agree on.
#include "formats/codec/ppmd7_memory.h"

namespace countersign::formats {
namespace {

constexpr uint32_t kPpmd7Joined = 2;  // offset of the units of a free block
constexpr uint32_t kPpmd7Next = 4;    // offset of the next one meanwhile

}  // namespace

void Ppmd7Memory::Insert(uint32_t at, size_t index) {
  arena_.Put32(at, free_.at(index));
  free_.at(index) = at;
}

uint32_t Ppmd7Memory::Remove(size_t index) {
  const uint32_t at = free_.at(index);
  free_.at(index) = arena_.U32(at);
  return at;
}

// Joins free blocks that touch, and sorts them into lists again.
void Ppmd7Memory::Glue() {
  until_glue_ = 255;
  // So that no block goes on into what was never given.
  if (low_ != high_) {
    arena_.Put16(low_, 1);
  }
  uint32_t head = ListFree();
  Join(head);
  for (uint32_t at = head; at != 0 && !arena_.IsBroken();) {
    const uint32_t block = at;
    const uint32_t units = arena_.U16(at + kPpmd7Joined);
    at = arena_.U32(at + kPpmd7Next);
    if (units != 0) {
      InsertJoined(block, units);
    }
  }
}

// All free blocks in one list, those of the largest size first.
uint32_t Ppmd7Memory::ListFree() {
  uint32_t head = 0;
  // No more blocks than units.
  uint32_t left = arena_.Size() / kUnit;
  for (size_t index = 0; index < free_.size(); ++index) {
    uint32_t at = free_.at(index);
    free_.at(index) = 0;
    for (; at != 0; --left) {
      if (left == 0) {
        arena_.Break();
        return 0;
      }
      const uint32_t next = arena_.U32(at);
      arena_.Put16(at, 0);
      arena_.Put16(at + kPpmd7Joined,
                   static_cast<uint16_t>(kPpmdSizes.UnitsOf(index)));
      arena_.Put32(at + kPpmd7Next, head);
      head = at;
      at = next;
    }
  }
  return head;
}

// Each block takes in the free ones behind it; those are out of the list.
void Ppmd7Memory::Join(uint32_t& head) {
  constexpr uint32_t kTooMany = 0x10000;
  uint32_t previous = 0;  // the last block that stays
  for (uint32_t at = head; at != 0 && !arena_.IsBroken();) {
    uint32_t units = arena_.U16(at + kPpmd7Joined);
    const uint32_t next = arena_.U32(at + kPpmd7Next);
    if (units == 0) {
      if (previous == 0) {
        head = next;
      } else {
        arena_.Put32(previous + kPpmd7Next, next);
      }
      at = next;
      continue;
    }
    previous = at;
    for (;;) {
      const uint32_t behind = at + units * kUnit;
      const uint32_t more = arena_.U16(behind + kPpmd7Joined);
      if (arena_.U16(behind) != 0 || units + more >= kTooMany || more == 0) {
        break;
      }
      units += more;
      arena_.Put16(at + kPpmd7Joined, static_cast<uint16_t>(units));
      arena_.Put16(behind + kPpmd7Joined, 0);
    }
    at = next;
  }
}

}  // namespace countersign::formats
