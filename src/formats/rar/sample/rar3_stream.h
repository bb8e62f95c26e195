// For tests: compressed data of RAR 2.9 to 4, with filters and PPMd blocks.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/codec/ppmd7.h"
#include "formats/codec/sample/ppmd_writer.h"
#include "formats/rar/sample/rar_writer.h"

namespace countersign::formats {

// Bytes that compute nothing, but have the size, the checksum and the sum of a
// program that RAR knows.
inline std::string SampleRar3Program(size_t size, uint32_t crc) {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = value >> 1 ^ ((value & 1) != 0 ? 0xEDB88320U : 0U);
    }
    table[i] = value;
  }
  // What the register holds four bytes before the end, but for those.
  uint32_t before = ~crc;
  for (int i = 0; i < 4; ++i) {
    uint32_t index = 0;
    while (table[index] >> 24 != before >> 24) {
      ++index;
    }
    before = (before ^ table[index]) << 8 | index;
  }
  for (uint32_t tried = 0;; ++tried) {
    std::string text = LittleEndian(tried, 4) + std::string(size - 8, 'x');
    uint32_t state = 0xFFFFFFFF;
    for (const char c : text) {
      state = state >> 8 ^ table[(state ^ static_cast<uint8_t>(c)) & 0xFF];
    }
    text += LittleEndian(before ^ state, 4);
    uint8_t sum = 0;
    for (const char c : text) {
      sum = static_cast<uint8_t>(sum ^ static_cast<uint8_t>(c));
    }
    if (sum == 0) {
      return text;
    }
  }
}

inline std::string Rar3Calls() { return SampleRar3Program(53, 0xAD576887); }
inline std::string Rar3Jumps() { return SampleRar3Program(57, 0x3CD7E57E); }
inline std::string Rar3Itanium() { return SampleRar3Program(120, 0x3769893F); }
inline std::string Rar3Delta() { return SampleRar3Program(29, 0x0E06077D); }
inline std::string Rar3Picture() { return SampleRar3Program(149, 0x1C2C5DC8); }
inline std::string Rar3Sound() { return SampleRar3Program(216, 0xBC85E701); }

inline void PutRar3Number(RarBitWriter& out, uint32_t value) {
  if (value < 16) {
    out.Bits(value, 2 + 4);
  } else if (value < 256) {
    out.Bits(1, 2);
    out.Bits(value, 8);
  } else if (value >= 0xFFFFFF00) {
    out.Bits(1, 2);
    out.Bits(value & 0xFF, 12);
  } else if (value < 0x10000) {
    out.Bits(2, 2);
    out.Bits(value, 16);
  } else {
    out.Bits(3, 2);
    out.Bits(value, 32);
  }
}

struct SampleRar3Filter {
  std::optional<uint32_t> number = 0;  // as it is stored: 0 forgets all
  uint32_t start = 0;
  bool is_later = false;  // by 258 bytes
  std::optional<uint32_t> size = {};
  std::vector<std::pair<unsigned, uint32_t>> registers = {};  // ascending
  std::string program = {};
  std::string global = {};

  // All of it, the flags first.
  [[nodiscard]] std::string Write() const {
    RarBitWriter out;
    if (number) {
      PutRar3Number(out, *number);
    }
    PutRar3Number(out, start);
    if (size) {
      PutRar3Number(out, *size);
    }
    if (!registers.empty()) {
      uint32_t given = 0;
      for (const auto& [index, value] : registers) {
        given |= 1U << index;
      }
      out.Bits(given, 7);
      for (const auto& [index, value] : registers) {
        PutRar3Number(out, value);
      }
    }
    if (!program.empty()) {
      PutBytes(out, program);
    }
    if (!global.empty()) {
      PutBytes(out, global);
    }
    const std::string rest = out.Text();
    const unsigned flags =
        (number ? 0x80U : 0U) | (is_later ? 0x40U : 0U) | (size ? 0x20U : 0U) |
        (registers.empty() ? 0U : 0x10U) | (global.empty() ? 0U : 8U);
    if (rest.size() <= 6) {
      return static_cast<char>(flags | (rest.size() - 1)) + rest;
    }
    if (rest.size() < 263) {
      return static_cast<char>(flags | 6) +
             std::string(1, static_cast<char>(rest.size() - 7)) + rest;
    }
    return static_cast<char>(flags | 7) +
           std::string{static_cast<char>(rest.size() >> 8),
                       static_cast<char>(rest.size())} +
           rest;
  }

