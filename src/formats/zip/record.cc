#include "formats/zip/record.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/reader.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Reader;
using base::Result;

constexpr uint32_t kLeftToZip64 = 0xFFFFFFFF;

// Replaces those of `fields` that are all ones by what the zip64 extra field
// holds, which has only these, in this order. False when it is too short.
// Quirk: without such a field they mean what they say, as before zip64.
bool ApplyZip64(Bytes extra, std::initializer_list<uint64_t*> fields,
                uint32_t* disk) {
  const auto zip64 = FindZipExtra(extra, kZipExtraZip64);
  if (!zip64) {
    return true;
  }
  Reader reader(base::Input{*zip64, 0});
  for (uint64_t* field : fields) {
    if (*field == kLeftToZip64) {
      const uint64_t value = reader.U64("zip64 extended information");
      *field = reader.Failed() ? *field : value;
    }
  }
  if (disk != nullptr && *disk == 0xFFFF) {
    const uint32_t value = reader.U32("zip64 extended information");
    *disk = reader.Failed() ? *disk : value;
  }
  return !reader.Failed();
}

bool HasMuch(Bytes bytes) {
  const auto zeros = static_cast<size_t>(std::ranges::count(bytes, 0));
  return bytes.size() - zeros > kMostZipSideBytes;
}

}  // namespace

std::optional<uint32_t> ZipSignatureAt(Bytes archive, uint64_t offset) {
  if (offset > archive.size() || archive.size() - offset < 4) {
    return std::nullopt;
  }
  Reader reader(base::Input{archive.subspan(offset, 4), offset});
  return reader.U32("signature");
}

std::optional<Bytes> FindZipExtra(Bytes extra, uint16_t id) {
  Reader reader(base::Input{extra, 0});
  while (reader.Remaining() >= 4) {
    const uint16_t found = reader.U16("extra field");
    const Bytes content = reader.Take(reader.U16("extra field"), "extra field");
    if (found == id && !reader.Failed()) {
      return content;
    }
  }
  return std::nullopt;
}

bool IsZipExtraWhole(Bytes extra) {
  Reader reader(base::Input{extra, 0});
  while (reader.Remaining() >= 4) {
    reader.Skip(2, "extra field");
    reader.Skip(reader.U16("extra field"), "extra field");
  }
  return !reader.Failed();
}

std::optional<base::ByteRange> FindLargeZipExtra(Bytes extra) {
  Reader reader(base::Input{extra, 0});
  while (reader.Remaining() >= 4) {
    const uint16_t id = reader.U16("extra field");
    const uint16_t size = reader.U16("extra field");
    const uint64_t at = reader.Offset();
    const Bytes content = reader.Take(size, "extra field");
    if (!reader.Failed() && id != kZipExtraUnicodePath &&
        id != kZipExtraUnicodeComment && HasMuch(content)) {
      return base::ByteRange{at, size};
    }
  }
  return std::nullopt;
}

bool IsBinaryZipComment(Bytes comment) {
  return HasMuch(comment) && std::ranges::find(comment, 0) != comment.end();
}

Result<ZipLocalHeader> ReadZipLocalHeader(Bytes archive, uint64_t offset) {
  if (offset > archive.size()) {
    return Fail(Fault::kTruncated, archive.size(), "local file header");
  }
  Reader reader(base::Input{archive.subspan(offset), offset});
  if (reader.U32("local file header signature") != kZipLocalHeader &&
      !reader.Failed()) {
    return Fail(Fault::kMalformed, offset, "local file header signature");
  }
  ZipLocalHeader header;
  header.version_needed = reader.U16("version needed to extract");
  header.flags = reader.U16("general purpose bit flag");
  header.method = reader.U16("compression method");
  reader.Skip(4, "last mod file time");
  header.crc32 = reader.U32("crc-32");
  header.compressed_size = reader.U32("compressed size");
  header.size = reader.U32("uncompressed size");
  const uint16_t name_size = reader.U16("file name length");
  const uint16_t extra_size = reader.U16("extra field length");
  header.name = reader.Take(name_size, "file name");
  header.extra = reader.Take(extra_size, "extra field");
  if (!reader.Failed()) {
    header.range = {offset, reader.Offset() - offset};
    // Why its answer is of no interest: the size stays all ones, and then is
    // not what the central directory says.
    (void)ApplyZip64(header.extra, {&header.size, &header.compressed_size},
                     nullptr);
  }
  return reader.Finish(header);
}

