// The archive that PyInstaller puts behind its bootloader. The bootloader finds
// it by the last mark in its own file; the archive ends with the cookie that
// begins there. Numbers are big-endian.
//
//   start           content of members, some of them zlib streams
//   +tocpos         entries: u32 size of the entry, u32 offset, u32 stored
//                   size, u32 size, u8 1 = zlib, u8 type, name, zeros
//   cookie          "MEI\14\13\12\13\16", u32 size of all, u32 tocpos, u32
//                   size of the entries, u32 Python's version (27, 311),
//                   since PyInstaller 2.1 64 bytes: name of Python's library
//
// Spec: pyinstaller/pyinstaller doc/advanced-topics.rst ("The CArchive"),
// PyInstaller/archive/readers.py, bootloader/src/pyi_archive.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "formats/carried/claimed.h"
#include "formats/codec/decompress.h"
#include "formats/pyinstaller.h"
#include "formats/pyinstaller/big_endian.h"
#include "formats/remarks.h"

namespace countersign::formats {
namespace {

using base::Budget;
using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Reader;
using base::Result;
using namespace std::string_view_literals;

constexpr std::string_view kMeiCookieMark = "MEI\14\13\12\13\16"sv;
constexpr uint64_t kOldMeiCookieBytes = 24;
constexpr uint64_t kMeiCookieBytes = 88;
constexpr uint64_t kMeiEntryBytes = 18;

struct MeiArchive {
  uint64_t start = 0;
  ByteRange entries;
  ByteRange cookie;
  uint32_t python = 0;
};

struct MeiEntry {
  std::string name;
  uint8_t type = 0;
  bool is_compressed = false;
  uint64_t size = 0;
  ByteRange header;
  ByteRange content;
  std::optional<Error> damage;
};

// What stands at `at`, if the cookie has `size` bytes.
Result<MeiArchive> ReadMeiCookie(Bytes file, uint64_t at, uint64_t size) {
  Reader reader(base::Input{file.subspan(at), at});
  reader.Skip(kMeiCookieMark.size(), "cookie");
  MeiArchive archive;
  const uint64_t length = ReadBigEndian32(reader, "size of the package");
  const uint64_t entries_at = ReadBigEndian32(reader, "offset of the entries");
  const uint64_t entries_size = ReadBigEndian32(reader, "size of the entries");
  archive.python = ReadBigEndian32(reader, "version of Python");
  reader.Skip(size - kOldMeiCookieBytes, "name of Python's library");
  archive.cookie = {at, size};
  CS_TRY(reader.Finish(true));
  const uint64_t end = at + size;
  if (length > end || length < size) {
    return base::Fail(Fault::kMalformed, at + 8, "size of the package");
  }
  archive.start = end - length;
  archive.entries = {archive.start + entries_at, entries_size};
  if (!archive.entries.Inside(at)) {
    return base::Fail(Fault::kMalformed, at + 12, "offset of the entries");
  }
  return archive;
}

// Both sizes of cookie are tried; the entries of a right one end before it.
Result<MeiArchive> FindMeiArchive(Bytes file, uint64_t at) {
  const auto long_one = ReadMeiCookie(file, at, kMeiCookieBytes);
  if (long_one && long_one->entries.offset + long_one->entries.size == at) {
    return long_one;
  }
  const auto short_one = ReadMeiCookie(file, at, kOldMeiCookieBytes);
  if (short_one && short_one->entries.offset + short_one->entries.size == at) {
    return short_one;
  }
  return long_one;
}

// "311" is 3.11, "27" is 2.7.
std::string PythonVersion(uint32_t number) {
  const uint32_t unit = number >= 100 ? 100 : 10;
  return fmt::format("{}.{}", number / unit, number % unit);
}

// Which folder shows what bootloader and Python take a member for.
std::string_view MeiFolder(uint8_t type) {
  switch (type) {
    case 's':
      return "scripts";
    case 'm':
    case 'M':
      return "modules";
    case 'z':
    case 'Z':
      return "archives";
    case 'b':
      return "binaries";
    case 'x':
      return "data";
    case 'd':
      return "dependencies";
    case 'l':
      return "splash";
    case 'n':
      return "links";
    case 'o':
      return "options";
    default:
      return "other";
  }
}

class MeiMembers {
 public:
  MeiMembers(const base::Blob& program, const MeiArchive& archive,
             Budget& budget, MemberSink& sink)
      : file_(program.View()),
        archive_(archive),
        budget_(budget),
        sink_(sink),
        remarks_(sink) {}

