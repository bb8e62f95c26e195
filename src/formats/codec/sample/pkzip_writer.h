// For tests: streams of the methods that only ZIP archives know, written after
// the words of the specification and without the code that reads them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace countersign::formats {

class BitWriter {
 public:
  // The lowest bit first.
  void Put(uint32_t bits, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      if (used_ % 8 == 0) {
        bytes_.push_back('\0');
      }
      bytes_.back() =
          static_cast<char>(static_cast<unsigned char>(bytes_.back()) |
                            (bits >> i & 1) << (used_ % 8));
      ++used_;
    }
  }
  // The highest bit first, as prefix codes are.
  void PutCode(uint32_t code, unsigned count) {
    for (unsigned i = count; i > 0; --i) {
      Put(code >> (i - 1) & 1, 1);
    }
  }
  void Align() { used_ = bytes_.size() * 8; }
  [[nodiscard]] const std::string& Bytes() const { return bytes_; }

 private:
  std::string bytes_;
  size_t used_ = 0;
};

// A literal (length 0) or a match.
struct PkzipToken {
  uint8_t literal = 0;
  size_t length = 0;
  size_t distance = 0;
};

// Cuts `text` into literals, and matches of `least` to `most` bytes that reach
// `reach` bytes back.
inline std::vector<PkzipToken> PkzipTokens(std::string_view text, size_t least,
                                           size_t most, size_t reach) {
  std::vector<PkzipToken> tokens;
  std::unordered_map<std::string_view, size_t> last;
  for (size_t at = 0; at < text.size();) {
    size_t length = 0;
    size_t distance = 0;
    const auto found = last.find(text.substr(at, least));
    if (found != last.end() && at - found->second <= reach) {
      distance = at - found->second;
      while (length < most && at + length < text.size() &&
             text[at + length - distance] == text[at + length]) {
        ++length;
      }
    }
    const bool is_match = length >= least;
    tokens.push_back(
        {static_cast<uint8_t>(text[at]), is_match ? length : 0, distance});
    for (size_t end = at + (is_match ? length : 1); at < end; ++at) {
      last[text.substr(at, least)] = at;
    }
  }
  return tokens;
}

// One block with the codes known beforehand.
class Deflate64Writer {
 public:
  Deflate64Writer() { bits_.Put(1 | 1 << 1, 3); }

  void Literal(uint8_t byte) { Symbol(byte); }
  // `length` is 3 or more; `distance` 1 to 65536.
  void Match(size_t length, size_t distance) {
    // The last symbol can say every length.
    Symbol(285);
    bits_.Put(static_cast<uint32_t>(length - 3), 16);
    // Two symbols for each number of extra bits but none, which has four.
    const auto rest = static_cast<uint32_t>(distance - 1);
    unsigned extra = 0;
    while (rest >> (extra + 2) != 0) {
      ++extra;
    }
    const uint32_t upper = rest >> extra;  // 2 or 3, or less without extra
    bits_.PutCode(extra == 0 ? rest : extra * 2 + upper, 5);
    bits_.Put(rest & ((1U << extra) - 1), extra);
  }
  std::string Finish() {
    Symbol(256);
    return bits_.Bytes();
  }

 private:
  void Symbol(uint32_t symbol) {
    if (symbol < 144) {
      bits_.PutCode(0x30 + symbol, 8);
    } else if (symbol < 256) {
      bits_.PutCode(0x190 + symbol - 144, 9);
    } else if (symbol < 280) {
      bits_.PutCode(symbol - 256, 7);
    } else {
      bits_.PutCode(0xC0 + symbol - 280, 8);
    }
  }

  BitWriter bits_;
};

