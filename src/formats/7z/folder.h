// From the packed streams of a 7z folder to its result.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/7z/header.h"
#include "formats/unpack.h"

namespace countersign::formats {

// The methods of `folder` in words, as 7-Zip calls them: "LZMA, BCJ".
[[nodiscard]] std::string SevenZipMethods(const SevenZipFolder& folder);

// True when a coder of `folder` is a cipher.
[[nodiscard]] bool IsEncrypted(const SevenZipFolder& folder);

// True when the result is the packed stream itself.
[[nodiscard]] bool IsStored(const SevenZipFolder& folder);

// Writes the result to `output`. `packed` are the folder's streams, in the
// order of `folder.packed`. Fails with kUnsupported for a method or a graph of
// coders that is not read, as Decompress does, or with the error of `output`.
// Yields how many bytes of packed streams were not needed.
[[nodiscard]] base::Result<uint64_t> DecodeFolder(
    const SevenZipFolder& folder, std::span<const base::Input> packed,
    ByteSink& output);

}  // namespace countersign::formats
