#include <gtest/gtest.h>

#include "base/digest.h"
#include "forge/image_digest.h"
#include "forge/mutations.h"
#include "forge/recipes.h"
#include "formats/pe.h"

namespace countersign::formats {
namespace {

using base::ByteRange;
using base::Fault;
using forge::ByteVector;
using forge::TableEntry;
using forge::TableRecipe;

ByteVector Content(size_t size) { return ByteVector(size, 0xA5); }

TableEntry Entry(size_t size) { return forge::SignatureEntry(Content(size)); }

// A table of one entry with 16 bytes of content.
TableRecipe OneEntry() {
  TableRecipe recipe;
  recipe.entries = {Entry(16)};
  return recipe;
}

ByteVector WithTable(const TableRecipe& recipe) {
  return forge::AttachTable(forge::PlainImage(), recipe);
}

std::vector<CertificateEntry> Entries(const ByteVector& file) {
  const auto image = ParsePe(file);
  EXPECT_TRUE(image.has_value());
  return image ? ReadCertificateTable(*image, file)
               : std::vector<CertificateEntry>();
}

// Walks in bounds whatever the table says.
void ExpectInside(const std::vector<CertificateEntry>& entries,
                  uint64_t file_size) {
  for (const CertificateEntry& entry : entries) {
    EXPECT_TRUE(entry.whole.Inside(file_size));
    if (!entry.damage) {
      EXPECT_TRUE(entry.content.Inside(file_size));
      EXPECT_EQ(entry.content.offset, entry.whole.offset + 8);
      EXPECT_EQ(entry.content.size + 8, entry.whole.size);
    }
  }
}

TEST(CertificateTable, ReadsEntriesInOrder) {
  TableRecipe recipe;
  recipe.entries = {Entry(13), Entry(16), Entry(0)};
  recipe.entries[1].type = forge::kTypeEfiGuid;
  recipe.entries[0].length = 21;  // the padding is not counted
  const ByteVector file = WithTable(recipe);
  const auto entries = Entries(file);
  ASSERT_EQ(entries.size(), 3U);
  ExpectInside(entries, file.size());
  EXPECT_EQ(entries[0].content.size, 13U);
  EXPECT_EQ(entries[0].type, kCertificateTypePkcs);
  EXPECT_EQ(entries[0].revision, 0x0200);
  EXPECT_EQ(entries[1].type, kCertificateTypeEfiGuid);
  EXPECT_EQ(entries[1].whole.offset, entries[0].whole.offset + 24);
  EXPECT_EQ(entries[2].content.size, 0U);
  for (const CertificateEntry& entry : entries) {
    EXPECT_FALSE(entry.damage.has_value());
  }
}

TEST(CertificateTable, NoTableHasNoEntries) {
  EXPECT_TRUE(Entries(forge::PlainImage()).empty());
}

// The last entry carries the damage, and nothing behind it is read.
void ExpectDamage(const TableRecipe& recipe, size_t entry_count, Fault fault) {
  const ByteVector file = WithTable(recipe);
  const auto entries = Entries(file);
  ExpectInside(entries, file.size());
  ASSERT_EQ(entries.size(), entry_count);
  for (size_t i = 0; i + 1 < entries.size(); ++i) {
    EXPECT_FALSE(entries[i].damage.has_value()) << i;
  }
  ASSERT_TRUE(entries.back().damage.has_value());
  EXPECT_EQ(entries.back().damage->fault, fault);
  EXPECT_LE(entries.back().damage->offset, file.size());
}

TEST(CertificateTable, LengthsThatLieAreDamage) {
  for (const uint32_t length : {0U, 1U, 7U, 1000U, 0xFFFFFFFFU, 0xFFFFFFF9U}) {
    TableRecipe recipe;
    recipe.entries = {Entry(16), Entry(16)};
    recipe.entries[1].length = length;
    SCOPED_TRACE(length);
    ExpectDamage(recipe, 2, Fault::kMalformed);
  }
}

TEST(CertificateTable, DirectoriesThatLieAreDamage) {
  TableRecipe recipe = OneEntry();
  recipe.directory_size_change = 4;  // too few bytes for another entry
  recipe.after_table = Content(64);
  ExpectDamage(recipe, 2, Fault::kMalformed);
  recipe.directory_size_change = -1;
  ExpectDamage(recipe, 1, Fault::kMalformed);
  recipe.directory_size_change = 0;
  recipe.directory_offset = 0x7FFFFFF8;
  ExpectDamage(recipe, 1, Fault::kTruncated);
  recipe.directory_offset.reset();
  recipe.directory_size = 0xFFFFFFFF;
  ExpectDamage(recipe, 1, Fault::kTruncated);
}

TEST(CertificateTable, ATableInTheHeadersIsDamage) {
  TableRecipe recipe = OneEntry();
  for (const uint32_t offset : {0U, 8U, 0x100U}) {
    recipe.directory_offset = offset;
    SCOPED_TRACE(offset);
    ExpectDamage(recipe, 1, Fault::kMalformed);
  }
}

TEST(CertificateTable, FilesThatEndInItAreDamage) {
  TableRecipe recipe = OneEntry();
  for (recipe.truncated_bytes = 1; recipe.truncated_bytes <= 24;
       ++recipe.truncated_bytes) {
    ExpectDamage(recipe, 1, Fault::kTruncated);
  }
}

TEST(CertificateTable, HasALimit) {
  TableRecipe recipe;
  recipe.entries.resize(64);
  EXPECT_EQ(Entries(WithTable(recipe)).size(), 64U);
  recipe.entries.resize(65);
  ExpectDamage(recipe, 65, Fault::kLimit);
  recipe.entries.resize(5000);
  ExpectDamage(recipe, 65, Fault::kLimit);
}

// Our ranges, hashed, must be what the forge's own digest says.
void ExpectForgesDigest(const ByteVector& file) {
  const auto image = ParsePe(file);
  ASSERT_TRUE(image.has_value());
  base::Hasher hasher(base::DigestAlgorithm::kSha256);
  uint64_t end = 0;
  for (const ByteRange& range : DigestRanges(*image)) {
    ASSERT_TRUE(range.Inside(file.size()));
    ASSERT_GE(range.offset, end) << "ascending and apart";
    ASSERT_GT(range.size, 0U);
    end = range.offset + range.size;
    hasher.Update(base::Bytes(file).subspan(range.offset, range.size));
  }
  const ByteVector expected =
      forge::ImageDigest(forge::HashAlgorithm::kSha256, file);
  EXPECT_TRUE(base::Equal(hasher.Finish().View(), expected));
}

TEST(DigestRanges, AgreeWithTheForge) {
  forge::ImageRecipe recipe;
  ExpectForgesDigest(forge::BuildImage(recipe));
  recipe.machine = forge::Machine::kX86;
  ExpectForgesDigest(forge::BuildImage(recipe));
  recipe.directories = 4;
  ExpectForgesDigest(forge::BuildImage(recipe));
  recipe.directories = 16;
  recipe.overlay = Content(17);
  ExpectForgesDigest(forge::PaddedImage(forge::BuildImage(recipe)));
  for (const char* name : {"valid", "trailing_after_table", "two_entries",
                           "overlay", "cve2013_3900_pad", "efi"}) {
    SCOPED_TRACE(name);
    ExpectForgesDigest(forge::FindCase(name)->build());
  }
}

TEST(DigestRanges, LeaveOutExactlyThreeThings) {
  TableRecipe recipe = OneEntry();
  recipe.after_table = Content(5);
  const ByteVector file = WithTable(recipe);
  const auto image = ParsePe(file);
  ASSERT_TRUE(image.has_value());
  uint64_t covered = 0;
  for (const ByteRange& range : DigestRanges(*image)) {
    covered += range.size;
  }
  EXPECT_EQ(covered, file.size() - 4 - 8 - 24);
}

TEST(DigestRanges, ATableOnASectionIsNotLeftOut) {
  const ByteVector plain = forge::PlainImage();
  TableRecipe recipe = OneEntry();
  recipe.directory_offset =
      static_cast<uint32_t>(ParsePe(plain)->sections.back().raw.offset + 8);
  const ByteVector file = forge::AttachTable(plain, recipe);
  const auto image = ParsePe(file);
  ASSERT_TRUE(image.has_value());
  EXPECT_TRUE(TableOverlapsSection(*image));
  uint64_t covered = 0;
  for (const ByteRange& range : DigestRanges(*image)) {
    covered += range.size;
  }
  EXPECT_EQ(covered, file.size() - 4 - 8);
}

TEST(DigestRanges, ATableOutsideTheFileIsNotLeftOut) {
  PeImage image;
  image.file_size = 1000;
  image.checksum_offset = 100;
  image.certificate_table = {900, 101};
  const auto ranges = DigestRanges(image);
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges[0], (ByteRange{0, 100}));
  EXPECT_EQ(ranges[1], (ByteRange{104, 896}));
}

TEST(Overlay, IsWhatFollowsTheSections) {
  forge::ImageRecipe recipe;
  const ByteVector plain = forge::BuildImage(recipe);
  EXPECT_EQ(Overlay(*ParsePe(plain)).size, 0U);
  recipe.overlay = Content(24);
  const ByteVector with = forge::BuildImage(recipe);
  EXPECT_EQ(Overlay(*ParsePe(with)), (ByteRange{plain.size(), 24}));
  // The certificate table is not part of it.
  const ByteVector with_table = forge::AttachTable(with, OneEntry());
  EXPECT_EQ(Overlay(*ParsePe(with_table)), (ByteRange{plain.size(), 24}));
  EXPECT_EQ(Overlay(*ParsePe(WithTable(OneEntry()))).size, 0U);
}

TEST(BehindCertificateTable, IsWhatFollowsIt) {
  ByteVector file = WithTable(OneEntry());
  EXPECT_EQ(BehindCertificateTable(*ParsePe(file)).size, 0U);
  const uint64_t end = file.size();
  file.insert(file.end(), 5, 'x');
  EXPECT_EQ(BehindCertificateTable(*ParsePe(file)), (ByteRange{end, 5}));
  EXPECT_EQ(Overlay(*ParsePe(file)).size, 0U);
  // A table on the sections is not what it seems; all behind them is overlay.
  PeImage image = *ParsePe(file);
  image.certificate_table = {0, 8};
  EXPECT_EQ(BehindCertificateTable(image).size, 0U);
  EXPECT_EQ(BehindCertificateTable(*ParsePe(forge::BuildImage({}))).size, 0U);
}

TEST(Overlay, SectionsBeyondTheFileLeaveNone) {
  PeImage image;
  image.file_size = 1000;
  image.sections.resize(1);
  image.sections[0].raw = {0xFFFFFFFF, 0xFFFFFFFF};
  EXPECT_EQ(Overlay(image).size, 0U);
  image.sections[0].raw = {0xFFFFFFFF, 0};  // no bytes in the file
  EXPECT_EQ(Overlay(image), (ByteRange{0, 1000}));
}

}  // namespace
}  // namespace countersign::formats
