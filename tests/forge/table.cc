#include "forge/table.h"

#include <utility>

#include "forge/image_digest.h"
#include "forge/little_endian.h"
#include "forge/require.h"

namespace countersign::forge {
namespace {

ByteVector WithoutTable(ByteSpan image) {
  const ImageLayout layout = ReadLayout(image);
  Require(layout.security_entry_offset != 0,
          "the image has no security directory");
  if (layout.table_size == 0) {
    return PaddedImage(image);
  }
  return PaddedImage(image.first(layout.table_offset));
}

}  // namespace

TableEntry SignatureEntry(ByteVector signature) {
  TableEntry entry;
  entry.content = std::move(signature);
  return entry;
}

// Quirk: signtool counts the padding of the content to 8 bytes in dwLength;
// Spec: PE format, "The Attribute Certificate Table".
ByteVector EncodeTable(const std::vector<TableEntry>& entries) {
  ByteVector out;
  for (const TableEntry& entry : entries) {
    ByteVector content = entry.content;
    content.resize((content.size() + 7) / 8 * 8, 0);
    Append(content, entry.trailing);
    const auto length = static_cast<uint32_t>(8 + content.size());
    Append32(out, entry.length.value_or(length));
    Append16(out, entry.revision);
    Append16(out, entry.type);
    Append(out, content);
    out.resize((out.size() + 7) / 8 * 8, 0);
  }
  return out;
}

ByteVector AttachTable(ByteSpan image, const TableRecipe& recipe) {
  ByteVector out = WithoutTable(image);
  const size_t entry = ReadLayout(out).security_entry_offset;
  const ByteVector table = EncodeTable(recipe.entries);
  const auto offset = static_cast<uint32_t>(out.size());
  const auto size = static_cast<uint32_t>(table.size()) +
                    static_cast<uint32_t>(recipe.directory_size_change);
  Write32(out, entry, recipe.directory_offset.value_or(offset));
  Write32(out, entry + 4, recipe.directory_size.value_or(size));
  Append(out, table);
  Append(out, recipe.after_table);
  Require(recipe.truncated_bytes < out.size(), "nothing would be left");
  out.resize(out.size() - recipe.truncated_bytes);
  StoreCheckSum(out);
  return out;
}

ByteVector AttachSignature(ByteSpan image, const ByteVector& signature) {
  TableRecipe recipe;
  recipe.entries.push_back(SignatureEntry(signature));
  return AttachTable(image, recipe);
}

}  // namespace countersign::forge
