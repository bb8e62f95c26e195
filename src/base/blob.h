// Bytes with an owner: a mapped file or a heap buffer, immutable.
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
  // Maps the whole regular file behind `descriptor` read-only. The descriptor
  // stays the caller's and may be closed afterwards. Fails with kIo.
  //
  // A file that another process shortens while it is mapped raises SIGBUS on
  // access; callers therefore read blobs of files only in a sandboxed worker.
  static Result<std::shared_ptr<const Blob>> Map(int descriptor);
  static std::shared_ptr<const Blob> Own(std::vector<uint8_t> bytes);

  Blob(const Blob&) = delete;
  Blob& operator=(const Blob&) = delete;
  ~Blob();

  // Valid as long as the blob.
  [[nodiscard]] Bytes View() const { return view_; }

  // A hint that the pages of `range` will not be read again soon, so that a
  // large file never becomes resident as a whole. Changes no byte.
  void Forget(ByteRange range) const;

 private:
  Blob() = default;

  Bytes view_;
  std::vector<uint8_t> owned_;
  bool mapped_ = false;
};

// Hashes the bytes of `ranges`, in order, with every hasher in one pass; pages
// are forgotten behind it, so at most a few MiB are resident. Each range must
// lie inside the blob.
void HashRanges(const Blob& blob, std::span<const ByteRange> ranges,
                std::span<Hasher> hashers);

}  // namespace countersign::base
