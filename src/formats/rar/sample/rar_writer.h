// For tests: RAR archives of both forms, from data.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/blake2sp.h"
#include "formats/codec/sample/flat_code.h"
#include "formats/sample/zip_writer.h"

namespace countersign::formats {

class RarBitWriter {
 public:
  void Bits(uint64_t value, unsigned count) {
    for (unsigned i = count; i > 0; --i) {
      byte_ = static_cast<uint8_t>(uint64_t{byte_} << 1U |
                                   ((value >> (i - 1)) & 1));
      if (++held_ == 8) {
        text_ += static_cast<char>(byte_);
        held_ = 0;
      }
    }
  }
  // Bits of the last byte, 1 to 8.
  [[nodiscard]] unsigned LastBits() const { return held_ == 0 ? 8 : held_; }
  std::string Text() {
    if (held_ > 0) {
      Bits(0, 8 - held_);
    }
    return text_;
  }

 private:
  std::string text_;
  uint8_t byte_ = 0;
  unsigned held_ = 0;
};

struct SampleRarFilter {
  uint32_t type = 1;
  uint32_t size = 0;
  uint32_t channels = 1;
};

// Codes of all symbols, of one method.
struct SampleRarCodes {
  bool is_five = true;
  FlatSampleCode pretree{20};
  FlatSampleCode main{is_five ? size_t{306} : size_t{299}};
  FlatSampleCode distances{is_five ? size_t{64} : size_t{60}};
  FlatSampleCode low_distances{is_five ? size_t{16} : size_t{17}};
  FlatSampleCode lengths{is_five ? size_t{44} : size_t{28}};

