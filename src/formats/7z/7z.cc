// Reads 7z archives.
//
// +-------+----------------------------------+---------+--------+
// | start | packed streams: folder after     | packed  | header |
// | 32    | folder, members after another    | header  |        |
// +-------+----------------------------------+---------+--------+
// The header tells of the streams and names the members; it is most often
// packed itself, and a small one tells of that.
//
// Spec: LZMA SDK 23.01, "7zFormat.txt".
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "formats/7z/folder.h"
#include "formats/7z/header.h"
#include "formats/archive.h"
#include "formats/archive/names.h"
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
using base::Result;

// Limit: bytes of an unpacked header. A member takes 60 to 200.
constexpr uint64_t kMostHeaderBytes = uint64_t{64} << 20;
// Limit: headers in headers; 7-Zip writes one.
constexpr int kMostPackedHeaders = 4;

class SevenZipHeaderSink : public ByteSink {
 public:
  Result<void> Write(Bytes bytes) override {
    if (bytes.size() > kMostHeaderBytes - header.size()) {
      return Fail(Fault::kLimit, 0, "EncodedHeader");
    }
    header.insert(header.end(), bytes.begin(), bytes.end());
    return {};
  }
  std::vector<uint8_t> header;
};

class SevenZipWalk {
 public:
  SevenZipWalk(Bytes bytes, base::Budget& budget, MemberSink& sink)
      : bytes_(bytes), budget_(budget), sink_(sink), remarks_(sink) {}

  Result<void> Run() {
    const auto result = ReadAll();
    names_.Report(remarks_);
    remarks_.Finish();
    return result;
  }

 private:
  // Cuts the result of a folder into members.
  class Splitter : public ByteSink {
   public:
    explicit Splitter(SevenZipWalk& walk) : walk_(walk) {}

    Result<void> Write(Bytes bytes) override {
      while (!bytes.empty()) {
        CS_TRY_VOID(walk_.BeginNext());
        const Bytes part =
            bytes.first(std::min<uint64_t>(bytes.size(), walk_.left_));
        CS_TRY_VOID(walk_.WritePart(part));
        bytes = bytes.subspan(part.size());
      }
      return {};
    }

   private:
    SevenZipWalk& walk_;
  };

  Result<void> ReadAll() {
    const SevenZipStart start = CS_TRY(ReadSevenZipStart(bytes_));
    header_range_ = start.header;
    used_.push_back(start.header);
    if (start.header.size == 0) {
      NoteGaps();
      return {};
    }
    auto read =
        ReadHeader({bytes_.subspan(start.header.offset, start.header.size),
                    start.header.offset});
    if (!read) {
      return std::unexpected(read.error());
    }
    header_ = std::move(*read);
    for (const ByteRange& packed : header_.streams.packed) {
      used_.push_back(packed);
    }
    NoteGaps();
    return HandOverAll();
  }

  // Unpacks the header as often as it is packed.
  Result<SevenZipHeader> ReadHeader(Input header) {
    constexpr uint8_t kPackedHeader = 0x17;
    for (int i = 0; i < kMostPackedHeaders; ++i) {
      if (header.bytes[0] != kPackedHeader) {
        return Located(ReadSevenZipHeader(header, bytes_.size(), budget_));
      }
      SevenZipHeaderSink unpacked;
      CS_TRY_VOID(UnpackHeader(header, unpacked));
      unpacked_header_ = std::move(unpacked.header);
      header = {unpacked_header_, 0};
      is_packed_ = true;
    }
    return Fail(Fault::kLimit, header_range_.offset, "EncodedHeader");
  }

  // Why: offsets in an unpacked header are none in the archive.
  template <typename T>
  Result<T> Located(Result<T> result) const {
    if (!result && is_packed_) {
      return Fail(result.error().fault, header_range_.offset,
                  result.error().field);
    }
    return result;
  }

