// The model of PPMd, variant H, as 7z and RAR 2.9 to 4 use it. Private to
// codec/.
#pragma once

#include <array>
#include <cstdint>

#include "formats/codec/ppmd7_memory.h"
#include "formats/codec/ppmd_model.h"

namespace countersign::formats {

class Ppmd7Model : public PpmdModel<Ppmd7Model, Ppmd7Memory> {
 public:
  // `order` is within the limits of a model, and so is `memory`. False when
  // there is no memory.
  [[nodiscard]] bool Start(unsigned order, uint32_t memory);

 private:
  friend class PpmdModel<Ppmd7Model, Ppmd7Memory>;

  static constexpr unsigned kMostSingle = 128;
  static bool IsLikely(unsigned twice_count, uint32_t sum) {
    return twice_count > sum;
  }
  static uint8_t CountOfLast(unsigned count, uint32_t escapes);

  [[nodiscard]] uint32_t CountOf(uint32_t context) const {
    return blocks_.Arena().U16(context);
  }
  void PutCount(uint32_t context, uint32_t count) {
    blocks_.Arena().Put16(context, static_cast<uint16_t>(count));
  }
  // Raw text is in front of all contexts.
  [[nodiscard]] bool IsContext(uint32_t next) const {
    return next > blocks_.Text();
  }
  void NoteEscape() { high_flag_ = SymbolAt(found_).symbol >= 0x40 ? 8 : 0; }
  void NoteRescaled() {}
  void NoteSingle(uint32_t /*context*/, uint8_t /*symbol*/) {}
  void NoteNew(uint32_t /*context*/, uint8_t /*before*/, uint8_t /*symbol*/) {}
  [[nodiscard]] uint32_t PlaceInSuffix(uint32_t context, uint8_t symbol) {
    return IsSingle(context) ? SymbolsOf(context) : Find(context, symbol);
  }

  [[nodiscard]] uint16_t& SingleChance(const PpmdSymbol& only);
  [[nodiscard]] PpmdEscapes& EscapesOf(uint32_t count, uint32_t masked_count);

  void Restart();
  void Update();
  [[nodiscard]] uint8_t CountForNew(uint32_t context, uint8_t symbol);
  [[nodiscard]] bool AddSymbol(uint32_t context, const PpmdSymbol& added,
                               uint32_t found_in, uint32_t escapes);

  unsigned high_flag_ = 0;  // 8 if the last symbol was 40h or more
  std::array<std::array<PpmdEscapes, 16>, 25> escapes_{};
  std::array<std::array<uint16_t, 64>, 128> singles_{};
};

}  // namespace countersign::formats
