// +--------+------+------------+   +---------+-----------+---------+-----+
// | local  | data | descriptor |...| signing | central   | zip64   | end |
// | header |      | (optional) |   | block   | directory | records |     |
// +--------+------+------------+   +---------+-----------+---------+-----+
//
// A central header: "PK\1\2", versions, flags, method, time, CRC-32, sizes,
// lengths of name, extra field and comment, disk, attributes, offset of the
// local header; then name, extra field, comment.
//
// Spec: APPNOTE 6.3.10, 4.3.6 to 4.3.13. The signing block: Android, "APK
// Signature Scheme v2", section "APK Signing Block".
#include "formats/zip/directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/checked.h"
#include "base/reader.h"
#include "formats/zip/end.h"
#include "formats/zip/name.h"

namespace countersign::formats {
namespace {

using base::Budget;
using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fault;
using base::Reader;
using base::Result;

void NoteZipName(const ZipName& name, const ZipCentralHeader& header,
                 BoundedRemarks& notes) {
  const auto add = [&](RemarkKind kind, const char* what) {
    notes.Note(kind, header.range, [&] {
      return fmt::format("the name of entry {} {}", QuotedName(name.text),
                         what);
    });
  };
  if (name.is_broken) {
    add(RemarkKind::kOddity, "is flagged as UTF-8 and is not");
  }
  if (name.is_path_stale) {
    add(RemarkKind::kOddity, "has a Unicode path that does not belong to it");
  }
  if (name.is_path_different) {
    add(RemarkKind::kDisagreement,
        "is another in its Unicode path than in its header");
  }
  if (name.text.find('\0') != std::string::npos) {
    add(RemarkKind::kOddity, "has a zero byte in it");
  }
  if (name.text.empty()) {
    add(RemarkKind::kOddity, "is empty");
  }
  if (!IsZipExtraWhole(header.extra)) {
    add(RemarkKind::kOddity, "is followed by an extra field that is cut off");
  }
}

// What no unpacker makes a file of, and what it may be all the same.
void NoteSideBytes(const ZipCentralHeader& header, BoundedRemarks& notes) {
  const uint64_t end = header.range.offset + header.range.size;
  const uint64_t comment = end - header.comment.size();
  if (const auto large = FindLargeZipExtra(header.extra)) {
    notes.Note(RemarkKind::kHiddenData,
               {comment - header.extra.size() + large->offset, large->size},
               [&] {
                 return fmt::format(
                     "{} bytes in an extra field of the central directory",
                     large->size);
               });
  }
  if (IsBinaryZipComment(header.comment)) {
    notes.Note(RemarkKind::kHiddenData, {comment, header.comment.size()}, [&] {
      return fmt::format("{} bytes in a comment, which are no text",
                         header.comment.size());
    });
  }
}

ZipEntry EntryOf(const ZipCentralHeader& header, BoundedRemarks& notes) {
  ZipName name = ReadZipName(header.name, header.flags, header.extra);
  NoteZipName(name, header, notes);
  ZipEntry entry;
  entry.name = std::move(name.text);
  entry.version_made_by = header.version_made_by;
  entry.flags = header.flags;
  entry.method = header.method;
  entry.crc32 = header.crc32;
  entry.external_attributes = header.external_attributes;
  entry.compressed_size = header.compressed_size;
  entry.size = header.size;
  entry.central_header = header.range;
  return entry;
}

// Finds the bytes of `entry`, or says why they are not there.
Result<void> Locate(Bytes archive, const ZipCentralHeader& header,
                    uint64_t base, Budget& budget, ZipEntry& entry) {
  const auto offset = base::CheckedSum(base, header.local_offset);
  if (header.is_zip64_short) {
    entry.damage = Error{Fault::kMalformed, header.range.offset,
                         "zip64 extended information"};
  } else if (header.disk != 0) {
    entry.damage = Error{Fault::kUnsupported, header.range.offset + 34,
                         "disk number start"};
  } else if (!offset || *offset >= archive.size()) {
    entry.damage = Error{Fault::kMalformed, header.range.offset + 42,
                         "relative offset of local header"};
  } else if (const auto local = ReadZipLocalHeader(archive, *offset); !local) {
    CS_TRY_VOID(ChargeZipHeader(budget, *offset, {}));
    entry.damage = local.error();
  } else {
    CS_TRY_VOID(ChargeZipHeader(budget, *offset, local->extra));
    PlaceZipEntry(archive, *local, entry);
  }
  return {};
}

// Quirk: something put in front of an archive moves its directory, but some
// tools adjust the offsets in the directory and not the one to it.
uint64_t BaseOfEntries(Bytes archive, const ZipEndRecords& records,
                       BoundedRemarks& notes) {
  const auto first =
      ReadZipCentralHeader(archive, records.directory_offset, records.Start());
  if (records.base == 0 || !first || first->local_offset >= archive.size()) {
    return records.base;
  }
  const auto moved = base::CheckedSum(records.base, first->local_offset);
  const bool is_moved =
      moved && ZipSignatureAt(archive, *moved) == kZipLocalHeader;
  if (ZipSignatureAt(archive, first->local_offset) != kZipLocalHeader) {
    return records.base;
  }
  notes.Note(RemarkKind::kDisagreement, first->range, [&] {
    return fmt::format(
        "the central directory is {} bytes behind where the end of central "
        "directory record says, and {}",
        records.base,
        is_moved ? "there are local headers with and without that distance"
                 : "the local headers are not");
  });
  return is_moved ? records.base : 0;
}

void FindSigningBlock(Bytes archive, ZipArchive& zip) {
  constexpr std::string_view kMark = "APK Sig Block 42";
  constexpr uint64_t kFooterBytes = 24;  // size, mark
  const uint64_t end = zip.central_directory.offset;
  if (end < kFooterBytes + 8 ||
      base::AsText(archive.subspan(end - kMark.size(), kMark.size())) !=
          kMark) {
    return;
  }
  const auto size_at = [&](uint64_t offset) {
    Reader reader(base::Input{archive.subspan(offset, 8), offset});
    return reader.U64("size of block");
  };
  const uint64_t size = size_at(end - kFooterBytes);
  if (size >= kFooterBytes && size <= end - 8 &&
      size_at(end - size - 8) == size) {
    zip.signing_block = {end - size - 8, size + 8};
  }
}

// The record behind the headers, at `offset`.
void FindDigitalSignature(Bytes archive, uint64_t offset, uint64_t limit,
                          ZipArchive& zip) {
  Reader reader(base::Input{archive.subspan(offset, limit - offset), offset});
  if (reader.U32("header signature") == kZipDigitalSignature) {
    reader.Skip(reader.U16("size of data"), "signature data");
    if (!reader.Failed()) {
      zip.digital_signature = {offset, reader.Offset() - offset};
    }
  }
}

// Compares what was read with what the end records promise.
void CheckDirectory(const ZipEndRecords& records, uint64_t end, ZipArchive& zip,
                    BoundedRemarks& notes) {
  const uint64_t found = zip.entries.size();
  const uint64_t taken =
      zip.central_directory.size + zip.digital_signature.size;
  const bool is_whole = taken == records.directory_size ||
                        zip.central_directory.size == records.directory_size;
  // Quirk: before zip64, and in Java up to 6, counts above 65,535 wrapped.
  const uint64_t shown = records.is_count_of_16_bits ? found & 0xFFFF : found;
  if (shown != records.entry_count) {
    notes.Note(RemarkKind::kDisagreement, records.end, [&] {
      return fmt::format(
          "the end of central directory record says {} entries, the central "
          "directory has {}",
          records.entry_count, found);
    });
  }
  if (!is_whole) {
    notes.Note(RemarkKind::kDisagreement, records.end, [&] {
      return fmt::format(
          "the end of central directory record says that the central directory "
          "has {} bytes, its headers take {}",
          records.directory_size, taken);
    });
  }
  if (!zip.damage && found < records.entry_count && !is_whole) {
    zip.damage = Error{Fault::kMalformed, end, "central file header signature"};
  }
  if (!zip.damage && records.is_comment_cut) {
    zip.damage = Error{Fault::kTruncated, zip.end.offset + zip.end.size,
                       ".ZIP file comment"};
  }
}

}  // namespace

Result<void> ChargeZipHeader(Budget& budget, uint64_t offset, Bytes extra) {
  return budget.ChargeSteps(1 + extra.size() / 64, offset);
}

void PlaceZipEntry(Bytes archive, const ZipLocalHeader& local,
                   ZipEntry& entry) {
  const uint64_t start = local.range.offset + local.range.size;
  const uint64_t left = archive.size() - start;
  entry.local_header = local.range;
  entry.data = {start, std::min(entry.compressed_size, left)};
  if (entry.compressed_size > left) {
    entry.damage = Error{Fault::kTruncated, archive.size(), "file data"};
    return;
  }
  if (((local.flags | entry.flags) & kZipFlagDescriptor) != 0) {
    const uint64_t end = start + entry.compressed_size;
    const auto descriptor = ReadZipDescriptor(
        archive, end, {entry.crc32, entry.compressed_size, entry.size});
    entry.descriptor = descriptor ? descriptor->range : ByteRange{};
  }
}

Result<ZipArchive> ReadZipDirectory(Bytes archive, Budget& budget,
                                    BoundedRemarks& notes) {
  const ZipEndRecords records = CS_TRY(FindZipEnd(archive, budget, notes));
  ZipArchive zip;
  zip.base = BaseOfEntries(archive, records, notes);
  zip.zip64_end = records.zip64_end;
  zip.zip64_locator = records.zip64_locator;
  zip.end = records.end;
  zip.comment = records.comment;

  const uint64_t limit = records.Start();
  uint64_t offset = records.directory_offset;
  while (offset < limit &&
         ZipSignatureAt(archive.first(limit), offset) == kZipCentralHeader) {
    const auto header = ReadZipCentralHeader(archive, offset, limit);
    if (!header) {
      zip.damage = header.error();
      break;
    }
    CS_TRY_VOID(ChargeZipHeader(budget, offset, header->extra));
    NoteSideBytes(*header, notes);
    ZipEntry& entry = zip.entries.emplace_back(EntryOf(*header, notes));
    CS_TRY_VOID(Locate(archive, *header, zip.base, budget, entry));
    offset += header->range.size;
  }
  zip.central_directory = {records.directory_offset,
                           offset - records.directory_offset};
  if (IsBinaryZipComment(
          archive.subspan(zip.comment.offset, zip.comment.size))) {
    notes.Note(RemarkKind::kHiddenData, zip.comment, [&] {
      return fmt::format("{} bytes in the comment, which are no text",
                         zip.comment.size);
    });
  }
  FindDigitalSignature(archive, offset, limit, zip);
  FindSigningBlock(archive, zip);
  CheckDirectory(records, offset, zip, notes);
  return zip;
}

Result<ZipArchive> ParseZip(Bytes archive, Budget& budget) {
  BoundedRemarks silent = BoundedRemarks::Silent();
  return ReadZipDirectory(archive, budget, silent);
}

}  // namespace countersign::formats
