#include "formats/script/block_style.h"

#include <algorithm>

namespace countersign::formats {

uint32_t UnitView::At(size_t offset) const {
  if (unit_ == TextUnit::kByte) {
    return bytes_[offset];
  }
  const uint32_t first = bytes_[offset];
  const uint32_t second = bytes_[offset + 1];
  return unit_ == TextUnit::kUtf16Little ? second << 8 | first
                                         : first << 8 | second;
}

bool UnitView::Has(size_t offset, std::string_view text) const {
  const size_t size = SizeBytes();
  if (offset > size || text.size() * Width() > size - offset) {
    return false;
  }
  return std::ranges::all_of(text, [&](char c) {
    const bool same = At(offset) == static_cast<unsigned char>(c);
    offset += Width();
    return same;
  });
}

size_t UnitView::LineEnd(size_t offset) const {
  const size_t size = SizeBytes();
  size_t at = offset;
  while (at < size && At(at) != '\n') {
    at += Width();
  }
  const bool has_return = at > offset && At(at - Width()) == '\r';
  return has_return ? at - Width() : at;
}

size_t UnitView::NextLine(size_t line_end) const {
  const size_t size = SizeBytes();
  if (line_end < size && At(line_end) == '\r') {
    line_end += Width();
  }
  return line_end < size ? line_end + Width() : size;
}

std::string UnitView::Encoded(std::string_view text) const {
  if (unit_ == TextUnit::kByte) {
    return std::string(text);
  }
  std::string encoded;
  for (const char c : text) {
    encoded += unit_ == TextUnit::kUtf16Little ? std::string{c, '\0'}
                                               : std::string{'\0', c};
  }
  return encoded;
}

size_t UnitView::FindLineStart(std::string_view text, size_t from) const {
  const std::string wanted = Encoded(text);
  const std::string_view all = base::AsText(bytes_.first(SizeBytes()));
  size_t at = all.find(wanted, from);
  while (at != kNone) {
    const bool aligned = at % Width() == 0;
    if (aligned && (at == 0 || At(at - Width()) == '\n')) {
      return at;
    }
    at = all.find(wanted, at + 1);
  }
  return kNone;
}

size_t UnitView::FindLine(std::string_view text, size_t from) const {
  size_t at = FindLineStart(text, from);
  while (at != kNone) {
    const size_t end = at + text.size() * Width();
    if (end == SizeBytes() || At(end) == '\n' || At(end) == '\r') {
      return at;
    }
    at = FindLineStart(text, at + Width());
  }
  return kNone;
}

}  // namespace countersign::formats
