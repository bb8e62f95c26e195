#include "formats/archive/remarks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace countersign::formats {

std::string QuotedName(std::string_view name) {
  constexpr size_t kMostShown = 200;
  const bool whole = name.size() <= kMostShown;
  return fmt::format("\"{}\"{}", base::DisplaySafe(name.substr(0, kMostShown)),
                     whole ? "" : "...");
}

void BoundedRemarks::Note(RemarkKind kind, base::ByteRange range,
                          std::string what) {
  Kind& counted = kinds_[static_cast<size_t>(kind)];
  ++counted.count;
  if (counted.count <= kMostOfAKind) {
    sink_.Note({kind, range, std::move(what)});
  } else if (counted.count == kMostOfAKind + 1) {
    counted.first_left_out = range;
  }
}

void BoundedRemarks::Finish() {
  for (size_t i = 0; i < kinds_.size(); ++i) {
    const Kind& counted = kinds_[i];
    if (counted.count > kMostOfAKind) {
      sink_.Note({static_cast<RemarkKind>(i), counted.first_left_out,
                  fmt::format("and {} more of this kind",
                              counted.count - kMostOfAKind)});
    }
  }
}

std::string BoundedRemarks::Name(std::string_view name, base::ByteRange range) {
  if (name.size() > kMostNameBytes) {
    Note(RemarkKind::kOddity, range,
         fmt::format("a name has {} bytes, of which {} are kept", name.size(),
                     kMostNameBytes));
  }
  return std::string(name.substr(0, kMostNameBytes));
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
    remarks.Note(RemarkKind::kOddity, {offset, data - offset},
                 fmt::format("{} zero bytes follow the end", data - offset));
    return;
  }
  remarks.Note(RemarkKind::kTrailingData, {data, container.size() - data},
               fmt::format("{} bytes follow the end", container.size() - data));
}

}  // namespace countersign::formats
