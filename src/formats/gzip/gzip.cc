// Reads gzip files: the content, the stored name, and what else is in the
// header.
//
// +----+----+--+---+------+---+--+ +--------+ +------+ +---------+ +-----+
// | 1F | 8B |CM|FLG|MTIME |XFL|OS| | XLEN,  | | name | | comment | |CRC16|
// |    |    |08|   | u32  |   |  | | extra  | | .. 0 | | .. 0    | |     |
// +----+----+--+---+------+---+--+ +--------+ +------+ +---------+ +-----+
//                                   FEXTRA     FNAME    FCOMMENT    FHCRC
// +---------------+-----------+-----------+
// | deflate       | CRC32 u32 | ISIZE u32 |   and then the next such member
// +---------------+-----------+-----------+
//
// Spec: RFC 1952, GZIP file format specification version 4.3, section 2.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/reader.h"
#include "formats/codec/decompress.h"
#include "formats/stream.h"
#include "formats/stream/parts.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Input;
using base::Reader;
using base::Result;

constexpr uint8_t kGzipDeflate = 8;
// FLG.
constexpr uint8_t kGzipHeaderCrc = 0x02;
constexpr uint8_t kGzipExtra = 0x04;
constexpr uint8_t kGzipName = 0x08;
constexpr uint8_t kGzipComment = 0x10;
constexpr uint8_t kGzipReserved = 0xE0;

struct GzipHeader {
  uint64_t size = 0;  // bytes, the mark included
  std::string_view name;
  base::ByteRange name_range;
  base::ByteRange extra;
  base::ByteRange comment;
  std::optional<uint16_t> wrong_crc;  // as stored
};

// Text up to its terminating zero, without it.
std::string_view TakeGzipText(Reader& reader, Bytes bytes, uint64_t start,
                              const char* field) {
  const Bytes rest = bytes.subspan(reader.Offset() - start);
  const auto zero = std::ranges::find(rest, 0);
  const auto size = static_cast<size_t>(zero - rest.begin());
  reader.Skip(uint64_t{size} + 1, field);
  return reader.Failed() ? std::string_view() : base::AsText(rest.first(size));
}

void ReadGzipFields(Reader& reader, Input rest, uint8_t flags,
                    GzipHeader& header) {
  if ((flags & kGzipExtra) != 0) {
    const uint16_t size = reader.U16("XLEN");
    header.extra = {reader.Offset(), size};
    reader.Skip(size, "extra field");
  }
  if ((flags & kGzipName) != 0 && !reader.Failed()) {
    const uint64_t at = reader.Offset();
    header.name = TakeGzipText(reader, rest.bytes, rest.offset, "FNAME");
    header.name_range = {at, header.name.size()};
  }
  if ((flags & kGzipComment) != 0 && !reader.Failed()) {
    const uint64_t at = reader.Offset();
    header.comment = {
        at, TakeGzipText(reader, rest.bytes, rest.offset, "FCOMMENT").size()};
  }
  if ((flags & kGzipHeaderCrc) != 0 && !reader.Failed()) {
    const uint64_t size = reader.Offset() - rest.offset;
    const uint16_t stored = reader.U16("CRC16");
    if (stored != (Crc32(0, rest.bytes.first(size)) & 0xFFFF)) {
      header.wrong_crc = stored;
    }
  }
}

Result<GzipHeader> ReadGzipHeader(Input rest) {
  GzipHeader header;
  Reader reader(rest);
  reader.Skip(2, "ID1");
  const uint8_t method = reader.U8("CM");
  const uint8_t flags = reader.U8("FLG");
  if (!reader.Failed() && method != kGzipDeflate) {
    return Fail(Fault::kUnsupported, rest.offset + 2, "CM");
  }
  if ((flags & kGzipReserved) != 0) {
    return Fail(Fault::kUnsupported, rest.offset + 3, "FLG");
  }
  reader.Skip(6, "MTIME");
  ReadGzipFields(reader, rest, flags, header);
  header.size = reader.Offset() - rest.offset;
  return reader.Finish(header);
}

class GzipParts : public PartReader {
 public:
  explicit GzipParts(BoundedRemarks& remarks) : remarks_(remarks) {}

