#include "formats/remarks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace countersign::formats {

bool RemarkCounts::Count(RemarkKind kind, base::ByteRange range) {
  Kind& counted = kinds_[Index(kind)];
  ++counted.count;
  if (counted.count == kMostRemarksOfAKind + 1) {
    counted.first_left_out = range;
  }
  return counted.count <= kMostRemarksOfAKind;
}

std::optional<Remark> RemarkCounts::Rest(RemarkKind kind) const {
  const Kind& counted = kinds_[Index(kind)];
  if (counted.count <= kMostRemarksOfAKind) {
    return std::nullopt;
  }
  return Remark{kind, counted.first_left_out,
                fmt::format("and {} more of this kind, the first of them here",
                            counted.count - kMostRemarksOfAKind)};
}

std::vector<RemarkKind> AllRemarkKinds() {
  std::vector<RemarkKind> kinds;
  for (size_t i = 0; i <= static_cast<size_t>(RemarkKind::kOddity); ++i) {
    kinds.push_back(static_cast<RemarkKind>(i));
  }
  return kinds;
}

void BoundedRemarks::Finish() {
  if (sink_ == nullptr) {
    return;
  }
  for (const RemarkKind kind : AllRemarkKinds()) {
    if (auto rest = counts_.Rest(kind)) {
      sink_->Note(*std::move(rest));
    }
  }
  counts_ = {};
}

std::string BoundedRemarks::Name(std::string_view name, base::ByteRange range) {
  if (name.size() > kMostNameBytes) {
    Note(RemarkKind::kOddity, range, [&] {
      return fmt::format("a name has {} bytes, of which {} are kept",
                         name.size(), kMostNameBytes);
    });
  }
  return std::string(name.substr(0, kMostNameBytes));
}

std::vector<Remark> RemarkList::Finish() && {
  for (const RemarkKind kind : AllRemarkKinds()) {
    if (auto rest = counts_.Rest(kind)) {
      remarks_.push_back(*std::move(rest));
    }
  }
  return std::move(remarks_);
}

std::string QuotedName(std::string_view name) {
  // Limit: bytes of a name that is shown; MAX_PATH of Windows is 260.
  constexpr size_t kMostShown = 260;
  const bool whole = name.size() <= kMostShown;
  return fmt::format("\"{}\"{}", base::DisplaySafe(name.substr(0, kMostShown)),
                     whole ? "" : "...");
}

uint64_t SkipZeros(base::Bytes bytes, uint64_t offset) {
  const base::Bytes rest = bytes.subspan(offset);
  const auto found =
      std::ranges::find_if(rest, [](uint8_t byte) { return byte != 0; });
  return offset + static_cast<uint64_t>(found - rest.begin());
}

void NoteTrailing(base::Bytes container, uint64_t offset,
                  BoundedRemarks& remarks) {
  if (offset >= container.size()) {
    return;
  }
  const uint64_t data = SkipZeros(container, offset);
  if (data == container.size()) {
    remarks.Note(RemarkKind::kOddity, {offset, data - offset}, [&] {
      return fmt::format("{} zero bytes follow the end", data - offset);
    });
    return;
  }
  remarks.Note(RemarkKind::kTrailingData, {data, container.size() - data}, [&] {
    return fmt::format("{} bytes follow the end", container.size() - data);
  });
}

}  // namespace countersign::formats
