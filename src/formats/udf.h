// UDF images of optical discs and other media.
#pragma once

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Hands over the files, directories, links, devices and named streams of the
// first file set of an image, directory by directory. On a disc that has ISO
// 9660 as well, files that only its trees have come behind them, as
// "[iso]/NAME", and boot images as "[boot]/N"; where the UDF file system cannot
// be read, those of ISO 9660 come in its place, and the error is returned (see
// Unpack).
//
// Spec: ECMA-167, 3rd edition; OSTA UDF 1.02, 1.50, 2.00, 2.01, 2.50, 2.60.
[[nodiscard]] base::Result<void> UnpackUdf(const base::Blob& container,
                                           base::Budget& budget,
                                           MemberSink& sink);

}  // namespace countersign::formats
