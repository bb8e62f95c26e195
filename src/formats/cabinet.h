// Microsoft cabinets: their members, and where everything in them lies.
//
// Spec: [MS-CAB] Cabinet File Format, version 2022-06-07.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Hands over the members of a cabinet: folder after folder, those of a folder
// by their place in it (see Unpack). Members that need another cabinet of the
// set end with kUnsupported.
[[nodiscard]] base::Result<void> UnpackCab(const base::Blob& container,
                                           base::Budget& budget,
                                           MemberSink& sink);

// Where the parts of a cabinet lie. All of it is as declared: only `header`,
// `reserve` and `folders` were found to be inside the file.
struct CabinetLayout {
  base::ByteRange header;     // CFHEADER, with reserve and names of neighbours
  base::ByteRange reserve;    // CFHEADER.abReserve; empty when there is none
  base::ByteRange folders;    // CFFOLDER entries
  uint64_t files_offset = 0;  // CFHEADER.coffFiles
  uint64_t size = 0;          // CFHEADER.cbCabinet
  uint16_t folder_count = 0;
  uint16_t file_count = 0;
  uint16_t flags = 0;
  uint16_t set_id = 0;
  uint16_t index = 0;               // CFHEADER.iCabinet
  uint8_t folder_reserve = 0;       // bytes behind each CFFOLDER
  uint8_t data_reserve = 0;         // bytes in each CFDATA
  bool has_reserved_words = false;  // one of reserved1..3 is not zero
  uint16_t version = 0;             // major << 8 | minor
  // The PKCS #7 that CFHEADER.abReserve points to; empty when it does not.
  // Spec: the reserve of a signed cabinet is { u32 0x00100000, u32 offset,
  // u32 size, u64 unused }.
  base::ByteRange signature;
};

// The layout of `cabinet`; offsets are from its first byte. Fails when header
// or folder entries are cut off, or the mark is not there.
[[nodiscard]] base::Result<CabinetLayout> ReadCabinetLayout(
    base::Bytes cabinet);

struct CabinetMember {
  std::string name;  // as stored; never used as a path, not safe to display
  std::vector<uint8_t> bytes;
};

// True when `file` starts as a cabinet does ("MSCF").
[[nodiscard]] bool IsCabinet(base::Bytes file);

// Every member of `cabinet`, which must be complete in one file. No file is
// opened and none written. Fails with kLimit when the members hold more than
// `max_bytes` together or are more than 256, with kMalformed when one of them
// cannot be decompressed. The result views nothing.
[[nodiscard]] base::Result<std::vector<CabinetMember>> UnpackCabinet(
    base::Input cabinet, uint64_t max_bytes);

}  // namespace countersign::formats
