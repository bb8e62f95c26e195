#include "formats/inno/block.h"

#include <algorithm>

#include "base/reader.h"
#include "formats/codec/decompress.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Fault;
using base::Reader;
using base::Result;

constexpr uint64_t kInnoPartBytes = 4096;
constexpr uint64_t kInnoLzmaProperties = 5;

// The parts without their checksums.
Result<std::vector<uint8_t>> JoinInnoParts(base::Input stored) {
  Reader reader(stored);
  std::vector<uint8_t> joined;
  joined.reserve(stored.bytes.size());
  while (reader.Remaining() > 0) {
    const uint64_t at = reader.Offset();
    const uint32_t crc = reader.U32("CRC of a block's part");
    const Bytes part = reader.Take(std::min(reader.Remaining(), kInnoPartBytes),
                                   "part of a block");
    CS_TRY(reader.Finish(true));
    if (Crc32(0, part) != crc) {
      return base::Fail(Fault::kMalformed, at, "CRC of a block's part");
    }
    joined.insert(joined.end(), part.begin(), part.end());
  }
  return joined;
}

struct InnoBlockHead {
  ByteRange range;     // of the whole block
  base::Input stored;  // its parts
  bool is_compressed = false;
};

Result<InnoBlockHead> ReadInnoBlockHead(Bytes file, uint64_t offset,
                                        uint8_t size_bytes) {
  const uint64_t start = std::min<uint64_t>(offset, file.size());
  Reader reader(base::Input{file.subspan(start), start});
  const uint32_t crc = reader.U32("CRC of a block");
  const Bytes head = reader.Take(size_bytes + 1U, "size of a block");
  CS_TRY(reader.Finish(true));
  if (Crc32(0, head) != crc) {
    return base::Fail(Fault::kMalformed, start, "CRC of a block");
  }
  Reader fields(base::Input{head, start + 4});
  const uint64_t size = size_bytes == kWideInnoBlock
                            ? fields.U64("size of a block")
                            : fields.U32("size of a block");
  InnoBlockHead found;
  found.is_compressed = fields.U8("compression of a block") != 0;
  found.stored.offset = reader.Offset();
  found.stored.bytes = reader.Take(size, "block");
  found.range = {start, reader.Offset() - start};
  return reader.Finish(found);
}

}  // namespace

Result<void> InnoBuffer::Write(Bytes bytes) {
  if (bytes.size() > left_) {
    return base::Fail(Fault::kLimit, 0, "setup data");
  }
  left_ -= bytes.size();
  content.insert(content.end(), bytes.begin(), bytes.end());
  return {};
}

Result<ByteRange> FindInnoBlock(Bytes file, uint64_t offset,
                                uint8_t size_bytes) {
  return CS_TRY(ReadInnoBlockHead(file, offset, size_bytes)).range;
}

uint8_t InnoBlockSizeBytes(Bytes file, uint64_t offset) {
  const auto wide = ReadInnoBlockHead(file, offset, kWideInnoBlock);
  const bool is_wide = wide || wide.error().fault == Fault::kTruncated;
  const auto narrow = ReadInnoBlockHead(file, offset, kNarrowInnoBlock);
  return is_wide && !narrow && narrow.error().fault == Fault::kMalformed
             ? kWideInnoBlock
             : kNarrowInnoBlock;
}

Result<ByteRange> ReadInnoBlock(Bytes file, uint64_t offset, uint8_t size_bytes,
                                ByteSink& output) {
  const InnoBlockHead head =
      CS_TRY(ReadInnoBlockHead(file, offset, size_bytes));
  const uint64_t at = head.stored.offset;
  const auto joined = CS_TRY(JoinInnoParts(head.stored));
  if (!head.is_compressed) {
    if (!joined.empty()) {
      CS_TRY_VOID(output.Write(joined));
    }
    return head.range;
  }
  if (joined.size() < kInnoLzmaProperties) {
    return base::Fail(Fault::kTruncated, at, "properties of a block");
  }
  const Bytes packed = Bytes(joined).subspan(kInnoLzmaProperties);
  const auto taken = Decompress(
      Codec::kLzmaRaw, {packed, 0}, output,
      {.properties = Bytes(joined).first(kInnoLzmaProperties), .size = {}});
  // Why: without an end mark the stream ends with its bytes. Whether what came
  // out is whole is for the caller, who knows what it has to hold.
  if (!taken && taken.error().fault != Fault::kTruncated) {
    return base::Fail(taken.error().fault, at, taken.error().field);
  }
  return head.range;
}

}  // namespace countersign::formats