  Result<CarriedPackage> HandOver() {
    claimed_.Claim(archive_.cookie);
    claimed_.Claim(archive_.entries);
    auto result = HandOverEntries();
    for (const ByteRange& shared : claimed_.Overlaps()) {
      remarks_.Note(RemarkKind::kOverlap, shared, [&] {
        return fmt::format(
            "{} bytes of the PyInstaller archive belong to several members",
            shared.size);
      });
    }
    if (is_encrypted_) {
      remarks_.Note(RemarkKind::kEncrypted, archive_.entries, [] {
        return "the modules of the PyInstaller archive are encrypted with a "
               "key that it holds";
      });
    }
    remarks_.Finish();
    CS_TRY_VOID(std::move(result));
    CarriedPackage package;
    package.description = fmt::format("PyInstaller archive, Python {}",
                                      PythonVersion(archive_.python));
    package.claimed = claimed_.Ranges();
    package.damage = damage_;
    return package;
  }

 private:
  Result<void> HandOverEntries() {
    Reader reader(base::Input{
        file_.subspan(archive_.entries.offset, archive_.entries.size),
        archive_.entries.offset});
    while (reader.Remaining() > 0) {
      CS_TRY_VOID(budget_.ChargeSteps(1, reader.Offset()));
      auto entry = ReadEntry(reader);
      if (!entry) {
        damage_ = entry.error();
        return {};
      }
      CS_TRY_VOID(HandOverEntry(*entry));
    }
    return {};
  }

  Result<MeiEntry> ReadEntry(Reader& reader) {
    MeiEntry entry;
    const uint64_t at = reader.Offset();
    const uint64_t size = ReadBigEndian32(reader, "size of an entry");
    const uint64_t offset = ReadBigEndian32(reader, "offset of a member");
    const uint64_t stored = ReadBigEndian32(reader, "stored size of a member");
    entry.size = ReadBigEndian32(reader, "size of a member");
    entry.is_compressed = reader.U8("compression of a member") != 0;
    entry.type = reader.U8("type of a member");
    if (!reader.Failed() && size < kMeiEntryBytes) {
      reader.Fail(Fault::kMalformed, "size of an entry");
    }
    const std::string_view name = base::AsText(
        reader.Take(reader.Failed() ? 0 : size - kMeiEntryBytes, "name"));
    entry.name = name.substr(0, name.find('\0'));
    CS_TRY_VOID(budget_.ChargeSteps(name.size() / 64, at));
    entry.header = {at, size};
    entry.content = {archive_.start + offset, stored};
    if (!entry.content.Inside(archive_.cookie.offset)) {
      entry.damage = Error{Fault::kTruncated, at + 4, "offset of a member"};
    } else if (!entry.is_compressed && stored != entry.size) {
      entry.damage =
          Error{Fault::kMalformed, at + 8, "stored size of a member"};
    }
    return reader.Finish(std::move(entry));
  }

  Result<void> HandOverEntry(const MeiEntry& entry) {
    Member member;
    member.name =
        fmt::format("[pyinstaller]/{}/{}", MeiFolder(entry.type), entry.name);
    member.size = entry.size;
    member.stored = entry.damage ? entry.header : entry.content;
    is_encrypted_ = is_encrypted_ || entry.name == "pyimod00_crypto_key";
    if (entry.type == 'o' && entry.content.size == 0) {
      return {};  // all that an option has to say is its name
    }
    if (entry.damage) {
      CS_TRY_VOID(sink_.Begin(member));
      return sink_.End(entry.damage);
    }
    claimed_.Claim(entry.content);
    if (entry.type == 'n') {
      return HandOverLink(entry, std::move(member));
    }
    if (!entry.is_compressed) {
      return sink_.Place(member, entry.content);
    }
    return HandOverCompressed(entry, member);
  }

