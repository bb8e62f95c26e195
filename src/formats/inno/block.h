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

// How many bytes the size of a block has: 4, since 6.7 8.
constexpr uint8_t kNarrowInnoBlock = 4;
constexpr uint8_t kWideInnoBlock = 8;

// Decompresses the block at `offset` of `file` into `output`. Yields where it
// lies. Fails where its header or a part has not the checksum that is stored,
// is cut off, or cannot be decompressed, or with the error of `output`.
//
//   u32 CRC-32 of the size and the next byte, u32 or u64 size of what follows
//   them, u8 1 = compressed; then parts of 4096 bytes, the last may be shorter,
//   each behind its CRC-32. Together the parts are five bytes of properties and
//   raw LZMA.
//
// Spec: jrsoftware/issrc Projects/Compress.pas, TCompressedBlockReader.
[[nodiscard]] base::Result<base::ByteRange> ReadInnoBlock(base::Bytes file,
                                                          uint64_t offset,
                                                          uint8_t size_bytes,
                                                          ByteSink& output);

// Where the block at `offset` lies, its parts not looked at: they may be
// encrypted.
[[nodiscard]] base::Result<base::ByteRange> FindInnoBlock(base::Bytes file,
                                                          uint64_t offset,
                                                          uint8_t size_bytes);

// Which of both forms the block at `offset` has, for blocks that are read
// before the version of setup data is known: the wide one if its checksum says
// so, else the narrow one.
[[nodiscard]] uint8_t InnoBlockSizeBytes(base::Bytes file, uint64_t offset);

}  // namespace countersign::formats
