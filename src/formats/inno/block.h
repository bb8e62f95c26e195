// Blocks of setup data. Private to inno/.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Keeps what it is given, so many bytes at most; more is kLimit.
class InnoBuffer : public ByteSink {
 public:
  explicit InnoBuffer(uint64_t most_bytes) : left_(most_bytes) {}

  base::Result<void> Write(base::Bytes bytes) override;

  std::vector<uint8_t> content;

 private:
  uint64_t left_;
};

// Decompresses the block at `offset` of `file` into `output`. Yields where it
// lies. Fails where its header or a part has not the checksum that is stored,
// is cut off, or cannot be decompressed, or with the error of `output`.
//
//   u32 CRC-32 of the next five bytes, u32 size of what follows them, u8 1 =
//   compressed; then parts of 4096 bytes, the last may be shorter, each behind
//   its CRC-32. Together the parts are five bytes of properties and raw LZMA.
//
// Spec: jrsoftware/issrc Projects/Compress.pas, TCompressedBlockReader.
[[nodiscard]] base::Result<base::ByteRange> ReadInnoBlock(base::Bytes file,
                                                          uint64_t offset,
                                                          ByteSink& output);

}  // namespace countersign::formats
