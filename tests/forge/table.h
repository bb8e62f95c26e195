// Attaches certificate tables to PE images, well-formed or damaged on purpose.
//
//   image, padded to 8 | entry | entry | ... | bytes after the table
//   entry = dwLength u32, wRevision u16, wCertificateType u16, content, padding
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "forge/der.h"

namespace countersign::forge {

inline constexpr uint16_t kTypePkcsSignedData = 0x0002;
inline constexpr uint16_t kTypeEfiGuid = 0x0EF1;

// One WIN_CERTIFICATE.
struct TableEntry {
  ByteVector content;
  uint16_t revision = 0x0200;
  uint16_t type = kTypePkcsSignedData;
  // Bytes after the content that dwLength counts (CVE-2013-3900).
  ByteVector trailing;
  std::optional<uint32_t> length;  // dwLength; absent: the true one
};

struct TableRecipe {
  std::vector<TableEntry> entries;
  std::optional<uint32_t> directory_offset;  // absent: the true values
  std::optional<uint32_t> directory_size;
  int32_t directory_size_change = 0;  // added to the directory size
  ByteVector after_table;             // bytes after the table
  size_t truncated_bytes = 0;         // cut off at the end of the file
};

// An entry with a PKCS#7 signature.
TableEntry SignatureEntry(ByteVector signature);

// The bytes of the entries, each padded with zeros to 8.
ByteVector EncodeTable(const std::vector<TableEntry>& entries);

// The image with the table at its end and its CheckSum stored. A table that
// the image already had is dropped.
ByteVector AttachTable(ByteSpan image, const TableRecipe& recipe);

// The image with one signature.
ByteVector AttachSignature(ByteSpan image, const ByteVector& signature);

}  // namespace countersign::forge
