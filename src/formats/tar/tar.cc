// Reads tar archives.
//
// +--------+-------------+ +--------+-------------+ +------+------+
// | header | content,    | | header | content,    | | 512  | 512  | zeros to
// | 512    | zeros to a  | | 512    | zeros to a  | | zero | zero | the size of
// |        | multiple of | |        | multiple of | |      |      | a record
// |        | 512         | |        | 512         | |      |      |
// +--------+-------------+ +--------+-------------+ +------+------+
// A member may have headers in front: x or X (pax records for it), g (pax
// records for all that follow), L and K (GNU: its name, its link target).
//
// Spec: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Interchange
// Format"; GNU tar 1.34 manual, "Basic Tar Format" and "Extensions".
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "formats/archive.h"
#include "formats/archive/names.h"
#include "formats/remarks.h"
#include "formats/tar/header.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fail;
using base::Fault;
using base::Input;
using base::Result;
using std::string_view_literals::operator""sv;

MemberKind TarKind(const TarHeader& header) {
  switch (header.type) {
    case '1':
    case '2':
      return MemberKind::kLink;
    case '3':
    case '4':
    case '6':
      return MemberKind::kDevice;
    case '5':
    case 'D':
      return MemberKind::kDirectory;
    case '0':
    case '\0':
      // Quirk: before ustar a slash at the end made a directory, and still
      // does in GNU tar and libarchive.
      return header.name.ends_with('/') ? MemberKind::kDirectory
                                        : MemberKind::kFile;
    default:
      // POSIX: what is not known is a file.
      return MemberKind::kFile;
  }
}

class TarWalk {
 public:
  TarWalk(Bytes bytes, base::Budget& budget, MemberSink& sink)
      : bytes_(bytes), budget_(budget), sink_(sink), remarks_(sink) {}

  Result<void> Run() {
    const auto result = ReadAll();
    names_.Report(remarks_);
    remarks_.Finish();
    return result;
  }

 private:
  // What headers in front of a member's say of it.
  struct Announced {
    TarPax pax;
    std::optional<std::string_view> gnu_name;
    std::optional<std::string_view> gnu_link;
    std::optional<uint64_t> start;  // of the first of those headers
  };

  [[nodiscard]] Input Rest() const { return {bytes_.subspan(at_), at_}; }

  Result<void> ReadAll() {
    for (;;) {
      CS_TRY_VOID(budget_.ChargeSteps(1, at_));
      if (at_ == bytes_.size()) {
        return Fail(Fault::kTruncated, at_, "end-of-archive");
      }
      if (IsZeroBlock(at_)) {
        return ReadEnd();
      }
      const TarHeader header = CS_TRY(ReadTarHeader(Rest()));
      CS_TRY_VOID(ReadEntry(header));
    }
  }

  [[nodiscard]] bool IsZeroBlock(uint64_t at) const {
    return bytes_.size() - at >= kTarBlock &&
           std::ranges::all_of(bytes_.subspan(at, kTarBlock),
                               [](uint8_t byte) { return byte == 0; });
  }

  // Two zero blocks end the archive, and readers stop at the first. GNU tar
  // fills up with zeros to a record of 10 KiB.
  Result<void> ReadEnd() {
    NoteDangling();
    const uint64_t second = at_ + kTarBlock;
    if (second >= bytes_.size() || !IsZeroBlock(second)) {
      remarks_.Note(RemarkKind::kOddity, {at_, kTarBlock},
                    "one zero block instead of two ends the archive");
    }
    if (SkipZeros(bytes_, second) < bytes_.size()) {
      NoteTrailing(bytes_, second, remarks_);
    }
    return {};
  }

  void NoteDangling() {
    if (announced_.start) {
      remarks_.Note(RemarkKind::kHiddenData,
                    {*announced_.start, at_ - *announced_.start},
                    "an extended header belongs to no member");
    }
  }

  Result<void> ReadEntry(const TarHeader& header) {
    switch (header.type) {
      case kTarPax:
      case kTarPaxSolaris:
      case kTarPaxGlobal:
        return ReadPax(header);
      case kTarGnuLongName:
      case kTarGnuLongLink:
        return ReadGnuLong(header);
      default:
        return ReadMember(header);
    }
  }

  // The content of an extended header; moves behind its padding.
  Result<Input> TakeExtension(const TarHeader& header) {
    const uint64_t data = at_ + kTarBlock;
    if (header.size > bytes_.size() - data) {
      return Fail(Fault::kTruncated, bytes_.size(), "extended header");
    }
    const Input content{bytes_.subspan(data, header.size), data};
    CS_TRY_VOID(SkipPadding(data + header.size));
    return content;
  }

  Result<void> ReadPax(const TarHeader& header) {
    const bool global = header.type == kTarPaxGlobal;
    if (!global && !announced_.start) {
      announced_.start = at_;
    }
    const Input content = CS_TRY(TakeExtension(header));
    const TarPax pax = CS_TRY(ReadTarPax(content));
    CS_TRY_VOID(budget_.ChargeSteps(pax.records, content.offset));
    (global ? global_ : announced_.pax).Apply(pax);
    return {};
  }

  Result<void> ReadGnuLong(const TarHeader& header) {
    if (!announced_.start) {
      announced_.start = at_;
    }
    const Input content = CS_TRY(TakeExtension(header));
    std::string_view text = base::AsText(content.bytes);
    const size_t end = std::min(text.find('\0'), text.size());
    if (text.size() - end > 1) {
      remarks_.Note(
          RemarkKind::kHiddenData, {content.offset + end, text.size() - end},
          fmt::format("{} bytes follow a long name", text.size() - end));
    }
    text = text.substr(0, end);
    (header.type == kTarGnuLongName ? announced_.gnu_name
                                    : announced_.gnu_link) = text;
    return {};
  }

