// For tests: what is coded by a model of PPMd, written.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "formats/codec/ppmd7.h"
#include "formats/codec/ppmd8.h"
#include "formats/codec/ppmd_coding.h"

namespace countersign::formats {

// A coder (ppmd7.h) that is told the next symbol, and writes the form of 7z.
class PpmdWriterOf7z {
 public:
  int wanted = 0;
  std::string text;

  bool Start(uint32_t total) {
    range_ /= std::max(total, 1U);
    return total != 0;
  }
  [[nodiscard]] bool Is(uint32_t, uint32_t, uint8_t symbol) const {
    return symbol == wanted;
  }
  [[nodiscard]] bool IsEscape(uint32_t) const { return true; }
  void Take(uint32_t below, uint32_t count) {
    low_ += uint64_t{below} * range_;
    range_ *= count;
    Normalize();
  }
  bool Binary(uint32_t chance, uint8_t symbol) {
    const uint32_t bound = (range_ >> 14) * chance;
    if (symbol == wanted) {
      range_ = bound;
    } else {
      low_ += bound;
      range_ -= bound;
    }
    Normalize();
    return symbol == wanted;
  }
  std::string Finish() {
    for (int i = 0; i < 5; ++i) {
      Shift();
    }
    return text;
  }

 private:
  void Normalize() {
    while (range_ < uint32_t{1} << 24) {
      range_ <<= 8;
      Shift();
    }
  }
  void Shift() {
    if (low_ < 0xFF000000 || low_ >> 32 != 0) {
      const auto carry = static_cast<uint8_t>(low_ >> 32);
      text += static_cast<char>(cache_ + carry);
      for (; waiting_ > 0; --waiting_) {
        text += static_cast<char>(0xFF + carry);
      }
      cache_ = static_cast<uint8_t>(low_ >> 24);
    } else {
      ++waiting_;
    }
    low_ = (low_ & 0x00FFFFFF) << 8;
  }

  uint64_t low_ = 0;
  uint32_t range_ = 0xFFFFFFFF;
  uint8_t cache_ = 0;
  uint64_t waiting_ = 0;  // bytes of FF that a carry may still change
};

// The form of RAR and ZIP.
class PpmdWriterWithoutCarry {
 public:
  int wanted = 0;
  std::string text;

  bool Start(uint32_t total) {
    range_ /= std::max(total, 1U);
    return total != 0;
  }
  [[nodiscard]] bool Is(uint32_t, uint32_t, uint8_t symbol) const {
    return symbol == wanted;
  }
  [[nodiscard]] bool IsEscape(uint32_t) const { return true; }
  void Take(uint32_t below, uint32_t count) {
    low_ += below * range_;
    range_ *= count;
    for (;;) {
      if ((low_ ^ (low_ + range_)) >= uint32_t{1} << 24) {
        if (range_ >= uint32_t{1} << 15) {
          return;
        }
        range_ = (0U - low_) & 0x7FFF;
      }
      Shift();
      range_ <<= 8;
    }
  }
  bool Binary(uint32_t chance, uint8_t symbol) {
    (void)Start(1U << 14);
    symbol == wanted ? Take(0, chance) : Take(chance, (1U << 14) - chance);
    return symbol == wanted;
  }
  std::string Finish() {
    for (int i = 0; i < 4; ++i) {
      Shift();
    }
    return text;
  }

 private:
  void Shift() {
    text += static_cast<char>(low_ >> 24);
    low_ <<= 8;
  }

  uint32_t low_ = 0;
  uint32_t range_ = 0xFFFFFFFF;
};

// Codes `symbol`, or the end for Ppmd7Model::kEnd.
template <typename Model, typename Writer>
void PutPpmd(Model& model, Writer& writer, int symbol) {
  writer.wanted = symbol;
  (void)model.Code(writer);
}

// A stream as in 7z.
inline std::string WritePpmdOf7z(std::string_view content, unsigned order,
                                 uint32_t memory, bool has_end = false) {
  Ppmd7Model model;
  if (!model.Start(order, memory)) {
    return {};
  }
  PpmdWriterOf7z writer;
  for (const char c : content) {
    PutPpmd(model, writer, static_cast<uint8_t>(c));
  }
  if (has_end) {
    PutPpmd(model, writer, Ppmd7Model::kEnd);
  }
  return writer.Finish();
}

// A stream as in ZIP, of a model that was started, without the parameters.
inline std::string WritePpmd8(Ppmd8Model& model, std::string_view content,
                              bool has_end = true) {
  PpmdWriterWithoutCarry writer;
  for (const char c : content) {
    PutPpmd(model, writer, static_cast<uint8_t>(c));
  }
  if (has_end) {
    PutPpmd(model, writer, Ppmd8Model::kEnd);
  }
  return writer.Finish();
}

inline std::string WritePpmdOfZip(std::string_view content, unsigned order,
                                  unsigned megabytes, Ppmd8Restore restore) {
  Ppmd8Model model;
  if (!model.Start(order, megabytes << 20, restore)) {
    return {};
  }
  const unsigned parameters = (order - 1) | (megabytes - 1) << 4 |
                              (restore == Ppmd8Restore::kCutOff ? 1U : 0U)
                                  << 12;
  return std::string{static_cast<char>(parameters),
                     static_cast<char>(parameters >> 8)} +
         WritePpmd8(model, content);
}

}  // namespace countersign::formats
