// Views of bytes, and ranges inside a named artifact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace countersign::base {

// A view; never owns. Valid as long as what it was taken from.
using Bytes = std::span<const uint8_t>;

// Where something lies inside an artifact, in bytes from its first byte.
struct ByteRange {
  uint64_t offset = 0;
  uint64_t size = 0;

  // True when the whole range lies inside an artifact of `total` bytes. The
  // comparison is "needed > remaining", so it cannot wrap.
  [[nodiscard]] constexpr bool Inside(uint64_t total) const {
    return offset <= total && size <= total - offset;
  }

  friend constexpr bool operator==(const ByteRange&,
                                   const ByteRange&) = default;
};

// A view of bytes that remembers where in its artifact it starts, so that
// every complaint about it can name an absolute offset.
struct Input {
  Bytes bytes;
  uint64_t offset = 0;

  [[nodiscard]] ByteRange Range() const { return {offset, bytes.size()}; }
};

// The bytes of `text`, viewed; valid as long as `text`.
inline Bytes AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// The characters of `bytes`, viewed without any check of their encoding.
inline std::string_view AsText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// True when both views hold the same bytes.
inline bool Equal(Bytes a, Bytes b) { return AsText(a) == AsText(b); }

}  // namespace countersign::base
