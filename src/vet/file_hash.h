// SHA-256 of a file by reading, for the parent, which maps nothing hostile.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
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
// `deadline`. Adds the bytes to `progress_bytes`, if given, as it goes.
// Why: a sparse file of many TiB takes no space, and hours.
[[nodiscard]] std::expected<FileDigest, std::string> HashFile(
    int descriptor, std::chrono::steady_clock::time_point deadline,
    std::atomic<uint64_t>* progress_bytes = nullptr);

}  // namespace countersign::vet
