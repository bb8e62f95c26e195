#include "formats/udf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"
#include "formats/sample/unpacked.h"
#include "formats/udf/sample/udf_builder.h"

namespace countersign::formats {
namespace {

using base::Fault;
using sample::UdfBuilder;
using sample::UdfFile;
using sample::UdfForm;
using Image = std::vector<uint8_t>;
using Names = std::vector<std::string>;

UdfBuilder SmallUdf() {
  UdfBuilder builder;
  builder.files = {
      {.name = "a.txt", .content = "first"},
      {.name = "dir",
       .children = {{.name = "b", .content = std::string(5000, 'b')},
                    {.name = "empty"}}},
  };
  return builder;
}

Unpacked UnpackedUdf(const Image& image, const base::Limits& limits = {}) {
  return {UnpackUdf, image, limits};
}

// The only remark.
std::string RemarkOf(const Unpacked& outcome, RemarkKind kind) {
  if (outcome.recorder.remarks.size() != 1 ||
      outcome.recorder.remarks[0].kind != kind) {
    return "(not one of that kind)" + outcome.Trouble();
  }
  return outcome.recorder.remarks[0].what;
}

void ExpectSmall(const Unpacked& outcome) {
  EXPECT_TRUE(outcome.IsClean()) << outcome.Trouble();
  EXPECT_EQ(outcome.NamesOfMembers(),
            (Names{"a.txt", "dir", "dir/b", "dir/empty"}));
  EXPECT_EQ(outcome.recorder.ContentOf("a.txt"), "first");
  EXPECT_EQ(outcome.recorder.ContentOf("dir/b"), std::string(5000, 'b'));
}

TEST(UnpackUdf, HandsOverFilesAndDirectories) {
  const Unpacked outcome = UnpackedUdf(SmallUdf().Build());
  ExpectSmall(outcome);
  EXPECT_EQ(outcome.recorder.format, model::Format::kUdf);
  EXPECT_EQ(outcome.recorder.detail, "volume \"VOLUME\", UDF 1.02");
  EXPECT_TRUE(outcome.recorder.Find("a.txt")->placed);
  EXPECT_EQ(outcome.recorder.Find("dir")->member.kind, MemberKind::kDirectory);
}

TEST(UnpackUdf, SectorsMayHaveAnySize) {
  for (const uint32_t sector : {512U, 1024U, 2048U, 4096U}) {
    SCOPED_TRACE(sector);
    UdfBuilder builder = SmallUdf();
    builder.sector = sector;
    builder.revision = 0x0201;
    ExpectSmall(UnpackedUdf(builder.Build()));
  }
}

TEST(UnpackUdf, PartitionsOfEveryKindAreRead) {
  for (const bool has_copy : {false, true}) {
    UdfBuilder builder = SmallUdf();
    builder.revision = 0x0250;
    builder.has_metadata = true;
    builder.has_mirror_copy = has_copy;
    const Unpacked outcome = UnpackedUdf(builder.Build());
    ExpectSmall(outcome);
    EXPECT_EQ(outcome.recorder.detail, "volume \"VOLUME\", UDF 2.50");
  }
  UdfBuilder sparable = SmallUdf();
  sparable.is_sparable = true;
  ExpectSmall(UnpackedUdf(sparable.Build()));
  UdfBuilder both = SmallUdf();
  both.has_metadata = true;
  both.is_sparable = true;
  ExpectSmall(UnpackedUdf(both.Build()));
}

TEST(UnpackUdf, ContentIsDescribedInManyForms) {
  const std::string content(10'000, 'c');
  UdfBuilder builder;
  builder.files = {
      {.name = "short", .content = content},
      {.name = "long", .content = content, .form = UdfForm::kLong},
      {.name = "embedded", .content = "inside", .form = UdfForm::kEmbedded},
      {.name = "extended", .content = content, .is_extended = true},
      {.name = "parts", .content = content, .extents = 3},
      {.name = "scattered",
       .content = content,
       .extents = 3,
       .scattered = true},
      {.name = "chained",
       .content = content,
       .form = UdfForm::kLong,
       .extents = 4,
       .scattered = true,
       .chained = true},
      {.name = "sparse", .content = std::string(2048, 's'), .zeros = 100'000},
      {.name = "hole", .zeros = 5000},
  };
  const Unpacked outcome = UnpackedUdf(builder.Build());
  EXPECT_TRUE(outcome.IsClean()) << outcome.Trouble();
  for (const char* name :
       {"short", "long", "extended", "parts", "scattered", "chained"}) {
    EXPECT_EQ(outcome.recorder.ContentOf(name), content) << name;
  }
  EXPECT_EQ(outcome.recorder.ContentOf("embedded"), "inside");
  EXPECT_TRUE(outcome.recorder.Find("embedded")->placed);
  EXPECT_TRUE(outcome.recorder.Find("parts")->placed);
  EXPECT_FALSE(outcome.recorder.Find("scattered")->placed);
  EXPECT_EQ(outcome.recorder.ContentOf("sparse"),
            std::string(2048, 's') + std::string(100'000, '\0'));
  EXPECT_EQ(outcome.recorder.ContentOf("hole"), std::string(5000, '\0'));
}

TEST(UnpackUdf, DirectoriesMayBeEmbedded) {
  UdfBuilder builder = SmallUdf();
  builder.files[1].form = UdfForm::kEmbedded;
  ExpectSmall(UnpackedUdf(builder.Build()));
}

TEST(UnpackUdf, AFileOfTwoNamesIsHandedOverForBoth) {
  UdfBuilder builder = SmallUdf();
  builder.files.push_back({.name = "again", .same_as = "a.txt"});
  const Unpacked outcome = UnpackedUdf(builder.Build());
  EXPECT_TRUE(outcome.IsClean()) << outcome.Trouble();
  EXPECT_EQ(outcome.recorder.ContentOf("again"), "first");
}

TEST(UnpackUdf, LinksAndDevicesAreSaid) {
  UdfBuilder builder;
  const auto component = [](char kind, const std::string& name) {
    const std::string text = name.empty() ? "" : '\x08' + name;
    return std::string{kind, static_cast<char>(text.size()), '\0', '\0'} + text;
  };
  builder.files = {
      {.name = "link",
       .target = component(3, "") + component(5, "x") + component(5, "y")},
      {.name = "root", .target = component(2, "") + component(5, "etc")},
      {.name = "self", .target = component(4, ""), .form = UdfForm::kEmbedded},
      {.name = "device", .type = 7},
      {.name = "fifo", .type = 9},
      {.name = "realtime", .content = "r", .type = 249},
  };
  const Unpacked outcome = UnpackedUdf(builder.Build());
  EXPECT_TRUE(outcome.IsClean()) << outcome.Trouble();
  const auto target = [&](const char* name) {
    return outcome.recorder.Find(name)->member.link_target;
  };
  EXPECT_EQ(target("link"), "../x/y");
  EXPECT_EQ(target("root"), "/etc");
  EXPECT_EQ(target("self"), ".");
  EXPECT_EQ(outcome.recorder.Find("link")->member.kind, MemberKind::kLink);
  EXPECT_EQ(outcome.recorder.Find("device")->member.kind, MemberKind::kDevice);
  EXPECT_EQ(outcome.recorder.Find("fifo")->member.kind, MemberKind::kDevice);
  EXPECT_EQ(outcome.recorder.ContentOf("realtime"), "r");
}

TEST(UnpackUdf, NamedStreamsAreMembersAndRemarked) {
  UdfBuilder builder = SmallUdf();
  builder.revision = 0x0201;
  builder.files[0].streams = {{.name = "evil.exe", .content = "MZ"},
                              {.name = "*UDF NT ACL", .content = "acl"}};
  builder.system_streams = {{.name = "*UDF Backup", .content = "time"}};
  const Unpacked outcome = UnpackedUdf(builder.Build());
  EXPECT_EQ(RemarkOf(outcome, RemarkKind::kHiddenMember),
            "\"evil.exe\" is a named stream");
  EXPECT_EQ(outcome.recorder.ContentOf("a.txt:evil.exe"), "MZ");
  EXPECT_EQ(outcome.recorder.ContentOf("a.txt:*UDF NT ACL"), "acl");
  EXPECT_EQ(outcome.recorder.ContentOf("[streams]/*UDF Backup"), "time");
}

TEST(UnpackUdf, WhatIsNotShownIsRemarked) {
  UdfBuilder builder = SmallUdf();
  builder.files[0].characteristics = 0x01;
  EXPECT_EQ(RemarkOf(UnpackedUdf(builder.Build()), RemarkKind::kHiddenMember),
            "\"a.txt\" is marked as not to be shown");
  builder.files[0].characteristics = 0x04;
  const Unpacked deleted = UnpackedUdf(builder.Build());
  EXPECT_EQ(RemarkOf(deleted, RemarkKind::kHiddenMember),
            "\"a.txt\" is deleted, and still there");
  EXPECT_EQ(deleted.NamesOfMembers(),
            (Names{"dir", "dir/b", "dir/empty", "a.txt"}));
  EXPECT_EQ(deleted.recorder.ContentOf("a.txt"), "first");
  // Somebody else has the entry now.
  builder.files.push_back({.name = "again", .same_as = "a.txt"});
  const Unpacked reused = UnpackedUdf(builder.Build());
  EXPECT_TRUE(reused.IsClean()) << reused.Trouble();
  EXPECT_EQ(reused.recorder.Find("a.txt"), nullptr);
}

TEST(UnpackUdf, NamesAreCompressedUnicode) {
  UdfBuilder builder;
  builder.files = {{.name = "\xE4\xF6"}, {.name = "xx"}};
  Image image = builder.Build();
  const size_t at = builder.identifier_at["xx"] + 38;
  image[at] = 16;
  image[at + 1] = 0x26;
  image[at + 2] = 0x03;
  builder.Seal(image, builder.identifier_at["xx"]);
  const Unpacked outcome = UnpackedUdf(image);
  EXPECT_TRUE(outcome.IsClean()) << outcome.Trouble();
  EXPECT_EQ(outcome.NamesOfMembers(), (Names{"äö", "☃"}));
}

TEST(UnpackUdf, TwoMembersOfOneNameAreRemarked) {
  UdfBuilder builder;
  builder.files = {{.name = "a", .content = "1"}, {.name = "a"}};
  EXPECT_EQ(RemarkOf(UnpackedUdf(builder.Build()), RemarkKind::kDuplicateName),
            "a directory has \"a\" more than once");
}

// ---- Volume structures ----

TEST(UnpackUdf, OneAnchorIsEnough) {
  UdfBuilder builder = SmallUdf();
  Image image = builder.Build();
  std::fill_n(image.begin() + static_cast<long>(builder.anchor_at), 512, 0);
  ExpectSmall(UnpackedUdf(image));
  std::fill_n(image.begin() + static_cast<long>(builder.last_anchor_at), 512,
              0);
  const Unpacked none = UnpackedUdf(image);
  ASSERT_FALSE(none.result);
  EXPECT_EQ(none.result.error().fault, Fault::kMalformed);
  EXPECT_STREQ(none.result.error().field, "Anchor Volume Descriptor Pointer");
}

TEST(UnpackUdf, AnchorsThatDifferAreRemarked) {
  UdfBuilder builder = SmallUdf();
  Image image = builder.Build();
  UdfBuilder::Little(image, builder.last_anchor_at + 20, 99, 4);
  builder.Seal(image, builder.last_anchor_at);
  EXPECT_EQ(RemarkOf(UnpackedUdf(image), RemarkKind::kDisagreement),
            "two anchors lead to different descriptors");
}

TEST(UnpackUdf, TheReserveStandsInForTheMainSequence) {
  UdfBuilder builder = SmallUdf();
  Image image = builder.Build();
  std::fill_n(image.begin() + static_cast<long>(builder.main_at), 16, 0);
  const Unpacked outcome = UnpackedUdf(image);
  ASSERT_TRUE(outcome.result) << outcome.Trouble();
  EXPECT_EQ(outcome.recorder.ContentOf("a.txt"), "first");
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kDisagreement), 3);
}

TEST(UnpackUdf, SequencesThatDifferAreRemarked) {
  UdfBuilder builder = SmallUdf();
  Image image = builder.Build();
  const size_t volume = builder.reserve_at + size_t{2} * builder.sector;
  image[volume + 85] = 'X';
  builder.Seal(image, volume);
  EXPECT_EQ(RemarkOf(UnpackedUdf(image), RemarkKind::kDisagreement),
            "the logical volume descriptor is another one in the reserve "
            "sequence");
}

TEST(UnpackUdf, TheMetadataMirrorIsCompared) {
  UdfBuilder builder = SmallUdf();
  builder.has_metadata = true;
  builder.has_mirror_copy = true;
  Image image = builder.Build();
  image[builder.mirror_at + 600] ^= 1;
  EXPECT_EQ(RemarkOf(UnpackedUdf(image), RemarkKind::kDisagreement),
            "the metadata mirror is another one than the file");
}

TEST(UnpackUdf, VirtualPartitionsAreUnsupported) {
  UdfBuilder builder = SmallUdf();
  builder.is_virtual = true;
  const Unpacked outcome = UnpackedUdf(builder.Build());
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().fault, Fault::kUnsupported);
  EXPECT_EQ(RemarkOf(outcome, RemarkKind::kUnsupported),
            "a virtual partition is not read");
}

TEST(UnpackUdf, WrongCrcIsRemarkedWhereverItIs) {
  UdfBuilder builder = SmallUdf();
  const Image image = builder.Build();
  for (const size_t at :
       {builder.anchor_at, builder.main_at, builder.reserve_at + 2048,
        builder.file_set_at, builder.root_at, builder.entry_at["a.txt"],
        builder.identifier_at["a.txt"]}) {
    Image changed = image;
    changed[at + 8] ^= 1;
    changed[at + 4] =
        static_cast<uint8_t>(changed[at + 4] + changed[at + 8] - image[at + 8]);
    const Unpacked outcome = UnpackedUdf(changed);
    EXPECT_TRUE(outcome.result) << at;
    EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kChecksum), 1) << at;
  }
}

// ---- Hidden bytes ----

TEST(UnpackUdf, BytesOfNothingAreRemarked) {
  UdfBuilder builder = SmallUdf();
  const Image image = builder.Build();
  Image hidden = image;
  hidden[builder.content_at["a.txt"] + 100] = 'h';
  EXPECT_EQ(UnpackedUdf(hidden).recorder.CountOf(RemarkKind::kHiddenData), 1);
  Image trailing = image;
  trailing.resize(trailing.size() + 4096);
  trailing.back() = 1;
  EXPECT_EQ(UnpackedUdf(trailing).recorder.CountOf(RemarkKind::kTrailingData),
            1);
  Image leading = image;
  leading[5] = 1;
  EXPECT_EQ(RemarkOf(UnpackedUdf(leading), RemarkKind::kLeadingData),
            "the system area is used");
}

TEST(UnpackUdf, FilesThatShareBytesAreRemarked) {
  UdfBuilder builder = SmallUdf();
  const Image image = builder.Build();
  // The first block of "b" is the content of "a.txt" as well.
  Image changed = image;
  const size_t a = builder.entry_at["a.txt"];
  const size_t b = builder.entry_at["b"];
  std::copy_n(image.begin() + static_cast<long>(b) + 180, 4,
              changed.begin() + static_cast<long>(a) + 180);
  builder.Seal(changed, a);
  EXPECT_EQ(UnpackedUdf(changed).recorder.CountOf(RemarkKind::kOverlap), 1);
}

// ---- Damage ----

TEST(UnpackUdf, DirectoriesInCirclesAreRemarked) {
  UdfBuilder builder = SmallUdf();
  Image image = builder.Build();
  // "dir" leads to the root.
  const size_t at = builder.identifier_at["dir"];
  const size_t root = builder.root_at / builder.sector;
  const size_t dir = builder.entry_at["dir"] / builder.sector;
  const size_t block = image[at + 24] + size_t{image[at + 25]} * 256;
  UdfBuilder::Little(image, at + 24, block - (dir - root), 4);
  builder.Seal(image, at);
  const Unpacked outcome = UnpackedUdf(image);
  EXPECT_TRUE(outcome.result);
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kLoop), 1);
}

