// A compound file is cut into sectors of one size; sector n begins at
// (n + 1) << shift.
//
//   offset 0      header: magic, version 3 (sectors of 512 bytes) or 4 (4096),
//                 where DIFAT, FAT, directory and mini FAT begin
//   sectors       DIFAT       which sectors hold the FAT
//                 FAT         a u32 for each sector: the next of its chain
//                 directory   entries of 128 bytes, a tree of names
//                 mini FAT    a u32 for each 64 bytes of the mini stream
//                 mini stream streams of less than 4096 bytes
//                 streams of 4096 bytes or more
//
// Spec: [MS-CFB] v20240423. The parts: sectors.cc (header, DIFAT, FAT),
// directory.cc, content.cc, unclaimed.cc.
//
// Nothing is copied: a stream is the list of the ranges that hold it. Every
// sector has one owner, so that loops and shared sectors end a chain, and what
// has no owner at the end is left over.
#include "formats/cfb.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "formats/cfb/sectors.h"

namespace countersign::formats {

base::Result<CompoundFile> ParseCompoundFile(base::Bytes file,
                                             base::Budget& budget) {
  CompoundFile out;
  out.file_size = file.size();
  CfbState state{file, budget, out, {}, {}, {}, {}, {}, {}};
  CS_TRY_VOID(ReadCfbHeader(state));
  CS_TRY_VOID(ReadFat(state));
  CS_TRY_VOID(ReadDirectory(state));
  CS_TRY_VOID(ReadContents(state));
  CS_TRY_VOID(NoteUnclaimed(state));
  out.remarks = std::move(state.remarks).Finish();
  return out;
}

std::string DescribeClassId(const std::array<uint8_t, 16>& id) {
  return fmt::format(
      "{{{:02x}{:02x}{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-{}}}",
      id[3], id[2], id[1], id[0], id[5], id[4], id[7], id[6], id[8], id[9],
      base::ToHex(base::Bytes(id).subspan(10)));
}

std::vector<uint8_t> JoinRanges(base::Bytes file,
                                std::span<const base::ByteRange> ranges) {
  uint64_t size = 0;
  for (const base::ByteRange& range : ranges) {
    size += range.size;
  }
  std::vector<uint8_t> joined;
  joined.reserve(size);
  for (const base::ByteRange& range : ranges) {
    const base::Bytes part = file.subspan(range.offset, range.size);
    joined.insert(joined.end(), part.begin(), part.end());
  }
  return joined;
}

uint64_t LocateInRanges(std::span<const base::ByteRange> ranges,
                        uint64_t position) {
  uint64_t end = 0;
  for (const base::ByteRange& range : ranges) {
    if (position < range.size) {
      return range.offset + position;
    }
    position -= range.size;
    end = range.offset + range.size;
  }
  return end;
}

}  // namespace countersign::formats
