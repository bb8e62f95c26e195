// Where the blocks of a logical volume lie in the image. Private to udf/.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/udf/tag.h"

namespace countersign::formats {

// A stretch of a file: bytes of the image, or zeros that are not recorded.
struct UdfPiece {
  base::ByteRange range;  // of zeros the offset does not count
  bool is_recorded = true;

  friend bool operator==(const UdfPiece&, const UdfPiece&) = default;
};

// Appends `piece` to `pieces`, or makes the last one longer.
void AppendUdfPiece(std::vector<UdfPiece>& pieces, UdfPiece piece);

// A place inside a logical volume.
struct UdfAddress {
  uint32_t size = 0;   // bytes; 0: nowhere
  uint32_t block = 0;  // of the partition
  uint16_t partition = 0;

  friend auto operator<=>(const UdfAddress&, const UdfAddress&) = default;
};

// One of the partition maps of a logical volume.
struct UdfPartition {
  enum class Kind : uint8_t { kPlain, kSparable, kMetadata, kUnsupported };

  Kind kind = Kind::kUnsupported;
  base::ByteRange map;                  // that says so
  uint64_t start = 0;                   // of the image
  uint64_t blocks = 0;                  // how many there are
  uint64_t packet_bytes = 0;            // of what is spared at once
  std::map<uint64_t, uint64_t> spared;  // offset in the partition, in the image
  // The metadata file: offsets in it, and the pieces that begin there.
  std::map<uint64_t, base::ByteRange> pieces;
};

struct UdfPartitions {
  uint32_t block = 0;  // bytes
  std::vector<UdfPartition> partitions;

  // Appends the pieces of the image that `address` names. They need not be
  // inside the image. Fails when they are outside the partition, when that is
  // of a form that is not read, or when the budget is spent; `evidence` is
  // where the address is stored.
  [[nodiscard]] base::Result<void> Map(const UdfContext& context,
                                       const UdfAddress& address,
                                       uint64_t evidence,
                                       std::vector<UdfPiece>& pieces) const;
};

}  // namespace countersign::formats