  Result<void> UnpackHeader(Input header, SevenZipHeaderSink& unpacked) {
    const SevenZipStreams streams = CS_TRY(
        Located(ReadSevenZipPackedHeader(header, bytes_.size(), budget_)));
    if (streams.folders.size() != 1 || streams.contents.size() != 1) {
      return Fail(Fault::kMalformed, header_range_.offset, "EncodedHeader");
    }
    used_.insert(used_.end(), streams.packed.begin(), streams.packed.end());
    const SevenZipFolder& folder = streams.folders[0];
    if (IsEncrypted(folder)) {
      remarks_.Note(RemarkKind::kEncrypted, header_range_,
                    "the names of the members are encrypted");
      return Fail(Fault::kUnsupported, header_range_.offset,
                  "encrypted header");
    }
    const auto inputs = PackedOf(streams, folder);
    const auto decoded = DecodeFolder(folder, inputs, unpacked);
    if (!decoded) {
      return std::unexpected(decoded.error());
    }
    const auto crc = streams.contents[0].crc;
    if (unpacked.header.empty() ||
        unpacked.header.size() != streams.contents[0].size ||
        (crc && *crc != Crc32(0, unpacked.header))) {
      return Fail(Fault::kMalformed, header_range_.offset, "EncodedHeader CRC");
    }
    return {};
  }

  [[nodiscard]] std::vector<Input> PackedOf(
      const SevenZipStreams& streams, const SevenZipFolder& folder) const {
    std::vector<Input> inputs;
    for (size_t i = 0; i < folder.packed.size(); ++i) {
      const ByteRange range = streams.packed.at(folder.first_packed + i);
      inputs.push_back(
          {bytes_.subspan(range.offset, range.size), range.offset});
    }
    return inputs;
  }

  // Everything is a packed stream, a header, or nobody's.
  void NoteGaps() {
    std::ranges::sort(used_, {}, &ByteRange::offset);
    uint64_t end = kSevenZipStart;
    for (const ByteRange& range : used_) {
      if (range.offset > end) {
        remarks_.Note(
            RemarkKind::kHiddenData, {end, range.offset - end},
            fmt::format("{} bytes belong to no stream", range.offset - end));
      } else if (range.offset < end && range.size > 0) {
        remarks_.Note(RemarkKind::kOverlap, range,
                      "two streams or headers share bytes");
      }
      end = std::max(end, range.offset + range.size);
    }
    NoteTrailing(bytes_, end, remarks_);
  }

  // Folder after folder; what has no content comes where it is listed.
  Result<void> HandOverAll() {
    for (const SevenZipFolder& folder : header_.streams.folders) {
      const std::vector<Input> packed = PackedOf(header_.streams, folder);
      folder_ = {};
      if (!packed.empty()) {
        const Input& last = packed.back();
        folder_ = {packed[0].offset,
                   last.offset + last.bytes.size() - packed[0].offset};
      }
      folder_members_left_ = folder.members;
      left_ = 0;
      CS_TRY_VOID(HandOverFolder(folder, packed));
    }
    CS_TRY_VOID(HandOverEmpty());
    // A file without a stream for its content.
    while (file_ < header_.files.size()) {
      CS_TRY_VOID(sink_.Begin(Describe(header_.files[file_++], {})));
      CS_TRY_VOID(sink_.End(
          Error{Fault::kMalformed, header_range_.offset, "NumUnPackStreams"}));
      CS_TRY_VOID(HandOverEmpty());
    }
    return {};
  }

