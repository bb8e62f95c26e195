// Reads Zstandard files.
//
// +-------------+------------+---------+------------+-------------+
// | FD2FB528 LE | descriptor | window  | dictionary | content     |  blocks,
// | u32         | 1 byte     | 0 or 1  | 0, 1, 2, 4 | size 0 to 8 |  checksum
// +-------------+------------+---------+------------+-------------+
// | 184D2A50 to | size u32   | any bytes                        |  a skippable
// | ..5F LE u32 |            |                                  |  frame
// +-------------+------------+----------------------------------+
//
// Spec: RFC 8878, Zstandard Compression, section 3.1.
#include <fmt/format.h>

#include <array>

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

constexpr uint32_t kZstdMagic = 0xFD2FB528;
constexpr uint32_t kSkippableMagic = 0x184D2A50;
constexpr uint32_t kSkippableMask = 0xFFFFFFF0;

uint32_t ZstdMagicOf(Bytes rest) {
  Reader reader({rest, 0});
  return reader.U32("Magic_Number");
}

// Fails when the frame needs a dictionary, or is cut off before that is known.
Result<void> CheckDictionary(Input frame) {
  constexpr std::array<uint8_t, 4> kIdBytes = {0, 1, 2, 4};
  Reader reader(frame);
  reader.Skip(4, "Magic_Number");
  const uint8_t descriptor = reader.U8("Frame_Header_Descriptor");
  const bool single_segment = (descriptor & 0x20) != 0;
  reader.Skip(single_segment ? 0 : 1, "Window_Descriptor");
  const uint64_t at = reader.Offset();
  uint32_t id = 0;
  for (uint8_t i = 0; i < kIdBytes[descriptor & 3]; ++i) {
    id |= uint32_t{reader.U8("Dictionary_ID")} << (8 * i);
  }
  CS_TRY(reader.Finish(true));
  return id == 0 ? Result<void>()
                 : Fail(Fault::kUnsupported, at, "Dictionary_ID");
}

class ZstdParts : public PartReader {
 public:
  explicit ZstdParts(BoundedRemarks& remarks) : remarks_(remarks) {}

  bool Begins(Bytes rest) const override {
    const uint32_t magic = ZstdMagicOf(rest);
    return magic == kZstdMagic || (magic & kSkippableMask) == kSkippableMagic;
  }

  Result<uint64_t> Read(Input rest, ByteSink& output) override {
    if (ZstdMagicOf(rest.bytes) != kZstdMagic) {
      return ReadSkippable(rest);
    }
    CS_TRY_VOID(CheckDictionary(rest));
    return Decompress(Codec::kZstandard, rest, output);
  }

 private:
  // Quirk: pzstd puts a skippable frame in front of each frame, which holds the
  // size of that one and hides nothing.
  static bool IsSizeOfNext(Input rest, uint32_t size) {
    Reader reader(rest);
    reader.Skip(8, "Frame_Size");
    return size == 4 && ZstdMagicOf(rest.bytes) == kSkippableMagic &&
           reader.U32("User_Data") <= reader.Remaining();
  }

  Result<uint64_t> ReadSkippable(Input rest) {
    Reader reader(rest);
    reader.Skip(4, "Magic_Number");
    const uint32_t size = reader.U32("Frame_Size");
    reader.Skip(size, "User_Data");
    CS_TRY(reader.Finish(true));
    if (size > 0 && !IsSizeOfNext(rest, size)) {
      remarks_.Note(RemarkKind::kHiddenData, {rest.offset + 8, size},
                    fmt::format("a skippable frame holds {} bytes", size));
    }
    return uint64_t{size} + 8;
  }

  BoundedRemarks& remarks_;
};

}  // namespace

Result<void> UnpackZstd(const base::Blob& container, base::Budget& budget,
                        MemberSink& sink) {
  BoundedRemarks remarks(sink);
  ZstdParts parts(remarks);
  const auto result = UnpackParts(container, budget, sink, parts, "", remarks);
  remarks.Finish();
  return result;
}

}  // namespace countersign::formats
