// The CFDATA blocks of a folder. Private to the formats.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/cab/directory.h"
#include "formats/codec/cab_block.h"

namespace countersign::formats {

struct CabBlocks {
  std::vector<CabBlock> blocks;
  base::ByteRange range;  // of those in the cabinet, headers included
  uint64_t size = 0;      // bytes that come out of them
  // Why there are fewer blocks than CFFOLDER.cCFData.
  std::optional<base::Error> damage;
};

// The blocks of `folder`, up to the first that is damaged or goes on in the
// next cabinet (kUnsupported). Fails only when `budget` is spent.
[[nodiscard]] base::Result<CabBlocks> ReadCabBlocks(base::Bytes cabinet,
                                                    const CabinetLayout& layout,
                                                    const CabFolder& folder,
                                                    base::Budget& budget);

// True when `block` has no checksum, or the one that is stored. `reserve` is
// the size of its reserve in bytes.
[[nodiscard]] bool IsIntact(base::Bytes cabinet, const CabBlock& block,
                            uint8_t reserve);

}  // namespace countersign::formats
