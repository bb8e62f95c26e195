// Decompression of one stream in memory. Private to the formats.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

enum class Codec : uint8_t {
  kDeflate,    // RFC 1951, without a wrapper
  kZlib,       // RFC 1950
  kBzip2,      // one stream, "BZh" to its checksum
  kXz,         // one .xz stream
  kLzma,       // LZMA1 behind the 13 bytes of an .lzma file
  kLzmaRaw,    // LZMA1 alone; properties are given
  kLzma2Raw,   // LZMA2 alone; properties are given
  kZstandard,  // RFC 8878, one frame
  kDeflate64,  // deflate with a window of 64 KiB, without a wrapper
  kPpmdOf7z,   // PPMd variant H; properties and the size are given
};

struct CodecOptions {
  // kLzmaRaw: 5 bytes (lc/lp/pb, dictionary size); kLzma2Raw: 1 byte;
  // kPpmdOf7z: 5 bytes (order, memory).
  base::Bytes properties;
  // The size of the output where the container knows it: the stream ends there
  // even if it has no end mark (raw LZMA). More output than this is damage.
  std::optional<uint64_t> size;
  // Why: a decoder's dictionary is memory that hostile bytes ask for.
  // Limit: 256 MiB; makers of installers use up to 64, 7-Zip's "ultra" 64 to
  // 192. Larger is Fault::kLimit.
  uint64_t max_dictionary_bytes = uint64_t{256} << 20;
};

// The bytes of `input` that the stream took, so that the caller can go on
// behind it. Writes what comes out to `output`, piece by piece or at once.
// Fails with kTruncated when the input ends before the stream does, kMalformed
// when it is none, kLimit when it asks for too much memory, or with the error
// of `output`; what came out before was written. Offsets are absolute, of the
// place that the decoder had reached.
[[nodiscard]] base::Result<uint64_t> Decompress(
    Codec codec, base::Input input, ByteSink& output,
    const CodecOptions& options = {});

// CRC-32 (ISO 3309, as ZIP and gzip use it) of `bytes` behind those that gave
// `crc`; start with 0.
[[nodiscard]] uint32_t Crc32(uint32_t crc, base::Bytes bytes);

// Passes bytes on and keeps count and checksum of them.
class CheckedSink : public ByteSink {
 public:
  explicit CheckedSink(ByteSink& next) : next_(next) {}

  base::Result<void> Write(base::Bytes bytes) override {
    crc_ = Crc32(crc_, bytes);
    size_ += bytes.size();
    return next_.Write(bytes);
  }
  [[nodiscard]] uint32_t Crc() const { return crc_; }
  [[nodiscard]] uint64_t Size() const { return size_; }

 private:
  ByteSink& next_;
  uint32_t crc_ = 0;
  uint64_t size_ = 0;
};

}  // namespace countersign::formats