// Spec: APPNOTE 5.3.6 to 5.3.8, step by step.
class ShannonFanoCode {
 public:
  explicit ShannonFanoCode(std::vector<unsigned> lengths)
      : lengths_(std::move(lengths)), codes_(lengths_.size()) {
    std::vector<size_t> order(lengths_.size());
    for (size_t i = 0; i < order.size(); ++i) {
      order[i] = i;
    }
    std::ranges::stable_sort(order, {}, [&](size_t i) { return lengths_[i]; });
    uint32_t code = 0;
    uint32_t increment = 0;
    unsigned last_length = 0;
    for (size_t i = order.size(); i > 0; --i) {
      const size_t value = order[i - 1];
      code += increment;
      if (lengths_[value] != last_length) {
        last_length = lengths_[value];
        increment = 1U << (16 - last_length);
      }
      for (unsigned bit = 0; bit < 16; ++bit) {
        codes_[value] |= (code >> bit & 1) << (15 - bit);
      }
    }
  }

  void WriteLengths(BitWriter& bits) const {
    std::string runs;
    for (size_t i = 0; i < lengths_.size();) {
      size_t end = i;
      while (end < lengths_.size() && end - i < 16 &&
             lengths_[end] == lengths_[i]) {
        ++end;
      }
      runs += static_cast<char>((end - i - 1) << 4 | (lengths_[i] - 1));
      i = end;
    }
    bits.Put(static_cast<uint32_t>(runs.size() - 1), 8);
    for (const char run : runs) {
      bits.Put(static_cast<uint8_t>(run), 8);
    }
  }
  void Write(BitWriter& bits, size_t value) const {
    bits.Put(codes_[value], lengths_[value]);
  }

 private:
  std::vector<unsigned> lengths_;
  std::vector<uint32_t> codes_;
};

// Codes of 1 to 15 bits for 64 values.
inline std::vector<unsigned> SteepLengths() {
  std::vector<unsigned> lengths;
  for (unsigned bits = 1; bits <= 9; ++bits) {
    lengths.push_back(bits);
  }
  lengths.insert(lengths.end(), 46, 15);
  lengths.insert(lengths.end(), 9, 14);
  return lengths;
}

inline std::string Implode(std::string_view text, bool has_large_window,
                           bool has_literal_code) {
  std::vector<unsigned> literal_lengths(64, 9);
  literal_lengths.insert(literal_lengths.end(), 64, 7);
  literal_lengths.insert(literal_lengths.end(), 64, 8);
  literal_lengths.insert(literal_lengths.end(), 64, 9);
  const ShannonFanoCode literals(literal_lengths);
  const ShannonFanoCode values(SteepLengths());
  const unsigned low_bits = has_large_window ? 7 : 6;
  const size_t least = has_literal_code ? 3 : 2;
  BitWriter bits;
  if (has_literal_code) {
    literals.WriteLengths(bits);
  }
  values.WriteLengths(bits);
  values.WriteLengths(bits);
  for (const PkzipToken& token :
       PkzipTokens(text, least, least + 63 + 255, size_t{64} << low_bits)) {
    bits.Put(token.length == 0 ? 1 : 0, 1);
    if (token.length == 0 && has_literal_code) {
      literals.Write(bits, token.literal);
    } else if (token.length == 0) {
      bits.Put(token.literal, 8);
    } else {
      const auto distance = static_cast<uint32_t>(token.distance - 1);
      bits.Put(distance & ((1U << low_bits) - 1), low_bits);
      values.Write(bits, distance >> low_bits);
      const size_t length = token.length - least;
      values.Write(bits, std::min<size_t>(length, 63));
      if (length >= 63) {
        bits.Put(static_cast<uint32_t>(length - 63), 8);
      }
    }
  }
  return bits.Bytes();
}

// LZW whose table is cleared in part whenever it is full.
class ShrinkWriter {
 public:
  std::string Write(std::string_view text) {
    uint32_t current = static_cast<uint8_t>(text[0]);
    for (const char c : text.substr(1)) {
      const std::pair<uint32_t, uint8_t> longer(current,
                                                static_cast<uint8_t>(c));
      if (const auto found = codes_.find(longer); found != codes_.end()) {
        current = found->second;
        continue;
      }
      Emit(current);
      while (next_ < 8192 && used_[next_]) {
        ++next_;
      }
      if (next_ == 8192) {
        Control(2);
        ClearLeaves();
      }
      Add(longer);
      current = static_cast<uint8_t>(c);
    }
    Emit(current);
    return bits_.Bytes();
  }
  size_t clears = 0;

