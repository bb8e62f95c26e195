// The model of PPMd, variant I revision 1, as ZIP uses it. Private to codec/.
#pragma once

#include <array>
#include <cstdint>

#include "formats/codec/ppmd8_memory.h"
#include "formats/codec/ppmd_model.h"

namespace countersign::formats {

// What becomes of a model whose memory ends.
enum class Ppmd8Restore : uint8_t { kRestart, kCutOff };

class Ppmd8Model : public PpmdModel<Ppmd8Model, Ppmd8Memory> {
 public:
  // Limit: contexts that are looked at while a model is made smaller, for each
  // unit of its memory. Each is looked at once, but for those that several lead
  // to. Beyond it all is as if the stream were none.
  static constexpr uint32_t kMostVisits = 16;
  // Limit: in less, what is never cut off would be too much. ZIP has 1 MiB at
  // least.
  static constexpr uint32_t kLeastCutOffMemory = uint32_t{16} << 10;

  // `order` is within the limits of a model, and so is `memory`. False when
  // there is no memory.
  [[nodiscard]] bool Start(unsigned order, uint32_t memory,
                           Ppmd8Restore restore);

 private:
  friend class PpmdModel<Ppmd8Model, Ppmd8Memory>;

  static constexpr unsigned kMostSingle = 196;
  // Flags of a context.
  static constexpr unsigned kRescaled = 4;       // its counts were halved
  static constexpr unsigned kHigh = 8;           // a symbol is 40h or more
  static constexpr unsigned kHighPrevious = 16;  // so is what led to it
  static constexpr unsigned HighFlag(uint8_t symbol) {
    return symbol >= 0x40 ? kHigh : 0;
  }

  static bool IsLikely(unsigned twice_count, uint32_t sum) {
    return twice_count >= sum;
  }
  static uint8_t CountOfLast(unsigned count, uint32_t escapes);

  // u8 how many symbols, less 1; u8 flags.
  [[nodiscard]] uint32_t CountOf(uint32_t context) const {
    return blocks_.Arena().U8(context) + 1U;
  }
  void PutCount(uint32_t context, uint32_t count) {
    blocks_.Arena().Put8(context, static_cast<uint8_t>(count - 1));
  }
  [[nodiscard]] unsigned FlagsOf(uint32_t context) const {
    return blocks_.Arena().U8(context + 1);
  }
  void PutFlags(uint32_t context, unsigned flags) {
    blocks_.Arena().Put8(context + 1, static_cast<uint8_t>(flags));
  }
  [[nodiscard]] bool IsContext(uint32_t next) const {
    return next >= blocks_.UnitsStart();
  }
  void NoteEscape() {}
  void NoteRescaled();
  // The context has one symbol now.
  void NoteSingle(uint32_t context, uint8_t symbol);
  // A context of one symbol was made, for what follows `before`.
  void NoteNew(uint32_t context, uint8_t before, uint8_t symbol) {
    PutFlags(context, (before >= 0x40 ? kHighPrevious : 0) + HighFlag(symbol));
  }

  [[nodiscard]] uint16_t& SingleChance(const PpmdSymbol& only);
  [[nodiscard]] PpmdEscapes& EscapesOf(uint32_t count, uint32_t masked_count);

  void Restart();
  void Update();
  [[nodiscard]] uint32_t NextContext(uint32_t in_suffix, uint32_t next);
  [[nodiscard]] uint32_t PlaceInSuffix(uint32_t context, uint8_t symbol);
  [[nodiscard]] uint32_t ReduceOrder(uint32_t in_suffix, uint32_t context);
  [[nodiscard]] uint8_t CountForNew(uint32_t context, uint8_t symbol);
  [[nodiscard]] bool AddSymbol(uint32_t context, const PpmdSymbol& added,
                               uint32_t found_in, uint32_t escapes);

  void Restore(uint32_t failed);
  void TakeBack(uint32_t context);
  void MakeSingle(uint32_t context, uint32_t symbols);
  void Refresh(uint32_t context, uint32_t units, unsigned scale);
  [[nodiscard]] uint32_t CutOff(uint32_t context, unsigned order);
  [[nodiscard]] uint32_t CutOffSingle(uint32_t context, unsigned order);
  [[nodiscard]] uint32_t CutOffSymbols(uint32_t context, uint32_t symbols,
                                       unsigned order);

  Ppmd8Restore restore_ = Ppmd8Restore::kRestart;
  uint32_t visits_left_ = 0;
  std::array<std::array<PpmdEscapes, 32>, 24> escapes_{};
  std::array<std::array<uint16_t, 64>, 25> singles_{};
};

}  // namespace countersign::formats
