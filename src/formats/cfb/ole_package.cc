// "\1Ole10Native", when an OLE package is in it:
//
//   u32 bytes that follow   u16 2   label\0   original path\0
//   u16 0   u16 3 (a file that is embedded)
//   u32 bytes   temporary path\0   u32 bytes   the file   (names in UTF-16)
//
// "PowerPoint Document" is a list of records, of which those of type 0x1011
// hold an OLE object, a compound file of its own:
//
//   u16 version (4 bits), instance (12 bits)   u16 type   u32 bytes
//   instance 0: the object; instance 1: u32 bytes, the object as zlib
//
// Spec: [MS-PPT] 2.3.1 RecordHeader, 2.10.34 ExOleObjStg; [MS-OLEDS] 2.3.6
// OLENativeStream. The package itself is described nowhere.
#include "formats/cfb/ole_package.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/reader.h"
#include "formats/codec/decompress.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Reader;

// Limit: bytes in front of the file in a package: three paths of Windows.
constexpr uint64_t kMaxPackageHead = 4096;
constexpr uint16_t kPackageWithFile = 2;
constexpr uint16_t kPackageEmbedded = 3;
constexpr uint16_t kOleObjectRecord = 0x1011;

// Text to its terminator, which is taken, too.
std::string_view TakePackageText(Reader& reader, Bytes all, const char* field) {
  const uint64_t at = reader.Offset();
  const std::string_view rest =
      base::AsText(all).substr(std::min<uint64_t>(at, all.size()));
  const size_t end = rest.find('\0');
  if (end == std::string_view::npos) {
    reader.Fail(base::Fault::kTruncated, field);
    return {};
  }
  reader.Skip(end + 1, field);
  return rest.substr(0, end);
}

struct OlePackagedFile {
  std::string label;
  uint64_t offset = 0;  // in the stream
  uint64_t size = 0;
};

// What the head of a package says; an error when it is none.
base::Result<OlePackagedFile> ReadPackageHead(Bytes head) {
  OlePackagedFile out;
  Reader reader({head, 0});
  reader.Skip(4, "NativeDataSize");
  if (reader.U16("package type") != kPackageWithFile) {
    reader.Fail(base::Fault::kMalformed, "package type");
  }
  out.label = TakePackageText(reader, head, "label");
  (void)TakePackageText(reader, head, "original path");
  reader.Skip(2, "package flags");
  if (reader.U16("package kind") != kPackageEmbedded) {
    reader.Fail(base::Fault::kUnsupported, "package kind");
  }
  reader.Skip(reader.U32("temporary path size"), "temporary path");
  out.size = reader.U32("size of file");
  out.offset = reader.Offset();
  return reader.Finish(std::move(out));
}

base::Result<void> UnpackPackage(const CompoundEntry& entry,
                                 const std::string& path, Bytes file,
                                 MemberSink& sink) {
  const std::vector<uint8_t> head =
      JoinRanges(file, PartOfRanges(entry.ranges, 0, kMaxPackageHead));
  const auto packaged = ReadPackageHead(head);
  if (!packaged) {
    return {};
  }
  Member member;
  member.name = path + "/" + packaged->label;
  member.size = packaged->size;
  member.stored = entry.stored;
  const auto ranges =
      PartOfRanges(entry.ranges, packaged->offset, packaged->size);
  uint64_t held = 0;
  for (const ByteRange& range : ranges) {
    held += range.size;
  }
  std::optional<Error> damage;
  if (held < packaged->size) {
    damage = Error{base::Fault::kTruncated,
                   LocateInRanges(entry.ranges, packaged->offset + held),
                   "size of file"};
  }
  return HandOverRanges(std::move(member), ranges, damage, file, sink);
}

// Passes on, and remembers whose an error is.
class OleObjectSink : public ByteSink {
 public:
  explicit OleObjectSink(ByteSink& next) : next_(next) {}
  base::Result<void> Write(Bytes bytes) override {
    auto written = next_.Write(bytes);
    refused_ = refused_ || !written;
    size_ += bytes.size();
    return written;
  }
  [[nodiscard]] bool Refused() const { return refused_; }
  [[nodiscard]] uint64_t Size() const { return size_; }

 private:
  ByteSink& next_;
  bool refused_ = false;
  uint64_t size_ = 0;
};

