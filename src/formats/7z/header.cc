// start   37 7A BC AF 27 1C, version 2, CRC of the next 20 bytes u32,
//         offset u64 (from byte 32), size u64 and CRC u32 of the header
// header  01 [02 archive properties] [03 streams] [04 streams] [05 files] 00
// files   count, then properties: number, size, content; 00
//         0E which have no content; 0F which of those are files; 11 names,
//         UTF-16 little-endian, each to a zero; 15 attributes; others
//
// Spec: LZMA SDK 23.01, "7zFormat.txt".
#include "formats/7z/header.h"

#include <algorithm>

#include "base/reader.h"
#include "base/text.h"
#include "formats/7z/streams.h"
#include "formats/codec/decompress.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fail;
using base::Fault;
using base::Input;
using base::Reader;
using base::Result;
using std::string_view_literals::operator""sv;

// Properties nobody needs: numbers and sizes up to the end.
void SkipArchiveProperties(Reader& reader) {
  while (!reader.Failed() && TakeSevenZipId(reader) != SevenZipId::kEnd) {
    reader.Skip(SevenZipNumber(reader, "PropertySize"), "PropertyData");
  }
}

bool RefuseExternal(Reader& reader) {
  if (reader.U8("External") != 0) {
    reader.Fail(Fault::kUnsupported, "External");
  }
  return reader.Failed();
}

void ReadSevenZipNames(Reader& reader, std::vector<SevenZipFile>& files) {
  if (RefuseExternal(reader)) {
    return;
  }
  Bytes rest = reader.Take(reader.Remaining(), "Names");
  for (SevenZipFile& file : files) {
    size_t size = 0;
    while (size + 1 < rest.size() && (rest[size] != 0 || rest[size + 1] != 0)) {
      size += 2;
    }
    if (size + 1 >= rest.size()) {
      reader.Fail(Fault::kTruncated, "Names");
      return;
    }
    file.name = base::FromUtf16LittleEndian(rest.first(size));
    rest = rest.subspan(size + 2);
  }
}

void ReadSevenZipAttributes(Reader& reader, std::vector<SevenZipFile>& files) {
  const auto defined = SevenZipOptionalBits(reader, files.size(), "Attributes");
  if (RefuseExternal(reader)) {
    return;
  }
  for (size_t i = 0; i < files.size() && i < defined.size(); ++i) {
    files[i].attributes = defined[i] ? reader.U32("Attributes") : 0;
  }
}

// Reads the one property whose content `reader` holds.
void ReadFileProperty(SevenZipId id, Reader& reader,
                      std::vector<SevenZipFile>& files,
                      std::vector<bool>& empty_files) {
  switch (id) {
    case SevenZipId::kEmptyStream: {
      const auto empty = SevenZipBits(reader, files.size(), "EmptyStream");
      for (size_t i = 0; i < empty.size(); ++i) {
        files[i].has_content = !empty[i];
      }
      break;
    }
    case SevenZipId::kEmptyFile: {
      const auto count =
          std::ranges::count(files, false, &SevenZipFile::has_content);
      empty_files =
          SevenZipBits(reader, static_cast<uint64_t>(count), "EmptyFile");
      break;
    }
    case SevenZipId::kNames:
      ReadSevenZipNames(reader, files);
      break;
    case SevenZipId::kAttributes:
      ReadSevenZipAttributes(reader, files);
      break;
    default:
      break;  // times, comments, padding
  }
}

// What has no content is a directory, unless it is said to be an empty file.
void FindDirectories(const std::vector<bool>& empty_files,
                     std::vector<SevenZipFile>& files) {
  size_t empty = 0;
  for (SevenZipFile& file : files) {
    if (!file.has_content) {
      file.is_directory = empty >= empty_files.size() || !empty_files[empty];
      ++empty;
    }
  }
}

