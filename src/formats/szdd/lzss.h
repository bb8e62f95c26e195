// The LZSS of Microsoft's COMPRESS.EXE, of SZDD, QBasic and KWAJ files.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

struct LzssOptions {
  // Where the first byte goes in the window of 4096 bytes.
  uint16_t start = 0;
  // Bytes to write; without it all that `input` yields.
  std::optional<uint64_t> size;
};

struct LzssEnd {
  uint64_t taken = 0;     // bytes of the input that were needed
  uint64_t left_out = 0;  // bytes of the last match beyond `size`
};

// Writes the content of `input`. Fails with kTruncated when `input` ends inside
// a match or before `size` bytes came out, or with the error of `output`.
[[nodiscard]] base::Result<LzssEnd> DecompressLzss(base::Input input,
                                                   ByteSink& output,
                                                   const LzssOptions& options);

}  // namespace countersign::formats