TEST(UnpackUdf, ListsOfDescriptorsInCirclesAreRemarked) {
  UdfBuilder builder;
  builder.files = {{.name = "a",
                    .content = std::string(9000, 'a'),
                    .form = UdfForm::kLong,
                    .extents = 3,
                    .scattered = true,
                    .chained = true}};
  Image image = builder.Build();
  const size_t list = builder.next_list_at["a"];
  const size_t entry = builder.entry_at["a"];
  // What led there leads there from there again.
  std::copy_n(image.begin() + static_cast<long>(entry) + 192, 16,
              image.begin() + static_cast<long>(list) + 24 + 16);
  builder.Seal(image, list);
  const Unpacked outcome = UnpackedUdf(image);
  EXPECT_TRUE(outcome.result);
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kLoop), 1);
  ASSERT_TRUE(outcome.recorder.Find("a")->damage);
}

TEST(UnpackUdf, DeepDirectoriesReachALimit) {
  UdfFile file{.name = "x", .is_directory = true};
  for (int i = 0; i < 300; ++i) {
    file = {.name = "d", .children = {file}};
  }
  UdfBuilder builder;
  builder.files = {file};
  const Unpacked outcome = UnpackedUdf(builder.Build());
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().fault, Fault::kLimit);
  EXPECT_STREQ(outcome.result.error().field, "depth of directories");
}

