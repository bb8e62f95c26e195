// ControlData: u32 5 or 6, "LZXC", u32 version, u32 reset interval, u32 window,
//              u32; in version 2 both in units of 32 KiB
// ResetTable:  u32 2, u32 number of entries, u32 8, u32 where they start,
//              u64 uncompressed size, u64 compressed size, u64 32 KiB,
//              u64 where each 32 KiB start in the content
#include "formats/chm/section.h"

#include <algorithm>
#include <bit>

#include "base/reader.h"
#include "formats/codec/lzx.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Fail;
using base::Fault;
using base::Reader;
using base::Result;

constexpr uint32_t kLzxControl = 0x43585A4C;  // "LZXC"
constexpr uint64_t kChmFrame = 32768;
// Limit: bytes that are decompressed at once; the compilers reset after twice
// the window, which is 2 MiB at most.
constexpr uint64_t kMostChmStretch = uint64_t{16} << 20;
// Why: to decompress a byte again and again is work without output.
constexpr uint64_t kChmBytesOfAStep = 1024;

struct ChmControl {
  uint64_t stretch = 0;
  unsigned window_bits = 0;
};

Result<ChmControl> ReadChmControl(Bytes file, ByteRange range) {
  Reader reader({file.subspan(range.offset, range.size), range.offset});
  reader.Skip(4, "ControlData");
  const uint64_t mark_at = reader.Offset();
  const uint32_t mark = reader.U32("LZXC");
  const uint32_t version = reader.U32("version of LZXC");
  const uint64_t stretch_at = reader.Offset();
  uint64_t stretch = reader.U32("reset interval");
  const uint64_t window_at = reader.Offset();
  uint64_t window = reader.U32("window");
  CS_TRY(reader.Finish(true));
  if (mark != kLzxControl || version == 0 || version > 2) {
    return Fail(Fault::kUnsupported, mark_at, "LZXC");
  }
  if (version == 2) {
    stretch *= kChmFrame;
    window *= kChmFrame;
  }
  if (stretch == 0 || stretch % kChmFrame != 0) {
    return Fail(Fault::kMalformed, stretch_at, "reset interval");
  }
  if (stretch > kMostChmStretch) {
    return Fail(Fault::kLimit, stretch_at, "reset interval");
  }
  if (!std::has_single_bit(window) || window < (uint64_t{1} << 15) ||
      window > (uint64_t{1} << 21)) {
    return Fail(Fault::kMalformed, window_at, "window");
  }
  return ChmControl{stretch, static_cast<unsigned>(std::countr_zero(window))};
}

struct ChmResets {
  uint64_t size = 0;
  uint64_t packed = 0;
  std::vector<uint64_t> starts;  // of every 32 KiB
};

Result<ChmResets> ReadChmResets(Bytes file, ByteRange range) {
  Reader reader({file.subspan(range.offset, range.size), range.offset});
  reader.Skip(4, "ResetTable");
  const uint64_t count_at = reader.Offset();
  const uint32_t count = reader.U32("entries of ResetTable");
  const uint32_t entry_size = reader.U32("size of an entry of ResetTable");
  const uint32_t start = reader.U32("start of ResetTable");
  ChmResets resets;
  const uint64_t size_at = reader.Offset();
  resets.size = reader.U64("uncompressed size");
  resets.packed = reader.U64("compressed size");
  const uint64_t frame_at = reader.Offset();
  const uint64_t frame = reader.U64("block size");
  reader.Seek(start, "start of ResetTable");
  CS_TRY(reader.Finish(true));
  if (frame != kChmFrame || entry_size != 8) {
    return Fail(Fault::kUnsupported, frame_at, "block size");
  }
  if (count > reader.Remaining() / 8) {
    return Fail(Fault::kTruncated, count_at, "entries of ResetTable");
  }
  // Quirk: some tables have an entry for the end as well.
  if (resets.size / kChmFrame + (resets.size % kChmFrame != 0 ? 1 : 0) >
      count) {
    return Fail(Fault::kMalformed, size_at, "uncompressed size");
  }
  for (uint32_t i = 0; i < count; ++i) {
    resets.starts.push_back(reader.U64("entry of ResetTable"));
  }
  CS_TRY(reader.Finish(true));
  return resets;
}

}  // namespace

Result<ChmSection> ChmSection::Open(Bytes file, const ChmSectionFiles& files) {
  const ChmControl control = CS_TRY(ReadChmControl(file, files.control));
  const ChmResets resets = CS_TRY(ReadChmResets(file, files.resets));
  ChmSection section;
  section.file_ = file;
  section.content_ = files.content;
  section.size_ = resets.size;
  section.stretch_ = control.stretch;
  section.window_bits_ = control.window_bits;
  section.packed_ = std::min(resets.packed, files.content.size);
  section.behind_ = {files.content.offset + section.packed_,
                     files.content.size - section.packed_};
  const uint64_t frames = control.stretch / kChmFrame;
  for (uint64_t i = 0; i < resets.starts.size(); i += frames) {
    section.starts_.push_back(resets.starts[i]);
  }
  return section;
}

Result<void> ChmSection::Write(uint64_t offset, uint64_t size,
                               base::Budget& budget, ByteSink& output) {
  if (offset > size_ || size > size_ - offset) {
    return Fail(Fault::kMalformed, content_.offset, "size of an entry");
  }
  while (size > 0) {
    const uint64_t number = offset / stretch_;
    if (at_hand_ != number) {
      CS_TRY_VOID(Decompress(number, budget));
    }
    const uint64_t start = offset - number * stretch_;
    const uint64_t wanted = std::min(size, stretch_ - start);
    const uint64_t there =
        start < bytes_.size() ? std::min(wanted, bytes_.size() - start) : 0;
    if (there > 0) {
      CS_TRY_VOID(output.Write(Bytes(bytes_).subspan(start, there)));
    }
    if (there < wanted) {
      return std::unexpected(damage_.value_or(
          base::Error{Fault::kTruncated, content_.offset, "LZX data"}));
    }
    offset += wanted;
    size -= wanted;
  }
  return {};
}

Result<void> ChmSection::Decompress(uint64_t number, base::Budget& budget) {
  CS_TRY_VOID(
      budget.ChargeSteps(1 + stretch_ / kChmBytesOfAStep, content_.offset));
  bytes_.clear();
  at_hand_ = number;
  damage_.reset();
  const uint64_t start = starts_.at(number);
  const uint64_t end = number + 1 < starts_.size()
                           ? std::min(starts_[number + 1], packed_)
                           : packed_;
  if (start > end) {
    damage_ =
        base::Error{Fault::kMalformed, content_.offset, "entry of ResetTable"};
    return {};
  }
  const uint64_t wanted = std::min(stretch_, size_ - number * stretch_);
  const auto result =
      DecompressLzx({file_.subspan(content_.offset + start, end - start),
                     content_.offset + start},
                    window_bits_, wanted, bytes_);
  if (!result) {
    damage_ = result.error();
  }
  return {};
}

}  // namespace countersign::formats
