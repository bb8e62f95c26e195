// .NET applications that are published as a single file.
#pragma once

#include <cstdint>
#include <optional>

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "formats/carried.h"
#include "formats/unpack.h"

namespace countersign::formats {

// The bundle behind the host in `program`, of whatever platform; nothing when
// there is none. `host_size` is where the host's own parts end: what it points
// to the bundle with lies before. Otherwise as ReadCarried says.
base::Result<std::optional<CarriedPackage>> ReadDotnetBundleBehind(
    const base::Blob& program, uint64_t host_size, base::Budget& budget,
    MemberSink& sink);

// The same of any file. Fails with kMalformed when there is no bundle.
base::Result<void> UnpackDotnetBundle(const base::Blob& container,
                                      base::Budget& budget, MemberSink& sink);

}  // namespace countersign::formats
