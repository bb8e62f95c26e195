// The volume structures of a UDF image. Private to udf/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/udf/partition.h"

namespace countersign::formats {

struct UdfVolume {
  std::string name;       // Logical Volume Identifier
  uint16_t revision = 0;  // of OSTA UDF: 0x0250 for 2.50
  UdfPartitions partitions;
  uint64_t end = 0;  // of partitions and anchors, offset
  // From the file set descriptor:
  base::ByteRange file_set;
  UdfAddress root;
  UdfAddress streams;                    // of the whole volume
  std::vector<base::ByteRange> claimed;  // structures
  std::vector<base::ByteRange> copies;   // that repeat what is elsewhere
};

// Finds the anchor, reads the descriptors it leads to and the file set. Fails
// when that much cannot be read, or when the budget is spent.
[[nodiscard]] base::Result<UdfVolume> ReadUdfVolume(const UdfContext& context);

}  // namespace countersign::formats