  void Write(RarBitWriter& out) const {
    for (size_t i = 0; i < 20; ++i) {
      out.Bits(pretree.Length(i), 4);
    }
    for (const auto* code : {&main, &distances, &low_distances, &lengths}) {
      for (size_t i = 0; i < code->Count(); ++i) {
        pretree.Put(out, code->Length(i));
      }
    }
  }
};

// `content` by matches with what is in front of it in `before`, too.
inline std::string WriteRarLz(const std::string& content, bool is_five,
                              const std::string& before = "",
                              std::optional<SampleRarFilter> filter = {}) {
  const SampleRarCodes codes{is_five};
  RarBitWriter out;
  if (!is_five) {
    out.Bits(0, 2);
  }
  codes.Write(out);
  if (filter) {
    codes.main.Put(out, 256);
    out.Bits(0, 2);
    out.Bits(0, 8);
    out.Bits(1, 2);
    out.Bits(filter->size & 0xFF, 8);
    out.Bits(filter->size >> 8, 8);
    out.Bits(filter->type, 3);
    if (filter->type == 0) {
      out.Bits(filter->channels - 1, 5);
    }
  }
  const auto put_length = [&](size_t base, uint64_t value) {
    // The slot of `value`, which is the length less its least.
    unsigned bits = 0;
    size_t slot = value;
    if (value >= 8) {
      while ((value >> bits) >= 8) {
        ++bits;
      }
      slot = 4 * (bits + 1) + ((value >> bits) & 3);
    }
    codes.main.Put(out, base + slot);
    out.Bits(value & ((uint64_t{1} << bits) - 1), bits);
  };
  const auto put_distance = [&](uint64_t distance) {
    const uint64_t value = distance - 1;
    unsigned bits = 0;
    while (value >= 4 && (value >> bits) >= 4) {
      ++bits;
    }
    const size_t slot =
        value < 4 ? value : 2 * (bits + 1) + ((value >> bits) & 1);
    const uint64_t rest = value & ((uint64_t{1} << bits) - 1);
    codes.distances.Put(out, slot);
    if (bits < 4) {
      out.Bits(rest, bits);
      return;
    }
    out.Bits(rest >> 4, bits - 4);
    codes.low_distances.Put(out, rest & 15);
  };
  const std::string all = before + content;
  uint64_t last = 0;
  for (size_t i = before.size(); i < all.size();) {
    size_t best = 0;
    size_t from = 0;
    for (size_t k = i; k > 0 && i - k < 1000; --k) {
      size_t size = 0;
      while (i + size < all.size() && size < 250 &&
             all[k - 1 + size] == all[i + size]) {
        ++size;
      }
      if (size > best) {
        best = size;
        from = k - 1;
      }
    }
    const uint64_t distance = i - from;
    const uint64_t extra =
        is_five ? (distance > 0x100 ? 1U : 0U) + (distance > 0x2000 ? 1U : 0U)
                : 0U;
    if (best < 6) {
      codes.main.Put(out, static_cast<uint8_t>(all[i++]));
      continue;
    }
    if (distance == last) {
      codes.main.Put(out, is_five ? 258 : 259);
      // The length by the code of lengths: of 2 to 9 bytes, its own slot.
      const size_t short_one = std::min<size_t>(best, 9);
      codes.lengths.Put(out, short_one - 2);
      i += short_one;
      continue;
    }
    put_length(is_five ? 262 : 271, best - extra - (is_five ? 2 : 3));
    put_distance(distance);
    last = distance;
    i += best;
  }
  if (!is_five) {
    codes.main.Put(out, 256);
    out.Bits(1, 2);  // no more of this member; the next brings codes
    return out.Text();
  }
  const unsigned bits = out.LastBits();
  const std::string block = out.Text();
  const unsigned size_bytes = block.size() < 256 ? 1 : 2;
  const auto flags =
      static_cast<uint8_t>((bits - 1) | (size_bytes - 1) << 3 | 0x40U | 0x80U);
  const std::string size =
      LittleEndian(block.size(), static_cast<int>(size_bytes));
  auto sum = static_cast<uint8_t>(0x5A ^ flags);
  for (const char c : size) {
    sum = static_cast<uint8_t>(sum ^ static_cast<uint8_t>(c));
  }
  return std::string{static_cast<char>(flags), static_cast<char>(sum)} + size +
         block;
}

struct SampleRarFile {
  std::string name = {};
  std::string content = {};
  bool is_compressed = false;
  bool is_solid = false;
  bool is_directory = false;
  bool is_encrypted = false;
  bool goes_on = false;
  bool is_service = false;
  std::string link_target = {};
  std::optional<uint32_t> crc = {};        // instead of the right one
  std::optional<uint64_t> size = {};       // instead of the right one
  std::optional<std::string> packed = {};  // instead of what would be
  int method = -1;                         // instead of what is needed
  std::optional<base::Blake2spDigest> blake2sp = {};  // RAR 5 only
};

struct SampleRar {
  bool is_five = true;
  std::vector<SampleRarFile> files = {
      {.name = "stored.txt", .content = "as it is"},
      {.name = "lz.exe",
       .content = "MZ program program program " + std::string(500, 'p'),
       .is_compressed = true},
      {.name = "dir", .content = "", .is_directory = true},
  };
  std::string trailing = {};
  bool has_end = true;
  bool is_volume = false;
  bool has_encrypted_headers = false;
  std::string other_block = {};  // data of a block of another type

  static std::string Number(uint64_t value) {
    std::string text;
    while (value >= 0x80) {
      text += static_cast<char>(0x80 | (value & 0x7F));
      value >>= 7;
    }
    return text + static_cast<char>(value);
  }

  static std::string Block5(const std::string& fields) {
    const std::string header = Number(fields.size()) + fields;
    return LittleEndian(SampleCrc(header), 4) + header;
  }
  static std::string Block4(uint8_t type, uint32_t flags,
                            const std::string& fields) {
    const std::string header = std::string(1, static_cast<char>(type)) +
                               LittleEndian(flags, 2) +
                               LittleEndian(7 + fields.size(), 2) + fields;
    return LittleEndian(SampleCrc(header) & 0xFFFF, 2) + header;
  }

