// ISO 9660 images of optical discs.
#pragma once

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Hands over the files, directories, links and devices of an image, directory
// by directory, under the names of its richest tree: Rock Ridge, else Joliet,
// else ISO 9660. Files that are in another tree only come behind them, and boot
// images last, as "[boot]/N" (see Unpack).
//
// Spec: ECMA-119 (ISO 9660), 4th edition; Joliet Specification (1995); IEEE
// P1281 SUSP 1.12 and P1282 RRIP 1.12; El Torito 1.0.
[[nodiscard]] base::Result<void> UnpackIso(const base::Blob& container,
                                           base::Budget& budget,
                                           MemberSink& sink);

}  // namespace countersign::formats
