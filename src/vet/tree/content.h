// The content of one member while it arrives: hashed as it passes, and kept
// only when somebody has to look at all of it.
//
// What it is, the first 64 KiB tell; of what might be a script only the last
// ones do, because signatures stand at the end. Until then it is kept, up to
// the size of the largest script that is looked at.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
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

  // With SHA-1 besides SHA-256 where somebody needs it.
  Content(Scratch& scratch, IsKept is_kept, bool with_sha1 = false)
      : scratch_(scratch),
        is_kept_(std::move(is_kept)),
        with_sha1_(with_sha1) {}

  // Begins a member of about `expected_bytes` (a hint, 0 = unknown), of which
  // up to `memory_bytes`, at least kSniffedBytes, may be held in memory; the
  // rest goes to the scratch file if there is one.
  // With `is_wanted` it is kept whatever its format is.
  void Begin(uint64_t expected_bytes, uint64_t memory_bytes,
             bool is_wanted = false);
  // Fails when it had to be kept and cannot.
  base::Result<void> Append(base::Bytes bytes);

  struct Finished {
    const formats::FormatRow* row = nullptr;
    base::Digest sha256;
    std::optional<base::Digest> sha1;
    uint64_t size_bytes = 0;
    // A format that is not opened, and a ZIP archive at its end.
    bool ends_like_zip = false;
    // Null when nobody needs the bytes, and of a script that is larger than
    // those that are looked at.
    std::shared_ptr<const base::Blob> bytes;
  };
  // What hashes a content, and the digests that come out.
  [[nodiscard]] std::vector<base::Hasher> NewHashers() const;
  static void TakeDigests(std::vector<base::Hasher>& hashers,
                          Finished& finished);

  // What came since Begin. Fails when it had to be kept and cannot.
  base::Result<Finished> Finish();

 private:
  // Decides, once enough is there, what the content is and whether to keep it.
  void Decide();
  void DecideAtTheEnd();
  void RememberEnd(base::Bytes bytes);
  void Drop();
  [[nodiscard]] bool IsNeeded(const formats::FormatRow& row) const {
    return is_wanted_ || is_kept_(row);
  }
  [[nodiscard]] base::Result<void> Keep(base::Bytes bytes);

  Scratch& scratch_;
  IsKept is_kept_;
  bool with_sha1_;
  std::vector<base::Hasher> hashers_;  // none before Begin
  std::vector<uint8_t> held_;          // the first bytes, or all that is kept
  std::vector<uint8_t> start_;         // the first bytes, where the end decides
  std::vector<uint8_t> end_;  // the last bytes and some more; until decided
  const formats::FormatRow* row_ = nullptr;  // null: not decided yet
  bool end_decides_ = false;
  bool kept_ = true;
  bool is_wanted_ = false;
  bool in_scratch_ = false;
  uint64_t memory_bytes_ = 0;
  uint64_t expected_bytes_ = 0;  // up to those
  uint64_t size_bytes_ = 0;
};

}  // namespace countersign::vet
