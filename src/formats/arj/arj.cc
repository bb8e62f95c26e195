// Reads ARJ archives.
//
// +-------------+ +-------------+---------+ +-------------+---------+ +------+
// | main header | | header of a | content | | header      | content | | 60EA |
// |             | | member      |         | |             |         | | 0000 |
// +-------------+ +-------------+---------+ +-------------+---------+ +------+
// header: 60 EA, size u16, basic header, CRC-32 of it, and extended headers
//         (size u16, bytes, CRC-32) up to one of size 0
// basic:  size of its fixed part u8, version u8, least version u8, system u8,
//         flags u8, method u8, type u8, 0, time u32, packed size u32, size u32,
//         CRC-32 u32, place of the file's name u16, mode u16, 2; name, 0;
//         comment, 0
//
// Spec: "ARJ technical information" (technote.txt of ARJ 2.86).
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/reader.h"
#include "formats/archive.h"
#include "formats/archive/names.h"
#include "formats/arj/lzh.h"
#include "formats/codec/decompress.h"
#include "formats/remarks.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fail;
using base::Fault;
using base::Input;
using base::Reader;
using base::Result;

constexpr uint16_t kArjMark = 0xEA60;
// Limit: bytes of a basic header, as ARJ has it.
constexpr uint16_t kMostArjHeader = 2600;
constexpr uint8_t kLeastArjFixed = 30;
// Flags.
constexpr uint8_t kArjEncrypted = 0x01;
constexpr uint8_t kArjGoesOn = 0x04;     // in the next volume
constexpr uint8_t kArjContinued = 0x08;  // from the volume before
// Types.
constexpr uint8_t kArjMain = 2;
constexpr uint8_t kArjDirectory = 3;

struct ArjHeader {
  uint64_t offset = 0;
  bool is_end = false;
  uint8_t flags = 0;
  uint8_t method = 0;
  uint8_t type = 0;
  uint32_t packed_size = 0;
  uint32_t size = 0;
  uint32_t crc = 0;
  std::string_view name;
  ByteRange comment;
  ByteRange extended;    // all extended headers, without the empty one
  uint64_t content = 0;  // offset
};

void ReadArjFixed(Reader& basic, ArjHeader& header) {
  const uint8_t fixed = basic.U8("first_hdr_size");
  if (!basic.Failed() && fixed < kLeastArjFixed) {
    basic.Fail(Fault::kMalformed, "first_hdr_size");
  }
  basic.Skip(3, "archiver version");
  header.flags = basic.U8("arj flags");
  header.method = basic.U8("method");
  header.type = basic.U8("file type");
  basic.Skip(5, "date time");
  header.packed_size = basic.U32("compressed size");
  header.size = basic.U32("original size");
  header.crc = basic.U32("original file's CRC");
  basic.Seek(fixed, "first_hdr_size");
}

// Name and comment, each up to a zero.
void ReadArjTexts(Reader& basic, ArjHeader& header) {
  const uint64_t at = basic.Offset();
  const std::string_view text =
      base::AsText(basic.Take(basic.Remaining(), "filename"));
  const size_t name = text.find('\0');
  const size_t comment =
      name == std::string_view::npos ? name : text.find('\0', name + 1);
  if (comment == std::string_view::npos) {
    basic.Fail(Fault::kMalformed, "filename");
    return;
  }
  header.name = text.substr(0, name);
  header.comment = {at + name + 1, comment - name - 1};
}

void SkipArjExtended(Reader& reader, ArjHeader& header) {
  header.extended.offset = reader.Offset();
  while (!reader.Failed()) {
    const uint16_t size = reader.U16("1st extended header size");
    if (size == 0) {
      break;
    }
    reader.Skip(uint64_t{size} + 4, "1st extended header");
    header.extended.size += uint64_t{size} + 6;
  }
  header.content = reader.Offset();
}

Result<ArjHeader> ReadArjHeader(Input rest) {
  ArjHeader header;
  header.offset = rest.offset;
  Reader reader(rest);
  const uint16_t mark = reader.U16("header id");
  const uint16_t size = reader.U16("basic header size");
  CS_TRY(reader.Finish(true));
  if (mark != kArjMark || size > kMostArjHeader) {
    return Fail(Fault::kMalformed, rest.offset,
                mark == kArjMark ? "basic header size" : "header id");
  }
  if (size == 0) {
    header.is_end = true;
    header.content = reader.Offset();
    return header;
  }
  const Input basic{reader.Take(size, "basic header"), rest.offset + 4};
  const uint32_t crc = reader.U32("basic header CRC");
  CS_TRY(reader.Finish(true));
  if (crc != Crc32(0, basic.bytes)) {
    return Fail(Fault::kMalformed, basic.offset + size, "basic header CRC");
  }
  Reader fields(basic);
  ReadArjFixed(fields, header);
  ReadArjTexts(fields, header);
  CS_TRY(fields.Finish(true));
  SkipArjExtended(reader, header);
  return reader.Finish(header);
}

class ArjWalk {
 public:
  ArjWalk(Bytes bytes, base::Budget& budget, MemberSink& sink)
      : bytes_(bytes), budget_(budget), sink_(sink), remarks_(sink) {}

  Result<void> Run() {
    const auto result = ReadAll();
    names_.Report(remarks_);
    remarks_.Finish();
    return result;
  }

