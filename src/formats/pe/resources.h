// The resource directory, with remarks on it. Private to pe/.
#pragma once

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/pe.h"
#include "formats/remarks.h"

namespace countersign::formats {

// As ReadPeResources; what is odd goes to `remarks`.
[[nodiscard]] base::Result<PeResources> ReadPeResources(
    const PeImage& image, base::Bytes file, base::Budget& budget,
    BoundedRemarks& remarks);

// True when a resource may be a file of its own: a container, a program, a
// script. Icons, texts, dialogs, version information and the like are not,
// unless they start as a container or program does.
[[nodiscard]] bool MayBeFile(const PeResource& resource, base::Bytes file);

// True when `bytes` start with the mark of an archive, installer database or
// program.
[[nodiscard]] bool StartsAsContainer(base::Bytes bytes);

}  // namespace countersign::formats
