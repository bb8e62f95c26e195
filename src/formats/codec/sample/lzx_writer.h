// For tests: LZX streams. Every symbol has a code, whether it occurs or not.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "formats/codec/sample/flat_code.h"

namespace countersign::formats {

enum class LzxBlockType : uint8_t { kVerbatim = 1, kAligned, kUncompressed };

class LzxWriter {
 public:
  void Bits(uint32_t value, unsigned count) {
    for (unsigned i = count; i > 0; --i) {
      word_ = word_ << 1 | ((value >> (i - 1)) & 1);
      if (++held_ == 16) {
        Word();
      }
    }
  }
  void Align() {
    if (held_ > 0) {
      Bits(0, 16 - held_);
    }
  }
  void Bytes(const std::string& bytes) { text_ += bytes; }
  [[nodiscard]] bool IsAligned() const { return held_ == 0; }
  [[nodiscard]] std::string Text() const { return text_; }

 private:
  void Word() {
    text_ += static_cast<char>(word_ & 0xFF);
    text_ += static_cast<char>(word_ >> 8);
    word_ = 0;
    held_ = 0;
  }

  std::string text_;
  uint32_t word_ = 0;
  unsigned held_ = 0;
};

// One block for each frame of 32 KiB, as little compressed as matches of the
// last places of each three bytes do it.
inline std::string WriteLzx(const std::string& content, unsigned window_bits,
                            LzxBlockType type, uint32_t translated = 0) {
  constexpr unsigned kSlots[] = {30, 32, 34, 36, 38, 42, 50};
  const FlatSampleCode main(256 + 8 * kSlots[window_bits - 15]);
  const FlatSampleCode length(249);
  const FlatSampleCode pretree(20);
  LzxWriter out;
  out.Bits(translated != 0 ? 1 : 0, 1);
  if (translated != 0) {
    out.Bits(translated >> 16, 16);
    out.Bits(translated & 0xFFFF, 16);
  }
  std::vector<uint32_t> before;  // lengths of the codes of the last block
  std::vector<size_t> seen(65'536, SIZE_MAX);
  uint32_t last[] = {1, 1, 1};
  const auto lengths = [&](const FlatSampleCode& code, size_t from, size_t to,
                           bool is_first) {
    for (size_t i = 0; i < 20; ++i) {
      out.Bits(pretree.Length(i), 4);
    }
    for (size_t i = from; i < to; ++i) {
      pretree.Put(out, is_first ? 17 - code.Length(i) : 0);
    }
  };
  const auto distance = [&](uint32_t value, size_t length_symbol) {
    if (value == last[0] || value == last[1] || value == last[2]) {
      const size_t slot = value == last[0] ? 0 : value == last[1] ? 1 : 2;
      std::swap(last[0], last[slot]);
      main.Put(out, 256 + 8 * slot + std::min<size_t>(length_symbol, 7));
      return std::pair(0U, 0U);
    }
    unsigned slot = 0;
    uint32_t start = 0;
    unsigned bits = 0;
    for (;; ++slot) {
      bits = slot < 4 ? 0 : std::min((slot - 2) / 2, 17U);
      if (value + 2 < start + (1U << bits)) {
        break;
      }
      start += 1U << bits;
    }
    last[2] = last[1];
    last[1] = last[0];
    last[0] = value;
    main.Put(out, 256 + 8 * slot + std::min<size_t>(length_symbol, 7));
    return std::pair(value + 2 - start, bits);
  };
  for (size_t at = 0; at < content.size(); at += 32768) {
    const size_t end = std::min(content.size(), at + 32768);
    out.Bits(static_cast<uint32_t>(type), 3);
    out.Bits(static_cast<uint32_t>(end - at), 24);
    if (type == LzxBlockType::kUncompressed) {
      if (out.IsAligned()) {
        out.Bits(0, 16);
      }
      out.Align();
      out.Bytes(std::string("\1\0\0\0\1\0\0\0\1\0\0\0", 12) +
                content.substr(at, end - at));
      if ((end - at) % 2 != 0) {
        out.Bytes(std::string(1, '\0'));
      }
      continue;
    }
    if (type == LzxBlockType::kAligned) {
      for (int i = 0; i < 8; ++i) {
        out.Bits(3, 3);
      }
    }
    lengths(main, 0, 256, at == 0);
    lengths(main, 256, main.Count(), at == 0);
    lengths(length, 0, 249, at == 0);
    for (size_t i = at; i < end;) {
      size_t size = 0;
      size_t from = SIZE_MAX;
      if (i + 2 < end) {
        const size_t key =
            static_cast<size_t>((static_cast<uint8_t>(content[i]) * 7919U) ^
                                (static_cast<uint8_t>(content[i + 1]) * 131U) ^
                                static_cast<uint8_t>(content[i + 2])) %
            seen.size();
        from = seen[key];
        seen[key] = i;
      }
      while (from != SIZE_MAX && i + size < end && size < 257 &&
             content[from + size] == content[i + size]) {
        ++size;
      }
      if (size < 3 || i - from > (size_t{1} << window_bits) - 3) {
        main.Put(out, static_cast<uint8_t>(content[i]));
        ++i;
        continue;
      }
      const size_t symbol = size - 2;
      const auto [value, bits] =
          distance(static_cast<uint32_t>(i - from), symbol);
      if (symbol >= 7) {
        length.Put(out, symbol - 7);
      }
      if (type == LzxBlockType::kAligned && bits >= 3) {
        out.Bits(value >> 3, bits - 3);
        out.Bits(value & 7, 3);
      } else {
        out.Bits(value, bits);
      }
      i += size;
    }
    out.Align();
  }
  return out.Text();
}

}  // namespace countersign::formats