  Result<void> HandOverCompressed(const MeiEntry& entry, const Member& member) {
    const ByteRange stored = entry.content;
    CS_TRY_VOID(sink_.Begin(member));
    CheckedSink checked(sink_);
    const auto taken =
        Decompress(Codec::kZlib,
                   {file_.subspan(stored.offset, stored.size), stored.offset},
                   checked, {.properties = {}, .size = entry.size});
    if (!taken) {
      return sink_.End(taken.error());
    }
    if (*taken < stored.size) {
      const ByteRange rest{stored.offset + *taken, stored.size - *taken};
      remarks_.Note(RemarkKind::kHiddenData, rest, [&] {
        return fmt::format("{} bytes behind the compressed data of {}",
                           rest.size, QuotedName(entry.name));
      });
    }
    if (checked.Size() != entry.size) {
      return sink_.End(Error{Fault::kMalformed, entry.header.offset + 12,
                             "size of a member"});
    }
    return sink_.End({});
  }

  // The content is the target and a zero.
  Result<void> HandOverLink(const MeiEntry& entry, Member member) {
    // Limit: PATH_MAX of Linux. A longer link cannot be made.
    constexpr uint64_t kMostBytes = 4096;
    const std::string_view target = base::AsText(file_.subspan(
        entry.content.offset, std::min(entry.content.size, kMostBytes)));
    member.kind = MemberKind::kLink;
    member.link_target = target.substr(0, target.find('\0'));
    if (!entry.is_compressed) {
      return sink_.Place(member, entry.content);
    }
    CS_TRY_VOID(sink_.Begin(member));
    return sink_.End(Error{Fault::kUnsupported, entry.header.offset + 16,
                           "compression of a member"});
  }

  Bytes file_;
  const MeiArchive& archive_;
  Budget& budget_;
  MemberSink& sink_;
  BoundedRemarks remarks_;
  ClaimedBytes claimed_;
  std::optional<Error> damage_;
  bool is_encrypted_ = false;
};

}  // namespace

Result<std::optional<CarriedPackage>> ReadPyinstallerArchive(
    const base::Blob& program, uint64_t data_offset, Budget& budget,
    MemberSink& sink) {
  const Bytes file = program.View();
  CS_TRY_VOID(budget.ChargeSteps(1, 0));
  // Quirk: the bootloader takes the last mark in the file, wherever it is.
  const size_t at = base::AsText(file).rfind(kMeiCookieMark);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const auto archive = FindMeiArchive(file, at);
  if (!archive) {
    if (at < data_offset) {
      return std::nullopt;
    }
    return CarriedPackage{"PyInstaller archive", {}, archive.error()};
  }
  return CS_TRY(MeiMembers(program, *archive, budget, sink).HandOver());
}

Result<std::optional<CarriedPackage>> ReadPyinstaller(const PeImage& image,
                                                      const base::Blob& program,
                                                      Budget& budget,
                                                      MemberSink& sink) {
  const ByteRange overlay = Overlay(image);
  return ReadPyinstallerArchive(
      program, overlay.size > 0 ? overlay.offset : program.View().size(),
      budget, sink);
}

Result<void> UnpackPyinstaller(const base::Blob& container, Budget& budget,
                               MemberSink& sink) {
  const auto package =
      CS_TRY(ReadPyinstallerArchive(container, 0, budget, sink));
  if (!package) {
    return base::Fail(Fault::kMalformed, container.View().size(), "cookie");
  }
  sink.Identify(model::Format::kPyinstaller, package->description);
  if (package->damage) {
    return std::unexpected(*package->damage);
  }
  ClaimedBytes claimed;
  claimed.Claim(package->claimed);
  BoundedRemarks remarks(sink);
  const uint64_t start =
      std::ranges::min_element(package->claimed, {}, &ByteRange::offset)
          ->offset;
  for (const ByteRange& gap :
       claimed.Gaps({start, container.View().size() - start})) {
    remarks.Note(RemarkKind::kHiddenData, gap, [&] {
      return fmt::format("{} bytes belong to no member", gap.size);
    });
  }
  remarks.Finish();
  return {};
}

}  // namespace countersign::formats
