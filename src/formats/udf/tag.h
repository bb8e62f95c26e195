// The tag that every descriptor of UDF begins with. Private to udf/.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/iso/volume.h"

namespace countersign::formats {

// How a UDF image is read: as one of ISO 9660, which may be in it as well.
using UdfContext = IsoContext;

constexpr uint64_t kUdfTagBytes = 16;

enum class UdfTagId : uint16_t {
  kNone = 0,  // not recorded
  kPrimaryVolume = 1,
  kAnchor = 2,
  kPointer = 3,
  kImplementationUse = 4,
  kPartition = 5,
  kLogicalVolume = 6,
  kUnallocatedSpace = 7,
  kTerminating = 8,
  kIntegrity = 9,
  kFileSet = 256,
  kFileIdentifier = 257,
  kAllocationExtent = 258,
  kIndirectEntry = 259,
  kTerminalEntry = 260,
  kFileEntry = 261,
  kExtendedFileEntry = 266,
};

// What the tag of `descriptor` says it is: kNone where the tag is not there or
// its checksum is wrong. `descriptor` has at least a tag.
[[nodiscard]] UdfTagId UdfTagOf(base::Bytes descriptor);

// The place that the tag names, in sectors of the volume or blocks of the
// partition. `descriptor` has at least a tag.
[[nodiscard]] uint32_t UdfTagLocation(base::Bytes descriptor);

// Whether the bytes behind the tag of `descriptor` have the CRC that it stores
// for them; a remark if not. `descriptor` is all that may belong to it.
bool CheckUdfCrc(const UdfContext& context, base::Input descriptor);

// CRC-16 of ITU-T V.41.
[[nodiscard]] uint16_t UdfCrc(base::Bytes bytes);

}  // namespace countersign::formats