  Result<void> HandOverFolder(const SevenZipFolder& folder,
                              const std::vector<Input>& packed) {
    if (IsStored(folder) && packed.size() == 1 && HoldsAll(packed[0])) {
      return PlaceFolder(packed[0]);
    }
    std::optional<Error> damage;
    if (IsEncrypted(folder)) {
      remarks_.Note(RemarkKind::kEncrypted, folder_,
                    fmt::format("{} members are encrypted ({})", folder.members,
                                SevenZipMethods(folder)));
      damage = {Fault::kUnsupported, folder_.offset, "encrypted"};
    } else {
      Splitter splitter(*this);
      const auto decoded = DecodeFolder(folder, packed, splitter);
      // An error of the sink's Begin or End stays one.
      if (refused_) {
        return std::unexpected(*refused_);
      }
      if (!decoded) {
        damage = decoded.error();
        damage->offset = std::min<uint64_t>(damage->offset, bytes_.size());
      } else {
        NoteUnused(*decoded);
      }
    }
    // What befalls the streams behind the last content no member tells.
    const bool is_behind = damage && folder_members_left_ == 0 && left_ == 0 &&
                           !full_ && !IsEncrypted(folder);
    if (is_behind) {
      remarks_.Note(
          RemarkKind::kHiddenData, folder_,
          fmt::format("the packed streams hold more than the contents of {} "
                      "members ({})",
                      folder.members, damage->field));
    }
    return EndFolder(
        damage.value_or(Error{Fault::kTruncated, folder_.offset + folder_.size,
                              "size of the content"}));
  }

  // Whether the packed stream has the contents of all members.
  [[nodiscard]] bool HoldsAll(const Input& packed) const {
    uint64_t left = packed.bytes.size();
    for (uint64_t i = 0; i < folder_members_left_; ++i) {
      const uint64_t size = header_.streams.contents[content_ + i].size;
      if (size > left) {
        return false;
      }
      left -= size;
    }
    return true;
  }

  Result<void> PlaceFolder(const Input& packed) {
    uint64_t at = packed.offset;
    while (folder_members_left_ > 0) {
      CS_TRY_VOID(HandOverEmpty());
      if (file_ == header_.files.size()) {
        return NoteNameless();
      }
      const SevenZipContent content = header_.streams.contents[content_++];
      --folder_members_left_;
      const ByteRange range = {at, content.size};
      const uint32_t crc = Crc32(0, bytes_.subspan(at, content.size));
      NoteCrc(content, crc, range);
      CS_TRY_VOID(
          sink_.Place(Describe(header_.files[file_++], content.size), range));
      at += content.size;
    }
    const uint64_t end = packed.offset + packed.bytes.size();
    if (at < end) {
      remarks_.Note(
          RemarkKind::kHiddenData, {at, end - at},
          fmt::format("{} bytes of a packed stream are no member's", end - at));
    }
    return {};
  }

  // Why a threshold: a raw LZMA stream of known size may end before the last
  // bytes of its range coder, and a BCJ2 folder has three of them.
  void NoteUnused(uint64_t unused) {
    constexpr uint64_t kMostOfRangeCoder = 16;
    if (unused > kMostOfRangeCoder) {
      remarks_.Note(
          RemarkKind::kHiddenData, folder_,
          fmt::format("{} bytes of packed streams are not needed", unused));
    }
  }

  Result<void> NoteNameless() {
    remarks_.Note(
        RemarkKind::kHiddenMember, folder_,
        fmt::format("{} contents have no name", folder_members_left_));
    content_ += folder_members_left_;
    folder_members_left_ = 0;
    return {};
  }

  void NoteCrc(const SevenZipContent& content, uint32_t crc, ByteRange range) {
    if (content.crc && *content.crc != crc) {
      remarks_.Note(RemarkKind::kChecksum, range,
                    fmt::format("the stored CRC-32 is {:08x}, that of the "
                                "content is {:08x}",
                                *content.crc, crc));
    }
  }

  Member Describe(const SevenZipFile& file, std::optional<uint64_t> size) {
    constexpr uint32_t kHasMode = 0x8000;
    const uint32_t type = (file.attributes >> 16) & 0170000;
    const bool has_mode = (file.attributes & kHasMode) != 0;
    Member member;
    member.name = remarks_.Name(file.name, header_range_);
    member.size = size;
    member.stored = size && file.has_content ? folder_ : header_range_;
    member.packed_size = size && file.has_content ? folder_.size : 0;
    if (file.is_directory) {
      member.kind = MemberKind::kDirectory;
    } else if (has_mode && type == 0120000) {
      // The content is the target.
      member.kind = MemberKind::kLink;
    }
    names_.Add(member);
    return member;
  }

