// The loader's table of offsets, in resource RCDATA 11111:
//
//   version 1, 44 bytes            version 2, 64 bytes (since 6.5)
//   +0  "rDlPtS" CD E6 D7 7B 0B 2A
//   +12 u32 version
//   +16 u32 total size             u64
//   +20 u32 offset of setup.e32    +24 u64
//   +24 u32 its decompressed size  +32 u32
//   +28 u32 its CRC-32             +36 u32
//   +32 u32 offset of setup-0.bin  +40 u64
//   +36 u32 offset of setup-1.bin  +48 u64, +56 4 bytes of nothing
//   +40 u32 CRC-32 of the table    +60
//
// Before 5.1.5 the DOS header had "Inno", the offset of the table and its
// complement at 0x30.
//
// Spec: jrsoftware/issrc Projects/Struct.pas, TSetupLdrOffsetTable.
#include <algorithm>
#include <string_view>

#include "base/reader.h"
#include "formats/codec/decompress.h"
#include "formats/inno.h"

namespace countersign::formats {
namespace {

using base::Budget;
using base::ByteRange;
using base::Bytes;
using base::Fault;
using base::Reader;
using base::Result;
using namespace std::string_view_literals;

constexpr std::string_view kInnoTableMark = "rDlPtS\xCD\xE6\xD7\x7B\x0B\x2A"sv;
constexpr uint32_t kNarrowInnoTable = 1;
constexpr uint32_t kWideInnoTable = 2;

Result<InnoLoader> ReadInnoTable(base::Input table) {
  Reader reader(table);
  InnoLoader loader;
  reader.Skip(kInnoTableMark.size(), "ID");
  loader.version = reader.U32("Version");
  CS_TRY(reader.Finish(true));
  if (loader.version != kNarrowInnoTable && loader.version != kWideInnoTable) {
    return base::Fail(Fault::kUnsupported, table.offset + kInnoTableMark.size(),
                      "Version");
  }
  const bool is_wide = loader.version == kWideInnoTable;
  const auto offset = [&](const char* field) -> uint64_t {
    return is_wide ? reader.U64(field) : reader.U32(field);
  };
  loader.total_size = offset("TotalSize");
  loader.setup_program = offset("OffsetEXE");
  loader.setup_program_size = reader.U32("UncompressedSizeEXE");
  loader.setup_program_crc = reader.U32("CRCEXE");
  loader.setup_data = offset("Offset0");
  loader.files = offset("Offset1");
  if (is_wide) {
    reader.Skip(4, "padding");
  }
  const uint64_t size = reader.Offset() - table.offset;
  const uint32_t crc = reader.U32("TableCRC");
  CS_TRY(reader.Finish(true));
  if (crc != Crc32(0, table.bytes.first(size))) {
    return base::Fail(Fault::kMalformed, table.offset + size, "TableCRC");
  }
  loader.table = {table.offset, size + 4};
  return loader;
}

// Of loaders before 5.1.5, whose data is older than any that is read.
bool IsOldInnoLoader(Bytes file) {
  constexpr uint64_t kModeOffset = 0x30;
  if (file.size() < kModeOffset + 12) {
    return false;
  }
  Reader reader(base::Input{file.subspan(kModeOffset, 12), kModeOffset});
  const bool is_marked = base::AsText(reader.Take(4, "mode")) == "Inno";
  const uint32_t offset = reader.U32("mode");
  return is_marked && offset == ~reader.U32("mode");
}

}  // namespace

Result<std::optional<InnoLoader>> FindInnoLoader(const PeImage& image,
                                                 Bytes file, Budget& budget) {
  if (IsOldInnoLoader(file)) {
    return base::Fail(Fault::kUnsupported, 0x30,
                      "offset of the loader's table");
  }
  const PeResources resources = CS_TRY(ReadPeResources(image, file, budget));
  for (const PeResource& resource : resources.entries) {
    if (resource.type_number != kResourceData || resource.name != "11111" ||
        resource.damage) {
      continue;
    }
    // Quirk: the loader believes the checksum and does not look at the mark.
    const Bytes table = file.subspan(resource.data.offset, resource.data.size);
    auto loader = ReadInnoTable({table, resource.data.offset});
    if (loader || base::AsText(table).starts_with(kInnoTableMark)) {
      return CS_TRY(std::move(loader));
    }
  }
  return std::nullopt;
}

}  // namespace countersign::formats
