// Spec: APPNOTE 6.3.10, 4.4.2 (host system), 4.4.15 (external
// attributes), 4.3.9 (data descriptor). The upper half of the external
// attributes of Unix hosts is st_mode, as Info-ZIP writes it.
#include "formats/zip/member.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "formats/codec/decompress.h"
#include "formats/zip/content.h"
#include "formats/zip/directory.h"
#include "formats/zip/layout.h"
#include "formats/zip/name.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Result;

MemberKind KindOfMode(uint32_t mode) {
  constexpr uint32_t kTypeMask = 0xF000;
  switch (mode & kTypeMask) {
    case 0x4000:
      return MemberKind::kDirectory;
    case 0xA000:
      return MemberKind::kLink;
    case 0x1000:  // named pipe
    case 0x2000:  // character device
    case 0x6000:  // block device
    case 0xC000:  // socket
      return MemberKind::kDevice;
    default:
      return MemberKind::kFile;
  }
}

MemberKind KindOf(const ZipEntry& entry) {
  constexpr unsigned kUnix = 3;
  constexpr unsigned kMacOs = 19;
  const unsigned host = entry.version_made_by >> 8;
  // Quirk: p7zip says DOS, and sets this bit when there is a mode.
  constexpr uint32_t kHasMode = 0x8000;
  const bool has_mode =
      host == kUnix || host == kMacOs ||
      (host == 0 && (entry.external_attributes & kHasMode) != 0);
  const MemberKind kind = has_mode ? KindOfMode(entry.external_attributes >> 16)
                                   : MemberKind::kFile;
  return kind == MemberKind::kFile && entry.name.ends_with('/')
             ? MemberKind::kDirectory
             : kind;
}

// Keeps a link target.
class TargetSink : public ByteSink {
 public:
  Result<void> Write(Bytes bytes) override {
    // Limit: PATH_MAX of Linux. A longer link cannot be made.
    constexpr size_t kMostBytes = 4096;
    if (bytes.size() > kMostBytes - target_.size()) {
      return base::Fail(Fault::kLimit, 0, "link target");
    }
    target_ += base::AsText(bytes);
    return {};
  }
  std::string Take() { return std::move(target_); }

 private:
  std::string target_;
};

ZipEntry EntryOfLocal(const ZipLocalHeader& local) {
  ZipEntry entry;
  entry.name = ReadZipName(local.name, local.flags, local.extra).text;
  entry.flags = local.flags;
  entry.method = local.method;
  entry.crc32 = local.crc32;
  entry.compressed_size = local.compressed_size;
  entry.size = local.size;
  return entry;
}

}  // namespace

Result<void> ZipMembers::ChargeBytes(uint64_t size, uint64_t offset) {
  // Why: 2,000,000 steps, the default, are 2 GB then, some seconds of work.
  constexpr uint64_t kBytesOfAStep = 1024;
  const uint64_t paid = size - std::min(size, free_);
  free_ -= size - paid;
  return budget_.ChargeSteps(paid / kBytesOfAStep, offset);
}

Result<void> ZipMembers::HandOverDamaged(const Member& member, Error damage) {
  CS_TRY_VOID(sink_.Begin(member));
  return sink_.End(damage);
}

bool ZipMembers::IsPlaceable(const ZipEntry& entry) const {
  if (entry.method != static_cast<uint16_t>(ZipMethod::kStored) ||
      entry.damage || entry.compressed_size != entry.size) {
    return false;
  }
  const Bytes data = archive_.subspan(entry.data.offset, entry.data.size);
  const bool is_right = Crc32(0, data) == entry.crc32;
  // Limit: larger content is not kept in memory between this and its hashing.
  constexpr uint64_t kLarge = uint64_t{64} << 20;
  if (data.size() > kLarge) {
    container_.Forget(entry.data);
  }
  return is_right;
}

Result<void> ZipMembers::HandOver(const ZipEntry& entry, bool is_hidden) {
  CS_TRY_VOID(ChargeBytes(entry.data.size, entry.data.offset));
  Member member;
  member.name = entry.name;
  member.kind = KindOf(entry);
  member.size = entry.size;
  member.stored = ZipEntryRange(entry);
  member.is_hidden = is_hidden;
  member.packed_size = entry.data.size;
  if (entry.local_header.size == 0) {
    return HandOverDamaged(member, *entry.damage);
  }
  if (IsZipEncrypted(entry, archive_)) {
    notes_.Note(RemarkKind::kEncrypted, member.stored, [&] {
      return fmt::format("entry {} is encrypted", QuotedName(entry.name));
    });
    return HandOverDamaged(member,
                           {Fault::kUnsupported, entry.local_header.offset + 6,
                            "general purpose bit flag"});
  }
  if (!IsZipMethodRead(entry.method)) {
    notes_.Note(RemarkKind::kUnsupported, member.stored, [&] {
      return fmt::format("entry {} is compressed with method {}",
                         QuotedName(entry.name), entry.method);
    });
    return HandOverDamaged(member,
                           {Fault::kUnsupported, entry.local_header.offset + 8,
                            "compression method"});
  }
  return HandOverContent(member, entry);
}

