// Decompression of the streams in NSIS installers, none of which is quite what
// its name says. Private to the formats.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Each yields the bytes of `input` that the stream took and writes what comes
// out to `output`, piece by piece. Each fails with kTruncated when the input
// ends before the stream does, kMalformed when it is none, kLimit when it asks
// for too much memory, or with the error of `output`; what came out before was
// written. Offsets are absolute, of the place that the decoder had reached.

// Whether the length of a stored block is followed by its complement.
enum class NsisStoredForm : uint8_t { kUnknown, kBare, kComplement };

// Deflate (RFC 1951), whose stored blocks may have a length without its
// complement. While `form` is not known it is set by the first stored block;
// hand the same one to all streams of a container.
[[nodiscard]] base::Result<uint64_t> InflateNsis(base::Input input,
                                                 ByteSink& output,
                                                 NsisStoredForm& form);

// bzip2 blocks without file header, checksums and the "randomised" bit.
[[nodiscard]] base::Result<uint64_t> DecompressNsisBzip2(base::Input input,
                                                         ByteSink& output);

// LZMA1 with an end mark, its five bytes of properties in front. With `x86`,
// what comes out has been through the x86 branch filter, which is undone.
[[nodiscard]] base::Result<uint64_t> DecompressNsisLzma(base::Input input,
                                                        bool x86,
                                                        ByteSink& output);

}  // namespace countersign::formats
