// Remarks on one container: so many of a kind, then one that counts the rest,
// so that hostile bytes cannot make a report long. Private to the formats.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "formats/unpack.h"

namespace countersign::formats {

class RemarkTally {
 public:
  // Limit: 32 of a kind. Who has read them knows what is wrong.
  static constexpr uint64_t kMaxOfKind = 32;

  explicit RemarkTally(MemberSink& sink) : sink_(sink) {}

  // `make` yields the text, and is called only when the remark is passed on.
  template <typename Make>
  void Note(RemarkKind kind, base::ByteRange range, Make make) {
    Kind& of_kind = kinds_[static_cast<size_t>(kind)];
    if (++of_kind.count <= kMaxOfKind) {
      sink_.Note({kind, range, make()});
    } else if (of_kind.count == kMaxOfKind + 1) {
      of_kind.first_left_out = range;
    }
  }

  // Counts what was left out. To be called once, at the end.
  void Finish() {
    for (size_t i = 0; i < kinds_.size(); ++i) {
      if (kinds_[i].count > kMaxOfKind) {
        sink_.Note({static_cast<RemarkKind>(i), kinds_[i].first_left_out,
                    "and " + std::to_string(kinds_[i].count - kMaxOfKind) +
                        " more of this kind, the first of them here"});
      }
    }
  }

 private:
  struct Kind {
    uint64_t count = 0;
    base::ByteRange first_left_out;
  };

  MemberSink& sink_;
  std::array<Kind, static_cast<size_t>(RemarkKind::kOddity) + 1> kinds_{};
};

}  // namespace countersign::formats
