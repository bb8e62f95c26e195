// Anchors, and the sequences of volume descriptors they lead to. Private to
// udf/.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/udf/tag.h"

namespace countersign::formats {

struct UdfAnchor {
  uint32_t sector_bytes = 0;
  base::ByteRange main;  // extents of both sequences
  base::ByteRange reserve;
  std::vector<base::ByteRange> claimed;  // of every anchor
};

// The anchors of an image, whose place tells how large its sectors are. Fails
// when there is none.
[[nodiscard]] base::Result<UdfAnchor> FindUdfAnchor(const UdfContext& context);

// The prevailing descriptors of a sequence: by what they are, and of partitions
// the number. Each is a sector.
struct UdfSequence {
  using Key = std::pair<UdfTagId, uint16_t>;
  std::map<Key, base::Input> descriptors;
  std::vector<base::ByteRange> claimed;

  // The descriptor of that kind, or null.
  [[nodiscard]] const base::Input* Find(UdfTagId id, uint16_t number = 0) const;
};

// Reads the sequence in `extent`, as far as it can be read. Fails only when the
// budget is spent.
[[nodiscard]] base::Result<UdfSequence> ReadUdfSequence(
    const UdfContext& context, base::ByteRange extent, uint32_t sector_bytes);

// Remarks on descriptors of which both sequences say different things.
void CompareUdfSequences(const UdfContext& context, const UdfSequence& main,
                         const UdfSequence& reserve);

}  // namespace countersign::formats
