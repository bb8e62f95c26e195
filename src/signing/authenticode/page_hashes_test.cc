#include "signing/authenticode/page_hashes.h"

#include <gtest/gtest.h>

#include "forge/image_digest.h"
#include "forge/recipes.h"

namespace countersign::signing {
namespace {

using forge::ByteVector;
using model::PageHashes;

// What we say of the forge's own list for this file.
PageHashes Check(const ByteVector& file, const ByteVector& list,
                 base::DigestAlgorithm algorithm) {
  const auto image = formats::ParsePe(file);
  EXPECT_TRUE(image.has_value());
  return CheckPageHashes(*base::Blob::Own(file), *image, algorithm, list);
}

PageHashes Check(const ByteVector& file, const ByteVector& list) {
  return Check(file, list, base::DigestAlgorithm::kSha256);
}

ByteVector ListOf(const ByteVector& file) {
  return forge::PageHashes(forge::HashAlgorithm::kSha256, file);
}

TEST(PageHashes, HoldForEveryAlignment) {
  for (const uint32_t section_alignment : {512U, 4096U, 8192U, 65536U}) {
    for (const uint32_t file_alignment : {512U, 4096U}) {
      forge::ImageRecipe recipe;
      recipe.section_alignment = std::max(section_alignment, file_alignment);
      recipe.file_alignment = file_alignment;
      const ByteVector file = forge::BuildImage(recipe);
      EXPECT_EQ(Check(file, ListOf(file)), PageHashes::kValid)
          << section_alignment << " " << file_alignment;
      EXPECT_EQ(
          Check(file, forge::PageHashes(forge::HashAlgorithm::kSha1, file),
                base::DigestAlgorithm::kSha1),
          PageHashes::kValid);
    }
  }
}

TEST(PageHashes, AnyChangedPageIsFound) {
  ByteVector file = forge::PlainImage();
  const ByteVector list = ListOf(file);
  const auto image = formats::ParsePe(file);
  for (size_t at = 2; at < file.size(); at += 129) {
    const bool left_out =
        (at >= image->checksum_offset && at < image->checksum_offset + 4) ||
        (at >= *image->security_directory_offset &&
         at < *image->security_directory_offset + 8);
    // A change of the layout itself is the digest's matter.
    if (at < image->size_of_headers && at >= 0x3C) {
      continue;
    }
    file[at] ^= 0x20;
    EXPECT_EQ(Check(file, list),
              left_out ? PageHashes::kValid : PageHashes::kInvalid)
        << at;
    file[at] ^= 0x20;
  }
}

TEST(PageHashes, ListsThatAreWrongAreFound) {
  const ByteVector file = forge::PlainImage();
  const ByteVector list = ListOf(file);
  for (size_t size = 0; size < list.size(); size += 7) {
    EXPECT_EQ(Check(file, {list.begin(),
                           list.begin() + static_cast<ptrdiff_t>(size)}),
              PageHashes::kInvalid)
        << size;
  }
  ByteVector longer = list;
  longer.insert(longer.end(), 36, 0);  // signers round the list up
  EXPECT_EQ(Check(file, longer), PageHashes::kValid);
  longer.back() = 1;
  EXPECT_EQ(Check(file, longer), PageHashes::kInvalid);
  ByteVector moved = list;
  moved[0] = 1;  // the offset of the header page
  EXPECT_EQ(Check(file, moved), PageHashes::kInvalid);
  EXPECT_EQ(Check(file, list, base::DigestAlgorithm::kSha1),
            PageHashes::kInvalid);
}

// The last entry holds the end of the sections, or of the page they end in.
TEST(PageHashes, TheListEndsWhereSignersEndIt) {
  const ByteVector file = forge::PlainImage();
  ByteVector list = ListOf(file);
  const auto image = formats::ParsePe(file);
  const base::ByteRange last = image->sections.back().raw;
  const size_t at = list.size() - 36;
  const auto end_at = [&](uint64_t offset) {
    for (size_t i = 0; i < 4; ++i) {
      list[at + i] = static_cast<uint8_t>(offset >> (8 * i));
    }
    return Check(file, list);
  };
  const uint64_t pages = (last.size + 4095) / 4096 * 4096;
  EXPECT_NE(pages, last.size);
  EXPECT_EQ(end_at(last.offset + last.size), PageHashes::kValid);
  EXPECT_EQ(end_at(last.offset + pages), PageHashes::kValid);
  EXPECT_EQ(end_at(last.offset + pages + 512), PageHashes::kInvalid);
}

TEST(PageHashes, SectionsBeyondTheFileAreInvalid) {
  const ByteVector file = forge::PlainImage();
  auto image = formats::ParsePe(file);
  ASSERT_TRUE(image.has_value());
  image->sections.back().raw.size = 0xFFFFFFFF;
  EXPECT_EQ(CheckPageHashes(*base::Blob::Own(file), *image,
                            base::DigestAlgorithm::kSha256, ListOf(file)),
            PageHashes::kInvalid);
}

TEST(PageHashes, HeadersOfMoreThanAPageAreUnsupported) {
  const ByteVector file = forge::PlainImage();
  auto image = formats::ParsePe(file);
  image->size_of_headers = 4097;
  EXPECT_EQ(CheckPageHashes(*base::Blob::Own(file), *image,
                            base::DigestAlgorithm::kSha256, ListOf(file)),
            PageHashes::kUnsupported);
}

}  // namespace
}  // namespace countersign::signing
