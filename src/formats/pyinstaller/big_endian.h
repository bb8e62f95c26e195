// Big-endian numbers, as PyInstaller writes them. Private to pyinstaller/.
#pragma once

#include <bit>
#include <cstdint>

#include "base/reader.h"

namespace countersign::formats {

inline uint32_t ReadBigEndian32(base::Reader& reader, const char* field) {
  return std::byteswap(reader.U32(field));
}

}  // namespace countersign::formats
