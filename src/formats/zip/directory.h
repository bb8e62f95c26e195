// The central directory. Private to zip/.
#pragma once

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/remarks.h"
#include "formats/zip.h"
#include "formats/zip/record.h"

namespace countersign::formats {

// ParseZip, with remarks on what it reads.
[[nodiscard]] base::Result<ZipArchive> ReadZipDirectory(base::Bytes archive,
                                                        base::Budget& budget,
                                                        BoundedRemarks& notes);

// Gives `entry`, of which flags, sizes and checksum are known, the ranges that
// follow from its local header.
void PlaceZipEntry(base::Bytes archive, const ZipLocalHeader& local,
                   ZipEntry& entry);

// A step for a header, and more for extra fields, which are searched.
[[nodiscard]] base::Result<void> ChargeZipHeader(base::Budget& budget,
                                                 uint64_t offset,
                                                 base::Bytes extra);

}  // namespace countersign::formats
