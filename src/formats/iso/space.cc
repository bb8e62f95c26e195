#include "formats/iso/space.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;

bool LiesBefore(const ByteRange& a, const ByteRange& b) {
  return std::tie(a.offset, a.size) < std::tie(b.offset, b.size);
}

// Bytes that nothing claims and that are not zero, as one remark.
class Unclaimed {
 public:
  Unclaimed(const IsoContext& context, RemarkKind kind)
      : context_(context), kind_(kind) {}

  void Add(uint64_t begin, uint64_t end) {
    end = std::min<uint64_t>(end, context_.image.size());
    if (begin >= end) {
      return;
    }
    const Bytes bytes = context_.image.subspan(begin, end - begin);
    const auto is_set = [](uint8_t byte) { return byte != 0; };
    const auto first = std::ranges::find_if(bytes, is_set);
    if (first == bytes.end()) {
      return;
    }
    if (places_ == 0) {
      const auto start = static_cast<uint64_t>(first - bytes.begin());
      first_ = {begin + start, bytes.size() - start};
    }
    ++places_;
    bytes_ += bytes.size();
  }

  void Note() const {
    if (places_ > 0) {
      context_.remarks.Note(kind_, first_, [&] {
        return fmt::format(
            "{} bytes in {} places are of no structure and not zero, the first "
            "of them here",
            bytes_, places_);
      });
    }
  }

 private:
  const IsoContext& context_;
  RemarkKind kind_;
  ByteRange first_;
  uint64_t places_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace

void IsoSpace::Note(const IsoContext& context, uint64_t volume_end) && {
  const uint64_t size = context.image.size();
  // What is not in the image was reported with its structure.
  const auto is_outside = [size](const ByteRange& range) {
    return range.offset >= size;
  };
  std::erase_if(claimed_, is_outside);
  std::erase_if(also_, is_outside);
  std::ranges::sort(claimed_, LiesBefore);
  const auto doubled = std::ranges::unique(claimed_);
  claimed_.erase(doubled.begin(), doubled.end());
  uint64_t end = 0;
  for (const ByteRange& range : claimed_) {
    const uint64_t shared_end =
        std::min({end, range.offset + range.size, size});
    if (range.offset < shared_end) {
      context.remarks.Note(
          RemarkKind::kOverlap, {range.offset, shared_end - range.offset},
          [] { return std::string("bytes of two files or structures"); });
    }
    end = std::max(end, range.offset + range.size);
  }
  claimed_.insert(claimed_.end(), also_.begin(), also_.end());
  std::ranges::sort(claimed_, LiesBefore);

  Unclaimed hidden(context, RemarkKind::kHiddenData);
  Unclaimed trailing(context, RemarkKind::kTrailingData);
  end = kIsoSystemArea;
  for (const ByteRange& range : claimed_) {
    hidden.Add(end, range.offset);
    end = std::max(end, range.offset + range.size);
  }
  hidden.Add(end, std::max(end, volume_end));
  trailing.Add(std::max(end, volume_end), size);
  hidden.Note();
  trailing.Note();
}

}  // namespace countersign::formats