TEST(UnpackUdf, DamagedEntriesAreDamagedMembers) {
  UdfBuilder builder = SmallUdf();
  builder.files.push_back({.name = "extended", .form = UdfForm::kExtended});
  builder.files.push_back({.name = "more", .content = "1", .size = 5000});
  const Image image = builder.Build();
  Unpacked outcome = UnpackedUdf(image);
  EXPECT_TRUE(outcome.result);
  EXPECT_EQ(outcome.recorder.Find("extended")->damage->fault,
            Fault::kUnsupported);
  EXPECT_STREQ(outcome.recorder.Find("more")->damage->field,
               "Information Length");
  Image changed = image;
  changed[builder.entry_at["a.txt"]] = 99;
  outcome = UnpackedUdf(changed);
  EXPECT_TRUE(outcome.result);
  EXPECT_EQ(outcome.recorder.Find("a.txt")->damage->fault, Fault::kMalformed);
  EXPECT_EQ(outcome.recorder.ContentOf("dir/b"), std::string(5000, 'b'));
  // An extent outside the partition.
  changed = image;
  UdfBuilder::Little(changed, builder.entry_at["a.txt"] + 180, 0xFFFFFF, 4);
  builder.Seal(changed, builder.entry_at["a.txt"]);
  outcome = UnpackedUdf(changed);
  EXPECT_STREQ(outcome.recorder.Find("a.txt")->damage->field,
               "Extent Location");
}

