#include "vet/file_hash.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace countersign::vet {

std::expected<FileDigest, std::string> HashFile(
    int descriptor, std::chrono::steady_clock::time_point deadline,
    std::atomic<uint64_t>* progress_bytes) {
  // Why: 128 KiB stays in the second-level cache between read and hash.
  constexpr size_t kBufferBytes = size_t{128} << 10;
  static thread_local std::vector<uint8_t> buffer(kBufferBytes);
  // Why every 8 MiB: that takes milliseconds, and asking costs nothing then.
  constexpr uint64_t kLookBytes = uint64_t{8} << 20;
  base::Hasher hasher(base::DigestAlgorithm::kSha256);
  FileDigest digest;
  uint64_t next_look = 0;
  uint64_t told_bytes = 0;
  const auto tell = [&] {
    if (progress_bytes != nullptr) {
      *progress_bytes += digest.size_bytes - told_bytes;
      told_bytes = digest.size_bytes;
    }
  };
  while (true) {
    if (digest.size_bytes >= next_look) {
      tell();
      if (std::chrono::steady_clock::now() >= deadline) {
        return std::unexpected("the time limit was reached");
      }
      next_look = digest.size_bytes + kLookBytes;
    }
    const ssize_t got = pread(descriptor, buffer.data(), buffer.size(),
                              static_cast<off_t>(digest.size_bytes));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return std::unexpected(std::string(std::strerror(errno)));
    }
    if (got == 0) {
      break;
    }
    hasher.Update({buffer.data(), static_cast<size_t>(got)});
    digest.size_bytes += static_cast<uint64_t>(got);
  }
  tell();
  digest.sha256 = hasher.Finish();
  return digest;
}

}  // namespace countersign::vet
