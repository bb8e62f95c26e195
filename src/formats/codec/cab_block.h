// A block of a cabinet's folder, as its decompressors take it. Private to the
// formats.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace countersign::formats {

// Spec: [MS-CAB] 2.4: a block holds up to 32 KiB of a folder; what it becomes
// when compressed is 6 KiB longer at most.
constexpr size_t kMaxCabBlock = 32768;
constexpr size_t kMaxPackedCabBlock = kMaxCabBlock + 6144;

// One CFDATA. Small, because a folder has up to 65,535.
struct CabBlock {
  uint64_t content = 0;   // offset of CFDATA.ab in the cabinet
  uint32_t start = 0;     // of what comes out, in the decompressed folder
  uint32_t checksum = 0;  // CFDATA.csum
  uint16_t packed = 0;    // CFDATA.cbData, bytes
  uint16_t unpacked = 0;  // CFDATA.cbUncomp, bytes

  [[nodiscard]] base::ByteRange Packed() const { return {content, packed}; }
  [[nodiscard]] uint64_t End() const { return uint64_t{start} + unpacked; }
};

// Is told of each block of a folder before it is decompressed.
class CabBlockVisitor {
 public:
  virtual ~CabBlockVisitor() = default;
  // An error ends the decompression and is passed on.
  virtual base::Result<void> Enter(size_t index) = 0;
};

}  // namespace countersign::formats
