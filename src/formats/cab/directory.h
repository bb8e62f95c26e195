// Folders and files of a cabinet, as its header lists them. Private to the
// formats.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/cabinet.h"

namespace countersign::formats {

constexpr uint16_t kCabFlagPrevious = 0x0001;
constexpr uint16_t kCabFlagNext = 0x0002;
constexpr uint16_t kCabFlagReserve = 0x0004;

// CFFILE.iFolder of files that other cabinets of the set have parts of.
constexpr uint16_t kContinuedFromPrevious = 0xFFFD;
constexpr uint16_t kContinuedToNext = 0xFFFE;
constexpr uint16_t kContinuedBoth = 0xFFFF;

// CFFOLDER.typeCompress, lower four bits.
enum class CabMethod : uint8_t { kNone, kMszip, kQuantum, kLzx };

struct CabFolder {
  uint64_t entry = 0;        // offset of the CFFOLDER
  uint32_t first_block = 0;  // CFFOLDER.coffCabStart
  uint16_t block_count = 0;
  uint16_t type = 0;  // CFFOLDER.typeCompress
};

struct CabFile {
  base::ByteRange stored;   // the CFFILE
  std::string_view name;    // views the cabinet
  uint32_t size = 0;        // bytes
  uint32_t start = 0;       // in the decompressed folder
  uint16_t folder = 0;      // CFFILE.iFolder
  uint16_t attributes = 0;  // CFFILE.attribs
};

struct CabDirectory {
  CabinetLayout layout;
  std::vector<CabFolder> folders;
  std::vector<CabFile> files;
  base::ByteRange file_table;  // the CFFILE entries that could be read
  // Why there are fewer files than CFHEADER.cFiles.
  std::optional<base::Error> damage;
};

// The directory of `cabinet`, which it views. Fails as ReadCabinetLayout does,
// or when `budget` is spent.
[[nodiscard]] base::Result<CabDirectory> ReadCabDirectory(base::Bytes cabinet,
                                                          base::Budget& budget);

}  // namespace countersign::formats
