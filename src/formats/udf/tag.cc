// A tag has 16 bytes:
//
//   +0  u16 what the descriptor is    +6  u16 serial number
//   +2  u16 version                   +8  u16 CRC of what follows the tag
//   +4  u8  sum of the other 15       +10 u16 so many bytes of it
//   +5  u8  0                         +12 u32 where the descriptor is
//
// Spec: ECMA-167, part 3, 7.2; part 4, 7.2.
#include "formats/udf/tag.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/reader.h"

namespace countersign::formats {
namespace {

using base::Bytes;
using base::Reader;

constexpr size_t kUdfChecksumAt = 4;

constexpr std::array<uint16_t, 256> UdfCrcTable() {
  constexpr unsigned kPolynomial = 0x1021;
  std::array<uint16_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) {
    unsigned value = i << 8;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 0x8000) != 0 ? value << 1 ^ kPolynomial : value << 1;
    }
    table[i] = static_cast<uint16_t>(value);
  }
  return table;
}

}  // namespace

uint16_t UdfCrc(Bytes bytes) {
  static constexpr std::array<uint16_t, 256> kTable = UdfCrcTable();
  unsigned crc = 0;
  for (const uint8_t byte : bytes) {
    crc = (kTable[(crc >> 8 ^ byte) & 0xFF] ^ crc << 8) & 0xFFFF;
  }
  return static_cast<uint16_t>(crc);
}

UdfTagId UdfTagOf(Bytes descriptor) {
  if (descriptor.size() < kUdfTagBytes) {
    return UdfTagId::kNone;
  }
  unsigned sum = 0;
  for (size_t i = 0; i < kUdfTagBytes; ++i) {
    sum += i == kUdfChecksumAt ? 0U : descriptor[i];
  }
  const auto id = static_cast<UdfTagId>(descriptor[0] | descriptor[1] << 8);
  return (sum & 0xFF) == descriptor[kUdfChecksumAt] ? id : UdfTagId::kNone;
}

uint32_t UdfTagLocation(Bytes descriptor) {
  Reader reader(base::Input{descriptor, 0});
  reader.Skip(12, "Tag Location");
  return reader.U32("Tag Location");
}

bool CheckUdfCrc(const UdfContext& context, base::Input descriptor) {
  Reader reader(descriptor);
  reader.Skip(8, "Descriptor CRC");
  const uint16_t crc = reader.U16("Descriptor CRC");
  const uint16_t size = reader.U16("Descriptor CRC Length");
  reader.Skip(4, "Tag Location");
  const Bytes covered = reader.Take(size, "descriptor");
  if (!reader.Failed() && UdfCrc(covered) == crc) {
    return true;
  }
  const uint64_t there = context.image.size() - descriptor.offset;
  context.remarks.Note(RemarkKind::kChecksum,
                       {descriptor.offset, std::min(kUdfTagBytes, there)}, [&] {
                         return fmt::format(
                             "a descriptor has not the CRC {:04x} of {} bytes",
                             crc, size);
                       });
  return false;
}

}  // namespace countersign::formats
