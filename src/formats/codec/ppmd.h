// PPMd streams of 7z and ZIP. Private to the formats.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Variant H. `properties` are those of the coder in 7z: order u8, memory u32.
// Yields the bytes of `input` that the stream took, and writes the `size` bytes
// that come out to `output`. Fails with kTruncated when the input ends before
// the stream does, kMalformed when it is none, kLimit when it asks for too much
// memory, or with the error of `output`; offsets are absolute.
[[nodiscard]] base::Result<uint64_t> DecodePpmdOf7z(base::Input input,
                                                    base::Bytes properties,
                                                    uint64_t size,
                                                    ByteSink& output);

// Variant I, revision 1, as ZIP's method 98: parameters, then a stream up to
// the mark of its end. As above; and kUnsupported for a model that is frozen
// when its memory ends.
[[nodiscard]] base::Result<uint64_t> DecodePpmdOfZip(base::Input input,
                                                     ByteSink& output);

}  // namespace countersign::formats
