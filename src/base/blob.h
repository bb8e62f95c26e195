// Bytes with an owner: a file or a heap buffer, immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"

namespace countersign::base {

class Blob {
 public:
  // The whole regular file behind `descriptor`: read when it is small, mapped
  // read-only when it is large. The descriptor stays the caller's and must
  // stay open as long as the blob. Fails with kIo, or with kTruncated when the
  // file shrinks meanwhile.
  //
  // A file that another process shortens while it is mapped raises SIGBUS on
  // access; callers therefore read blobs of files only in a sandboxed worker.
  static Result<std::shared_ptr<const Blob>> Open(int descriptor);
  static std::shared_ptr<const Blob> Own(std::vector<uint8_t> bytes);
  // The bytes of `range` in the file behind `descriptor`, mapped read-only; the
  // offset must be a multiple of kMapAlignment, the size more than zero.
  // Otherwise as Open. Nobody may change the bytes meanwhile.
  static Result<std::shared_ptr<const Blob>> Map(int descriptor,
                                                 ByteRange range);
  static constexpr uint64_t kMapAlignment = uint64_t{64} << 10;
  // A part of `whole`, which it keeps alive, without copying. `range` must lie
  // inside it.
  static std::shared_ptr<const Blob> Slice(std::shared_ptr<const Blob> whole,
                                           ByteRange range);

  Blob(const Blob&) = delete;
  Blob& operator=(const Blob&) = delete;
  ~Blob();

  // A file up to this size is read into memory, a larger one is mapped.
  // Why: unmapping interrupts every core that the process ran on, which for
  // small files costs more than to copy them.
  static constexpr size_t kSmallFile = size_t{1} << 20;

  // Valid as long as the blob.
  [[nodiscard]] Bytes View() const { return view_; }
  // True when nobody else can change the bytes: they are not a mapped file.
  [[nodiscard]] bool IsCopy() const { return descriptor_ < 0; }

  // Feeds the bytes of `range` to `hashers`. Fails with kIo or kTruncated at
  // the offset where the file could not be read; else `range` must lie inside
  // the blob. See HashRanges.
  [[nodiscard]] Result<void> Hash(ByteRange range,
                                  std::span<Hasher> hashers) const;

  // A hint that the pages of `range` will not be read again soon, so that a
  // large file never becomes resident as a whole. Changes no byte.
  void Forget(ByteRange range) const;

 private:
  Blob() = default;

  Bytes view_;
  std::vector<uint8_t> owned_;
  int descriptor_ = -1;       // of a mapped file
  uint64_t file_offset_ = 0;  // in that file, of the first byte of `view_`
  std::shared_ptr<const Blob> whole_;  // of a slice
};

// Hashes the bytes of `ranges`, in order, with every hasher in one pass and
// without making them resident. Each range must lie inside the blob. Fails as
// Blob::Hash does; then what the hashers yield says nothing.
[[nodiscard]] Result<void> HashRanges(const Blob& blob,
                                      std::span<const ByteRange> ranges,
                                      std::span<Hasher> hashers);

}  // namespace countersign::base
