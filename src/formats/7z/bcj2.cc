// The program is copied byte by byte. Behind each byte that may begin a target
// (E8, E9, or 8x behind 0F) a range coder tells whether the four bytes of it
// were taken out; the chances are kept apart for E8 by the byte before it, for
// E9, and for the others. A target is stored as an absolute address.
//
// The range coder is that of LZMA: 11 bits a chance, which moves by 1/32.
//
// Spec: LZMA SDK, "7zFormat.txt" (method 03 03 01 1B); LZMA specification
// (2015), "Range Coding".
#include "formats/7z/bcj2.h"

#include <utility>

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Result;

constexpr unsigned kBcj2ChanceBits = 11;
constexpr unsigned kBcj2MoveBits = 5;
constexpr uint32_t kBcj2Top = uint32_t{1} << 24;
constexpr size_t kBcj2Piece = size_t{64} << 10;
constexpr size_t kBcj2JumpContext = 256;
constexpr size_t kBcj2BranchContext = 257;

}  // namespace

Bcj2Sink::Bcj2Sink(Bcj2Streams streams, ByteSink& next)
    : next_(next),
      calls_(std::move(streams.calls)),
      jumps_(std::move(streams.jumps)),
      choices_(std::move(streams.choices)),
      offset_(streams.offset) {
  chances_.fill(1U << (kBcj2ChanceBits - 1));
  piece_.reserve(kBcj2Piece);
}

Result<uint8_t> Bcj2Sink::Next() {
  if (choices_.position == choices_.bytes.size()) {
    return Fail(Fault::kTruncated, offset_, "BCJ2 range coder");
  }
  return choices_.bytes[choices_.position++];
}

Result<bool> Bcj2Sink::Choose(size_t context) {
  if (range_ < kBcj2Top) {
    range_ <<= 8;
    code_ = code_ << 8 | CS_TRY(Next());
  }
  uint16_t& chance = chances_[context];
  const uint32_t bound = (range_ >> kBcj2ChanceBits) * chance;
  if (code_ < bound) {
    range_ = bound;
    chance = static_cast<uint16_t>(
        chance + (((1U << kBcj2ChanceBits) - chance) >> kBcj2MoveBits));
    return false;
  }
  range_ -= bound;
  code_ -= bound;
  chance = static_cast<uint16_t>(chance - (chance >> kBcj2MoveBits));
  return true;
}

Result<uint32_t> Bcj2Sink::Target(Side& side) {
  if (side.bytes.size() - side.position < 4) {
    return Fail(Fault::kTruncated, offset_, "BCJ2 targets");
  }
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    value = value << 8 | side.bytes[side.position++];
  }
  return value;
}

Result<void> Bcj2Sink::Put(uint8_t byte) {
  piece_.push_back(byte);
  ++position_;
  last_ = byte;
  if (piece_.size() < kBcj2Piece) {
    return {};
  }
  const auto written = next_.Write(piece_);
  piece_.clear();
  return written;
}

Result<void> Bcj2Sink::PutTarget(bool call) {
  uint32_t target = CS_TRY(Target(call ? calls_ : jumps_));
  // Relative to what follows it.
  target -= position_ + 4;
  for (int i = 0; i < 4; ++i) {
    CS_TRY_VOID(Put(static_cast<uint8_t>(target >> (8 * i))));
  }
  return {};
}

Result<void> Bcj2Sink::Write(Bytes bytes) {
  if (!started_) {
    started_ = true;
    range_ = 0xFFFFFFFF;
    if (CS_TRY(Next()) != 0) {
      return Fail(Fault::kMalformed, offset_, "BCJ2 range coder");
    }
    for (int i = 0; i < 4; ++i) {
      code_ = code_ << 8 | CS_TRY(Next());
    }
  }
  for (const uint8_t byte : bytes) {
    const uint8_t before = last_;
    CS_TRY_VOID(Put(byte));
    const bool call = byte == 0xE8;
    const bool jump = byte == 0xE9;
    if (!call && !jump && (before != 0x0F || (byte & 0xF0) != 0x80)) {
      continue;
    }
    const size_t context = call   ? before
                           : jump ? kBcj2JumpContext
                                  : kBcj2BranchContext;
    if (CS_TRY(Choose(context))) {
      CS_TRY_VOID(PutTarget(call));
    }
  }
  return {};
}

Result<void> Bcj2Sink::Finish() {
  return piece_.empty() ? Result<void>() : next_.Write(piece_);
}

}  // namespace countersign::formats
