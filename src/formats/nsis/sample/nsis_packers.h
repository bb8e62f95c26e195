// For tests: compressors for the streams of NSIS installers, made from those of
// the libraries.
#pragma once

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace countersign::formats::sample {

// Deflate with blocks that are compressed.
inline std::string Deflated(std::string_view text, int level = 9) {
  z_stream state{};
  CS_CHECK(deflateInit2(&state, level, Z_DEFLATED, -MAX_WBITS, 9,
                        level == 1 ? Z_FIXED : Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&state, text.size()), '\0');
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  state.avail_in = static_cast<uInt>(text.size());
  state.next_out = reinterpret_cast<Bytef*>(out.data());
  state.avail_out = static_cast<uInt>(out.size());
  CS_CHECK(deflate(&state, Z_FINISH) == Z_STREAM_END);
  out.resize(state.total_out);
  deflateEnd(&state);
  return out;
}

// Deflate with stored blocks of up to `block` bytes, with the complement of
// the length or without.
inline std::string Stored(std::string_view text, bool complement,
                          size_t block = 1000) {
  std::string out;
  do {
    const std::string_view part = text.substr(0, block);
    text.remove_prefix(part.size());
    out += static_cast<char>(text.empty() ? 1 : 0);
    for (unsigned flip = 0; flip < (complement ? 2U : 1U); ++flip) {
      const size_t length = part.size() ^ (flip * 0xFFFF);
      out += static_cast<char>(length & 0xFF);
      out += static_cast<char>(length >> 8);
    }
    out += part;
  } while (!text.empty());
  return out;
}

// LZMA1 with an end mark behind its properties.
inline std::string Lzma(std::string_view text, bool x86 = false) {
  lzma_options_lzma options;
  CS_CHECK(!lzma_lzma_preset(&options, 6));
  options.dict_size = 1U << 20;
  const lzma_filter chain[] = {{LZMA_FILTER_X86, nullptr},
                               {LZMA_FILTER_LZMA1, &options},
                               {LZMA_VLI_UNKNOWN, nullptr}};
  std::string out(text.size() * 2 + 1000, '\0');
  size_t used = 0;
  CS_CHECK(lzma_raw_buffer_encode(chain + (x86 ? 0 : 1), nullptr,
                                  reinterpret_cast<const uint8_t*>(text.data()),
                                  text.size(),
                                  reinterpret_cast<uint8_t*>(out.data()), &used,
                                  out.size()) == LZMA_OK);
  out.resize(used);
  return std::string("\x5D\0\0\x10\0", 5) + out;
}

// bzip2 of the library without what NSIS leaves out. Where blocks begin is
// found by their 48-bit marks, which compressed text has by chance once in a
// million gigabytes.
inline std::string NsisBzip2(std::string_view text) {
  std::string packed(text.size() * 2 + 10'000, '\0');
  auto size = static_cast<unsigned>(packed.size());
  CS_CHECK(BZ2_bzBuffToBuffCompress(
               packed.data(), &size, const_cast<char*>(text.data()),
               static_cast<unsigned>(text.size()), 9, 0, 0) == BZ_OK);
  std::vector<bool> in;
  for (size_t i = 4; i < size; ++i) {
    for (int bit = 7; bit >= 0; --bit) {
      in.push_back(((static_cast<uint8_t>(packed[i]) >> bit) & 1) != 0);
    }
  }
  std::vector<bool> out;
  const auto put = [&](uint64_t value, int bits) {
    for (int bit = bits - 1; bit >= 0; --bit) {
      out.push_back(((value >> bit) & 1) != 0);
    }
  };
  uint64_t last = 0;
  for (size_t i = 0; i < in.size(); ++i) {
    out.push_back(in[i]);
    last = (last << 1 | (in[i] ? 1 : 0)) & 0xFFFF'FFFF'FFFF;
    if (last == 0x3141'5926'5359) {
      out.resize(out.size() - 48);
      put(0x31, 8);
      i += 33;  // checksum and "randomised"
      last = 0;
    } else if (last == 0x1772'4538'5090) {
      out.resize(out.size() - 48);
      put(0x17, 8);
      break;
    }
  }
  std::string bytes((out.size() + 7) / 8, '\0');
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i]) {
      bytes[i / 8] = static_cast<char>(bytes[i / 8] | 0x80 >> i % 8);
    }
  }
  return bytes;
}

// Text that packs well, with runs, that differs for each seed.
inline std::string Prose(size_t size, uint32_t seed = 1) {
  std::string text;
  while (text.size() < size) {
    seed = seed * 1'664'525 + 1'013'904'223;
    switch (seed >> 29) {
      case 0:
        text.append((seed >> 8) % 300, static_cast<char>(seed >> 20));
        break;
      case 1:
        text += static_cast<char>(seed >> 16);
        break;
      case 2:
        if (text.size() > 40'000) {
          text += text.substr(text.size() - (seed >> 8) % 40'000,
                              (seed >> 4) % 300);
          break;
        }
        [[fallthrough]];
      default:
        text += "word" + std::to_string((seed >> 12) % 50) + ' ';
    }
  }
  text.resize(size);
  return text;
}

// Bytes that do not pack.
inline std::string Noise(size_t size, uint32_t seed = 1) {
  std::string text(size, '\0');
  for (char& c : text) {
    seed = seed * 1'664'525 + 1'013'904'223;
    c = static_cast<char>(seed >> 24);
  }
  return text;
}

}  // namespace countersign::formats::sample
