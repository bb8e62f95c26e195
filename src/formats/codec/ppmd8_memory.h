// The blocks of a model of PPMd, variant I. Private to codec/.
#pragma once

#include <array>
#include <cstdint>

#include "formats/codec/ppmd_blocks.h"

namespace countersign::formats {

class Ppmd8Memory : public PpmdBlocks<Ppmd8Memory> {
 public:
  // Forgets all blocks.
  void Restart() {
    ForgetAll();
    free_counts_ = {};
  }

  // For when the model is made smaller.
  void ForgetText() { text_ = 0; }
  void GlueNext() { until_glue_ = 0; }
  // Frees a unit; at the start of units it becomes room for text.
  void FreeUnit(uint32_t at);
  // A block near the start of units goes to a free place behind it, if there is
  // one. Yields where it is then.
  [[nodiscard]] uint32_t MoveUp(uint32_t at, uint32_t units);
  // Free blocks at the start of units become room for text.
  void WidenText();
  // Bytes.
  [[nodiscard]] uint32_t Used() const;

 private:
  friend class PpmdBlocks<Ppmd8Memory>;

  void Insert(uint32_t at, size_t index);
  uint32_t Remove(size_t index);
  void Glue();
  uint32_t Join();
  void TakeIn(uint32_t at, uint32_t units);
  void TakeOut(size_t index, uint32_t count);

  std::array<uint32_t, PpmdSizes::kCount> free_counts_{};
};

}  // namespace countersign::formats