 private:
  static void PutBytes(RarBitWriter& out, const std::string& bytes) {
    PutRar3Number(out, static_cast<uint32_t>(bytes.size()));
    for (const char c : bytes) {
      out.Bits(static_cast<uint8_t>(c), 8);
    }
  }
};

// Writes one member after another, block by block.
class Rar3StreamWriter {
 public:
  // A block of bytes as they are, behind the declarations of filters.
  void Lz(std::string_view bytes,
          const std::vector<SampleRar3Filter>& filters = {}) {
    EndBlock();
    out_.Bits(0, 2);
    codes_.Write(out_);
    for (const SampleRar3Filter& filter : filters) {
      codes_.main.Put(out_, 257);
      for (const char c : filter.Write()) {
        out_.Bits(static_cast<uint8_t>(c), 8);
      }
    }
    for (const char c : bytes) {
      codes_.main.Put(out_, static_cast<uint8_t>(c));
    }
    block_ = Block::kLz;
  }

  // A PPMd block that goes on with the model, or starts a new one of `order`.
  void Ppmd(unsigned order = 0, unsigned megabytes = 1,
            std::optional<uint8_t> escape = {}) {
    EndBlock();
    const unsigned coded = order > 16 ? 16 + (order - 16) / 3 : order;
    out_.Bits(
        0x80U | (order > 0 ? 0x20U | (coded - 1) : 0U) | (escape ? 0x40U : 0U),
        8);
    if (order > 0) {
      out_.Bits(megabytes - 1, 8);
    }
    if (escape) {
      out_.Bits(*escape, 8);
      escape_ = *escape;
    }
    if (order > 0) {
      (void)model_.Start(order, megabytes << 20);
    }
    coder_ = {};
    block_ = Block::kPpmd;
  }
  void Put(std::string_view bytes) {
    for (const char c : bytes) {
      PutSymbol(static_cast<uint8_t>(c));
      if (static_cast<uint8_t>(c) == escape_) {
        PutSymbol(1);
      }
    }
  }
  void Match(uint32_t distance, unsigned length) {
    PutEscape(4);
    for (int shift = 16; shift >= 0; shift -= 8) {
      PutSymbol(static_cast<uint8_t>((distance - 2) >> shift));
    }
    PutSymbol(static_cast<uint8_t>(length - 32));
  }
  void Repeat(unsigned length) {
    PutEscape(5);
    PutSymbol(static_cast<uint8_t>(length - 4));
  }
  void Filter(const SampleRar3Filter& filter) {
    PutEscape(3);
    for (const char c : filter.Write()) {
      PutSymbol(static_cast<uint8_t>(c));
    }
  }
  void PutEscape(uint8_t code) {
    PutSymbol(escape_);
    PutSymbol(code);
  }

  // Ends the member. The next one begins with codes of its own.
  std::string Finish() {
    if (block_ == Block::kPpmd) {
      PutEscape(2);
      PutBytes(coder_.Finish());
    } else {
      codes_.main.Put(out_, 256);
      out_.Bits(1, 2);
    }
    block_ = Block::kNone;
    return std::exchange(out_, {}).Text();
  }

 private:
  enum class Block : uint8_t { kNone, kLz, kPpmd };

  void EndBlock() {
    if (block_ == Block::kPpmd) {
      PutEscape(0);
      PutBytes(coder_.Finish());
    } else if (block_ == Block::kLz) {
      codes_.main.Put(out_, 256);
      out_.Bits(1, 1);
      out_.Bits(0, (8 - out_.LastBits()) % 8);
    }
  }
  void PutSymbol(uint8_t symbol) { PutPpmd(model_, coder_, symbol); }
  void PutBytes(std::string_view bytes) {
    for (const char c : bytes) {
      out_.Bits(static_cast<uint8_t>(c), 8);
    }
  }

  SampleRarCodes codes_{false};
  RarBitWriter out_;
  Ppmd7Model model_;
  PpmdWriterWithoutCarry coder_;
  Block block_ = Block::kNone;
  uint8_t escape_ = 2;
};

}  // namespace countersign::formats
