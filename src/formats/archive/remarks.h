// Remarks in bounded number, and names that are fit for them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Limit: bytes of a member's name that are kept; PATH_MAX of Linux. Longer
// ones make no file anywhere, and one that is stored once may be meant for a
// million members.
inline constexpr size_t kMostNameBytes = 4096;

// `name` as it may stand in a remark: safe to show, quoted, shortened.
[[nodiscard]] std::string QuotedName(std::string_view name);

// Passes remarks on to a sink; of each kind only so many, and then one that
// counts those left out.
class BoundedRemarks {
 public:
  // Limit: of one kind in one container. Enough to see what is wrong; what is
  // wrong a million times needs no million lines.
  static constexpr uint64_t kMostOfAKind = 32;

  explicit BoundedRemarks(MemberSink& sink) : sink_(sink) {}

  void Note(RemarkKind kind, base::ByteRange range, std::string what);
  // To be called once, when the container has been read.
  void Finish();

  // The name to hand over for a stored `name` at `range`: all of it, or its
  // beginning and a remark.
  [[nodiscard]] std::string Name(std::string_view name, base::ByteRange range);

 private:
  struct Kind {
    uint64_t count = 0;
    base::ByteRange first_left_out;
  };
  static constexpr size_t kKinds = static_cast<size_t>(RemarkKind::kOddity) + 1;

  MemberSink& sink_;
  std::array<Kind, kKinds> kinds_{};
};

// Notes what lies from `offset` to the end of `container`: nothing when that
// is nothing, kOddity when it is zeros alone, else kTrailingData from the first
// byte that is not zero.
void NoteTrailing(base::Bytes container, uint64_t offset,
                  BoundedRemarks& remarks);

// The offset of the first byte at or behind `offset` that is not zero, or the
// size of `bytes`. `offset` is inside.
[[nodiscard]] uint64_t SkipZeros(base::Bytes bytes, uint64_t offset);

}  // namespace countersign::formats