TEST(UnpackUdf, ADamagedDirectoryIsDamage) {
  UdfBuilder builder = SmallUdf();
  Image image = builder.Build();
  image[builder.identifier_at["dir"]] = 0;
  const Unpacked outcome = UnpackedUdf(image);
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().offset, builder.identifier_at["dir"]);
  EXPECT_EQ(outcome.recorder.ContentOf("a.txt"), "first");
}

TEST(UnpackUdf, AManyBlocksLongHoleCostsSteps) {
  UdfBuilder builder;
  builder.files = {{.name = "hole", .zeros = (uint64_t{1} << 30) - 4096}};
  const Image image = builder.Build();
  const Unpacked outcome = UnpackedUdf(image, {.steps = 5000});
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().fault, Fault::kLimit);
}

TEST(UnpackUdf, CutAnywhereItIsNeverSilentlyWhole) {
  for (const bool has_metadata : {false, true}) {
    UdfBuilder builder = SmallUdf();
    builder.has_metadata = has_metadata;
    const Image image = builder.Build();
    for (size_t size = 0; size < image.size(); size += 509) {
      const Unpacked outcome = UnpackedUdf(
          Image(image.begin(), image.begin() + Image::difference_type(size)));
      EXPECT_FALSE(outcome.IsClean()) << size;
    }
  }
}

