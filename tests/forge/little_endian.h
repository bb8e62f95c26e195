// Little-endian numbers inside byte vectors; offsets are trusted.
#pragma once

#include <cstddef>

#include "forge/der.h"

namespace countersign::forge {

inline uint16_t Read16(ByteSpan bytes, size_t offset) {
  return static_cast<uint16_t>(bytes[offset] | (bytes[offset + 1] << 8));
}

inline uint32_t Read32(ByteSpan bytes, size_t offset) {
  return Read16(bytes, offset) | (uint32_t{Read16(bytes, offset + 2)} << 16);
}

inline void Write16(ByteVector& bytes, size_t offset, uint16_t value) {
  bytes[offset] = static_cast<uint8_t>(value & 0xFF);
  bytes[offset + 1] = static_cast<uint8_t>(value >> 8);
}

inline void Write32(ByteVector& bytes, size_t offset, uint32_t value) {
  Write16(bytes, offset, static_cast<uint16_t>(value & 0xFFFF));
  Write16(bytes, offset + 2, static_cast<uint16_t>(value >> 16));
}

inline void Append16(ByteVector& bytes, uint16_t value) {
  bytes.resize(bytes.size() + 2);
  Write16(bytes, bytes.size() - 2, value);
}

inline void Append32(ByteVector& bytes, uint32_t value) {
  bytes.resize(bytes.size() + 4);
  Write32(bytes, bytes.size() - 4, value);
}

}  // namespace countersign::forge
