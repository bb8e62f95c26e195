// Header and directory of a storage. Private to chm/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/remarks.h"

namespace countersign::formats {

struct ChmHeader {
  uint32_t version = 0;
  uint32_t language = 0;        // Windows language id
  base::ByteRange range;        // of the header
  base::ByteRange information;  // header section 0
  base::ByteRange directory;    // header section 1
  uint64_t declared_size = 0;   // of the file
  uint64_t content = 0;         // where content section 0 starts
};

struct ChmEntry {
  std::string name;
  uint64_t section = 0;
  uint64_t offset = 0;  // in the section
  uint64_t size = 0;
  base::ByteRange range;  // of the entry itself
};

struct ChmDirectory {
  std::vector<ChmEntry> entries;
  // Why the rest of them is not known.
  std::optional<base::Error> damage;
};

[[nodiscard]] base::Result<ChmHeader> ReadChmHeader(base::Bytes file);

// Fails only with kLimit; all other damage is in the result.
[[nodiscard]] base::Result<ChmDirectory> ReadChmDirectory(
    base::Bytes file, const ChmHeader& header, base::Budget& budget,
    BoundedRemarks& remarks);

}  // namespace countersign::formats