Result<void> ReadSevenZipFiles(Reader& reader, base::Budget& budget,
                               std::vector<SevenZipFile>& files) {
  const uint64_t count = SevenZipCount(reader, "NumFiles");
  CS_TRY_VOID(budget.ChargeSteps(count, reader.Offset()));
  files.resize(count);
  std::vector<bool> empty_files;
  while (!reader.Failed()) {
    const SevenZipId id = TakeSevenZipId(reader);
    if (id == SevenZipId::kEnd) {
      break;
    }
    const uint64_t size = SevenZipNumber(reader, "PropertySize");
    const uint64_t offset = reader.Offset();
    Reader content({reader.Take(size, "PropertyData"), offset});
    if (reader.Failed()) {
      break;
    }
    CS_TRY_VOID(budget.ChargeSteps(1, offset));
    ReadFileProperty(id, content, files, empty_files);
    CS_TRY(content.Finish(true));
  }
  CS_TRY(reader.Finish(true));
  FindDirectories(empty_files, files);
  return {};
}

Result<void> ChargeStreams(const SevenZipStreams& streams, uint64_t offset,
                           base::Budget& budget) {
  return budget.ChargeSteps(streams.packed.size() + streams.folders.size() +
                                streams.contents.size() + 1,
                            offset);
}

}  // namespace

Result<SevenZipStart> ReadSevenZipStart(Bytes archive) {
  Reader reader({archive, 0});
  const auto mark = base::AsText(reader.Take(6, "Signature"));
  reader.Skip(1, "ArchiveVersion");
  SevenZipStart start;
  start.minor_version = reader.U8("ArchiveVersion");
  const uint32_t start_crc = reader.U32("StartHeaderCRC");
  const uint64_t offset = reader.U64("NextHeaderOffset");
  const uint64_t size = reader.U64("NextHeaderSize");
  const uint32_t header_crc = reader.U32("NextHeaderCRC");
  CS_TRY(reader.Finish(true));
  if (mark != "7z\xBC\xAF\x27\x1C"sv) {
    return Fail(Fault::kMalformed, 0, "Signature");
  }
  if (Crc32(0, archive.subspan(12, 20)) != start_crc) {
    return Fail(Fault::kMalformed, 8, "StartHeaderCRC");
  }
  const uint64_t rest = archive.size() - kSevenZipStart;
  if (offset > rest || size > rest - offset) {
    return Fail(Fault::kTruncated, archive.size(), "NextHeader");
  }
  start.header = {kSevenZipStart + offset, size};
  if (Crc32(0, archive.subspan(start.header.offset, size)) != header_crc) {
    return Fail(Fault::kMalformed, 28, "NextHeaderCRC");
  }
  return start;
}

Result<SevenZipHeader> ReadSevenZipHeader(Input header, uint64_t archive_size,
                                          base::Budget& budget) {
  Reader reader(header);
  SevenZipHeader result;
  SevenZipId id = TakeSevenZipId(reader);
  if (id != SevenZipId::kHeader) {
    return Fail(Fault::kMalformed, header.offset, "Header");
  }
  id = TakeSevenZipId(reader);
  if (id == SevenZipId::kArchiveProperties) {
    SkipArchiveProperties(reader);
    id = TakeSevenZipId(reader);
  }
  if (id == SevenZipId::kAdditionalStreams) {
    // Names and the like outside the header; nothing writes them.
    return Fail(Fault::kUnsupported, reader.Offset(), "AdditionalStreamsInfo");
  }
  if (id == SevenZipId::kMainStreams) {
    ReadSevenZipStreams(reader, archive_size, result.streams);
    CS_TRY(reader.Finish(true));
    CS_TRY_VOID(ChargeStreams(result.streams, header.offset, budget));
    id = TakeSevenZipId(reader);
  }
  if (id == SevenZipId::kFiles) {
    CS_TRY_VOID(ReadSevenZipFiles(reader, budget, result.files));
    id = TakeSevenZipId(reader);
  }
  if (id != SevenZipId::kEnd) {
    reader.Fail(Fault::kMalformed, "property");
  }
  return reader.Finish(std::move(result));
}

Result<SevenZipStreams> ReadSevenZipPackedHeader(Input header,
                                                 uint64_t archive_size,
                                                 base::Budget& budget) {
  Reader reader(header);
  if (TakeSevenZipId(reader) != SevenZipId::kPackedHeader) {
    return Fail(Fault::kMalformed, header.offset, "EncodedHeader");
  }
  SevenZipStreams streams;
  ReadSevenZipStreams(reader, archive_size, streams);
  CS_TRY(reader.Finish(true));
  CS_TRY_VOID(ChargeStreams(streams, header.offset, budget));
  return streams;
}

}  // namespace countersign::formats
