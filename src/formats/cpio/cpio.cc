// Reads cpio archives.
//
// +--------+------+-----+---------+-----+ +--------+------------+-----+
// | header | name | pad | content | pad | | header | TRAILER!!! | pad | zeros
// +--------+------+-----+---------+-----+ +--------+------------+-----+
//
// Spec: POSIX.1-1988 (cpio, "odc"); System V Release 4 and FreeBSD cpio(5)
// ("newc", "crc", old binary). The headers: formats/cpio/header.cc.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "formats/archive.h"
#include "formats/archive/names.h"
#include "formats/cpio/header.h"
#include "formats/remarks.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fail;
using base::Fault;
using base::Result;

class CpioWalk {
 public:
  CpioWalk(Bytes bytes, base::Budget& budget, MemberSink& sink)
      : bytes_(bytes), budget_(budget), sink_(sink), remarks_(sink) {}

  Result<void> Run() {
    auto result = ReadAll();
    if (result) {
      result = HandOverPending();
    }
    names_.Report(remarks_);
    remarks_.Finish();
    return result;
  }

 private:
  using Inode = std::pair<uint64_t, uint64_t>;

  Result<void> ReadAll() {
    for (;;) {
      CS_TRY_VOID(budget_.ChargeSteps(1, at_));
      const CpioHeader header =
          CS_TRY(ReadCpioHeader({bytes_.subspan(at_), at_}));
      NoteGaps(header);
      if (header.IsTrailer()) {
        return ReadTrailer(header);
      }
      CS_TRY_VOID(ReadMember(header));
    }
  }

  // The trailer has no content; readers do not ask.
  Result<void> ReadTrailer(const CpioHeader& header) {
    const uint64_t end = header.content.offset;
    if (header.content.size > 0) {
      remarks_.Note(RemarkKind::kOddity, {header.offset, end - header.offset},
                    fmt::format("the trailer says that it has {} bytes",
                                header.content.size));
    }
    // Archives are filled up to a block of 512 bytes or a multiple.
    if (SkipZeros(bytes_, end) < bytes_.size()) {
      NoteTrailing(bytes_, end, remarks_);
    }
    return {};
  }

  // Bytes behind the end of the name, and padding.
  void NoteGaps(const CpioHeader& header) {
    const uint64_t name_end = header.name_range.offset + header.name.size();
    const uint64_t size = header.content.offset - name_end;
    NoteIfNotZero({name_end, size}, "a name");
  }

  void NoteIfNotZero(ByteRange gap, const char* behind) {
    const uint64_t end = gap.offset + gap.size;
    if (SkipZeros(bytes_.first(end), gap.offset) != end) {
      remarks_.Note(
          RemarkKind::kHiddenData, gap,
          fmt::format("{} bytes behind {} are not zero", gap.size, behind));
    }
  }

  Result<void> ReadMember(const CpioHeader& header) {
    const uint64_t data = header.content.offset;
    const uint64_t there = std::min(header.content.size, bytes_.size() - data);
    Member member;
    member.name = remarks_.Name(header.name, header.name_range);
    member.kind = header.Kind();
    member.size = header.content.size;
    member.stored = {header.offset, data + there - header.offset};
    const Bytes content = bytes_.subspan(data, there);
    if (member.kind == MemberKind::kLink) {
      member.link_target = remarks_.Name(base::AsText(content), {data, there});
    }
    names_.Add(member);
    if (there < header.content.size) {
      return HandOverCutOff(member, content);
    }
    CheckSum(header, content);
    CS_TRY_VOID(HandOver(std::move(member), header));
    return SkipPadding(header);
  }

  // In newc and crc the last of several names of a file has the content; the
  // others come before it and are links to it.
  Result<void> HandOver(Member member, const CpioHeader& header) {
    const bool shared = member.kind == MemberKind::kFile && header.links > 1 &&
                        header.padding_unit == 4;
    if (!shared) {
      return sink_.Place(member, header.content);
    }
    if (header.content.size == 0) {
      pending_[header.inode].push_back({std::move(member), header.content});
      return {};
    }
    CS_TRY_VOID(sink_.Place(member, header.content));
    const auto found = pending_.find(header.inode);
    if (found == pending_.end()) {
      return {};
    }
    for (Pending& link : found->second) {
      link.member.kind = MemberKind::kLink;
      link.member.link_target = member.name;
      CS_TRY_VOID(sink_.Place(link.member, link.content));
    }
    pending_.erase(found);
    return {};
  }

  // Files of several names whose content never came.
  Result<void> HandOverPending() {
    for (const auto& [inode, members] : pending_) {
      for (const Pending& pending : members) {
        CS_TRY_VOID(sink_.Place(pending.member, pending.content));
      }
    }
    return {};
  }

  void CheckSum(const CpioHeader& header, Bytes content) {
    if (header.form != CpioForm::kCrc || header.Kind() != MemberKind::kFile) {
      return;
    }
    uint32_t sum = 0;
    for (const uint8_t byte : content) {
      sum += byte;
    }
    if (sum != header.sum) {
      remarks_.Note(RemarkKind::kChecksum, header.content,
                    fmt::format("the stored sum is {:08x}, that of the content "
                                "is {:08x}",
                                header.sum, sum));
    }
  }

  Result<void> SkipPadding(const CpioHeader& header) {
    const uint64_t end = header.content.offset + header.content.size;
    const uint64_t used = (end - header.offset) % header.padding_unit;
    const uint64_t padding = used == 0 ? 0 : header.padding_unit - used;
    if (padding > bytes_.size() - end) {
      return Fail(Fault::kTruncated, bytes_.size(), "padding");
    }
    NoteIfNotZero({end, padding}, "a content");
    at_ = end + padding;
    return {};
  }

  Result<void> HandOverCutOff(const Member& member, Bytes content) {
    const Error error{Fault::kTruncated, bytes_.size(), "content"};
    CS_TRY_VOID(sink_.Begin(member));
    const auto written =
        content.empty() ? Result<void>() : sink_.Write(content);
    CS_TRY_VOID(sink_.End(written ? error : written.error()));
    return std::unexpected(error);
  }

  struct Pending {
    Member member;
    ByteRange content;
  };

  Bytes bytes_;
  base::Budget& budget_;
  MemberSink& sink_;
  BoundedRemarks remarks_;
  MemberNames names_;
  std::map<Inode, std::vector<Pending>> pending_;
  uint64_t at_ = 0;  // of the next header
};

}  // namespace

Result<void> UnpackCpio(const base::Blob& container, base::Budget& budget,
                        MemberSink& sink) {
  return CpioWalk(container.View(), budget, sink).Run();
}

}  // namespace countersign::formats