  [[nodiscard]] std::string Write() const {
    std::string text = is_five ? std::string("Rar!\x1A\x07\x01\0", 8)
                               : std::string("Rar!\x1A\x07\0", 7);
    if (has_encrypted_headers && is_five) {
      text += Block5(Number(4) + Number(0) + Number(0) + Number(0) + "\x0F");
    }
    text += is_five ? Block5(Number(1) + Number(0) + Number(is_volume ? 1 : 0))
                    : Block4(0x73,
                             (is_volume ? 1U : 0U) |
                                 (has_encrypted_headers ? 0x80U : 0U),
                             std::string(6, '\0'));
    std::string before;
    for (const SampleRarFile& file : files) {
      text += is_five ? File5(file, before) : File4(file, before);
      before = file.is_compressed ? (file.is_solid ? before : "") + file.content
                                  : before;
    }
    if (!other_block.empty()) {
      text +=
          is_five
              ? Block5(Number(77) + Number(2) + Number(other_block.size())) +
                    other_block
              : Block4(0x7C, 0x8000, LittleEndian(other_block.size(), 4)) +
                    other_block;
    }
    if (has_end) {
      text += is_five ? Block5(Number(5) + Number(0) + Number(0))
                      : Block4(0x7B, 0, "");
    }
    return text + trailing;
  }

 private:
  [[nodiscard]] std::string Packed(const SampleRarFile& file,
                                   const std::string& before) const {
    return file.packed ? *file.packed
           : file.is_compressed
               ? WriteRarLz(file.content, is_five, file.is_solid ? before : "")
               : file.content;
  }

  [[nodiscard]] std::string File5(const SampleRarFile& file,
                                  const std::string& before) const {
    const std::string packed = Packed(file, before);
    std::string extra;
    const auto add = [&](const std::string& record) {
      extra += Number(record.size()) + record;
    };
    if (file.is_encrypted) {
      add(Number(1) + std::string(40, 'k'));
    }
    if (!file.link_target.empty()) {
      add(Number(5) + Number(1) + Number(0) + Number(file.link_target.size()) +
          file.link_target);
    }
    if (file.blake2sp) {
      add(Number(2) + Number(0) +
          std::string(file.blake2sp->begin(), file.blake2sp->end()));
    }
    const uint64_t method = file.method >= 0
                                ? static_cast<uint64_t>(file.method)
                                : (file.is_compressed ? 3U : 0U);
    std::string fields =
        Number(file.is_service ? 3 : 2) +
        Number((extra.empty() ? 0U : 1U) | 2U | (file.goes_on ? 0x10U : 0U)) +
        (extra.empty() ? "" : Number(extra.size())) + Number(packed.size()) +
        Number((file.is_directory ? 1U : 0U) | 4U) +
        Number(file.size.value_or(file.content.size())) + Number(0x20) +
        LittleEndian(file.crc.value_or(SampleCrc(file.content)), 4) +
        Number((file.is_solid ? 0x40U : 0U) | method << 7) + Number(1) +
        Number(file.name.size()) + file.name + extra;
    return Block5(fields) + packed;
  }

  [[nodiscard]] std::string File4(const SampleRarFile& file,
                                  const std::string& before) const {
    const std::string packed = Packed(file, before);
    const int method =
        file.method >= 0 ? file.method : (file.is_compressed ? 0x33 : 0x30);
    const uint32_t flags =
        0x8000U | (file.goes_on ? 2U : 0U) | (file.is_encrypted ? 4U : 0U) |
        (file.is_solid ? 0x10U : 0U) | (file.is_directory ? 0xE0U : 0U);
    const std::string fields =
        LittleEndian(packed.size(), 4) +
        LittleEndian(file.size.value_or(file.content.size()), 4) + '\2' +
        LittleEndian(file.crc.value_or(SampleCrc(file.content)), 4) +
        LittleEndian(0, 4) + static_cast<char>(29) + static_cast<char>(method) +
        LittleEndian(file.name.size(), 2) + LittleEndian(0x20, 4) + file.name;
    return Block4(file.is_service ? 0x7A : 0x74, flags, fields) + packed;
  }
};

}  // namespace countersign::formats
