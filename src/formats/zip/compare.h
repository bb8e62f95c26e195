// What the two directories of an archive say of an entry. Private to zip/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "formats/remarks.h"
#include "formats/zip.h"
#include "formats/zip/record.h"

namespace countersign::formats {

// Notes every field in which the local header or the data descriptor of `entry`
// differs from the central directory. True when they tell of other content, so
// that a streaming reader would see another member.
bool CompareZipHeaders(const ZipEntry& entry, base::Bytes archive,
                       BoundedRemarks& notes);

// Notes entries of one name, byte for byte.
void NoteDuplicateZipNames(const std::vector<ZipEntry>& entries,
                           BoundedRemarks& notes);

// What an archive with these entries is called, by their names.
struct ZipIdentity {
  model::Format format = model::Format::kZip;
  std::string detail;
};
[[nodiscard]] ZipIdentity IdentifyZip(const std::vector<ZipEntry>& entries);

}  // namespace countersign::formats
