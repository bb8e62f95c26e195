// The directory is a list of chunks of one size, each with its entries from the
// front, free bytes, and an index of entries from its end, which is not needed
// to read them. Chunks of an index above ("PMGI") are passed over.
//
//   "PMGL"  u32 size of free bytes and index, u32 0, i32 chunk before, i32 next
//           entries: length of name, name (UTF-8), section, offset, size
//
// Numbers of entries are of 7 bits a byte, the highest first; the top bit says
// that another byte follows.
#include "formats/chm/directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/reader.h"

namespace countersign::formats {
namespace {

using base::Budget;
using base::ByteRange;
using base::Bytes;
using base::Fail;
using base::Fault;
using base::Reader;
using base::Result;

constexpr uint32_t kChmFile = 0x46535449;       // "ITSF"
constexpr uint32_t kChmDirectory = 0x50535449;  // "ITSP"
constexpr uint32_t kChmListing = 0x4C474D50;    // "PMGL"
constexpr uint32_t kChmIndex = 0x49474D50;      // "PMGI"
constexpr uint32_t kChmNoChunk = 0xFFFFFFFF;
constexpr uint64_t kChmListingHeader = 20;
// Limit: bytes of a chunk; the compilers make them of 4 KiB.
constexpr uint32_t kLeastChmChunk = 32;
constexpr uint32_t kMostChmChunk = uint32_t{1} << 20;

uint64_t ReadChmNumber(Reader& reader, const char* field) {
  uint64_t number = 0;
  for (;;) {
    const uint8_t byte = reader.U8(field);
    if (number > (uint64_t{1} << 56)) {
      reader.Fail(Fault::kMalformed, field);
    }
    number = number << 7 | (byte & 0x7FU);
    if ((byte & 0x80) == 0 || reader.Failed()) {
      return number;
    }
  }
}

struct ChmChunks {
  uint64_t start = 0;  // of the first
  uint32_t size = 0;
  uint32_t count = 0;
  uint32_t first = 0;  // that lists entries
};

Result<ChmChunks> ReadChmChunks(Bytes file, ByteRange directory) {
  Reader reader(
      {file.subspan(directory.offset, directory.size), directory.offset});
  if (reader.U32("ITSP") != kChmDirectory && !reader.Failed()) {
    return Fail(Fault::kMalformed, directory.offset, "ITSP");
  }
  reader.Skip(4, "version of the directory");
  const uint32_t header = reader.U32("size of the directory's header");
  reader.Skip(4, "directory");
  ChmChunks chunks;
  const uint64_t size_at = reader.Offset();
  chunks.size = reader.U32("size of a chunk");
  reader.Skip(12, "index of the directory");
  chunks.first = reader.U32("first chunk");
  reader.Skip(8, "last chunk");
  const uint64_t count_at = reader.Offset();
  chunks.count = reader.U32("number of chunks");
  CS_TRY(reader.Finish(true));
  if (chunks.size < kLeastChmChunk || chunks.size > kMostChmChunk) {
    return Fail(Fault::kUnsupported, size_at, "size of a chunk");
  }
  if (header > directory.size) {
    return Fail(Fault::kTruncated, directory.offset + 8,
                "size of the directory's header");
  }
  if (chunks.count > (directory.size - header) / chunks.size) {
    return Fail(Fault::kTruncated, count_at, "number of chunks");
  }
  chunks.start = directory.offset + header;
  return chunks;
}

class ChmDirectoryReader {
 public:
  ChmDirectoryReader(Bytes file, const ChmChunks& chunks, Budget& budget,
                     BoundedRemarks& remarks)
      : file_(file),
        chunks_(chunks),
        budget_(budget),
        remarks_(remarks),
        is_read_(chunks.count) {}

  Result<ChmDirectory> Run() {
    ChmDirectory directory;
    uint32_t next = chunks_.first;
    while (next != kChmNoChunk) {
      if (next >= chunks_.count) {
        directory.damage =
            base::Error{Fault::kMalformed, chunks_.start, "next chunk"};
        break;
      }
      if (is_read_[next]) {
        remarks_.Note(RemarkKind::kLoop, Chunk(next),
                      "the chunks of the directory form a loop");
        break;
      }
      const auto read = ReadListing(next, directory.entries);
      if (!read) {
        if (read.error().fault == Fault::kLimit) {
          return std::unexpected(read.error());
        }
        directory.damage = read.error();
        break;
      }
      next = *read;
    }
    CS_TRY_VOID(NoteLeftOut());
    return directory;
  }

 private:
  [[nodiscard]] ByteRange Chunk(uint32_t number) const {
    return {chunks_.start + uint64_t{number} * chunks_.size, chunks_.size};
  }