  bool Begins(Bytes rest) const override {
    return base::AsText(rest).starts_with("\x1F\x8B");
  }

  Result<uint64_t> Read(Input rest, ByteSink& output) override {
    const GzipHeader header = CS_TRY(ReadGzipHeader(rest));
    NoteHeader(rest, header);
    CheckedSink checked(output);
    const Input packed{rest.bytes.subspan(header.size),
                       rest.offset + header.size};
    const uint64_t packed_size =
        CS_TRY(Decompress(Codec::kDeflate, packed, checked));
    Reader reader(
        {packed.bytes.subspan(packed_size), packed.offset + packed_size});
    const uint64_t trailer = reader.Offset();
    const uint32_t crc = reader.U32("CRC32");
    const uint32_t size = reader.U32("ISIZE");
    CS_TRY(reader.Finish(true));
    ++parts_;
    end_ = reader.Offset();
    CS_TRY_VOID(CheckTrailer(checked, crc, size, trailer));
    return end_ - rest.offset;
  }

  void NoteParts() {
    if (parts_ > 1) {
      remarks_.Note(RemarkKind::kOddity, {second_, end_ - second_},
                    fmt::format("{} gzip members make up one content", parts_));
    }
  }

 private:
  Result<void> CheckTrailer(const CheckedSink& checked, uint32_t crc,
                            uint32_t size, uint64_t trailer) {
    if (crc != checked.Crc()) {
      remarks_.Note(RemarkKind::kChecksum, {trailer, 4},
                    fmt::format("the stored CRC-32 is {:08x}, that of the "
                                "content is {:08x}",
                                crc, checked.Crc()));
      return Fail(Fault::kMalformed, trailer, "CRC32");
    }
    if (size != static_cast<uint32_t>(checked.Size())) {
      remarks_.Note(RemarkKind::kDisagreement, {trailer + 4, 4},
                    fmt::format("the stored size is {} bytes, that of the "
                                "content is {}",
                                size, checked.Size()));
      return Fail(Fault::kMalformed, trailer + 4, "ISIZE");
    }
    return {};
  }

  void NoteHeader(Input rest, const GzipHeader& header) {
    if (parts_ == 0) {
      name_ = header.name;
    } else if (!header.name.empty() && header.name != name_) {
      remarks_.Note(RemarkKind::kDisagreement, header.name_range,
                    fmt::format("a further gzip member is named {}, the first "
                                "{}",
                                QuotedName(header.name), QuotedName(name_)));
    }
    if (parts_ == 1) {
      second_ = rest.offset;
    }
    if (header.wrong_crc) {
      remarks_.Note(RemarkKind::kChecksum, {rest.offset, header.size},
                    fmt::format("the stored CRC-16 of the header, {:04x}, is "
                                "not its own",
                                *header.wrong_crc));
    }
    // Why: what is in them is handed to nobody.
    if (header.extra.size > 0) {
      remarks_.Note(RemarkKind::kHiddenData, header.extra,
                    fmt::format("the header has an extra field of {} bytes",
                                header.extra.size));
    }
    if (header.comment.size > 0) {
      remarks_.Note(RemarkKind::kHiddenData, header.comment,
                    fmt::format("the header has a comment of {} bytes",
                                header.comment.size));
    }
  }

  BoundedRemarks& remarks_;
  std::string_view name_;  // of the first member
  uint64_t parts_ = 0;
  uint64_t second_ = 0;  // where the second member begins
  uint64_t end_ = 0;     // of the last member read
};

}  // namespace

Result<void> UnpackGzip(const base::Blob& container, base::Budget& budget,
                        MemberSink& sink) {
  const Input whole{container.View(), 0};
  BoundedRemarks remarks(sink);
  GzipParts parts(remarks);
  std::string name;
  if (parts.Begins(whole.bytes)) {
    const GzipHeader header = CS_TRY(ReadGzipHeader(whole));
    name = remarks.Name(header.name, header.name_range);
  }
  const auto result =
      UnpackParts(container, budget, sink, parts, name, remarks);
  parts.NoteParts();
  remarks.Finish();
  return result;
}

}  // namespace countersign::formats
