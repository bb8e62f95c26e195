// LZX, as compiled help uses it. Private to the formats.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace countersign::formats {

// Decompresses one stream from its start, where the decoder is in its first
// state, and appends up to `size` bytes to `output`: whole frames of 32 KiB,
// but for the last. `window_bits` is 15 to 21. Nothing is copied from in front
// of the stream.
// Fails with kTruncated when `input` ends first, and kMalformed when it is no
// such stream; what came out before is in `output`.
// Spec: Microsoft Cabinet SDK, "LZX Data Compression Format" (1997); [MS-PATCH]
// 2.
[[nodiscard]] base::Result<void> DecompressLzx(base::Input input,
                                               unsigned window_bits,
                                               uint64_t size,
                                               std::vector<uint8_t>& output);

}  // namespace countersign::formats
