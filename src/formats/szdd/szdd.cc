// Reads files of Microsoft's COMPRESS.EXE.
//
// SZDD   +-------------------------+-----+-----------+----------+------+
//        | SZDD 88 F0 27 33        | 'A' | character | size u32 | LZSS |
//        +-------------------------+-----+-----------+----------+------+
//        the character is the last of the name, which became "_" or "$"
// QBasic +-------------------------+----------+------+
//        | "SZ " 88 F0 27 33 D1    | size u32 | LZSS |
//        +-------------------------+----------+------+
// KWAJ   +------------------+------------+------------+-----------+------+
//        | KWAJ 88 F0 27 D1 | method u16 | offset u16 | flags u16 | data |
//        +------------------+------------+------------+-----------+------+
//        flags, each with a field in this order: 1 size u32; 2 u16;
//        4 u16 and so many bytes; 8 name, up to 9 bytes to a zero;
//        10h extension, up to 4; 20h u16 and so much text
//
// Spec: none was published; the layout as described by the libmspack project
// ("SZDD and KWAJ file formats", 2010).
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/reader.h"
#include "formats/remarks.h"
#include "formats/stream.h"
#include "formats/stream/parts.h"
#include "formats/szdd/lzss.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Error;
using base::Fail;
using base::Fault;
using base::Input;
using base::Reader;
using base::Result;
using std::string_view_literals::operator""sv;

constexpr std::string_view kSzddMark = "SZDD\x88\xF0\x27\x33"sv;
constexpr std::string_view kQbasicMark = "SZ \x88\xF0\x27\x33\xD1"sv;
constexpr std::string_view kKwajMark = "KWAJ\x88\xF0\x27\xD1"sv;
constexpr size_t kSzddMarkBytes = 8;
constexpr uint16_t kSzddStart = 4096 - 16;
constexpr uint16_t kQbasicStart = 4096 - 18;

enum class SzddMethod : uint8_t { kStored, kInverted, kLzss };

struct SzddHeader {
  std::string_view kind;
  SzddMethod method = SzddMethod::kLzss;
  uint16_t window_start = kSzddStart;
  std::string name;
  std::optional<uint64_t> size;
  uint64_t data = 0;  // offset
};

Result<SzddHeader> ReadSzddHeader(Reader& reader) {
  SzddHeader header;
  header.kind = "SZDD";
  if (reader.U8("compression mode") != 'A' && !reader.Failed()) {
    return Fail(Fault::kUnsupported, kSzddMarkBytes, "compression mode");
  }
  reader.Skip(1, "missing character");
  header.size = reader.U32("size");
  header.data = reader.Offset();
  return reader.Finish(header);
}

Result<SzddHeader> ReadQbasicHeader(Reader& reader) {
  SzddHeader header;
  header.kind = "SZ, QBasic";
  header.window_start = kQbasicStart;
  header.size = reader.U32("size");
  header.data = reader.Offset();
  return reader.Finish(header);
}

// Text of at most `most` bytes; shorter if a zero ends it.
std::string TakeKwajText(Reader& reader, size_t most, const char* field) {
  std::string text;
  while (text.size() < most && !reader.Failed()) {
    const auto c = static_cast<char>(reader.U8(field));
    if (c == '\0') {
      break;
    }
    text += c;
  }
  return text;
}

void ReadKwajFields(Reader& reader, uint16_t flags, SzddHeader& header) {
  if ((flags & 0x01) != 0) {
    header.size = reader.U32("size");
  }
  if ((flags & 0x02) != 0) {
    reader.Skip(2, "flag 2");
  }
  if ((flags & 0x04) != 0) {
    reader.Skip(reader.U16("flag 4"), "flag 4");
  }
  if ((flags & 0x08) != 0) {
    header.name = TakeKwajText(reader, 9, "name");
  }
  if ((flags & 0x10) != 0) {
    header.name += "." + TakeKwajText(reader, 4, "extension");
  }
  if ((flags & 0x20) != 0) {
    reader.Skip(reader.U16("text"), "text");
  }
}

Result<SzddHeader> ReadKwajHeader(Reader& reader, BoundedRemarks& remarks) {
  SzddHeader header;
  header.kind = "KWAJ";
  header.window_start = kQbasicStart;
  const uint16_t method = reader.U16("method");
  header.data = reader.U16("data offset");
  ReadKwajFields(reader, reader.U16("flags"), header);
  CS_TRY(reader.Finish(true));
  if (method > 2) {
    // 3 is LZ with Huffman codes, 4 is MSZIP.
    return Fail(Fault::kUnsupported, kSzddMarkBytes, "method");
  }
  header.method = static_cast<SzddMethod>(method);
  if (header.data < reader.Offset()) {
    return Fail(Fault::kMalformed, kSzddMarkBytes + 2, "data offset");
  }
  const uint64_t gap = header.data - reader.Offset();
  reader.Skip(gap, "data");
  CS_TRY(reader.Finish(true));
  if (gap > 0) {
    remarks.Note(RemarkKind::kHiddenData, {header.data - gap, gap},
                 fmt::format("{} bytes lie between header and data", gap));
  }
  return header;
}

