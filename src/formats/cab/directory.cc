// offset 0        CFHEADER, 36 bytes: "MSCF", cbCabinet (+8), coffFiles (+16),
//                 version (+24), cFolders (+26), cFiles (+28), flags (+30),
//                 setID (+32), iCabinet (+34)
//   flags & 4     u16 cbCFHeader, u8 cbCFFolder, u8 cbCFData, abReserve
//   flags & 1     szCabinetPrev, szDiskPrev
//   flags & 2     szCabinetNext, szDiskNext
// behind it       CFFOLDER { u32 coffCabStart, u16 cCFData, u16 typeCompress,
//                 abReserve }
// coffFiles       CFFILE { u32 cbFile, u32 uoffFolderStart, u16 iFolder,
//                 u16 date, u16 time, u16 attribs, szName }
//
// Spec: [MS-CAB] 2.1 CFHEADER, 2.2 CFFOLDER, 2.3 CFFILE.
#include "formats/cab/directory.h"

#include <algorithm>

#include "base/reader.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Fault;
using base::Reader;
using base::Result;

// Spec: a string has up to 255 bytes, and a zero.
constexpr size_t kMaxCabString = 256;
constexpr uint32_t kSignatureMark = 0x00100000;
constexpr uint16_t kSignatureReserve = 20;

// The bytes before the next zero, which is read as well.
std::string_view TakeCabString(Reader& reader, Bytes cabinet,
                               const char* field) {
  if (reader.Failed()) {
    return {};
  }
  const Bytes rest = cabinet.subspan(reader.Offset());
  const std::string_view text =
      base::AsText(rest.first(std::min(rest.size(), kMaxCabString)));
  const size_t size = text.find('\0');
  if (size == std::string_view::npos) {
    reader.Fail(
        rest.size() < kMaxCabString ? Fault::kTruncated : Fault::kMalformed,
        field);
    return {};
  }
  reader.Skip(size + 1, field);
  return text.substr(0, size);
}

void ReadReserve(Reader& reader, CabinetLayout& layout) {
  const uint16_t size = reader.U16("CFHEADER.cbCFHeader");
  layout.folder_reserve = reader.U8("CFHEADER.cbCFFolder");
  layout.data_reserve = reader.U8("CFHEADER.cbCFData");
  layout.reserve = {reader.Offset(), size};
  const Bytes bytes = reader.Take(size, "CFHEADER.abReserve");
  if (bytes.size() < kSignatureReserve) {
    return;
  }
  Reader entry(base::Input{bytes, layout.reserve.offset});
  if (entry.U32("abReserve") == kSignatureMark) {
    layout.signature.offset = entry.U32("abReserve");
    layout.signature.size = entry.U32("abReserve");
  }
}

void ReadCabHeader(Reader& reader, Bytes cabinet, CabinetLayout& layout) {
  if (reader.U32("CFHEADER.signature") != 0x4643534D && !reader.Failed()) {
    reader.Seek(0, "CFHEADER.signature");
    reader.Fail(Fault::kMalformed, "CFHEADER.signature");
  }
  const uint32_t reserved1 = reader.U32("CFHEADER.reserved1");
  layout.size = reader.U32("CFHEADER.cbCabinet");
  const uint32_t reserved2 = reader.U32("CFHEADER.reserved2");
  layout.files_offset = reader.U32("CFHEADER.coffFiles");
  const uint32_t reserved3 = reader.U32("CFHEADER.reserved3");
  layout.has_reserved_words = (reserved1 | reserved2 | reserved3) != 0;
  layout.version = reader.U16("CFHEADER.versionMinor");
  layout.folder_count = reader.U16("CFHEADER.cFolders");
  layout.file_count = reader.U16("CFHEADER.cFiles");
  layout.flags = reader.U16("CFHEADER.flags");
  layout.set_id = reader.U16("CFHEADER.setID");
  layout.index = reader.U16("CFHEADER.iCabinet");
  if ((layout.flags & kCabFlagReserve) != 0) {
    ReadReserve(reader, layout);
  }
  if ((layout.flags & kCabFlagPrevious) != 0) {
    (void)TakeCabString(reader, cabinet, "CFHEADER.szCabinetPrev");
    (void)TakeCabString(reader, cabinet, "CFHEADER.szDiskPrev");
  }
  if ((layout.flags & kCabFlagNext) != 0) {
    (void)TakeCabString(reader, cabinet, "CFHEADER.szCabinetNext");
    (void)TakeCabString(reader, cabinet, "CFHEADER.szDiskNext");
  }
  layout.header = {0, reader.Offset()};
}

CabFile ReadCabFile(Reader& reader, Bytes cabinet) {
  CabFile file;
  file.stored.offset = reader.Offset();
  file.size = reader.U32("CFFILE.cbFile");
  file.start = reader.U32("CFFILE.uoffFolderStart");
  file.folder = reader.U16("CFFILE.iFolder");
  reader.Skip(4, "CFFILE.date");
  file.attributes = reader.U16("CFFILE.attribs");
  file.name = TakeCabString(reader, cabinet, "CFFILE.szName");
  file.stored.size = reader.Offset() - file.stored.offset;
  return file;
}

Result<void> ReadCabFiles(Bytes cabinet, base::Budget& budget,
                          CabDirectory& directory) {
  Reader reader(base::Input{cabinet, 0});
  if (directory.layout.files_offset > cabinet.size()) {
    directory.damage = base::Error{Fault::kTruncated, 16, "CFHEADER.coffFiles"};
    return {};
  }
  reader.Seek(directory.layout.files_offset, "CFHEADER.coffFiles");
  directory.file_table.offset = reader.Offset();
  for (uint16_t i = 0; i < directory.layout.file_count; ++i) {
    CS_TRY_VOID(budget.ChargeSteps(1, reader.Offset()));
    const CabFile file = ReadCabFile(reader, cabinet);
    if (const auto read = reader.Finish(true); !read) {
      directory.damage = read.error();
      break;
    }
    directory.files.push_back(file);
    directory.file_table.size = reader.Offset() - directory.file_table.offset;
  }
  return {};
}

}  // namespace

Result<CabinetLayout> ReadCabinetLayout(Bytes cabinet) {
  CabinetLayout layout;
  Reader reader(base::Input{cabinet, 0});
  ReadCabHeader(reader, cabinet, layout);
  layout.folders = {reader.Offset(),
                    layout.folder_count * (8ULL + layout.folder_reserve)};
  reader.Skip(layout.folders.size, "CFFOLDER");
  return reader.Finish(layout);
}

Result<CabDirectory> ReadCabDirectory(Bytes cabinet, base::Budget& budget) {
  CabDirectory directory;
  directory.layout = CS_TRY(ReadCabinetLayout(cabinet));
  const CabinetLayout& layout = directory.layout;
  CS_TRY_VOID(
      budget.ChargeSteps(1ULL + layout.folder_count, layout.folders.offset));
  Reader reader(base::Input{cabinet, 0});
  reader.Seek(layout.folders.offset, "CFFOLDER");
  for (uint16_t i = 0; i < layout.folder_count; ++i) {
    CabFolder folder;
    folder.entry = reader.Offset();
    folder.first_block = reader.U32("CFFOLDER.coffCabStart");
    folder.block_count = reader.U16("CFFOLDER.cCFData");
    folder.type = reader.U16("CFFOLDER.typeCompress");
    reader.Skip(layout.folder_reserve, "CFFOLDER.abReserve");
    directory.folders.push_back(folder);
  }
  CS_TRY_VOID(ReadCabFiles(cabinet, budget, directory));
  return directory;
}

}  // namespace countersign::formats
