// Archives of Electron applications.
#pragma once

#include "base/blob.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// True when `start`, the first bytes of a file, are the header of an archive.
[[nodiscard]] bool IsAsar(base::Bytes start);

// Hands over every directory, file and link, in the order of the header. Files
// that are kept beside the archive are left out. See formats/unpack.h.
base::Result<void> UnpackAsar(const base::Blob& container, base::Budget& budget,
                              MemberSink& sink);

}  // namespace countersign::formats