 private:
  Result<void> ReadAll() {
    CS_TRY_VOID(budget_.ChargeSteps(1, 0));
    const ArjHeader main = CS_TRY(ReadArjHeader({bytes_, 0}));
    if (main.is_end || main.type != kArjMain) {
      return Fail(Fault::kMalformed, 0, "main header");
    }
    NoteHeader(main);
    at_ = main.content;
    for (;;) {
      CS_TRY_VOID(budget_.ChargeSteps(1, at_));
      const ArjHeader header =
          CS_TRY(ReadArjHeader({bytes_.subspan(at_), at_}));
      if (header.is_end) {
        NoteTrailing(bytes_, header.content, remarks_);
        return {};
      }
      NoteHeader(header);
      CS_TRY_VOID(ReadMember(header));
    }
  }

  // Why: what is in them is handed to nobody.
  void NoteHeader(const ArjHeader& header) {
    if (header.comment.size > 0) {
      remarks_.Note(RemarkKind::kHiddenData, header.comment,
                    fmt::format("a comment has {} bytes", header.comment.size));
    }
    if (header.extended.size > 0) {
      remarks_.Note(
          RemarkKind::kHiddenData, header.extended,
          fmt::format("extended headers have {} bytes", header.extended.size));
    }
  }

  Result<void> ReadMember(const ArjHeader& header) {
    const uint64_t there =
        std::min<uint64_t>(header.packed_size, bytes_.size() - header.content);
    Member member;
    member.name = header.name;
    member.kind = header.type == kArjDirectory ? MemberKind::kDirectory
                                               : MemberKind::kFile;
    member.size = header.size;
    member.stored = {header.offset, header.content + there - header.offset};
    member.packed_size = there;
    names_.Add(member);
    at_ = header.content + there;
    const Input packed{bytes_.subspan(header.content, there), header.content};
    NoteFlags(header, member.stored);
    if (header.method == 0 && there == header.packed_size &&
        header.size == header.packed_size &&
        (header.flags & kArjEncrypted) == 0) {
      NoteCrc(header, Crc32(0, packed.bytes), packed.Range());
      return sink_.Place(member, packed.Range());
    }
    CS_TRY_VOID(sink_.Begin(member));
    const auto decoded = Decode(header, packed);
    CS_TRY_VOID(
        sink_.End(decoded ? std::nullopt : std::optional(decoded.error())));
    return there < header.packed_size
               ? Result<void>(
                     Fail(Fault::kTruncated, bytes_.size(), "compressed size"))
               : Result<void>();
  }

  void NoteFlags(const ArjHeader& header, ByteRange stored) {
    if ((header.flags & kArjEncrypted) != 0) {
      remarks_.Note(RemarkKind::kEncrypted, stored,
                    fmt::format("{} is encrypted", QuotedName(header.name)));
    }
    if ((header.flags & (kArjGoesOn | kArjContinued)) != 0) {
      remarks_.Note(RemarkKind::kUnsupported, stored,
                    fmt::format("{} has a part in another volume",
                                QuotedName(header.name)));
    }
  }

  bool NoteCrc(const ArjHeader& header, uint32_t crc, ByteRange range) {
    if (crc == header.crc) {
      return true;
    }
    remarks_.Note(
        RemarkKind::kChecksum, range,
        fmt::format("the stored CRC-32 is {:08x}, that of the content "
                    "is {:08x}",
                    header.crc, crc));
    return false;
  }

  // Writes the content to the member that is open.
  Result<void> Decode(const ArjHeader& header, Input packed) {
    if ((header.flags & kArjEncrypted) != 0) {
      return Fail(Fault::kUnsupported, header.offset, "encrypted");
    }
    CheckedSink checked(sink_);
    const uint64_t used = CS_TRY(DecodeMethod(header, packed, checked));
    if (used < packed.bytes.size()) {
      remarks_.Note(RemarkKind::kHiddenData,
                    {packed.offset + used, packed.bytes.size() - used},
                    fmt::format("{} bytes behind the compressed data",
                                packed.bytes.size() - used));
    }
    return NoteCrc(header, checked.Crc(), packed.Range())
               ? Result<void>()
               : Fail(Fault::kMalformed, header.offset, "original file's CRC");
  }

  static Result<uint64_t> DecodeMethod(const ArjHeader& header, Input packed,
                                       ByteSink& output) {
    switch (header.method) {
      case 0:
        // Of the wrong size, or cut off.
        if (!packed.bytes.empty()) {
          CS_TRY_VOID(output.Write(packed.bytes));
        }
        return Fail(packed.bytes.size() < header.packed_size
                        ? Fault::kTruncated
                        : Fault::kMalformed,
                    packed.offset + packed.bytes.size(), "original size");
      case 1:
      case 2:
      case 3:
        return DecompressArjHuffman(packed, output, header.size);
      case 4:
        return DecompressArjFast(packed, output, header.size);
      default:
        return Fail(Fault::kUnsupported, header.offset, "method");
    }
  }

  Bytes bytes_;
  base::Budget& budget_;
  MemberSink& sink_;
  BoundedRemarks remarks_;
  MemberNames names_;
  uint64_t at_ = 0;  // of the next header
};

}  // namespace

Result<void> UnpackArj(const base::Blob& container, base::Budget& budget,
                       MemberSink& sink) {
  return ArjWalk(container.View(), budget, sink).Run();
}

}  // namespace countersign::formats
