#include "forge/image_digest.h"

#include <algorithm>

#include "forge/little_endian.h"
#include "forge/require.h"

namespace countersign::forge {
namespace {

// Quirk: signify 0.9.1 and osslsigncode take SectionAlignment instead and
// refuse drivers whose SectionAlignment is not 4096; Windows hashes pages.
constexpr size_t kPageSize = 4096;

}  // namespace

ImageHasher::ImageHasher(HashAlgorithm algorithm, const ImageLayout& layout)
    : hasher_(algorithm) {
  gaps_.push_back({layout.checksum_offset, layout.checksum_offset + 4});
  if (layout.security_entry_offset != 0) {
    gaps_.push_back(
        {layout.security_entry_offset, layout.security_entry_offset + 8});
  }
  if (layout.table_size != 0) {
    gaps_.push_back({layout.table_offset,
                     uint64_t{layout.table_offset} + layout.table_size});
  }
}

void ImageHasher::Update(ByteSpan bytes) {
  const uint64_t end = position_ + bytes.size();
  uint64_t at = position_;
  for (const Gap& gap : gaps_) {
    if (gap.end <= at || gap.begin >= end) {
      continue;
    }
    if (gap.begin > at) {
      hasher_.Update(bytes.subspan(static_cast<size_t>(at - position_),
                                   static_cast<size_t>(gap.begin - at)));
    }
    at = std::min(gap.end, end);
  }
  hasher_.Update(bytes.subspan(static_cast<size_t>(at - position_)));
  position_ = end;
}

ByteVector ImageDigest(HashAlgorithm algorithm, ByteSpan image) {
  ImageHasher hasher(algorithm, ReadLayout(image));
  hasher.Update(image);
  return hasher.Finish();
}

ByteVector PageHashes(HashAlgorithm algorithm, ByteSpan image) {
  const ImageLayout layout = ReadLayout(image);
  Require(layout.header_size <= kPageSize, "the headers exceed one page");

  // The padding counts as if the page had its full 4096 bytes in the file;
  // the 12 bytes that are left out shorten the hashed page.
  ByteVector header(image.begin(), image.begin() + layout.header_size);
  header.resize(kPageSize, 0);
  ImageLayout without_table = layout;
  without_table.table_size = 0;
  ImageHasher header_hasher(algorithm, without_table);
  header_hasher.Update(header);

  ByteVector out;
  Append32(out, 0);
  Append(out, header_hasher.Finish());
  uint32_t end = layout.header_size;
  for (const ImageLayout::Section& section : layout.sections) {
    for (uint32_t at = 0; at < section.raw_size; at += kPageSize) {
      const size_t size = std::min<size_t>(section.raw_size - at, kPageSize);
      const ByteSpan bytes = image.subspan(section.raw_offset + at, size);
      ByteVector page(bytes.begin(), bytes.end());
      page.resize(kPageSize, 0);
      Append32(out, section.raw_offset + at);
      Append(out, Hash(algorithm, page));
    }
    if (section.raw_size != 0) {
      end = section.raw_offset + section.raw_size;
    }
  }
  Append32(out, end);
  out.resize(out.size() + HashSize(algorithm), 0);
  return out;
}

ByteVector PaddedImage(ByteSpan image) {
  ByteVector out(image.begin(), image.end());
  out.resize((out.size() + 7) / 8 * 8, 0);
  return out;
}

}  // namespace countersign::forge
