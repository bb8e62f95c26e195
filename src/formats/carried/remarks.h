// Remarks in bounded number, and the bytes that structures account for.
// Private to the formats.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Passes remarks on to a sink; of each kind only so many, and then one that
// counts those left out.
class CarriedRemarks {
 public:
  // Limit: of one kind in one container. Who has read these knows what is
  // wrong; a hostile file cannot make the report longer than that.
  static constexpr uint64_t kMostOfAKind = 32;

  // With a null `sink`, remarks are dropped.
  explicit CarriedRemarks(MemberSink* sink) : sink_(sink) {}

  // `make` yields the text, and is called only if the remark is made.
  template <typename Make>
  void Note(RemarkKind kind, base::ByteRange range, Make make) {
    Tally& tally = tallies_.at(static_cast<size_t>(kind));
    if (++tally.count <= kMostOfAKind && sink_ != nullptr) {
      sink_->Note({kind, range, make()});
    } else if (tally.count == kMostOfAKind + 1) {
      tally.first_left_out = range;
    }
  }

  // Says how many were left out. To be called once, at the end.
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
[[nodiscard]] std::string QuoteCarriedName(std::string_view name);

// Which bytes of a container its structures account for.
class ClaimedBytes {
 public:
  // Ranges that are empty are left out.
  void Claim(base::ByteRange range);
  void Claim(const std::vector<base::ByteRange>& ranges);

  // The parts of `whole` that nobody claimed, in order.
  [[nodiscard]] std::vector<base::ByteRange> Gaps(base::ByteRange whole) const;
  // The bytes that are claimed twice or more, each stretch once, in order.
  [[nodiscard]] std::vector<base::ByteRange> Overlaps() const;

  [[nodiscard]] const std::vector<base::ByteRange>& Ranges() const {
    return ranges_;
  }

 private:
  std::vector<base::ByteRange> ranges_;
};

// True when every byte is zero.
[[nodiscard]] bool IsZeros(base::Bytes bytes);

}  // namespace countersign::formats
