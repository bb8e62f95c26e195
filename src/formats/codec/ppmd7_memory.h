// The blocks of a model of PPMd, variant H. Private to codec/.
#pragma once

#include <cstdint>

#include "formats/codec/ppmd_blocks.h"

namespace countersign::formats {

class Ppmd7Memory : public PpmdBlocks<Ppmd7Memory> {
 public:
  // Forgets all blocks.
  void Restart() { ForgetAll(); }

 private:
  friend class PpmdBlocks<Ppmd7Memory>;

  void Insert(uint32_t at, size_t index);
  uint32_t Remove(size_t index);
  void Glue();
  uint32_t ListFree();
  void Join(uint32_t& head);
};

}  // namespace countersign::formats
