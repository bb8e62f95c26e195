// Writes ZIP archives, right in every field, for packages that are signed.
//
// Spec: PKWARE APPNOTE 6.3.10.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "forge/der.h"

namespace countersign::forge {

struct ZipPart {
  std::string name;
  ByteVector content;
  // In deflate's blocks of stored bytes, which every inflater takes.
  bool deflated = true;
  uint16_t flags = 0x0800;  // UTF-8
};

ZipPart TextPart(std::string name, std::string_view text, bool deflated = true);

// Where a part came to lie.
struct ZipPlace {
  size_t header = 0;
  size_t header_size = 0;
  size_t data = 0;
  size_t data_size = 0;
};

struct ZipRecipe {
  std::vector<ZipPart> parts;
  bool zip64 = false;
  std::string comment;
  ByteVector before_directory;  // bytes between the last part and it
};

// What a part becomes in the archive.
ByteVector Packed(const ZipPart& part);

// The bytes of a local header without its name.
inline constexpr size_t kLocalHeaderSize = 30;

ByteVector WriteZip(const ZipRecipe& recipe);

// The place of each part, in order.
std::vector<ZipPlace> PlacesOf(const ZipRecipe& recipe);

// The records behind the parts, as they are at `offset`.
ByteVector DirectoryOf(const ZipRecipe& recipe, size_t offset);

// The bytes of all parts before the records.
ByteVector PartsOf(const ZipRecipe& recipe);

uint32_t Crc32(ByteSpan bytes);

std::string Base64Text(ByteSpan bytes);

}  // namespace countersign::forge
