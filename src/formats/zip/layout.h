// Which bytes of an archive belong to what. Private to zip/.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "formats/remarks.h"
#include "formats/zip.h"

namespace countersign::formats {

// The bytes of `archive` that no structure of `zip` accounts for, in ascending
// order. Notes structures that share bytes. Takes n log n time for n entries.
[[nodiscard]] std::vector<base::ByteRange> FindZipGaps(const ZipArchive& zip,
                                                       base::Bytes archive,
                                                       BoundedRemarks& notes);

// From its local header to its data descriptor; its central header when there
// is no local one.
[[nodiscard]] base::ByteRange ZipEntryRange(const ZipEntry& entry);

}  // namespace countersign::formats
