// Remarks on an archive, so many of a kind at most. Private to zip/.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "formats/unpack.h"

namespace countersign::formats {

class ZipNotes {
 public:
  // Limit: remarks of one kind. A report stays readable, and a hostile archive
  // of 100,000 entries cannot make it larger than itself.
  static constexpr uint64_t kMostOfAKind = 32;

  // With a null `sink`, remarks are dropped.
  explicit ZipNotes(MemberSink* sink) : sink_(sink) {}

  // `what` yields the text, and is called only if the remark is made.
  template <typename What>
  void Add(RemarkKind kind, base::ByteRange range, What what) {
    Tally& tally = tallies_.at(static_cast<size_t>(kind));
    if (++tally.count <= kMostOfAKind && sink_ != nullptr) {
      sink_->Note({kind, range, what()});
    } else if (tally.count == kMostOfAKind + 1) {
      tally.first_left_out = range;
    }
  }

  // Says how many were left out.
  void Finish();

 private:
  struct Tally {
    uint64_t count = 0;
    base::ByteRange first_left_out;
  };

  MemberSink* sink_;
  std::array<Tally, static_cast<size_t>(RemarkKind::kOddity) + 1> tallies_{};
};

// A name for a remark: quoted, safe to display, and not too long.
[[nodiscard]] std::string QuoteZipName(std::string_view name);

}  // namespace countersign::formats
