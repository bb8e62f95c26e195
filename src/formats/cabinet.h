// Members of a Microsoft cabinet, in memory.
//
// Spec: [MS-CAB] Cabinet File Format (compression none, MSZIP, LZX, Quantum).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace countersign::formats {

struct CabinetMember {
  std::string name;  // as stored; never used as a path, not safe to display
  std::vector<uint8_t> bytes;
};

// True when `file` starts as a cabinet does ("MSCF").
[[nodiscard]] bool IsCabinet(base::Bytes file);

// Every member of `cabinet`, which must be complete in one file. No file is
// opened and none written. Fails with kLimit when the members hold more than
// `max_bytes` together or are more than 256, with kMalformed when one of them
// cannot be decompressed. The result views nothing.
[[nodiscard]] base::Result<std::vector<CabinetMember>> UnpackCabinet(
    base::Input cabinet, uint64_t max_bytes);

}  // namespace countersign::formats
