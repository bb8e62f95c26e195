// Remarks in bounded number: so many of a kind for a container, then one that
// counts the rest, so that hostile bytes cannot make a report long. Every
// reader notes through one of the two classes.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Limit: remarks of one kind on one container. Who has read these knows what is
// wrong; what is wrong a million times needs no million lines.
inline constexpr uint64_t kMostRemarksOfAKind = 32;
// Limit: bytes of a member's name that are kept; PATH_MAX of Linux. Longer
// ones make no file anywhere, and one that is stored once may be meant for a
// million members.
inline constexpr size_t kMostNameBytes = 4096;

// How many remarks there were of each kind.
class RemarkCounts {
 public:
  // True while another one of `kind` is to be kept: only then is its text worth
  // making.
  [[nodiscard]] bool Wants(RemarkKind kind) const {
    return kinds_[Index(kind)].count < kMostRemarksOfAKind;
  }
  // Counts one. True if it is to be kept.
  bool Count(RemarkKind kind, base::ByteRange range);
  // The remark that counts those of `kind` that were not kept, at the first of
  // them; nothing if all were.
  [[nodiscard]] std::optional<Remark> Rest(RemarkKind kind) const;

 private:
  struct Kind {
    uint64_t count = 0;
    base::ByteRange first_left_out;
  };
  static constexpr size_t kKinds = static_cast<size_t>(RemarkKind::kOddity) + 1;
  static constexpr size_t Index(RemarkKind kind) {
    return static_cast<size_t>(kind);
  }

  std::array<Kind, kKinds> kinds_{};
};

// Every kind, in order.
[[nodiscard]] std::vector<RemarkKind> AllRemarkKinds();

// Passes remarks on to a sink as they are made.
class BoundedRemarks {
 public:
  explicit BoundedRemarks(MemberSink& sink) : sink_(&sink) {}
  // Drops them: for what is read more than once.
  static BoundedRemarks Silent() { return BoundedRemarks(); }

  // `make` yields the text, and is called only if the remark is passed on.
  template <std::invocable Make>
  void Note(RemarkKind kind, base::ByteRange range, Make make) {
    if (sink_ != nullptr && counts_.Count(kind, range)) {
      sink_->Note({kind, range, make()});
    }
  }
  void Note(RemarkKind kind, base::ByteRange range, std::string what) {
    Note(kind, range, [&] { return std::move(what); });
  }

  // Says how many were left out. To be called when the container has been read.
  void Finish();

  // The name to hand over for a stored `name` at `range`: all of it, or its
  // beginning and a remark.
  [[nodiscard]] std::string Name(std::string_view name, base::ByteRange range);

 private:
  BoundedRemarks() = default;

  MemberSink* sink_ = nullptr;
  RemarkCounts counts_;
};

// Keeps remarks, for readers that are no `Unpack`.
class RemarkList {
 public:
  // As BoundedRemarks.
  template <std::invocable Make>
  void Note(RemarkKind kind, base::ByteRange range, Make make) {
    if (counts_.Count(kind, range)) {
      remarks_.push_back({kind, range, make()});
    }
  }
  [[nodiscard]] bool Wants(RemarkKind kind) const {
    return counts_.Wants(kind);
  }

  // All of them, and how many were left out.
  [[nodiscard]] std::vector<Remark> Finish() &&;

 private:
  std::vector<Remark> remarks_;
  RemarkCounts counts_;
};

// `name` as it may stand in a remark: safe to show, quoted, shortened.
[[nodiscard]] std::string QuotedName(std::string_view name);

// The offset of the first byte at or behind `offset` that is not zero, or the
// size of `bytes`. `offset` is inside.
[[nodiscard]] uint64_t SkipZeros(base::Bytes bytes, uint64_t offset);

// Notes what lies from `offset` to the end of `container`: nothing when that
// is nothing, kOddity when it is zeros alone, else kTrailingData from the first
// byte that is not zero.
void NoteTrailing(base::Bytes container, uint64_t offset,
                  BoundedRemarks& remarks);

}  // namespace countersign::formats