Result<SzddHeader> ReadAnySzddHeader(Bytes bytes, BoundedRemarks& remarks) {
  Reader reader({bytes, 0});
  const std::string_view mark =
      base::AsText(reader.Take(kSzddMarkBytes, "magic number"));
  CS_TRY(reader.Finish(true));
  if (mark == kSzddMark) {
    return ReadSzddHeader(reader);
  }
  if (mark == kQbasicMark) {
    return ReadQbasicHeader(reader);
  }
  if (mark == kKwajMark) {
    return ReadKwajHeader(reader, remarks);
  }
  return Fail(Fault::kMalformed, 0, "magic number");
}

// Where stored content ends, which its size tells, if the header has one.
Result<uint64_t> StoredEnd(const SzddHeader& header, Input data) {
  const uint64_t size = header.size.value_or(data.bytes.size());
  return size > data.bytes.size()
             ? Fail(Fault::kTruncated, data.offset + data.bytes.size(), "data")
             : Result<uint64_t>(data.offset + size);
}

Result<void> WriteInverted(Bytes bytes, ByteSink& sink) {
  constexpr size_t kPiece = size_t{32} << 10;
  std::vector<uint8_t> piece;
  while (!bytes.empty()) {
    const Bytes next = bytes.first(std::min(bytes.size(), kPiece));
    piece.assign(next.begin(), next.end());
    std::ranges::for_each(piece, [](uint8_t& byte) { byte ^= 0xFF; });
    CS_TRY_VOID(sink.Write(piece));
    bytes = bytes.subspan(next.size());
  }
  return {};
}

// Writes the content; yields the offset where the data end.
Result<uint64_t> WriteSzddContent(const SzddHeader& header, Input data,
                                  ByteSink& sink, BoundedRemarks& remarks) {
  if (header.method != SzddMethod::kLzss) {
    const uint64_t there = std::min<uint64_t>(
        header.size.value_or(data.bytes.size()), data.bytes.size());
    CS_TRY_VOID(WriteInverted(data.bytes.first(there), sink));
    return StoredEnd(header, data);
  }
  const LzssEnd end =
      CS_TRY(DecompressLzss(data, sink, {header.window_start, header.size}));
  if (end.left_out > 0) {
    // Why: some readers stop at the size, others at the end of the file.
    remarks.Note(
        RemarkKind::kDisagreement, {data.offset + end.taken - 2, 2},
        fmt::format("the last match has {} bytes more than the content",
                    end.left_out));
  }
  return data.offset + end.taken;
}

Result<void> HandOverSzdd(const SzddHeader& header, Bytes bytes,
                          MemberSink& sink, BoundedRemarks& remarks) {
  Member member;
  member.name = header.name.empty() ? kUnnamedContent : header.name;
  member.size = header.size;
  member.stored = {0, bytes.size()};
  const Input data{bytes.subspan(header.data), header.data};
  Result<uint64_t> end = StoredEnd(header, data);
  if (header.method == SzddMethod::kStored && end) {
    CS_TRY_VOID(sink.Place(member, {data.offset, *end - data.offset}));
  } else {
    CS_TRY_VOID(sink.Begin(member));
    if (header.method == SzddMethod::kStored) {
      const auto written =
          data.bytes.empty() ? Result<void>() : sink.Write(data.bytes);
      end = written ? end : std::unexpected(written.error());
    } else {
      end = WriteSzddContent(header, data, sink, remarks);
    }
    CS_TRY_VOID(sink.End(end ? std::nullopt : std::optional(end.error())));
  }
  if (end) {
    NoteTrailing(bytes, *end, remarks);
  }
  return {};
}

}  // namespace

Result<void> UnpackSzdd(const base::Blob& container, base::Budget& budget,
                        MemberSink& sink) {
  CS_TRY_VOID(budget.ChargeSteps(1, 0));
  BoundedRemarks remarks(sink);
  const SzddHeader header =
      CS_TRY(ReadAnySzddHeader(container.View(), remarks));
  sink.Identify(
      model::Format::kSzdd,
      fmt::format("compressed by Microsoft COMPRESS ({})", header.kind));
  const auto result = HandOverSzdd(header, container.View(), sink, remarks);
  remarks.Finish();
  return result;
}

}  // namespace countersign::formats
