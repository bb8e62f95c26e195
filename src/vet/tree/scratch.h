// Where members go that are too large to be held in memory: a file without a
// name, of which a job uses as much as it needs, from the start.
#pragma once

#include <cstdint>
#include <memory>

#include "base/blob.h"
#include "base/bytes.h"
#include "base/result.h"

namespace countersign::vet {

class Scratch {
 public:
  // Uses `descriptor`, open for reading and writing, up to `limit_bytes`; -1
  // for none. The descriptor must outlive every blob made here.
  Scratch(int descriptor, uint64_t limit_bytes)
      : descriptor_(descriptor), limit_bytes_(limit_bytes) {}

  [[nodiscard]] bool IsThere() const { return descriptor_ >= 0; }

  // Forgets everything. No blob made here may be in use any more.
  void Clear();

  // Begins a new content, behind what is there.
  void Begin();
  // Adds to it. Fails with kLimit beyond the limit, kIo when the disk is full.
  base::Result<void> Append(base::Bytes bytes);
  // Gives up the content begun.
  void Drop() { end_ = begin_; }
  // The content begun, which must not be empty.
  [[nodiscard]] base::Result<std::shared_ptr<const base::Blob>> Finish() const;

 private:
  int descriptor_;
  uint64_t limit_bytes_;
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
};

}  // namespace countersign::vet
