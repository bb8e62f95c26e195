// The content of one member while it arrives: hashed as it passes, and kept
// only when somebody has to look at all of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/blob.h"
#include "base/digest.h"
#include "base/result.h"
#include "formats/sniff.h"
#include "vet/tree/scratch.h"

namespace countersign::vet {

class Content {
 public:
  // True of a format whose bytes have to be at hand as a whole.
  using IsKept = std::function<bool(const formats::FormatRow&)>;

  Content(Scratch& scratch, IsKept is_kept)
      : scratch_(scratch), is_kept_(std::move(is_kept)) {}

  // Begins a member of about `expected_bytes` (a hint, 0 = unknown), of which
  // up to `memory_bytes` may be held in memory; the rest goes to the scratch
  // file if there is one.
  void Begin(uint64_t expected_bytes, uint64_t memory_bytes);
  // Fails when it had to be kept and cannot.
  base::Result<void> Append(base::Bytes bytes);

  struct Finished {
    const formats::FormatRow* row = nullptr;
    base::Digest sha256;
    uint64_t size_bytes = 0;
    // Null when nobody needs the bytes.
    std::shared_ptr<const base::Blob> bytes;
  };
  // What came since Begin. Fails when it had to be kept and cannot.
  base::Result<Finished> Finish();

 private:
  // Decides, once enough is there, what the content is and whether to keep it.
  void Decide();
  [[nodiscard]] base::Result<void> Keep(base::Bytes bytes);

  Scratch& scratch_;
  IsKept is_kept_;
  std::vector<base::Hasher> hasher_;  // one, or none before Begin
  std::vector<uint8_t> held_;         // the first bytes, or all that is kept
  const formats::FormatRow* row_ = nullptr;  // null: not decided yet
  bool kept_ = false;
  bool in_scratch_ = false;
  uint64_t memory_bytes_ = 0;
  uint64_t size_bytes_ = 0;
};

}  // namespace countersign::vet
