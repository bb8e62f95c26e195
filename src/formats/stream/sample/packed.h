// For tests: compressed streams, made by the libraries whose decoders read
// them, and framing by hand.
#pragma once

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace countersign::formats::sample {

// Little-endian `size` bytes of `value`.
inline std::string Little(uint64_t value, size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    text += static_cast<char>(value >> (8 * i));
  }
  return text;
}

inline const uint8_t* Unsigned(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}
inline uint8_t* Unsigned(std::string& text) {
  return reinterpret_cast<uint8_t*>(text.data());
}

// Room for whatever a compressor makes of `text`.
inline std::string RoomFor(std::string_view text) {
  return std::string(text.size() + text.size() / 50 + 4096, '\0');
}

inline std::string Deflated(std::string_view text) {
  std::string out = RoomFor(text);
  z_stream z{};
  CS_CHECK(deflateInit2(&z, 6, Z_DEFLATED, -15, 8, 0) == Z_OK);
  z.next_in = const_cast<Bytef*>(Unsigned(text));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = Unsigned(out);
  z.avail_out = static_cast<uInt>(out.size());
  CS_CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

inline uint32_t Crc(std::string_view text) {
  return static_cast<uint32_t>(
      crc32(0, Unsigned(text), static_cast<uInt>(text.size())));
}

// A gzip member; `flags` is FLG and `fields` what it announces.
inline std::string Gzip(std::string_view text, uint8_t flags = 0,
                        std::string_view fields = {}) {
  std::string out = "\x1F\x8B\x08";
  out += static_cast<char>(flags);
  out += std::string(4, '\0') + std::string(1, '\0') + "\x03";
  out += fields;
  return out + Deflated(text) + Little(Crc(text), 4) + Little(text.size(), 4);
}

inline std::string Bzip2(std::string_view text) {
  std::string out = RoomFor(text);
  auto size = static_cast<unsigned>(out.size());
  CS_CHECK(BZ2_bzBuffToBuffCompress(
               out.data(), &size, const_cast<char*>(text.data()),
               static_cast<unsigned>(text.size()), 1, 0, 0) == BZ_OK);
  return out.substr(0, size);
}

inline std::string Xz(std::string_view text,
                      lzma_check check = LZMA_CHECK_CRC32) {
  std::string out = RoomFor(text);
  size_t size = 0;
  CS_CHECK(lzma_easy_buffer_encode(0, check, nullptr, Unsigned(text),
                                   text.size(), Unsigned(out), &size,
                                   out.size()) == LZMA_OK);
  return out.substr(0, size);
}

// With an end mark and without a size, as liblzma writes it.
inline std::string Lzma(std::string_view text) {
  std::string out = RoomFor(text);
  lzma_options_lzma options;
  lzma_lzma_preset(&options, 0);
  lzma_stream stream = LZMA_STREAM_INIT;
  CS_CHECK(lzma_alone_encoder(&stream, &options) == LZMA_OK);
  stream.next_in = Unsigned(text);
  stream.avail_in = text.size();
  stream.next_out = Unsigned(out);
  stream.avail_out = out.size();
  CS_CHECK(lzma_code(&stream, LZMA_FINISH) == LZMA_STREAM_END);
  out.resize(stream.total_out);
  lzma_end(&stream);
  return out;
}

inline std::string Zstd(std::string_view text) {
  std::string out = RoomFor(text);
  const size_t size =
      ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3);
  CS_CHECK(ZSTD_isError(size) == 0);
  return out.substr(0, size);
}

}  // namespace countersign::formats::sample