TEST(UnpackUdf, EndsWhateverStructuresAre) {
  constexpr std::array<uint8_t, 3> kValues = {0x00, 0x7F, 0xFF};
  for (const bool has_metadata : {false, true}) {
    UdfBuilder builder = SmallUdf();
    builder.sector = 512;
    builder.has_metadata = has_metadata;
    builder.files[0].streams = {{.name = "s", .content = "MZ"}};
    const Image image = builder.Build();
    Image changed = image;
    for (size_t i = builder.main_at; i < image.size(); ++i) {
      if (image[i] == 0) {
        continue;
      }
      // With right checksums, where a descriptor begins in this sector.
      const size_t sector = i / builder.sector * builder.sector;
      changed[i] = kValues[i % kValues.size()];
      builder.Seal(changed, sector);
      (void)UnpackedUdf(changed, {.steps = 20'000});
      std::copy_n(image.begin() + static_cast<long>(sector), builder.sector,
                  changed.begin() + static_cast<long>(sector));
    }
  }
}

TEST(UnpackUdf, StopsWhenTheBudgetIsSpent) {
  UdfBuilder builder = SmallUdf();
  builder.files[0].streams = {{.name = "s", .content = "MZ"}};
  const Image image = builder.Build();
  for (uint64_t steps = 0; steps < 80; ++steps) {
    const Unpacked outcome = UnpackedUdf(image, {.steps = steps});
    if (!outcome.result) {
      EXPECT_EQ(outcome.result.error().fault, Fault::kLimit);
    }
  }
}

TEST(UnpackUdf, OfAnotherFormatIsNoImage) {
  EXPECT_EQ(UnpackedUdf(Image(100)).result.error().fault, Fault::kTruncated);
  EXPECT_EQ(UnpackedUdf(Image(100'000)).result.error().fault,
            Fault::kMalformed);
}

}  // namespace
}  // namespace countersign::formats