Result<ZipCentralHeader> ReadZipCentralHeader(Bytes archive, uint64_t offset,
                                              uint64_t limit) {
  Reader reader(base::Input{archive.subspan(offset, limit - offset), offset});
  if (reader.U32("central file header signature") != kZipCentralHeader &&
      !reader.Failed()) {
    return Fail(Fault::kMalformed, offset, "central file header signature");
  }
  ZipCentralHeader header;
  header.version_made_by = reader.U16("version made by");
  reader.Skip(2, "version needed to extract");
  header.flags = reader.U16("general purpose bit flag");
  header.method = reader.U16("compression method");
  reader.Skip(4, "last mod file time");
  header.crc32 = reader.U32("crc-32");
  header.compressed_size = reader.U32("compressed size");
  header.size = reader.U32("uncompressed size");
  const uint16_t name_size = reader.U16("file name length");
  const uint16_t extra_size = reader.U16("extra field length");
  const uint16_t comment_size = reader.U16("file comment length");
  header.disk = reader.U16("disk number start");
  reader.Skip(2, "internal file attributes");
  header.external_attributes = reader.U32("external file attributes");
  header.local_offset = reader.U32("relative offset of local header");
  header.name = reader.Take(name_size, "file name");
  header.extra = reader.Take(extra_size, "extra field");
  header.comment = reader.Take(comment_size, "file comment");
  if (!reader.Failed()) {
    header.range = {offset, reader.Offset() - offset};
    header.is_zip64_short = !ApplyZip64(
        header.extra,
        {&header.size, &header.compressed_size, &header.local_offset},
        &header.disk);
  }
  return reader.Finish(header);
}

std::optional<ZipDataDescriptor> ReadZipDescriptor(Bytes archive,
                                                   uint64_t offset,
                                                   const ZipSums& expected) {
  if (offset > archive.size()) {
    return std::nullopt;
  }
  const bool is_marked = ZipSignatureAt(archive, offset) == kZipDescriptor;
  const auto read = [&](bool marked, bool wide) {
    Reader reader(base::Input{archive.subspan(offset), offset});
    reader.Skip(marked ? 4 : 0, "data descriptor");
    ZipSums sums;
    sums.crc32 = reader.U32("crc-32");
    sums.compressed_size =
        wide ? reader.U64("compressed size") : reader.U32("compressed size");
    sums.size = wide ? reader.U64("uncompressed size")
                     : reader.U32("uncompressed size");
    const ZipDataDescriptor descriptor{{offset, reader.Offset() - offset},
                                       sums};
    return reader.Failed() ? std::nullopt : std::optional(descriptor);
  };
  std::optional<ZipDataDescriptor> agreeing;
  struct Form {
    bool marked;
    bool wide;
  };
  for (const Form form : std::to_array<Form>(
           {{true, false}, {true, true}, {false, false}, {false, true}})) {
    if (form.marked && !is_marked) {
      continue;
    }
    const auto descriptor = read(form.marked, form.wide);
    if (!descriptor || !(descriptor->sums == expected)) {
      continue;
    }
    // Of an empty entry, zeros can be the descriptor in two forms.
    const uint64_t end = offset + descriptor->range.size;
    const bool is_followed =
        (ZipSignatureAt(archive, end).value_or(0) & 0xFFFF) == kZipMark;
    if (!agreeing || is_followed) {
      agreeing = descriptor;
    }
    if (is_followed) {
      break;
    }
  }
  if (agreeing) {
    return agreeing;
  }
  const bool is_wide =
      expected.compressed_size >= kLeftToZip64 || expected.size >= kLeftToZip64;
  return is_marked ? read(true, is_wide) : std::nullopt;
}

}  // namespace countersign::formats
