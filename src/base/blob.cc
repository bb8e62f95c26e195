#include "base/blob.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>

namespace countersign::base {
namespace {

// Limit: 4 MiB resident at a time; larger windows gain nothing measurable.
constexpr uint64_t kWindow = uint64_t{4} << 20;
// Why: the second hasher of a window should still find its bytes in the cache.
constexpr uint64_t kChunk = uint64_t{64} << 10;
constexpr uint64_t kPage = 4096;

}  // namespace

Result<std::shared_ptr<const Blob>> Blob::Map(int descriptor) {
  struct stat status{};
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    return Fail(Fault::kIo, 0, "file");
  }
  auto blob = std::shared_ptr<Blob>(new Blob);
  if (status.st_size == 0) {
    return blob;
  }
  const auto size = static_cast<size_t>(status.st_size);
  void* address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (address == MAP_FAILED) {
    return Fail(Fault::kIo, 0, "file");
  }
  blob->view_ = {static_cast<const uint8_t*>(address), size};
  blob->mapped_ = true;
  return blob;
}

std::shared_ptr<const Blob> Blob::Own(std::vector<uint8_t> bytes) {
  auto blob = std::shared_ptr<Blob>(new Blob);
  blob->owned_ = std::move(bytes);
  blob->view_ = blob->owned_;
  return blob;
}

Blob::~Blob() {
  if (mapped_) {
    munmap(const_cast<uint8_t*>(view_.data()), view_.size());
  }
}

void Blob::Forget(ByteRange range) const {
  if (!mapped_ || !range.Inside(view_.size())) {
    return;
  }
  const uint64_t first = (range.offset + kPage - 1) & ~(kPage - 1);
  const uint64_t last = (range.offset + range.size) & ~(kPage - 1);
  if (last > first) {
    madvise(const_cast<uint8_t*>(view_.data()) + first, last - first,
            MADV_DONTNEED);
  }
}

void HashRanges(const Blob& blob, std::span<const ByteRange> ranges,
                std::span<Hasher> hashers) {
  const Bytes all = blob.View();
  for (const ByteRange& range : ranges) {
    CS_CHECK(range.Inside(all.size()));
    for (uint64_t done = 0; done < range.size;) {
      const uint64_t window = std::min(kWindow, range.size - done);
      for (uint64_t at = 0; at < window; at += kChunk) {
        const Bytes chunk = all.subspan(range.offset + done + at,
                                        std::min(kChunk, window - at));
        for (Hasher& hasher : hashers) {
          hasher.Update(chunk);
        }
      }
      if (range.size > kWindow) {
        blob.Forget({range.offset + done, window});
      }
      done += window;
    }
  }
}

}  // namespace countersign::base