Result<void> ZipMembers::HandOverContent(const Member& described,
                                         const ZipEntry& entry) {
  Member member = described;
  if (member.kind == MemberKind::kDirectory && entry.size > 0) {
    notes_.Note(RemarkKind::kOddity, member.stored, [&] {
      return fmt::format("directory {} has {} bytes of content",
                         QuotedName(entry.name), entry.size);
    });
  }
  if (member.kind == MemberKind::kLink) {
    TargetSink target;
    if (ReadZipEntry(entry, archive_, target)) {
      member.link_target = target.Take();
    }
  }
  if (IsPlaceable(entry)) {
    return sink_.Place(member, entry.data);
  }
  CS_TRY_VOID(sink_.Begin(member));
  const auto taken = ReadZipContent(entry, archive_, sink_);
  if (!taken && std::string_view(taken.error().field) == kZipChecksumField) {
    notes_.Note(RemarkKind::kChecksum, member.stored, [&] {
      return fmt::format("the content of entry {} has not the checksum {:08x}",
                         QuotedName(entry.name), entry.crc32);
    });
  }
  if (taken && *taken < entry.data.size) {
    const ByteRange rest{entry.data.offset + *taken, entry.data.size - *taken};
    notes_.Note(RemarkKind::kHiddenData, rest, [&] {
      return fmt::format(
          "{} bytes between the end of the compressed data of entry {} and the "
          "end of its range",
          rest.size, QuotedName(entry.name));
    });
  }
  return sink_.End(taken ? std::nullopt : std::optional(taken.error()));
}

Result<uint64_t> ZipMembers::HandOverLocal(const ZipLocalHeader& local,
                                           bool is_hidden) {
  const bool is_unsized = local.IsUnsized();
  ZipEntry entry = EntryOfLocal(local);
  if (is_unsized && IsZipMethodRead(entry.method) &&
      (entry.flags & kZipFlagEncrypted) == 0) {
    if (entry.method != static_cast<uint16_t>(ZipMethod::kStored)) {
      return HandOverUnsized(local, is_hidden);
    }
    entry.compressed_size = CS_TRY(StoredSize(local));
    entry.size = entry.compressed_size;
    const Bytes data =
        archive_.subspan(local.range.offset + local.range.size, entry.size);
    entry.crc32 = Crc32(0, data);
  }
  PlaceZipEntry(archive_, local, entry);
  if (is_unsized && entry.descriptor.size == 0 && !entry.damage) {
    entry.damage = Error{Fault::kMalformed, entry.data.offset + entry.data.size,
                         "data descriptor"};
  }
  CS_TRY_VOID(HandOver(entry, is_hidden));
  const ByteRange range = ZipEntryRange(entry);
  return range.offset + range.size;
}

Result<uint64_t> ZipMembers::HandOverUnsized(const ZipLocalHeader& local,
                                             bool is_hidden) {
  const uint64_t start = local.range.offset + local.range.size;
  const ZipEntry entry = EntryOfLocal(local);
  Member member;
  member.name = entry.name;
  member.kind = KindOf(entry);
  member.stored = local.range;
  member.is_hidden = is_hidden;
  CS_TRY_VOID(sink_.Begin(member));
  CheckedSink checked(sink_);
  auto taken = DecodeZip({local.method, local.flags, std::nullopt},
                         {archive_.subspan(start), start}, checked);
  if (taken) {
    const ZipSums sums{checked.Crc(), *taken, checked.Size()};
    const auto descriptor = ReadZipDescriptor(archive_, start + *taken, sums);
    if (descriptor && descriptor->sums == sums) {
      CS_TRY_VOID(sink_.End({}));
      CS_TRY_VOID(ChargeBytes(*taken, start));
      return descriptor->range.offset + descriptor->range.size;
    }
    taken = base::Fail(Fault::kMalformed, start + *taken, "data descriptor");
  }
  const Error damage = taken.error();
  CS_TRY_VOID(sink_.End(damage));
  CS_TRY_VOID(
      ChargeBytes(damage.offset - std::min(damage.offset, start), start));
  return start;
}

// The data ends where a data descriptor says that so many bytes precede it; if
// there is none, at the next header or the end.
Result<uint64_t> ZipMembers::StoredSize(const ZipLocalHeader& local) {
  const uint64_t start = local.range.offset + local.range.size;
  const std::string_view text = base::AsText(archive_.subspan(start));
  std::optional<uint64_t> header;
  uint64_t at = 0;
  for (;; ++at) {
    at = std::min(text.find("PK", at), text.size());
    if (at == text.size()) {
      break;
    }
    const auto mark = ZipSignatureAt(archive_, start + at);
    if (mark == kZipDescriptor) {
      const auto found = ReadZipDescriptor(
          archive_, start + at, {Crc32(0, archive_.subspan(start, 0)), at, at});
      if (found && found->sums.compressed_size == at) {
        break;
      }
    } else if (!header &&
               (mark == kZipLocalHeader || mark == kZipCentralHeader)) {
      header = at;
    }
  }
  CS_TRY_VOID(ChargeBytes(at, start));
  return at == text.size() && header ? *header : at;
}

}  // namespace countersign::formats
