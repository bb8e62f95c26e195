// Where the central directory is. Private to zip/.
#pragma once

#include <cstdint>
#include <optional>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/remarks.h"

namespace countersign::formats {

// The records at the end of an archive, and what they say.
struct ZipEndRecords {
  base::ByteRange zip64_end;
  base::ByteRange zip64_locator;
  base::ByteRange end;  // comment included
  base::ByteRange comment;
  bool is_comment_cut = false;  // by the end of the artifact
  uint64_t base = 0;
  // Of the central directory, in the artifact; its size as declared.
  uint64_t directory_offset = 0;
  uint64_t directory_size = 0;
  uint64_t entry_count = 0;
  bool is_count_of_16_bits = false;

  // The first of these records: the central directory lies before it.
  [[nodiscard]] uint64_t Start() const {
    return zip64_end.size != 0 ? zip64_end.offset : end.offset;
  }
};

// The records that lead to a central directory, searched from the end as other
// readers do. Notes others that some reader might take, and values on which the
// records differ. Fails as ParseZip does.
[[nodiscard]] base::Result<ZipEndRecords> FindZipEnd(base::Bytes archive,
                                                     base::Budget& budget,
                                                     BoundedRemarks& notes);

}  // namespace countersign::formats