// One compressed object of a presentation; `record` is its body, at `at` in the
// stream.
base::Result<void> UnpackOleObject(Bytes record, uint64_t at,
                                   const CompoundEntry& entry, Member member,
                                   MemberSink& sink) {
  Reader reader({record, at});
  const uint32_t size = reader.U32("decompressedSize");
  if (reader.Failed()) {
    return {};
  }
  member.size = size;
  CS_TRY_VOID(sink.Begin(member));
  OleObjectSink passing(sink);
  CodecOptions options;
  options.size = size;
  const auto taken =
      Decompress(Codec::kZlib, {record.subspan(4), at + 4}, passing, options);
  std::optional<Error> damage;
  if (!taken) {
    damage = taken.error();
    if (!passing.Refused()) {
      damage->offset = LocateInRanges(entry.ranges, damage->offset);
    }
  } else if (passing.Size() != size) {
    damage = Error{base::Fault::kMalformed, LocateInRanges(entry.ranges, at),
                   "decompressedSize"};
  }
  return sink.End(damage);
}

base::Result<void> UnpackPresentation(const CompoundEntry& entry,
                                      const std::string& path, Bytes file,
                                      base::Budget& budget, MemberSink& sink) {
  const bool in_one = entry.ranges.size() == 1;
  const std::vector<uint8_t> joined =
      in_one ? std::vector<uint8_t>() : JoinRanges(file, entry.ranges);
  const Bytes stream =
      in_one ? file.subspan(entry.ranges[0].offset, entry.ranges[0].size)
             : Bytes(joined);
  Reader reader({stream, 0});
  uint32_t number = 0;
  while (reader.Remaining() >= 8) {
    CS_TRY_VOID(
        budget.ChargeSteps(1, LocateInRanges(entry.ranges, reader.Offset())));
    const uint16_t instance =
        static_cast<uint16_t>(reader.U16("recVer, recInstance") >> 4);
    const uint16_t type = reader.U16("recType");
    const uint32_t length = reader.U32("recLen");
    const uint64_t at = reader.Offset();
    const Bytes record =
        reader.Take(std::min<uint64_t>(length, reader.Remaining()), "record");
    if (type != kOleObjectRecord || instance > 1) {
      continue;
    }
    Member member;
    member.name = fmt::format("{}/ExOleObjStg{}", path, ++number);
    member.stored = entry.stored;
    if (instance == 1) {
      CS_TRY_VOID(UnpackOleObject(record, at, entry, std::move(member), sink));
      continue;
    }
    member.size = length;
    std::optional<Error> damage;
    if (record.size() < length) {
      damage = Error{base::Fault::kTruncated,
                     LocateInRanges(entry.ranges, stream.size()), "recLen"};
    }
    CS_TRY_VOID(HandOverRanges(std::move(member),
                               PartOfRanges(entry.ranges, at, record.size()),
                               damage, file, sink));
  }
  return {};
}

}  // namespace

std::vector<ByteRange> PartOfRanges(const std::vector<ByteRange>& ranges,
                                    uint64_t offset, uint64_t size) {
  std::vector<ByteRange> part;
  for (const ByteRange& range : ranges) {
    if (size == 0) {
      break;
    }
    const uint64_t skip = std::min(offset, range.size);
    offset -= skip;
    const uint64_t taken = std::min(size, range.size - skip);
    if (taken > 0) {
      part.push_back({range.offset + skip, taken});
      size -= taken;
    }
  }
  return part;
}

base::Result<void> HandOverRanges(Member member,
                                  const std::vector<ByteRange>& ranges,
                                  const std::optional<Error>& damage,
                                  Bytes file, MemberSink& sink) {
  if (ranges.size() == 1 && !damage) {
    member.stored = ranges[0];
    return sink.Place(member, ranges[0]);
  }
  CS_TRY_VOID(sink.Begin(member));
  for (const ByteRange& range : ranges) {
    if (const auto written = sink.Write(file.subspan(range.offset, range.size));
        !written) {
      return sink.End(written.error());
    }
  }
  return sink.End(damage);
}

base::Result<void> UnpackOlePackages(const CompoundEntry& entry,
                                     const std::string& path, Bytes file,
                                     base::Budget& budget, MemberSink& sink) {
  if (entry.name == "\1Ole10Native") {
    return UnpackPackage(entry, path, file, sink);
  }
  if (entry.name == "PowerPoint Document") {
    return UnpackPresentation(entry, path, file, budget, sink);
  }
  return {};
}

}  // namespace countersign::formats
