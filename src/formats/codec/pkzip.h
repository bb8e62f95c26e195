// Methods of compression that only ZIP archives know. Private to the formats.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Each yields the bytes of `input` that the stream took, and writes what comes
// out to `output`. They fail with kTruncated when the input ends before the
// stream does, kMalformed when it is none or holds more than `size` bytes, or
// with the error of `output`; offsets are absolute, of the place that was
// reached. `size` is that of the output, where these streams have no end mark.

// Deflate64 (method 9): deflate with a window of 64 KiB. Its end is marked.
[[nodiscard]] base::Result<uint64_t> InflateDeflate64(base::Input input,
                                                      ByteSink& output);

// Implode (method 6), as general purpose flags 1 and 2 describe it.
[[nodiscard]] base::Result<uint64_t> Explode(base::Input input,
                                             ByteSink& output, uint64_t size,
                                             bool has_large_window,
                                             bool has_literal_code);

// Shrink (method 1).
[[nodiscard]] base::Result<uint64_t> Unshrink(base::Input input,
                                              ByteSink& output, uint64_t size);

// Reduce (methods 2 to 5): `factor` is 1 to 4.
[[nodiscard]] base::Result<uint64_t> Unreduce(base::Input input,
                                              ByteSink& output, uint64_t size,
                                              unsigned factor);

}  // namespace countersign::formats
