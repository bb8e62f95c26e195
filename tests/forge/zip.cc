#include "forge/zip.h"

#include <algorithm>
#include <array>
#include <utility>

#include "forge/little_endian.h"

namespace countersign::forge {
namespace {

constexpr size_t kBlockOfStoredBytes = 0xFFFF;

void Append64(ByteVector& out, uint64_t value) {
  Append32(out, static_cast<uint32_t>(value));
  Append32(out, static_cast<uint32_t>(value >> 32));
}

// From "version needed" to the length of the extra field.
void AppendDescription(ByteVector& out, const ZipPart& part, bool wide,
                       size_t extra_size) {
  constexpr uint32_t kDosTime = 0x5A215800;  // 2025-01-01
  const auto size = [wide](size_t value) {
    return wide ? 0xFFFFFFFFU : static_cast<uint32_t>(value);
  };
  Append16(out, wide ? 45 : 20);
  Append16(out, part.flags);
  Append16(out, part.deflated ? 8 : 0);
  Append32(out, kDosTime);
  Append32(out, Crc32(part.content));
  Append32(out, size(Packed(part).size()));
  Append32(out, size(part.content.size()));
  Append16(out, static_cast<uint16_t>(part.name.size()));
  Append16(out, static_cast<uint16_t>(extra_size));
}

ByteVector CentralHeader(const ZipPart& part, size_t offset, bool wide) {
  ByteVector out = BytesOf("PK\x01\x02");
  Append16(out, wide ? 45 : 20);
  ByteVector extra;
  if (wide) {
    Append16(extra, 1);
    Append16(extra, 24);
    Append64(extra, part.content.size());
    Append64(extra, Packed(part).size());
    Append64(extra, offset);
  }
  AppendDescription(out, part, wide, extra.size());
  Append16(out, 0);
  Append16(out, 0);
  Append16(out, 0);
  Append32(out, 0);
  Append32(out, wide ? 0xFFFFFFFF : static_cast<uint32_t>(offset));
  Append(out, BytesOf(part.name));
  Append(out, extra);
  return out;
}

void AppendWideRecords(ByteVector& out, size_t count, size_t size,
                       size_t offset) {
  Append(out, BytesOf("PK\x06\x06"));
  Append64(out, 44);
  Append16(out, 45);
  Append16(out, 45);
  Append32(out, 0);
  Append32(out, 0);
  Append64(out, count);
  Append64(out, count);
  Append64(out, size);
  Append64(out, offset);
  Append(out, BytesOf("PK\x06\x07"));
  Append32(out, 0);
  Append64(out, offset + size);
  Append32(out, 1);
}

}  // namespace

ZipPart TextPart(std::string name, std::string_view text, bool deflated) {
  return {std::move(name), BytesOf(text), deflated};
}

ByteVector Packed(const ZipPart& part) {
  if (!part.deflated) {
    return part.content;
  }
  // Spec: RFC 1951 section 3.2.4.
  ByteVector out;
  ByteSpan rest = part.content;
  do {
    const size_t size = std::min(rest.size(), kBlockOfStoredBytes);
    out.push_back(size == rest.size() ? 1 : 0);
    Append16(out, static_cast<uint16_t>(size));
    Append16(out, static_cast<uint16_t>(~size));
    Append(out, rest.first(size));
    rest = rest.subspan(size);
  } while (!rest.empty());
  return out;
}

std::vector<ZipPlace> PlacesOf(const ZipRecipe& recipe) {
  std::vector<ZipPlace> places;
  size_t offset = 0;
  for (const ZipPart& part : recipe.parts) {
    ZipPlace& place = places.emplace_back();
    place.header = offset;
    place.header_size = kLocalHeaderSize + part.name.size();
    place.data = offset + place.header_size;
    place.data_size = Packed(part).size();
    offset = place.data + place.data_size;
  }
  return places;
}

ByteVector PartsOf(const ZipRecipe& recipe) {
  ByteVector out;
  for (const ZipPart& part : recipe.parts) {
    Append(out, BytesOf("PK\x03\x04"));
    AppendDescription(out, part, false, 0);
    Append(out, BytesOf(part.name));
    Append(out, Packed(part));
  }
  return out;
}

ByteVector DirectoryOf(const ZipRecipe& recipe, size_t offset) {
  ByteVector out;
  const std::vector<ZipPlace> places = PlacesOf(recipe);
  for (size_t i = 0; i < places.size(); ++i) {
    Append(out, CentralHeader(recipe.parts[i], places[i].header, recipe.zip64));
  }
  const size_t size = out.size();
  const auto count = static_cast<uint16_t>(places.size());
  if (recipe.zip64) {
    AppendWideRecords(out, count, size, offset);
  }
  Append(out, BytesOf("PK\x05\x06"));
  Append32(out, 0);
  Append16(out, recipe.zip64 ? 0xFFFF : count);
  Append16(out, recipe.zip64 ? 0xFFFF : count);
  Append32(out, recipe.zip64 ? 0xFFFFFFFF : static_cast<uint32_t>(size));
  Append32(out, recipe.zip64 ? 0xFFFFFFFF : static_cast<uint32_t>(offset));
  Append16(out, static_cast<uint16_t>(recipe.comment.size()));
  Append(out, BytesOf(recipe.comment));
  return out;
}

ByteVector WriteZip(const ZipRecipe& recipe) {
  ByteVector out = PartsOf(recipe);
  Append(out, recipe.before_directory);
  Append(out, DirectoryOf(recipe, out.size()));
  return out;
}

uint32_t Crc32(ByteSpan bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
    }
  }
  return ~crc;
}

std::string Base64Text(ByteSpan bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? bytes[i + k] : 0U);
    }
    for (size_t k = 0; k < 4; ++k) {
      text += i + k > bytes.size() ? '=' : kDigits[group >> (18 - 6 * k) & 63];
    }
  }
  return text;
}

}  // namespace countersign::forge
