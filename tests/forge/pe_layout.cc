// Reads just enough of an image to hash it and to attach signatures to it.
#include "forge/little_endian.h"
#include "forge/pe.h"
#include "forge/require.h"

namespace countersign::forge {

ImageLayout ReadLayout(ByteSpan image) {
  Require(image.size() >= 0x40 && image[0] == 'M' && image[1] == 'Z',
          "not an MZ image");
  const size_t pe = Read32(image, 0x3C);
  Require(pe + 24 + 96 <= image.size(), "the image ends inside its headers");
  const size_t optional = pe + 24;
  const bool wide = Read16(image, optional) == 0x20B;
  const size_t directories = optional + (wide ? 112 : 96);
  ImageLayout out;
  out.checksum_offset = optional + 64;
  out.header_size = Read32(image, optional + 60);
  if (Read32(image, directories - 4) > 4) {
    out.security_entry_offset = directories + 4 * 8;
    out.table_offset = Read32(image, out.security_entry_offset);
    out.table_size = Read32(image, out.security_entry_offset + 4);
  }
  size_t section = optional + Read16(image, pe + 20);
  for (uint16_t left = Read16(image, pe + 6); left != 0; --left) {
    Require(section + 40 <= image.size(), "the section table is cut off");
    out.sections.push_back(
        {Read32(image, section + 20), Read32(image, section + 16)});
    section += 40;
  }
  return out;
}

void CheckSummer::Update(ByteSpan bytes) {
  size_t i = 0;
  for (; i + 1 < bytes.size(); i += 2) {
    sum_ += Read16(bytes, i);
  }
  if (i < bytes.size()) {
    sum_ += bytes[i];
  }
  size_ += bytes.size();
}

uint32_t CheckSummer::Finish() const {
  uint64_t sum = sum_;
  while (sum > 0xFFFF) {
    sum = (sum & 0xFFFF) + (sum >> 16);
  }
  return static_cast<uint32_t>(sum + size_);
}

void StoreCheckSum(ByteVector& image) {
  const size_t offset = ReadLayout(image).checksum_offset;
  Write32(image, offset, 0);
  CheckSummer summer;
  summer.Update(image);
  Write32(image, offset, summer.Finish());
}

}  // namespace countersign::forge
