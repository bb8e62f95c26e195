// One content in several compressed parts, one behind the other: the members
// of gzip, the streams of bzip2 and xz, the frames of Zstandard.
#pragma once

#include <cstdint>
#include <string>

#include "base/blob.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/remarks.h"
#include "formats/unpack.h"

namespace countersign::formats {

// The name of a member when its container stores none.
inline constexpr const char* kUnnamedContent = "content";

// What a format knows of its parts.
class PartReader {
 public:
  virtual ~PartReader() = default;

  // Whether a part begins at the first byte of `rest`.
  [[nodiscard]] virtual bool Begins(base::Bytes rest) const = 0;
  // Writes the content of the part at the first byte of `rest` and yields the
  // bytes that it takes, at least one.
  [[nodiscard]] virtual base::Result<uint64_t> Read(base::Input rest,
                                                    ByteSink& output) = 0;
  // Zeros that may stand between parts and behind the last come in multiples of
  // so many bytes; 0 where there may be none.
  [[nodiscard]] virtual uint64_t PaddingUnit() const { return 0; }
  // What may happen once in a stream costs so many steps of the budget.
  // Why: a part of a few bytes takes a decoder that is set up anew.
  [[nodiscard]] virtual uint64_t StepsOfAPart() const { return 16; }
};

// Reads all parts of `container` into the member `name` of `sink`. Fails with
// kMalformed when no part begins at its first byte, else as `Unpack` says.
[[nodiscard]] base::Result<void> UnpackParts(
    const base::Blob& container, base::Budget& budget, MemberSink& sink,
    PartReader& reader, std::string name, BoundedRemarks& remarks);

}  // namespace countersign::formats
