// Which bytes of an image belong to something. Private to the formats.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "formats/iso/volume.h"

namespace countersign::formats {

class IsoSpace {
 public:
  // Bytes of a structure or a file.
  void Claim(base::ByteRange range) {
    if (range.size > 0) {
      claimed_.push_back(range);
    }
  }
  void Claim(std::span<const base::ByteRange> ranges) {
    for (const base::ByteRange& range : ranges) {
      Claim(range);
    }
  }
  // Bytes that may belong to a file as well.
  void ClaimAlso(base::ByteRange range) {
    if (range.size > 0) {
      also_.push_back(range);
    }
  }

  // Remarks on bytes that are claimed twice, and on bytes behind the system
  // area that are not claimed and not zero. The volume, if not the file, ends
  // at `volume_end`.
  void Note(const IsoContext& context, uint64_t volume_end) &&;

 private:
  std::vector<base::ByteRange> claimed_;
  std::vector<base::ByteRange> also_;
};

}  // namespace countersign::formats
