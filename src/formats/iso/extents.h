// Hands over content that lies in extents of an image. Private to the formats.
#pragma once

#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/iso/volume.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Hands over `member` with the content of `extents`, which need not be inside
// the image: by place where they follow each other, else piece by piece.
[[nodiscard]] base::Result<void> HandOverIsoExtents(
    const IsoContext& context, MemberSink& sink, const Member& member,
    std::span<const base::ByteRange> extents);

}  // namespace countersign::formats
