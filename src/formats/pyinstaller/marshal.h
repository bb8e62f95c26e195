// The few kinds of value that Python's marshal module writes for the table of
// an archive of modules. Private to pyinstaller/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"

namespace countersign::formats {

// A row of the table: a name, and a tuple of three numbers.
struct PyzEntry {
  std::string name;
  uint64_t kind = 0;    // 0 module, 1 package, 2 data, 3 namespace package
  uint64_t offset = 0;  // from the start of the archive
  uint64_t size = 0;    // stored
  base::ByteRange row;  // where the table says so
};

// The table in `text`: a list of tuples (name, (kind, offset, size)), or a
// dictionary from names to such tuples. Bytes behind it are left alone;
// `end_offset` gets the absolute offset where it ended. Fails where it is
// something else, or when the budget is spent.
[[nodiscard]] base::Result<std::vector<PyzEntry>> ReadPyzTable(
    base::Input text, base::Budget& budget, uint64_t& end_offset);

}  // namespace countersign::formats
