// SHA-256 of a file by reading, for the parent, which maps nothing hostile.
#pragma once

#include <chrono>
#include <expected>
#include <string>

#include "base/digest.h"

namespace countersign::vet {

struct FileDigest {
  base::Digest sha256;
  uint64_t size_bytes = 0;
};

// The digest of everything behind `descriptor` from its start; its position
// does not move. Fails with the system's message, or when it is not done at
// `deadline`.
// Why: a sparse file of many TiB takes no space, and hours.
[[nodiscard]] std::expected<FileDigest, std::string> HashFile(
    int descriptor, std::chrono::steady_clock::time_point deadline);

}  // namespace countersign::vet
