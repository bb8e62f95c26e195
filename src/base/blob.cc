#include "base/blob.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace countersign::base {
namespace {

// Why: a chunk stays in the second-level cache between reading and the last
// hasher, and its buffer below the size from which malloc asks the kernel.
constexpr uint64_t kChunk = uint64_t{64} << 10;
constexpr uint64_t kPage = 4096;

void Feed(Bytes bytes, std::span<Hasher> hashers) {
  for (Hasher& hasher : hashers) {
    hasher.Update(bytes);
  }
}

// Fills `buffer` with the bytes of the file from `offset` on.
Result<void> ReadFile(int descriptor, uint64_t offset,
                      std::span<uint8_t> buffer) {
  for (size_t done = 0; done < buffer.size();) {
    const ssize_t got =
        pread(descriptor, buffer.data() + done, buffer.size() - done,
              static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return Fail(got < 0 ? Fault::kIo : Fault::kTruncated, offset + done,
                  "file");
    }
    done += static_cast<size_t>(got);
  }
  return {};
}

// Why read, where the file is mapped already: hashing through a fresh mapping
// pays a page fault and a cold translation for every page, and reaches half
// the rate (bench/RESULTS.md).
Result<void> HashFile(int descriptor, ByteRange range,
                      std::span<Hasher> hashers) {
  const uint64_t size = std::min(kChunk, range.size);
  const auto buffer = std::make_unique_for_overwrite<uint8_t[]>(size);
  for (uint64_t done = 0; done < range.size; done += size) {
    const std::span<uint8_t> chunk(buffer.get(),
                                   std::min(size, range.size - done));
    CS_TRY_VOID(ReadFile(descriptor, range.offset + done, chunk));
    Feed(chunk, hashers);
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const Blob>> Blob::Open(int descriptor) {
  struct stat status{};
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    return Fail(Fault::kIo, 0, "file");
  }
  auto blob = std::shared_ptr<Blob>(new Blob);
  if (status.st_size == 0) {
    return blob;
  }
  const auto size = static_cast<size_t>(status.st_size);
  if (size <= kSmallFile) {
    blob->owned_.resize(size);
    CS_TRY_VOID(ReadFile(descriptor, 0, blob->owned_));
    blob->view_ = blob->owned_;
    return blob;
  }
  void* address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (address == MAP_FAILED) {
    return Fail(Fault::kIo, 0, "file");
  }
  blob->view_ = {static_cast<const uint8_t*>(address), size};
  blob->descriptor_ = descriptor;
  return blob;
}

Result<std::shared_ptr<const Blob>> Blob::Map(int descriptor, ByteRange range) {
  CS_CHECK(range.offset % kMapAlignment == 0 && range.size > 0);
  void* address = mmap(nullptr, range.size, PROT_READ, MAP_PRIVATE, descriptor,
                       static_cast<off_t>(range.offset));
  if (address == MAP_FAILED) {
    return Fail(Fault::kIo, range.offset, "file");
  }
  auto blob = std::shared_ptr<Blob>(new Blob);
  blob->view_ = {static_cast<const uint8_t*>(address), range.size};
  blob->descriptor_ = descriptor;
  blob->file_offset_ = range.offset;
  return blob;
}

std::shared_ptr<const Blob> Blob::Own(std::vector<uint8_t> bytes) {
  auto blob = std::shared_ptr<Blob>(new Blob);
  blob->owned_ = std::move(bytes);
  blob->view_ = blob->owned_;
  return blob;
}

std::shared_ptr<const Blob> Blob::Slice(std::shared_ptr<const Blob> whole,
                                        ByteRange range) {
  CS_CHECK(range.Inside(whole->view_.size()));
  auto blob = std::shared_ptr<Blob>(new Blob);
  blob->view_ = whole->view_.subspan(range.offset, range.size);
  blob->descriptor_ = whole->descriptor_;
  blob->file_offset_ = whole->file_offset_ + range.offset;
  blob->whole_ = std::move(whole);
  return blob;
}

Blob::~Blob() {
  if (descriptor_ >= 0 && whole_ == nullptr) {
    munmap(const_cast<uint8_t*>(view_.data()), view_.size());
  }
}

void Blob::Forget(ByteRange range) const {
  if (descriptor_ < 0 || !range.Inside(view_.size())) {
    return;
  }
  // Whole pages of the file, which the mapping has at the same places.
  const uint64_t begin = file_offset_ + range.offset;
  const uint64_t first = (begin + kPage - 1) & ~(kPage - 1);
  const uint64_t last = (begin + range.size) & ~(kPage - 1);
  if (last > first) {
    madvise(const_cast<uint8_t*>(view_.data()) + (first - file_offset_),
            last - first, MADV_DONTNEED);
  }
}

Result<void> Blob::Hash(ByteRange range, std::span<Hasher> hashers) const {
  CS_CHECK(range.Inside(view_.size()));
  if (descriptor_ >= 0) {
    return HashFile(descriptor_, {file_offset_ + range.offset, range.size},
                    hashers);
  }
  for (uint64_t done = 0; done < range.size; done += kChunk) {
    Feed(
        view_.subspan(range.offset + done, std::min(kChunk, range.size - done)),
        hashers);
  }
  return {};
}

Result<void> HashRanges(const Blob& blob, std::span<const ByteRange> ranges,
                        std::span<Hasher> hashers) {
  for (const ByteRange& range : ranges) {
    CS_TRY_VOID(blob.Hash(range, hashers));
  }
  return {};
}

}  // namespace countersign::base
