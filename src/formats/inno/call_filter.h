// Undoes what Inno Setup does to programs before it compresses them. Private to
// inno/.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Makes the absolute targets of calls and jumps in `code` relative again.
// `offset` is where `code` begins in its file.
// Spec: jrsoftware/issrc Projects/CompressBase.pas, TransformCallInstructions
// (since 5.3.9).
void UndoInnoCallFilter(std::span<uint8_t> code, uint32_t offset);

// Passes on the same of a file that comes in pieces. The compiler worked on
// blocks of 64 KiB, each for itself.
class InnoCallFilter : public ByteSink {
 public:
  explicit InnoCallFilter(ByteSink& next) : next_(next) {}

  base::Result<void> Write(base::Bytes bytes) override;
  // Passes on what is held back; to be called once, at the end of the file.
  base::Result<void> Finish();

 private:
  static constexpr size_t kBlockBytes = size_t{64} << 10;

  ByteSink& next_;
  std::vector<uint8_t> block_;
  uint64_t offset_ = 0;  // of the block, in the file
};

}  // namespace countersign::formats
