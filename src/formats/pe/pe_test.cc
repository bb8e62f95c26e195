#include "formats/pe.h"

#include <gtest/gtest.h>

#include "forge/pe.h"
#include "forge/recipes.h"

namespace countersign::formats {
namespace {

using base::Fault;
using forge::BuildImage;
using forge::ByteVector;
using forge::ImageRecipe;
using forge::Machine;

constexpr size_t kHeaderOffset = 0x3C;  // where e_lfanew stands

uint32_t U32(const ByteVector& file, size_t at) {
  return static_cast<uint32_t>(file[at] | file[at + 1] << 8 |
                               file[at + 2] << 16 | file[at + 3] << 24);
}

void Put32(ByteVector& file, size_t at, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) {
    file.at(at + i) = static_cast<uint8_t>(value >> (8 * i));
  }
}

// Offset of the optional header.
size_t OptionalHeader(const ByteVector& file) {
  return U32(file, kHeaderOffset) + 24;
}

PeImage MustParse(const ByteVector& file) {
  const auto image = ParsePe(file);
  EXPECT_TRUE(image.has_value()) << image.error().field;
  return image.value_or(PeImage{});
}

// The forge lays images out and finds its way in them without our code.
void ExpectSameLayout(const ByteVector& file) {
  const PeImage image = MustParse(file);
  const forge::ImageLayout layout = forge::ReadLayout(file);
  EXPECT_EQ(image.file_size, file.size());
  EXPECT_EQ(image.checksum_offset, layout.checksum_offset);
  EXPECT_EQ(image.security_directory_offset.value_or(0),
            layout.security_entry_offset);
  EXPECT_EQ(image.certificate_table.offset, layout.table_offset);
  EXPECT_EQ(image.certificate_table.size, layout.table_size);
  EXPECT_EQ(image.size_of_headers, layout.header_size);
  ASSERT_EQ(image.sections.size(), layout.sections.size());
  for (size_t i = 0; i < layout.sections.size(); ++i) {
    EXPECT_EQ(image.sections[i].raw.offset, layout.sections[i].raw_offset);
    EXPECT_EQ(image.sections[i].raw.size, layout.sections[i].raw_size);
  }
}

struct Kind {
  ImageRecipe recipe;
  std::string description;
};

std::vector<Kind> Kinds() {
  std::vector<Kind> kinds(6);
  kinds[0].recipe.machine = Machine::kX86;
  kinds[0].description = "PE32 x86 console program";
  kinds[1].recipe.machine = Machine::kX64;
  kinds[1].description = "PE32+ x86-64 console program";
  kinds[2].recipe.machine = Machine::kArm64;
  kinds[2].description = "PE32+ ARM64 console program";
  kinds[3].recipe.efi = true;
  kinds[3].description = "PE32+ x86-64 EFI application";
  kinds[4].recipe.directories = 4;
  kinds[4].description = "PE32+ x86-64 console program";
  kinds[5].recipe.section_alignment = 8192;
  kinds[5].recipe.overlay = {1, 2, 3};
  kinds[5].description = "PE32+ x86-64 console program";
  return kinds;
}

TEST(ParsePe, ReadsEveryKindOfImage) {
  for (const Kind& kind : Kinds()) {
    const ByteVector file = BuildImage(kind.recipe);
    ExpectSameLayout(file);
    const PeImage image = MustParse(file);
    EXPECT_EQ(DescribePe(image), kind.description);
    EXPECT_EQ(image.is_64, kind.recipe.machine != Machine::kX86);
    EXPECT_EQ(image.section_alignment, kind.recipe.section_alignment);
    EXPECT_EQ(image.file_alignment, kind.recipe.file_alignment);
    EXPECT_EQ(image.security_directory_offset.has_value(),
              kind.recipe.directories >= 5);
    EXPECT_FALSE(image.has_clr_header);
    EXPECT_EQ(image.sections.at(0).name, ".text");
  }
}

TEST(ParsePe, ReadsSignedImages) {
  ExpectSameLayout(forge::SignedFile(
      forge::SignatureBy(forge::TestAuthorities().publisher)));
}

TEST(ParsePe, ReadsTheLinkersTime) {
  EXPECT_EQ(MustParse(forge::PlainImage()).time_date_stamp,
            static_cast<uint32_t>(forge::kBuildTime));
}

TEST(ParsePe, HeadersCutAnywhereAreErrorsWithAnOffsetInside) {
  const ByteVector file = forge::PlainImage();
  const PeImage whole = MustParse(file);
  const size_t headers =
      OptionalHeader(file) + 112 + 16 * 8 + whole.sections.size() * 40;
  for (size_t size = 0; size < headers; ++size) {
    const auto image = ParsePe(base::Bytes(file).first(size));
    ASSERT_FALSE(image.has_value()) << size;
    ASSERT_LE(image.error().offset, size);
    ASSERT_STRNE(image.error().field, "");
  }
  // Behind the headers, nothing is needed.
  for (size_t size = headers; size < file.size(); size += 97) {
    ASSERT_TRUE(ParsePe(base::Bytes(file).first(size)).has_value()) << size;
  }
}

TEST(ParsePe, NamesTheDamagedField) {
  const struct {
    size_t at;
    uint32_t value;
    const char* field;
  } rows[] = {
      {0, 0x5A4E, "e_magic"},
      {kHeaderOffset, 0xFFFFFFFF, "e_lfanew"},
      {kHeaderOffset, 0, "PE signature"},
  };
  for (const auto& row : rows) {
    ByteVector file = forge::PlainImage();
    Put32(file, row.at, row.value);
    const auto image = ParsePe(file);
    ASSERT_FALSE(image.has_value()) << row.field;
    EXPECT_EQ(image.error().fault, Fault::kMalformed);
    EXPECT_STREQ(image.error().field, row.field);
  }
}

TEST(ParsePe, UnknownOptionalHeadersAreUnsupported) {
  ByteVector file = forge::PlainImage();
  file[OptionalHeader(file)] = 0x07;  // 0x107, a ROM image
  file[OptionalHeader(file) + 1] = 0x01;
  const auto image = ParsePe(file);
  ASSERT_FALSE(image.has_value());
  EXPECT_EQ(image.error().fault, Fault::kUnsupported);
}

TEST(ParsePe, CountsOfDirectoriesBeyond16AreNotFollowed) {
  ByteVector file = forge::PlainImage();
  Put32(file, OptionalHeader(file) + 108, 0xFFFFFFFF);
  ExpectSameLayout(file);
}

TEST(ParsePe, RecognisesDotNetAndLibraries) {
  ByteVector file = forge::PlainImage();
  Put32(file, OptionalHeader(file) + 112 + 14 * 8, 0x2000);
  file[U32(file, kHeaderOffset) + 22 + 1] |= 0x20;  // IMAGE_FILE_DLL
  EXPECT_EQ(DescribePe(MustParse(file)), "PE32+ x86-64 console library, .NET");
}

TEST(ParsePe, RecognisesReproducibleBuilds) {
  ByteVector file = forge::PlainImage();
  const PeImage image = MustParse(file);
  const PeSection& section = image.sections.at(1);
  EXPECT_FALSE(image.is_reproducible);
  Put32(file, OptionalHeader(file) + 112 + 6 * 8, section.virtual_address);
  Put32(file, OptionalHeader(file) + 112 + 6 * 8 + 4, 2 * 28);
  Put32(file, section.raw.offset + 12, 2);
  Put32(file, section.raw.offset + 28 + 12, 16);
  EXPECT_TRUE(MustParse(file).is_reproducible);
  // A directory of one entry does not reach the second.
  Put32(file, OptionalHeader(file) + 112 + 6 * 8 + 4, 28);
  EXPECT_FALSE(MustParse(file).is_reproducible);
  // One that lies nowhere is not our business.
  Put32(file, OptionalHeader(file) + 112 + 6 * 8, 0xFFFFFF00);
  EXPECT_FALSE(MustParse(file).is_reproducible);
}

TEST(DescribePe, NamesUnknownMachinesByNumber) {
  PeImage image;
  image.machine = 0xBEEF;
  EXPECT_EQ(DescribePe(image), "PE32 machine 0xbeef program");
}

}  // namespace
}  // namespace countersign::formats
