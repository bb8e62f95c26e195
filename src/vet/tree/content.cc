#include "vet/tree/content.h"

#include <algorithm>

#include "formats/script.h"
#include "formats/zip.h"

namespace countersign::vet {
namespace {

base::Bytes FirstOf(base::Bytes bytes) {
  return bytes.first(std::min(bytes.size(), formats::kSniffedBytes));
}

base::Bytes LastOf(base::Bytes bytes) {
  return bytes.last(std::min(bytes.size(), formats::kSniffedBytes));
}

}  // namespace

std::vector<base::Hasher> Content::NewHashers() const {
  std::vector<base::Hasher> hashers;
  hashers.emplace_back(base::DigestAlgorithm::kSha256);
  if (with_sha1_) {
    hashers.emplace_back(base::DigestAlgorithm::kSha1);
  }
  return hashers;
}

void Content::TakeDigests(std::vector<base::Hasher>& hashers,
                          Finished& finished) {
  finished.sha256 = hashers[0].Finish();
  if (hashers.size() > 1) {
    finished.sha1 = hashers[1].Finish();
  }
}

void Content::Begin(uint64_t expected_bytes, uint64_t memory_bytes,
                    bool is_wanted) {
  CS_CHECK(memory_bytes >= formats::kSniffedBytes);
  hashers_ = NewHashers();
  held_.clear();
  expected_bytes_ = std::min(expected_bytes, memory_bytes);
  start_.clear();
  end_.clear();
  row_ = nullptr;
  end_decides_ = false;
  kept_ = true;
  is_wanted_ = is_wanted;
  in_scratch_ = false;
  memory_bytes_ = memory_bytes;
  size_bytes_ = 0;
}

base::Result<void> Content::Append(base::Bytes bytes) {
  for (base::Hasher& hasher : hashers_) {
    hasher.Update(bytes);
  }
  size_bytes_ += bytes.size();
  // Why also of what is not kept: an archive may stand at its end.
  if (row_ == nullptr || (!kept_ && row_->unpack == nullptr)) {
    RememberEnd(bytes);
  }
  // Why first only what decides: most content is of no further use then, and
  // to copy it costs as much as to digest it.
  const uint64_t before = size_bytes_ - bytes.size();
  if (before < formats::kSniffedBytes && row_ == nullptr) {
    const base::Bytes start = bytes.first(
        std::min<uint64_t>(bytes.size(), formats::kSniffedBytes - before));
    CS_TRY_VOID(Keep(start));
    bytes = bytes.subspan(start.size());
    if (before + start.size() == formats::kSniffedBytes) {
      Decide();
    }
    if (kept_) {
      held_.reserve(expected_bytes_);
    }
  }
  if (kept_) {
    CS_TRY_VOID(Keep(bytes));
  }
  if (end_decides_ && kept_ && !is_wanted_ &&
      size_bytes_ > formats::kLargestScript) {
    Drop();
  }
  return {};
}

void Content::RememberEnd(base::Bytes bytes) {
  // Why twice as much: so that what is in front is not moved for every piece.
  constexpr size_t kMost = 2 * formats::kZipTailBytes;
  const base::Bytes last =
      bytes.last(std::min(bytes.size(), formats::kZipTailBytes));
  if (end_.size() + last.size() > kMost) {
    end_.erase(end_.begin(),
               end_.end() - static_cast<std::ptrdiff_t>(
                                std::min(end_.size(), formats::kZipTailBytes)));
  }
  end_.insert(end_.end(), last.begin(), last.end());
}

void Content::Decide() {
  const base::Bytes start = FirstOf(held_);
  row_ = formats::SniffStart(start);
  if (row_ == nullptr) {
    end_decides_ = true;
    start_.assign(start.begin(), start.end());
  } else if (!IsNeeded(*row_)) {
    Drop();
  }
}

void Content::DecideAtTheEnd() {
  row_ = &formats::Sniff(end_decides_ ? base::Bytes(start_) : FirstOf(held_),
                         LastOf(end_));
  if (kept_ && !IsNeeded(*row_) && !formats::EndsLikeZip(end_)) {
    Drop();
  }
}

void Content::Drop() {
  kept_ = false;
  held_.clear();
  if (in_scratch_) {
    scratch_.Drop();
    in_scratch_ = false;
  }
}

base::Result<void> Content::Keep(base::Bytes bytes) {
  if (!in_scratch_ && held_.size() + bytes.size() > memory_bytes_ &&
      scratch_.IsThere()) {
    scratch_.Begin();
    CS_TRY_VOID(scratch_.Append(held_));
    in_scratch_ = true;
    held_.clear();
  }
  if (in_scratch_) {
    return scratch_.Append(bytes);
  }
  held_.insert(held_.end(), bytes.begin(), bytes.end());
  return {};
}

base::Result<Content::Finished> Content::Finish() {
  if (row_ == nullptr) {
    DecideAtTheEnd();
  }
  Finished finished;
  finished.row = row_;
  finished.size_bytes = size_bytes_;
  finished.ends_like_zip =
      row_->unpack == nullptr && formats::EndsLikeZip(end_);
  TakeDigests(hashers_, finished);
  if (kept_ && in_scratch_) {
    finished.bytes = CS_TRY(scratch_.Finish());
  } else if (kept_) {
    finished.bytes = base::Blob::Own(std::move(held_));
    held_ = {};
  }
  return finished;
}

}  // namespace countersign::vet