  // Moves from `end`, the end of some content, to the next block.
  Result<void> SkipPadding(uint64_t end) {
    const uint64_t used = end % kTarBlock;
    const uint64_t padding = used == 0 ? 0 : kTarBlock - used;
    if (padding > bytes_.size() - end) {
      return Fail(Fault::kTruncated, bytes_.size(), "padding");
    }
    at_ = end + padding;
    if (SkipZeros(bytes_.first(at_), end) != at_) {
      remarks_.Note(
          RemarkKind::kHiddenData, {end, padding},
          fmt::format("the padding of {} bytes is not zero", padding));
    }
    return {};
  }

  Member Describe(const TarHeader& header, const TarPax& pax,
                  const Announced& announced) {
    Member member;
    const uint64_t start = announced.start.value_or(header.offset);
    const ByteRange headers = {start, header.offset + kTarBlock - start};
    const auto pax_name = pax.sparse_path ? pax.sparse_path : pax.path;
    const auto long_name = pax_name ? pax_name : announced.gnu_name;
    if (long_name) {
      member.name = remarks_.Name(*long_name, headers);
    } else if (!header.prefix.empty()) {
      member.name = fmt::format("{}/{}", header.prefix, header.name);
    } else {
      member.name = header.name;
    }
    const auto long_link = pax.link ? pax.link : announced.gnu_link;
    member.kind = TarKind(header);
    if (member.kind == MemberKind::kLink) {
      member.link_target =
          long_link ? remarks_.Name(*long_link, headers) : header.link;
    }
    member.stored = headers;
    return member;
  }

  Result<void> ReadMember(const TarHeader& header) {
    const Announced announced = std::exchange(announced_, {});
    TarPax pax = global_;
    pax.Apply(announced.pax);
    Member member = Describe(header, pax, announced);
    NoteSizes(header, pax);
    if (header.type == kTarGnuContinued) {
      remarks_.Note(
          RemarkKind::kUnsupported, member.stored,
          fmt::format("{} began in another volume", QuotedName(member.name)));
    }
    uint64_t data = at_ + kTarBlock;
    uint64_t size = pax.size.value_or(header.size);
    bool sparse = pax.sparse;
    if (header.type == kTarGnuSparse) {
      const TarSparse map = CS_TRY(ReadTarSparse(Rest(), size));
      CS_TRY_VOID(budget_.ChargeSteps(map.blocks, at_));
      data += map.blocks * kTarBlock;
      sparse = map.has_holes;
      member.size = map.size;
    } else if (!sparse) {
      size = ContentSize(member, size);
      member.size = size;
    }
    const uint64_t there = std::min(size, bytes_.size() - data);
    member.stored.size = data + there - member.stored.offset;
    names_.Add(member);
    if (there < size) {
      return HandOverCutOff(member, {data, there});
    }
    CS_TRY_VOID(HandOver(member, {data, size}, sparse));
    return SkipPadding(data + size);
  }

  // Why: a reader that passes over pax records goes on in another place, where
  // it may find members that nobody else sees.
  void NoteSizes(const TarHeader& header, const TarPax& pax) {
    constexpr uint64_t kMostInHeader = (uint64_t{1} << 33) - 1;  // 11 digits
    if (pax.size && *pax.size <= kMostInHeader && *pax.size != header.size) {
      remarks_.Note(RemarkKind::kDisagreement, {header.offset, kTarBlock},
                    fmt::format("the header says {} bytes, its pax record says "
                                "{}",
                                header.size, *pax.size));
    }
  }

  // What is not a file has no content, but may say that it has.
  // Quirk: for links GNU tar, libarchive and others differ in whether it is
  // there. It is taken for being there unless a header follows at once.
  uint64_t ContentSize(const Member& member, uint64_t size) {
    if (member.kind == MemberKind::kFile || size == 0) {
      return size;
    }
    const uint64_t next = at_ + kTarBlock;
    const bool header_follows =
        bytes_.size() - next >= kTarBlock &&
        (IsZeroBlock(next) || HasTarChecksum(bytes_.subspan(next)));
    remarks_.Note(
        RemarkKind::kDisagreement, {at_, kTarBlock},
        fmt::format(
            "{} is no file and says that it has {} bytes of content; {}",
            QuotedName(member.name), size,
            header_follows ? "another header follows at once"
                           : "they are there"));
    return header_follows ? 0 : size;
  }

  Result<void> HandOver(const Member& member, ByteRange content, bool sparse) {
    if (!sparse) {
      return sink_.Place(member, content);
    }
    CS_TRY_VOID(sink_.Begin(member));
    return sink_.End(Error{Fault::kUnsupported, at_, "sparse file"});
  }

  Result<void> HandOverCutOff(Member& member, ByteRange content) {
    const Error error{Fault::kTruncated, bytes_.size(), "content"};
    CS_TRY_VOID(sink_.Begin(member));
    if (content.size > 0) {
      const auto written =
          sink_.Write(bytes_.subspan(content.offset, content.size));
      if (!written) {
        CS_TRY_VOID(sink_.End(written.error()));
        return std::unexpected(error);
      }
    }
    CS_TRY_VOID(sink_.End(error));
    return std::unexpected(error);
  }

  Bytes bytes_;
  base::Budget& budget_;
  MemberSink& sink_;
  BoundedRemarks remarks_;
  MemberNames names_;
  uint64_t at_ = 0;  // of the next block
  TarPax global_;
  Announced announced_;
};

}  // namespace

Result<void> UnpackTar(const base::Blob& container, base::Budget& budget,
                       MemberSink& sink) {
  return TarWalk(container.View(), budget, sink).Run();
}

}  // namespace countersign::formats
