// The archive of modules inside a PyInstaller archive.
//
//   +0  "PYZ\0"
//   +4  the mark of .pyc files, which names Python's version
//   +8  u32, big-endian: offset of the table
//       modules: zlib streams of marshalled code, without the header that a
//       .pyc file has; or, in PyInstaller 2 to 5 with a key, AES of them
//       table: marshalled (marshal.cc)
//
// Spec: pyinstaller/pyinstaller doc/advanced-topics.rst ("The ZlibArchive"),
// PyInstaller/loader/pyimod01_archive.py.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "formats/carried/claimed.h"
#include "formats/codec/decompress.h"
#include "formats/pyinstaller.h"
#include "formats/pyinstaller/big_endian.h"
#include "formats/pyinstaller/marshal.h"
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

constexpr uint64_t kPyzHeaderBytes = 12;
constexpr uint64_t kPyzDataKind = 2;
constexpr uint64_t kPyzNamespaceKind = 3;

// A zlib header without a preset dictionary (RFC 1950, 2.2).
bool HasPyzZlibHeader(Bytes bytes) {
  return bytes.size() >= 2 && (bytes[0] & 0x0F) == 8 && (bytes[0] >> 4) <= 7 &&
         (bytes[0] * 256 + bytes[1]) % 31 == 0 && (bytes[1] & 0x20) == 0;
}

class PyzMembers {
 public:
  PyzMembers(Bytes file, MemberSink& sink)
      : file_(file), sink_(sink), remarks_(sink) {}

  Result<void> HandOver(Budget& budget) {
    auto result = HandOverAll(budget);
    remarks_.Finish();
    return result;
  }

 private:
  Result<void> HandOverAll(Budget& budget) {
    Reader reader(base::Input{file_, 0});
    if (base::AsText(reader.Take(4, "PYZ")) != std::string_view("PYZ\0", 4) &&
        !reader.Failed()) {
      return base::Fail(Fault::kMalformed, 0, "PYZ");
    }
    const uint16_t version = reader.U16("mark of .pyc");
    reader.Skip(2, "mark of .pyc");
    const uint64_t table = ReadBigEndian32(reader, "offset of the table");
    CS_TRY(reader.Finish(true));
    if (table < kPyzHeaderBytes || table > file_.size()) {
      return base::Fail(Fault::kMalformed, 8, "offset of the table");
    }
    sink_.Identify(model::Format::kPyinstaller,
                   fmt::format("modules of a PyInstaller archive, Python's "
                               "code {}",
                               version));
    uint64_t end = table;
    const auto entries =
        CS_TRY(ReadPyzTable({file_.subspan(table), table}, budget, end));
    claimed_.Claim({0, kPyzHeaderBytes});
    claimed_.Claim({table, end - table});
    for (const PyzEntry& entry : entries) {
      CS_TRY_VOID(budget.ChargeSteps(1, entry.row.offset));
      CS_TRY_VOID(HandOverEntry(entry));
    }
    NoteLayout(end);
    return {};
  }

  Result<void> HandOverEntry(const PyzEntry& entry) {
    Member member;
    member.name = entry.name;
    member.stored = entry.row;
    if (entry.kind == kPyzNamespaceKind && entry.size == 0) {
      member.kind = MemberKind::kDirectory;
      return sink_.Place(member, {entry.row.offset, 0});
    }
    const ByteRange stored{entry.offset, entry.size};
    if (!stored.Inside(file_.size())) {
      CS_TRY_VOID(sink_.Begin(member));
      return sink_.End(
          Error{Fault::kTruncated, entry.row.offset, "place of a module"});
    }
    member.stored = stored;
    claimed_.Claim(stored);
    const Bytes bytes = file_.subspan(stored.offset, stored.size);
    CS_TRY_VOID(sink_.Begin(member));
    if (!HasPyzZlibHeader(bytes)) {
      if (entry.kind <= kPyzDataKind && !bytes.empty()) {
        remarks_.Note(RemarkKind::kEncrypted, stored, [&] {
          return fmt::format("module {} is encrypted", QuotedName(entry.name));
        });
      }
      return sink_.End(
          Error{Fault::kUnsupported, stored.offset, "content of a module"});
    }
    const auto taken =
        Decompress(Codec::kZlib, {bytes, stored.offset}, sink_, {});
    if (taken && *taken < stored.size) {
      const ByteRange rest{stored.offset + *taken, stored.size - *taken};
      remarks_.Note(RemarkKind::kHiddenData, rest, [&] {
        return fmt::format("{} bytes behind the compressed data of {}",
                           rest.size, QuotedName(entry.name));
      });
    }
    return sink_.End(taken ? std::nullopt : std::optional(taken.error()));
  }

  void NoteLayout(uint64_t end) {
    for (const ByteRange& shared : claimed_.Overlaps()) {
      remarks_.Note(RemarkKind::kOverlap, shared, [&] {
        return fmt::format("{} bytes belong to several modules", shared.size);
      });
    }
    for (const ByteRange& gap : claimed_.Gaps({0, file_.size()})) {
      // Quirk: PyInstaller up to 4 leaves room behind the header for the mark
      // of encryption.
      constexpr ByteRange kRoom{kPyzHeaderBytes, 5};
      if (gap.offset == kRoom.offset && gap.size <= kRoom.size) {
        continue;
      }
      remarks_.Note(gap.offset >= end ? RemarkKind::kTrailingData
                                      : RemarkKind::kHiddenData,
                    gap, [&] {
                      return fmt::format("{} bytes belong to no module",
                                         gap.size);
                    });
    }
  }

  Bytes file_;
  MemberSink& sink_;
  BoundedRemarks remarks_;
  ClaimedBytes claimed_;
};

}  // namespace

Result<void> UnpackPyz(const base::Blob& container, Budget& budget,
                       MemberSink& sink) {
  return PyzMembers(container.View(), sink).HandOver(budget);
}

}  // namespace countersign::formats