  // Yields the number of the next.
  Result<uint32_t> ReadListing(uint32_t number,
                               std::vector<ChmEntry>& entries) {
    const ByteRange range = Chunk(number);
    is_read_[number] = true;
    CS_TRY_VOID(budget_.ChargeSteps(1, range.offset));
    Reader head({file_.subspan(range.offset, range.size), range.offset});
    if (head.U32("PMGL") != kChmListing) {
      return Fail(Fault::kMalformed, range.offset, "PMGL");
    }
    const uint32_t free = head.U32("free bytes of a chunk");
    head.Skip(8, "chunk before");
    const uint32_t next = head.U32("next chunk");
    CS_TRY(head.Finish(true));
    if (free > range.size - kChmListingHeader) {
      return Fail(Fault::kMalformed, range.offset + 4, "free bytes of a chunk");
    }
    const ByteRange listed{range.offset + kChmListingHeader,
                           range.size - kChmListingHeader - free};
    Reader reader({file_.subspan(listed.offset, listed.size), listed.offset});
    while (reader.Remaining() > 0) {
      entries.push_back(CS_TRY(ReadEntry(reader)));
    }
    return next;
  }

  Result<ChmEntry> ReadEntry(Reader& reader) {
    ChmEntry entry;
    const uint64_t at = reader.Offset();
    CS_TRY_VOID(budget_.ChargeSteps(1, at));
    const uint64_t length = ReadChmNumber(reader, "length of a name");
    entry.name = base::AsText(reader.Take(length, "name"));
    entry.section = ReadChmNumber(reader, "section of an entry");
    entry.offset = ReadChmNumber(reader, "offset of an entry");
    entry.size = ReadChmNumber(reader, "size of an entry");
    CS_TRY(reader.Finish(true));
    entry.range = {at, reader.Offset() - at};
    return entry;
  }

  // What the list of chunks leaves out is in the file, but nobody shows it.
  Result<void> NoteLeftOut() {
    for (uint32_t number = 0; number < chunks_.count; ++number) {
      CS_TRY_VOID(budget_.ChargeSteps(1, Chunk(number).offset));
      if (is_read_[number]) {
        continue;
      }
      const ByteRange range = Chunk(number);
      Reader reader({file_.subspan(range.offset, range.size), range.offset});
      if (reader.U32("chunk") != kChmIndex) {
        remarks_.Note(RemarkKind::kHiddenData, range, [&] {
          return fmt::format("chunk {} of the directory is in no list", number);
        });
      }
    }
    return {};
  }

  Bytes file_;
  const ChmChunks& chunks_;
  Budget& budget_;
  BoundedRemarks& remarks_;
  std::vector<bool> is_read_;
};

}  // namespace

Result<ChmHeader> ReadChmHeader(Bytes file) {
  Reader reader({file, 0});
  ChmHeader header;
  if (reader.U32("ITSF") != kChmFile && !reader.Failed()) {
    return Fail(Fault::kMalformed, 0, "ITSF");
  }
  header.version = reader.U32("version");
  if (!reader.Failed() && header.version != 2 && header.version != 3) {
    return Fail(Fault::kUnsupported, 4, "version");
  }
  const uint32_t size = reader.U32("size of the header");
  reader.Skip(8, "time");
  header.language = reader.U32("language");
  reader.Skip(32, "class ids");
  const auto read_range = [&](const char* field) {
    ByteRange range;
    const uint64_t at = reader.Offset();
    range.offset = reader.U64(field);
    range.size = reader.U64(field);
    return std::pair(range, at);
  };
  const auto [information, information_at] = read_range("header section 0");
  const auto [directory, directory_at] = read_range("header section 1");
  header.information = information;
  header.directory = directory;
  // Quirk: version 2 does not say where the content is: behind the directory.
  header.content = header.version == 3 ? reader.U64("offset of the content")
                                       : directory.offset + directory.size;
  CS_TRY(reader.Finish(true));
  header.range = {0, reader.Offset()};
  if (size < reader.Offset() || size > file.size()) {
    return Fail(Fault::kMalformed, 8, "size of the header");
  }
  header.range.size = size;
  if (!information.Inside(file.size())) {
    return Fail(Fault::kTruncated, information_at, "header section 0");
  }
  if (!directory.Inside(file.size())) {
    return Fail(Fault::kTruncated, directory_at, "header section 1");
  }
  if (header.content > file.size()) {
    return Fail(Fault::kTruncated, directory_at + 16, "offset of the content");
  }
  Reader sizes(
      {file.subspan(information.offset, information.size), information.offset});
  sizes.Skip(8, "header section 0");
  header.declared_size = sizes.U64("size of the file");
  CS_TRY(sizes.Finish(true));
  return header;
}

Result<ChmDirectory> ReadChmDirectory(Bytes file, const ChmHeader& header,
                                      Budget& budget, BoundedRemarks& remarks) {
  const auto chunks = ReadChmChunks(file, header.directory);
  if (!chunks) {
    return ChmDirectory{{}, chunks.error()};
  }
  return ChmDirectoryReader(file, *chunks, budget, remarks).Run();
}

}  // namespace countersign::formats
