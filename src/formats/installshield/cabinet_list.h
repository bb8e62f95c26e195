// The list of files in an InstallShield cabinet. Private to the formats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"

namespace countersign::formats {

struct ShieldFile {
  base::ByteRange stored;  // its descriptor
  std::string name;        // directory, backslash, name
  uint32_t index = 0;
  bool is_split = false;
  bool is_obfuscated = false;
  bool is_compressed = false;
  uint64_t size = 0;         // bytes of content
  uint64_t packed_size = 0;  // bytes in the volumes
  uint64_t offset = 0;       // in its volume
  uint16_t volume = 0;       // from 1; 0 if the list does not tell
  base::Bytes md5;           // of the content; all zero if there is none
};

struct ShieldList {
  int version = 0;        // of InstallShield
  base::ByteRange place;  // in the file with the list
  std::vector<ShieldFile> files;
  std::optional<base::Error> damage;  // why files are missing
};

// What the beginning of a volume says of files that go on in another.
struct ShieldVolume {
  uint32_t first_file = 0;
  uint32_t last_file = 0;
  uint64_t first_offset = 0;
  uint64_t first_size = 0;
  uint64_t first_packed_size = 0;
  uint64_t last_offset = 0;
  uint64_t last_size = 0;
  uint64_t last_packed_size = 0;
};

[[nodiscard]] bool IsShieldCabinet(base::Bytes file);
// True when `file`, a cabinet or a header, has a list of files.
[[nodiscard]] bool HasShieldList(base::Bytes file);

// True when `file` has content of files, too.
[[nodiscard]] bool IsShieldVolume(base::Bytes file);

// The list in `header`, which starts at `offset` of the container; it is viewed
// by the result. Files without content are left out: deleted ones, and those
// that lie beside the cabinet. Fails when there is no list that can be read, or
// the budget is spent.
[[nodiscard]] base::Result<ShieldList> ReadShieldList(base::Input header,
                                                      base::Budget& budget);

[[nodiscard]] base::Result<ShieldVolume> ReadShieldVolume(base::Input volume,
                                                          int version);

}  // namespace countersign::formats
