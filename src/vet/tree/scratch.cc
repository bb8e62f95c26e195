#include "vet/tree/scratch.h"

#include <unistd.h>

#include <cerrno>

namespace countersign::vet {

using base::Fail;
using base::Fault;

void Scratch::Clear() {
  if (end_ != 0) {
    // Why: gives the space back; if it fails, the space is overwritten.
    (void)!ftruncate(descriptor_, 0);
  }
  begin_ = 0;
  end_ = 0;
}

void Scratch::Begin() {
  constexpr uint64_t kMask = base::Blob::kMapAlignment - 1;
  begin_ = (end_ + kMask) & ~kMask;
  end_ = begin_;
}

base::Result<void> Scratch::Append(base::Bytes bytes) {
  if (!IsThere() || end_ > limit_bytes_ || bytes.size() > limit_bytes_ - end_) {
    return Fail(Fault::kLimit, 0, "scratch space");
  }
  while (!bytes.empty()) {
    const ssize_t put = pwrite(descriptor_, bytes.data(), bytes.size(),
                               static_cast<off_t>(end_));
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put <= 0) {
      return Fail(Fault::kIo, 0, "scratch file");
    }
    end_ += static_cast<uint64_t>(put);
    bytes = bytes.subspan(static_cast<size_t>(put));
  }
  return {};
}

base::Result<std::shared_ptr<const base::Blob>> Scratch::Finish() const {
  return base::Blob::Map(descriptor_, {begin_, end_ - begin_});
}

}  // namespace countersign::vet
