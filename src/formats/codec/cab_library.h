// LZX and Quantum as cabinets use them. Private to the formats.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/codec/cab_block.h"
#include "formats/unpack.h"

namespace countersign::formats {

// A folder of the cabinet `container`.
struct PackedCabFolder {
  base::Bytes container;
  std::span<const CabBlock> blocks;  // the first starts at 0; inside it
  uint16_t type = 0;                 // CFFOLDER.typeCompress
};

// Writes the first `size` bytes of `folder`, which are in its blocks, to
// `output`, and tells `visitor` of each block before it reads it, which may be
// before all of the one in front has come out. Does not look at checksums.
// Fails with the error of either, or with kMalformed or kLimit in the block
// that was reached last; what came out before was written.
[[nodiscard]] base::Result<void> DecompressCabFolder(
    const PackedCabFolder& folder, uint64_t size, CabBlockVisitor& visitor,
    ByteSink& output);

}  // namespace countersign::formats