 private:
  void Control(uint32_t what) {
    bits_.Put(256, width_);
    bits_.Put(what, width_);
  }
  void Emit(uint32_t code) {
    while (code >> width_ != 0) {
      Control(1);
      ++width_;
    }
    bits_.Put(code, width_);
  }
  void ClearLeaves() {
    ++clears;
    std::array<bool, 8192> is_parent{};
    for (const auto& [string, code] : entries_) {
      is_parent[string.first] = true;
    }
    std::erase_if(entries_,
                  [&](const auto& entry) { return !is_parent[entry.second]; });
    used_ = {};
    codes_.clear();
    for (const auto& [string, code] : entries_) {
      used_[code] = true;
      codes_[string] = code;
    }
    next_ = 257;
  }
  void Add(std::pair<uint32_t, uint8_t> string) {
    while (next_ < 8192 && used_[next_]) {
      ++next_;
    }
    if (next_ == 8192) {
      return;
    }
    // A string whose beginning was cleared takes a code and has no use.
    const bool is_usable = string.first < 256 || used_[string.first];
    used_[next_] = true;
    entries_.emplace_back(string, next_);
    if (is_usable) {
      codes_[string] = next_;
    }
  }

  BitWriter bits_;
  unsigned width_ = 9;
  uint32_t next_ = 257;
  std::array<bool, 8192> used_{};
  std::vector<std::pair<std::pair<uint32_t, uint8_t>, uint32_t>> entries_;
  std::map<std::pair<uint32_t, uint8_t>, uint32_t> codes_;
};

// `factor` is 1 to 4; bytes below `followed` have followers.
inline std::string Reduce(std::string_view text, unsigned factor,
                          size_t followed = 256) {
  constexpr uint8_t kMark = 144;
  const unsigned length_bits = 8 - factor;
  const size_t all = (size_t{1} << length_bits) - 1;
  std::vector<uint8_t> bytes;
  for (const PkzipToken& token :
       PkzipTokens(text, 4, all + 255 + 3, size_t{256} << factor)) {
    if (token.length == 0) {
      bytes.push_back(token.literal);
      if (token.literal == kMark) {
        bytes.push_back(0);
      }
      continue;
    }
    const size_t length = token.length - 3;
    const size_t distance = token.distance - 1;
    bytes.push_back(kMark);
    bytes.push_back(static_cast<uint8_t>(distance >> 8 << length_bits |
                                         std::min(length, all)));
    if (length >= all) {
      bytes.push_back(static_cast<uint8_t>(length - all));
    }
    bytes.push_back(static_cast<uint8_t>(distance));
  }
  std::array<std::vector<uint8_t>, 256> followers;
  uint8_t last = 0;
  for (const uint8_t byte : bytes) {
    auto& set = followers[last];
    if (last < followed && set.size() < 32 &&
        std::ranges::find(set, byte) == set.end()) {
      set.push_back(byte);
    }
    last = byte;
  }
  BitWriter bits;
  for (size_t i = 256; i > 0; --i) {
    bits.Put(static_cast<uint32_t>(followers[i - 1].size()), 6);
    for (const uint8_t byte : followers[i - 1]) {
      bits.Put(byte, 8);
    }
  }
  last = 0;
  for (const uint8_t byte : bytes) {
    const auto& set = followers[last];
    const auto found = std::ranges::find(set, byte);
    if (!set.empty()) {
      bits.Put(found == set.end() ? 1 : 0, 1);
    }
    if (found == set.end()) {
      bits.Put(byte, 8);
    } else {
      unsigned width = 1;
      while ((set.size() - 1) >> width != 0) {
        ++width;
      }
      bits.Put(static_cast<uint32_t>(found - set.begin()), width);
    }
    last = byte;
  }
  return bits.Bytes();
}

}  // namespace countersign::formats
