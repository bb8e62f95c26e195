// The volume descriptors of an image. Private to the formats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/reader.h"
#include "base/result.h"
#include "formats/remarks.h"

namespace countersign::formats {

constexpr uint64_t kIsoSector = 2048;  // bytes
constexpr uint64_t kIsoSystemArea = 16 * kIsoSector;

// What an image is read with.
struct IsoContext {
  base::Bytes image;
  base::Budget& budget;
  BoundedRemarks& remarks;
};

// One tree of directories, as a primary or supplementary descriptor names it.
struct IsoVolume {
  base::ByteRange descriptor;
  std::string name;      // Volume Identifier
  uint32_t block = 0;    // Logical Block Size, bytes
  uint64_t size = 0;     // Volume Space Size, bytes
  base::ByteRange root;  // extent of the root directory
  bool is_joliet = false;
  // Path tables in use: little-endian, its copy, big-endian, its copy; a range
  // of offset 0 is absent.
  base::ByteRange path_tables[4];
};

struct IsoVolumes {
  std::optional<IsoVolume> primary;
  std::optional<IsoVolume> joliet;
  std::vector<uint64_t> boot_catalogs;   // offsets
  std::vector<base::ByteRange> claimed;  // descriptors
  std::optional<base::ByteRange> udf;    // the NSR descriptor
};

// Both of the numbers that stand behind each other in little- and big-endian
// order; a remark if they differ. Yields the first.
[[nodiscard]] uint32_t ReadBoth32(base::Reader& reader,
                                  const IsoContext& context, const char* field);
[[nodiscard]] uint16_t ReadBoth16(base::Reader& reader,
                                  const IsoContext& context, const char* field);

// The descriptors of an image. Fails when there is no primary one that can be
// read, or when the budget is spent.
[[nodiscard]] base::Result<IsoVolumes> ReadIsoVolumes(
    const IsoContext& context);

}  // namespace countersign::formats
