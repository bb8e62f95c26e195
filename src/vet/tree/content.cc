#include "vet/tree/content.h"

#include <algorithm>

namespace countersign::vet {

void Content::Begin(uint64_t expected_bytes, uint64_t memory_bytes) {
  hasher_.clear();
  hasher_.emplace_back(base::DigestAlgorithm::kSha256);
  held_.clear();
  held_.reserve(std::min(expected_bytes, memory_bytes));
  row_ = nullptr;
  kept_ = false;
  in_scratch_ = false;
  memory_bytes_ = memory_bytes;
  size_bytes_ = 0;
}

base::Result<void> Content::Append(base::Bytes bytes) {
  hasher_[0].Update(bytes);
  size_bytes_ += bytes.size();
  if (row_ != nullptr && !kept_) {
    return {};
  }
  CS_TRY_VOID(Keep(bytes));
  if (row_ == nullptr && size_bytes_ >= formats::kSniffedBytes) {
    Decide();
  }
  return {};
}

void Content::Decide() {
  row_ = &formats::Sniff(held_);
  kept_ = is_kept_(*row_);
  if (!kept_) {
    held_.clear();
  }
}

base::Result<void> Content::Keep(base::Bytes bytes) {
  if (!in_scratch_ && held_.size() + bytes.size() > memory_bytes_ &&
      scratch_.IsThere()) {
    scratch_.Begin();
    CS_TRY_VOID(scratch_.Append(held_));
    in_scratch_ = true;
    if (row_ == nullptr) {
      // A first piece larger than all that is held in memory.
      held_.insert(held_.end(), bytes.begin(),
                   bytes.begin() + static_cast<std::ptrdiff_t>(std::min(
                                       bytes.size(), formats::kSniffedBytes)));
    } else {
      held_.clear();
    }
  }
  if (in_scratch_) {
    return scratch_.Append(bytes);
  }
  held_.insert(held_.end(), bytes.begin(), bytes.end());
  return {};
}

base::Result<Content::Finished> Content::Finish() {
  if (row_ == nullptr) {
    Decide();
  }
  Finished finished{row_, hasher_[0].Finish(), size_bytes_, nullptr};
  if (kept_ && in_scratch_) {
    finished.bytes = CS_TRY(scratch_.Finish());
  } else if (kept_) {
    finished.bytes = base::Blob::Own(std::move(held_));
    held_ = {};
  }
  return finished;
}

}  // namespace countersign::vet