  // Members without content, up to the next that has some.
  Result<void> HandOverEmpty() {
    while (file_ < header_.files.size() && !header_.files[file_].has_content) {
      CS_TRY_VOID(sink_.Place(Describe(header_.files[file_], uint64_t{0}),
                              {header_range_.offset, 0}));
      ++file_;
    }
    return {};
  }

  // Remembers that the sink wants no more.
  Result<void> Refuse(Result<void> result) {
    if (!result) {
      refused_ = result.error();
    }
    return result;
  }

  // Sees to it that a member with bytes to come is open; ends those of size 0.
  Result<void> BeginNext() {
    while (!open_ || left_ == 0) {
      if (open_) {
        CS_TRY_VOID(EndMember());
      }
      CS_TRY_VOID(BeginMember());
    }
    return {};
  }

  Result<void> BeginMember() {
    CS_TRY_VOID(Refuse(HandOverEmpty()));
    if (folder_members_left_ == 0) {
      return Fail(Fault::kMalformed, folder_.offset, "size of the content");
    }
    if (file_ == header_.files.size()) {
      return Fail(Fault::kMalformed, header_range_.offset, "NumFiles");
    }
    const SevenZipContent content = header_.streams.contents[content_++];
    --folder_members_left_;
    left_ = content.size;
    crc_ = 0;
    current_ = content;
    CS_TRY_VOID(
        Refuse(sink_.Begin(Describe(header_.files[file_++], content.size))));
    open_ = true;
    return {};
  }

  Result<void> WritePart(Bytes part) {
    crc_ = Crc32(crc_, part);
    left_ -= part.size();
    if (auto written = sink_.Write(part); !written) {
      // Nothing more may be written to this member, and all that follow come
      // out of the same stream.
      full_ = true;
      return written;
    }
    return {};
  }

  Result<void> EndMember() {
    open_ = false;
    NoteCrc(current_, crc_, folder_);
    const bool wrong = current_.crc && *current_.crc != crc_;
    return Refuse(sink_.End(
        wrong ? std::optional(Error{Fault::kMalformed, folder_.offset, "CRC"})
              : std::nullopt));
  }

  // Ends the member that is open and begins and ends those that never came.
  Result<void> EndFolder(const Error& damage) {
    if (open_ && left_ == 0 && !full_) {
      CS_TRY_VOID(EndMember());
    }
    if (open_) {
      open_ = false;
      CS_TRY_VOID(sink_.End(damage));
    }
    full_ = false;
    while (folder_members_left_ > 0) {
      CS_TRY_VOID(HandOverEmpty());
      if (file_ == header_.files.size()) {
        return NoteNameless();
      }
      const SevenZipContent content = header_.streams.contents[content_++];
      --folder_members_left_;
      CS_TRY_VOID(sink_.Begin(Describe(header_.files[file_++], content.size)));
      // Of size 0 there is nothing to miss.
      CS_TRY_VOID(
          sink_.End(content.size == 0 ? std::nullopt : std::optional(damage)));
    }
    return {};
  }

  Bytes bytes_;
  base::Budget& budget_;
  MemberSink& sink_;
  BoundedRemarks remarks_;
  MemberNames names_;
  std::vector<uint8_t> unpacked_header_;
  bool is_packed_ = false;
  ByteRange header_range_;
  std::vector<ByteRange> used_;
  SevenZipHeader header_;

  size_t file_ = 0;     // the next of header_.files
  size_t content_ = 0;  // the next of header_.streams.contents
  ByteRange folder_;    // the packed streams of the folder that is read
  uint64_t folder_members_left_ = 0;
  // The member that is open.
  bool open_ = false;
  bool full_ = false;  // the sink takes no more of it
  uint64_t left_ = 0;
  uint32_t crc_ = 0;
  SevenZipContent current_;
  std::optional<Error> refused_;
};

}  // namespace

Result<void> Unpack7z(const base::Blob& container, base::Budget& budget,
                      MemberSink& sink) {
  return SevenZipWalk(container.View(), budget, sink).Run();
}

}  // namespace countersign::formats
