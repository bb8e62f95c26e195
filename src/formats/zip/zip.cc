// A ZIP archive describes every entry twice: by a local header before its data,
// for who reads from the start, and in the central directory behind all data,
// for who reads from the end. Nothing makes the two agree. What installers and
// Windows show is the central directory; what a streaming unpacker sees are the
// local headers; a scanner that reads one of them can be shown another content
// than the user gets. So the central directory is read, each entry is compared
// with its local header, and what lies between entries is read as well.
//
//   end.cc        the records at the end, which lead to the central directory
//   directory.cc  the central directory and the layout that it describes
//   record.cc     the records one by one; name.cc the encodings of names
//   layout.cc     which bytes belong to what: overlaps and gaps
//   compare.cc    local headers against the central directory
//   content.cc    methods of compression
//   member.cc     entries as members; walk.cc members of the gaps
//
// Spec: PKWARE .ZIP File Format Specification (APPNOTE.TXT) 6.3.10, section 4.
#include "formats/zip.h"

#include <fmt/format.h>

#include <utility>

#include "formats/remarks.h"
#include "formats/zip/compare.h"
#include "formats/zip/directory.h"
#include "formats/zip/layout.h"
#include "formats/zip/member.h"
#include "formats/zip/walk.h"

namespace countersign::formats {
namespace {

using base::Budget;
using base::Bytes;
using base::Fault;
using base::Result;

// What the local headers show, for want of a central directory.
Result<void> RecoverZip(const base::Blob& container, Budget& budget,
                        MemberSink& sink, BoundedRemarks& notes) {
  const Bytes archive = container.View();
  sink.Identify(model::Format::kZip, "ZIP archive without a central directory");
  ZipMembers members(container, budget, sink, notes);
  ZipWalk walk(archive, /*is_hidden=*/false, members, budget, notes);
  const auto mark = ZipSignatureAt(archive, 0);
  const uint64_t start = mark == kZipUnsplit || mark == kZipDescriptor ? 4 : 0;
  return walk.Run({start, archive.size() - start});
}

// Hands over the entries, then what lies between them.
Result<void> UnpackEntries(const base::Blob& container, const ZipArchive& zip,
                           Budget& budget, MemberSink& sink,
                           BoundedRemarks& notes) {
  const Bytes archive = container.View();
  // Why first: of a bomb that is stopped at its first entries, too, it is said
  // that they share their bytes.
  NoteDuplicateZipNames(zip.entries, notes);
  const std::vector<base::ByteRange> gaps = FindZipGaps(zip, archive, notes);
  ZipMembers members(container, budget, sink, notes);
  for (const ZipEntry& entry : zip.entries) {
    const bool is_other = CompareZipHeaders(entry, archive, notes);
    CS_TRY_VOID(members.HandOver(entry));
    if (is_other) {
      const auto local =
          CS_TRY(ReadZipLocalHeader(archive, entry.local_header.offset));
      notes.Note(RemarkKind::kHiddenMember, local.range, [&] {
        return fmt::format(
            "entry {} has other content by its local header than by the "
            "central directory",
            QuotedName(entry.name));
      });
      CS_TRY(members.HandOverLocal(local, true));
    }
  }
  ZipWalk walk(archive, /*is_hidden=*/true, members, budget, notes);
  for (const base::ByteRange gap : gaps) {
    CS_TRY_VOID(walk.Run(gap));
  }
  return {};
}

Result<void> UnpackWithNotes(const base::Blob& container, Budget& budget,
                             MemberSink& sink, BoundedRemarks& notes) {
  const auto zip = ReadZipDirectory(container.View(), budget, notes);
  if (!zip) {
    if (zip.error().fault != Fault::kLimit) {
      CS_TRY_VOID(RecoverZip(container, budget, sink, notes));
    }
    return std::unexpected(zip.error());
  }
  ZipIdentity identity = IdentifyZip(zip->entries);
  sink.Identify(identity.format, std::move(identity.detail));
  CS_TRY_VOID(UnpackEntries(container, *zip, budget, sink, notes));
  if (zip->damage) {
    return std::unexpected(*zip->damage);
  }
  return {};
}

}  // namespace

Result<void> UnpackZip(const base::Blob& container, Budget& budget,
                       MemberSink& sink) {
  BoundedRemarks notes(sink);
  auto result = UnpackWithNotes(container, budget, sink, notes);
  notes.Finish();
  return result;
}

}  // namespace countersign::formats
