// The block map of an MSIX package. Private to the MSIX folder.
#pragma once

#include "base/budget.h"
#include "signing/msix/manifest.h"
#include "signing/msix/part.h"
#include "signing/package/archive.h"
#include "signing/package/faults.h"

namespace countersign::signing {

// Compares AppxBlockMap.xml with the entries: each part of the package but the
// footprint (and, in a bundle, its packages) is listed once, with its sizes and
// the digest of every 64 KiB of its content. What does not fit goes to
// `faults`. `manifest` may be null.
void CheckBlockMap(const PackageArchive& archive, const MsixManifest* manifest,
                   base::Budget& budget, PackageFaults& faults);

}  // namespace countersign::signing
