// Compiled help (CHM) and other files of the same storage (ITSS).
#pragma once

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Hands over the files and directories of a storage; first those that lie in it
// as they are, in the order of the directory, then those that are compressed,
// in the order of their content. The files by which the storage itself is kept
// ("::DataSpace/...") are structures, and others of such names are noted (see
// Unpack).
//
// Spec: none by its maker; "Unofficial HTML Help Specification" (Wise, 2001),
// "Microsoft's HTML Help (.chm) format" (Russotto, 2002).
[[nodiscard]] base::Result<void> UnpackChm(const base::Blob& container,
                                           base::Budget& budget,
                                           MemberSink& sink);

}  // namespace countersign::formats
