// The two compressions of ARJ.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Both write `size` bytes and yield how many bytes of `input` they needed. They
// fail with kTruncated when `input` ends before, with kMalformed for a code
// that none stands for, or with the error of `output`.

// Methods 1 to 3: LZ77 with Huffman codes, as LHA's -lh6- has them.
[[nodiscard]] base::Result<uint64_t> DecompressArjHuffman(base::Input input,
                                                          ByteSink& output,
                                                          uint64_t size);

// Method 4: LZ77 with fixed codes.
[[nodiscard]] base::Result<uint64_t> DecompressArjFast(base::Input input,
                                                       ByteSink& output,
                                                       uint64_t size);

}  // namespace countersign::formats
