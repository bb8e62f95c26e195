// zip64 end of central directory record   "PK\6\6"   only in zip64
// zip64 locator                           "PK\6\7"   where the former is
// end of central directory record         "PK\5\6"   22 bytes
//   +4   number of this disk, of the disk with the directory (u16, u16)
//   +8   entries on this disk, in all (u16, u16)
//   +12  size and offset of the central directory (u32, u32)
//   +20  size of the comment (u16), then the comment
//
// Nothing at the start of an archive leads here, so readers search from the end
// of the file for the mark of the last record, which the comment, data in front
// of the archive and archives inside the archive can all hold as well. Readers
// differ in which one they take; the one taken here is the last that leads to a
// central directory.
//
// Spec: APPNOTE 6.3.10, 4.3.14 to 4.3.16, 4.4.19 to 4.4.24.
#include "formats/zip/end.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/reader.h"
#include "formats/zip.h"
#include "formats/zip/record.h"

namespace countersign::formats {
namespace {

using base::Budget;
using base::ByteRange;
using base::Bytes;
using base::Error;
using base::Fail;
using base::Fault;
using base::Reader;
using base::Result;

// What the end of central directory record, or its zip64 twin, says.
struct EndValues {
  uint64_t disk = 0;
  uint64_t directory_disk = 0;
  uint64_t disk_entries = 0;
  uint64_t entries = 0;
  uint64_t size = 0;
  uint64_t offset = 0;
};

// Offset of the last mark that begins before `before`, or nothing. Charges a
// step for every 64 KiB that are searched.
Result<std::optional<uint64_t>> LastMark(Bytes archive, uint64_t before,
                                         Budget& budget) {
  constexpr uint64_t kWindow = uint64_t{64} << 10;
  const std::string_view text = base::AsText(archive);
  while (before > 0) {
    CS_TRY_VOID(budget.ChargeSteps(1, before));
    const uint64_t start = before - std::min(before, kWindow);
    const size_t found =
        text.substr(start, before - start + kZipEndMark.size() - 1)
            .rfind(kZipEndMark);
    if (found != std::string_view::npos) {
      return start + found;
    }
    before = start;
  }
  return std::nullopt;
}

EndValues ReadEndValues(Reader& reader) {
  EndValues values;
  values.disk = reader.U16("number of this disk");
  values.directory_disk = reader.U16("disk with the central directory");
  values.disk_entries = reader.U16("entries on this disk");
  values.entries = reader.U16("total entries");
  values.size = reader.U32("size of the central directory");
  values.offset = reader.U32("offset of start of central directory");
  return values;
}

Result<EndValues> ReadZip64Values(Bytes archive, uint64_t offset,
                                  ByteRange& range) {
  Reader reader(base::Input{archive.subspan(offset), offset});
  reader.Skip(4, "zip64 end of central directory record");
  const uint64_t rest = reader.U64("size of zip64 end of central directory");
  reader.Skip(4, "version made by");
  EndValues values;
  values.disk = reader.U32("number of this disk");
  values.directory_disk = reader.U32("disk with the central directory");
  values.disk_entries = reader.U64("entries on this disk");
  values.entries = reader.U64("total entries");
  values.size = reader.U64("size of the central directory");
  values.offset = reader.U64("offset of start of central directory");
  if (!reader.Failed() &&
      (rest < kZip64EndBytes - 12 || rest - 44 > reader.Remaining())) {
    return Fail(Fault::kMalformed, offset + 4,
                "size of zip64 end of central directory");
  }
  range = {offset, rest + 12};
  return reader.Finish(values);
}

// Takes from `zip64` what `values` leaves to it, and notes where they differ.
EndValues MergeValues(EndValues values, const EndValues& zip64, ByteRange range,
                      BoundedRemarks& notes) {
  struct Field {
    uint64_t EndValues::* field;
    uint64_t left_to_zip64;
    const char* name;
  };
  constexpr uint64_t kAll16 = 0xFFFF;
  constexpr uint64_t kAll32 = 0xFFFFFFFF;
  for (const Field& each :
       {Field{&EndValues::disk, kAll16, "number of this disk"},
        Field{&EndValues::directory_disk, kAll16,
              "disk with the central directory"},
        Field{&EndValues::disk_entries, kAll16, "entries on this disk"},
        Field{&EndValues::entries, kAll16, "total entries"},
        Field{&EndValues::size, kAll32, "size of the central directory"},
        Field{&EndValues::offset, kAll32,
              "offset of start of central directory"}}) {
    uint64_t& value = values.*each.field;
    const uint64_t wide = zip64.*each.field;
    if (value != each.left_to_zip64 && value != wide) {
      notes.Note(RemarkKind::kDisagreement, range, [&] {
        return fmt::format(
            "{}: the zip64 end of central directory record says {}, the end of "
            "central directory record says {}",
            each.name, wide, value);
      });
    }
    value = value == each.left_to_zip64 ? wide : value;
  }
  return values;
}

// Reads what the zip64 locator leads to, if there is one.
Result<EndValues> ReadZip64(Bytes archive, EndValues values,
                            ZipEndRecords& records, BoundedRemarks& notes) {
  const uint64_t end = records.end.offset;
  if (end < kZip64LocatorBytes ||
      ZipSignatureAt(archive, end - kZip64LocatorBytes) != kZip64Locator) {
    return values;
  }
  const uint64_t locator = end - kZip64LocatorBytes;
  Reader reader(base::Input{archive.subspan(locator), locator});
  reader.Skip(8, "zip64 end of central directory locator");
  uint64_t record = reader.U64("offset of zip64 end of central directory");
  const uint32_t disks = reader.U32("total number of disks");
  if (disks > 1) {
    return Fail(Fault::kUnsupported, locator + 16, "total number of disks");
  }
  if (record >= locator || ZipSignatureAt(archive, record) != kZip64End) {
    // Data in front of the archive: the record stands before its locator.
    if (locator < kZip64EndBytes ||
        ZipSignatureAt(archive, locator - kZip64EndBytes) != kZip64End) {
      return Fail(Fault::kMalformed, locator + 8,
                  "offset of zip64 end of central directory");
    }
    record = locator - kZip64EndBytes;
  }
  ByteRange range;
  const EndValues zip64 =
      CS_TRY(ReadZip64Values(archive.first(locator), record, range));
  records.zip64_end = range;
  records.zip64_locator = {locator, kZip64LocatorBytes};
  return MergeValues(values, zip64, range, notes);
}

// Finds the central directory: right before the records, or else at the offset
// that is written. Where both hold one, readers differ.
Result<void> PlaceDirectory(Bytes archive, const EndValues& values,
                            ZipEndRecords& records, BoundedRemarks& notes) {
  const uint64_t limit = records.Start();
  const auto holds_header = [&](uint64_t offset) {
    return offset < limit &&
           ZipSignatureAt(archive, offset) == kZipCentralHeader;
  };
  records.directory_size = values.size;
  records.entry_count = values.entries;
  const bool adjoins =
      values.size <= limit && limit - values.size >= values.offset;
  const uint64_t adjoining = adjoins ? limit - values.size : 0;
  if (adjoins && (holds_header(adjoining) ||
                  (values.size == 0 && !holds_header(values.offset)))) {
    records.directory_offset = adjoining;
    records.base = adjoining - values.offset;
    if (records.base != 0 && holds_header(values.offset)) {
      notes.Note(RemarkKind::kDisagreement, records.end, [&] {
        return fmt::format(
            "there is a central directory at offset {}, where the end of "
            "central directory record says, and at {}, right before it",
            values.offset, adjoining);
      });
    }
    return {};
  }
  if (holds_header(values.offset)) {
    records.directory_offset = values.offset;
    return {};
  }
  return Fail(Fault::kMalformed, records.end.offset + 16,
              "offset of start of central directory");
}

// The records whose last one begins at `offset`.
Result<ZipEndRecords> ReadEndRecords(Bytes archive, uint64_t offset,
                                     BoundedRemarks& notes) {
  Reader reader(base::Input{archive.subspan(offset), offset});
  reader.Skip(4, "end of central directory signature");
  EndValues values = ReadEndValues(reader);
  const uint16_t comment = reader.U16(".ZIP file comment length");
  if (reader.Failed()) {
    return Fail(Fault::kTruncated, archive.size(),
                "end of central directory record");
  }
  ZipEndRecords records;
  records.is_comment_cut = comment > reader.Remaining();
  records.comment = {reader.Offset(),
                     std::min<uint64_t>(comment, reader.Remaining())};
  records.end = {offset, kZipEndBytes + records.comment.size};
  values = CS_TRY(ReadZip64(archive, values, records, notes));
  records.is_count_of_16_bits = records.zip64_end.size == 0;
  if (values.disk != 0 || values.directory_disk != 0) {
    return Fail(Fault::kUnsupported, offset + 4, "number of this disk");
  }
  if (values.disk_entries != values.entries) {
    notes.Note(RemarkKind::kDisagreement, records.end, [&] {
      return fmt::format(
          "the end of central directory record says {} entries on this disk, "
          "which is the only one, and {} in all",
          values.disk_entries, values.entries);
    });
  }
  CS_TRY_VOID(PlaceDirectory(archive, values, records, notes));
  return records;
}

// True when the archive begins with members by their local headers, and one of
// them holds `offset` in its data: then what stands there is of an archive
// inside this one, whose own end is missing.
// Quirk: the walk ends at a member whose size only its data tells.
Result<bool> LiesInMember(Bytes archive, uint64_t offset, Budget& budget) {
  uint64_t at = 0;
  while (at < offset) {
    CS_TRY_VOID(budget.ChargeSteps(1, at));
    const auto header = ReadZipLocalHeader(archive, at);
    if (!header || header->IsUnsized()) {
      return false;
    }
    const uint64_t data = header->range.offset + header->range.size;
    if (header->compressed_size > archive.size() - data) {
      return true;
    }
    at = data + header->compressed_size;
    if ((header->flags & kZipFlagDescriptor) != 0) {
      const auto descriptor = ReadZipDescriptor(
          archive, at, {header->crc32, header->compressed_size, header->size});
      at += descriptor ? descriptor->range.size : 0;
    }
  }
  return at > offset;
}

}  // namespace

Result<ZipEndRecords> FindZipEnd(Bytes archive, Budget& budget,
                                 BoundedRemarks& notes) {
  uint64_t before = archive.size();
  std::optional<uint64_t> chosen;
  std::optional<uint64_t> empty;  // the last of an archive without entries
  std::optional<uint64_t> other;  // the last that is not taken
  Error failure{Fault::kTruncated, archive.size(),
                "end of central directory record"};
  while (!chosen) {
    const auto found = CS_TRY(LastMark(archive, before, budget));
    if (!found) {
      break;
    }
    before = *found;
    BoundedRemarks silent = BoundedRemarks::Silent();
    const auto records = ReadEndRecords(archive, before, silent);
    if (!records) {
      failure = other ? failure : records.error();
    } else if (records->base == 0 ||
               !CS_TRY(LiesInMember(archive, before, budget))) {
      // Why: a record without entries behind an archive would hide it.
      if (records->directory_offset == records->Start() && records->base > 0) {
        empty = empty ? empty : before;
      } else {
        chosen = before;
      }
    }
    other = other || chosen ? other : before;
  }
  chosen = chosen ? chosen : empty;
  if (!chosen) {
    return std::unexpected(failure);
  }
  if (other && other != chosen) {
    notes.Note(RemarkKind::kDisagreement,
               {*other, std::min(kZipEndBytes, archive.size() - *other)}, [&] {
                 return fmt::format(
                     "there is another end of central directory record at "
                     "offset {}",
                     *other);
               });
  }
  return ReadEndRecords(archive, *chosen, notes);
}

bool EndsLikeZip(Bytes end) {
  constexpr uint64_t kHeaderBytes = 46;  // of an entry in the directory
  // Limit: 64 marks; text may be full of them.
  constexpr int kMostMarks = 64;
  const std::string_view text = base::AsText(end);
  size_t mark = text.rfind(kZipEndMark);
  for (int i = 0; i < kMostMarks && mark != std::string_view::npos; ++i) {
    Reader reader({end.subspan(mark), 0});
    reader.Skip(4, "end of central directory");
    const uint16_t disk = reader.U16("disk");
    const uint16_t directory_disk = reader.U16("disk");
    const uint16_t disk_entries = reader.U16("entries");
    const uint16_t entries = reader.U16("entries");
    const uint32_t size = reader.U32("directory size");
    if (!reader.Failed() && disk == directory_disk && entries > 0 &&
        disk_entries == entries && size >= kHeaderBytes * entries) {
      return true;
    }
    mark =
        mark == 0 ? std::string_view::npos : text.rfind(kZipEndMark, mark - 1);
  }
  return false;
}

}  // namespace countersign::formats
