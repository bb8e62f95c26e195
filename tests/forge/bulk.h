// Makes signed images in bulk, for benchmarks: one very large, many small.
#pragma once

#include <functional>
#include <string>

#include "forge/der.h"

namespace countersign::forge {

// Writes a signed and stamped x64 image of at least `size_bytes` (below 4 GiB)
// to the file, in pieces. Returns the size written.
uint64_t WriteLargeSample(const std::string& path, uint64_t size_bytes);

// Gives `count` different signed and stamped images of 16 to 32 KiB by a few
// publishers, with their numbers from 0.
void MakeSmallSamples(size_t count,
                      const std::function<void(size_t, ByteSpan)>& sink);

}  // namespace countersign::forge
