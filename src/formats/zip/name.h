// Names of entries. Private to zip/.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace countersign::formats {

struct ZipName {
  std::string text;  // UTF-8, unless `is_broken`
  // The UTF-8 flag is set and the name is not UTF-8: `text` is as stored.
  bool is_broken = false;
  // There is a Unicode path, but for another name: not used.
  bool is_path_stale = false;
  // The Unicode path says more than the name in another encoding.
  bool is_path_different = false;
};

// The name that a header stores as `stored`.
// Spec: APPNOTE 4.4.4 bit 11, 4.6.9 (0x7075), appendix D.
[[nodiscard]] ZipName ReadZipName(base::Bytes stored, uint16_t flags,
                                  base::Bytes extra);

}  // namespace countersign::formats
