// System use area: entries { u16 mark, u8 length, u8 version, data }:
//   SP  in the root's record only: 0xBE 0xEF, bytes to skip everywhere else
//   CE  the area goes on: block, offset, length (both byte orders each)
//   NM  u8 flags (1: goes on in the next NM), name
//   PX  mode, links, user, group (both byte orders each)
//   SL  u8 flags, parts of a link's target { u8 flags, u8 length, text }
//   CL  where a directory is that was moved; RE: moved here; PL: its parent
//   ZF  compressed, SF sparse; ST ends the area
//
// Spec: IEEE P1281 (SUSP) 1.12, 5; IEEE P1282 (RRIP) 1.12, 4.
#include "formats/iso/rock_ridge.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Input;
using base::Reader;
using base::Result;

// Limit: areas that continue one record. Real records need one or two.
constexpr size_t kMaxContinuations = 32;
// Limit: bytes of a name or a link's target; PATH_MAX of Linux.
constexpr size_t kMaxText = 4096;
// Steps are paid for so many bytes of an area.
constexpr uint64_t kBytesPerStep = 64;
constexpr size_t kEntryHeader = 4;

MemberKind KindOfMode(uint32_t mode) {
  switch (mode & 0170000U) {
    case 0040000:
      return MemberKind::kDirectory;
    case 0120000:
      return MemberKind::kLink;
    case 0020000:
    case 0060000:
    case 0010000:
    case 0140000:
      return MemberKind::kDevice;
    default:
      return MemberKind::kFile;
  }
}

class SystemUse {
 public:
  SystemUse(const IsoContext& context, uint32_t block)
      : context_(context), block_(block) {}

  Result<RockRidge> Read(Input area) {
    std::optional<Input> next = area;
    while (next) {
      CS_TRY_VOID(context_.budget.ChargeSteps(
          1 + next->bytes.size() / kBytesPerStep, next->offset));
      next_.reset();
      ReadArea(*next);
      next = next_;
    }
    return std::move(found_);
  }

 private:
  void ReadArea(Input area) {
    Reader reader(area);
    while (reader.Remaining() >= kEntryHeader) {
      const uint64_t offset = reader.Offset();
      const std::string_view mark = base::AsText(reader.Take(2, "SUSP"));
      const uint8_t size = reader.U8("SUSP");
      reader.Skip(1, "SUSP");
      // Zeros, or a byte of padding, end an area without ST.
      if (mark == "ST" || (mark[0] == '\0' && size == 0)) {
        return;
      }
      if (size < kEntryHeader || size - kEntryHeader > reader.Remaining()) {
        context_.remarks.Note(RemarkKind::kOddity, {offset, 2}, [] {
          return std::string(
              "an entry of the system use area is longer than the area");
        });
        return;
      }
      const Bytes data = reader.Take(size - kEntryHeader, "SUSP");
      ReadEntry(mark, {data, offset + kEntryHeader});
    }
  }

  void ReadEntry(std::string_view mark, Input data) {
    if (mark == "CE") {
      ReadContinuation(data);
    } else if (mark == "NM") {
      ReadName(data.bytes);
    } else if (mark == "PX") {
      Reader reader(data);
      const uint32_t mode = ReadBoth32(reader, context_, "PX mode");
      if (!reader.Failed()) {
        found_.kind = KindOfMode(mode);
      }
    } else if (mark == "SL") {
      ReadTarget(data);
    } else if (mark == "CL") {
      Reader reader(data);
      const uint64_t child = ReadBoth32(reader, context_, "CL location");
      if (!reader.Failed()) {
        found_.child = child * block_;
      }
    } else if (mark == "RE") {
      found_.is_relocated = true;
    } else if (mark == "ZF" || mark == "SF") {
      found_.is_encoded = true;
    }
  }

  void ReadContinuation(Input data) {
    Reader reader(data);
    const uint64_t block = ReadBoth32(reader, context_, "CE block");
    const uint64_t offset = ReadBoth32(reader, context_, "CE offset");
    const uint64_t size = ReadBoth32(reader, context_, "CE length");
    const ByteRange range{block * block_ + offset, size};
    const ByteRange entry{data.offset - kEntryHeader, 2};
    if (reader.Failed() || !range.Inside(context_.image.size())) {
      context_.remarks.Note(RemarkKind::kOddity, entry, [] {
        return std::string("a system use area goes on outside the image");
      });
      return;
    }
    if (found_.continuations.size() >= kMaxContinuations) {
      context_.remarks.Note(RemarkKind::kLoop, entry, [] {
        return fmt::format("a system use area goes on more than {} times",
                           kMaxContinuations);
      });
      return;
    }
    found_.continuations.push_back(range);
    next_ =
        Input{context_.image.subspan(range.offset, range.size), range.offset};
  }

  void ReadName(Bytes data) {
    if (data.empty()) {
      return;
    }
    std::string& name = found_.name ? *found_.name : found_.name.emplace();
    const std::string_view part = base::AsText(data.subspan(1));
    name += part.substr(0, kMaxText - std::min(kMaxText, name.size()));
  }

  void ReadTarget(Input data) {
    Reader reader(data);
    reader.Skip(1, "SL flags");
    while (reader.Remaining() >= 2) {
      const uint8_t flags = reader.U8("SL flags");
      const uint8_t size = reader.U8("SL length");
      const std::string_view text = base::AsText(reader.Take(size, "SL"));
      AppendPart(flags, text);
    }
  }

  void AppendPart(uint8_t flags, std::string_view text) {
    constexpr uint8_t kGoesOn = 1;
    constexpr uint8_t kCurrent = 2;
    constexpr uint8_t kParent = 4;
    constexpr uint8_t kRoot = 8;
    std::string& target = found_.link_target;
    if (target.size() >= kMaxText) {
      return;
    }
    if (!part_goes_on_ && !target.empty() && target.back() != '/') {
      target += '/';
    }
    target += (flags & kRoot) != 0      ? "/"
              : (flags & kParent) != 0  ? ".."
              : (flags & kCurrent) != 0 ? "."
                                        : text;
    part_goes_on_ = (flags & kGoesOn) != 0;
  }

  const IsoContext& context_;
  uint32_t block_;
  RockRidge found_;
  std::optional<Input> next_;  // the area behind this one
  bool part_goes_on_ = false;  // of a link's target
};

}  // namespace

std::optional<uint8_t> FindRockRidge(Bytes area) {
  constexpr std::string_view kMark("SP\x07\x01\xBE\xEF", 6);
  // Quirk: CD-ROM XA puts 14 bytes of its own in front.
  for (const size_t start : {size_t{0}, size_t{14}}) {
    if (area.size() >= start + 7 &&
        base::AsText(area.subspan(start)).starts_with(kMark)) {
      return area[start + 6];
    }
  }
  return std::nullopt;
}

Result<RockRidge> ReadRockRidge(const IsoContext& context, uint32_t block,
                                Input area) {
  return SystemUse(context, block).Read(area);
}

}  // namespace countersign::formats
