// SHA-256 of a file by reading, for the parent, which maps nothing hostile.
#pragma once

#include <expected>
#include <string>

#include "base/digest.h"

namespace countersign::vet {

struct FileDigest {
  base::Digest sha256;
  uint64_t size_bytes = 0;
};

// The digest of everything behind `descriptor` from its start; its position
// does not move. Fails with the system's message.
[[nodiscard]] std::expected<FileDigest, std::string> HashFile(int descriptor);

}  // namespace countersign::vet
