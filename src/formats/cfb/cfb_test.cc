#include "formats/cfb.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "forge/cfb.h"
#include "forge/little_endian.h"
#include "forge/msi.h"
#include "formats/cfb/sample/compound_sample.h"
#include "formats/sample/member_recorder.h"
#include "formats/sniff.h"

namespace countersign::formats {
namespace {

using base::Fault;
using forge::ByteVector;
using forge::CompoundImage;
using forge::CompoundOptions;
using forge::Read32;
using forge::Storage;
using forge::Stream;
using forge::Write16;
using forge::Write32;

class CfbRoundTrip : public testing::TestWithParam<CompoundOptions> {};

TEST_P(CfbRoundTrip, EveryMemberComesBack) {
  const CompoundImage image = CfbSample(GetParam());
  MemberRecorder got;
  ASSERT_TRUE(got.Run(UnpackCfb, image.bytes));
  EXPECT_EQ(got.format, model::Format::kOle);
  std::vector<std::string> names;
  for (const auto& recorded : got.members) {
    names.push_back(recorded.member.name);
    EXPECT_FALSE(recorded.damage);
  }
  const std::vector<std::string> expected = {
      "small",     "large",     "dir",      "empty",
      "dir/inner", "dir/other", "dir/deep", "dir/deep/last"};
  EXPECT_EQ(names, expected);
  EXPECT_EQ(got.ContentOf("small"), CfbText(CfbPattern(100, 1)));
  EXPECT_EQ(got.ContentOf("large"),
            CfbText(CfbPattern(GetParam().version4 ? 20000 : 5000, 2)));
  EXPECT_EQ(got.ContentOf("empty"), "");
  EXPECT_EQ(got.ContentOf("dir/inner"), CfbText(CfbPattern(70, 3)));
  EXPECT_EQ(got.ContentOf("dir/other"), CfbText(CfbPattern(4096, 4)));
  EXPECT_EQ(got.ContentOf("dir/deep/last"), CfbText(CfbPattern(64, 5)));
  EXPECT_EQ(got.Find("dir")->member.kind, MemberKind::kDirectory);
  EXPECT_EQ(got.Find("small")->member.kind, MemberKind::kFile);
  EXPECT_TRUE(got.Find("small")->placed);
  EXPECT_EQ(got.Find("large")->placed, !GetParam().fragmented);
  for (const Remark& remark : got.remarks) {
    ADD_FAILURE() << remark.what;
  }
}

INSTANTIATE_TEST_SUITE_P(Cfb, CfbRoundTrip,
                         testing::Values(CompoundOptions{},
                                         CompoundOptions{true, false, 0},
                                         CompoundOptions{false, true, 0},
                                         CompoundOptions{true, true, 0},
                                         CompoundOptions{false, false, 3}));

TEST(Cfb, EntriesAreAsStored) {
  const CompoundImage image = CfbSample({false, true, 0});
  base::Budget budget;
  const auto file = ParseCompoundFile(image.bytes, budget);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->major_version, 3);
  EXPECT_EQ(file->sector_size, 512U);
  EXPECT_EQ(file->file_size, image.bytes.size());
  EXPECT_FALSE(file->damage);
  ASSERT_EQ(file->entries.size(), 12U);  // whole sectors of four
  const CompoundEntry& root = file->entries[0];
  EXPECT_EQ(root.type, CompoundType::kRoot);
  EXPECT_EQ(root.class_id[0], 0xAB);
  EXPECT_EQ(root.name, "Root Entry");
  EXPECT_EQ(root.parent, kNoCompoundEntry);
  // By length, then by upper case.
  EXPECT_EQ(root.children, (std::vector<uint32_t>{3, 4, 2, 1}));
  const CompoundEntry& dir = file->entries[3];
  EXPECT_EQ(dir.type, CompoundType::kStorage);
  EXPECT_EQ(dir.parent, 0U);
  EXPECT_EQ(dir.class_id[15], 0xCD);
  EXPECT_EQ(dir.created, 0x01D00000'00000001U);
  EXPECT_EQ(dir.modified, 0U);
  EXPECT_EQ(dir.state_bits, 7U);
  EXPECT_EQ(dir.children, (std::vector<uint32_t>{7, 5, 6}));
  EXPECT_EQ(base::AsText(dir.raw_name), std::string_view("d\0i\0r\0", 6));
  EXPECT_EQ(dir.stored, (base::ByteRange{image.layout.Entry(3), 128}));
  EXPECT_EQ(file->entries[8].parent, 7U);
  EXPECT_EQ(file->entries[9].type, CompoundType::kUnused);
  const CompoundEntry& large = file->entries[2];
  EXPECT_EQ(large.size, 5000U);
  // Sectors take turns until "other", of 8 sectors, ends; the last two of
  // "large" are neighbours.
  EXPECT_EQ(large.ranges.size(), 9U);
  EXPECT_EQ(large.ranges[0], (base::ByteRange{512, 512}));
  EXPECT_EQ(large.ranges[1], (base::ByteRange{1536, 512}));
  EXPECT_EQ(large.ranges.back().size, 512U + 5000 % 512);
  EXPECT_EQ(JoinRanges(image.bytes, large.ranges), CfbPattern(5000, 2));
  EXPECT_EQ(LocateInRanges(large.ranges, 513), 1537U);
  EXPECT_EQ(LocateInRanges(large.ranges, 5000),
            large.ranges.back().offset + large.ranges.back().size);
}

// 109 sectors of the FAT are listed in the header: 109 * 128 * 512 bytes.
CompoundImage ManySectors() {
  return WriteCompoundFile(
      Storage(u"", {Stream(u"big", CfbPattern(size_t{110} * 128 * 512, 9))}));
}

TEST(Cfb, TheFatContinuesInSectorsOfTheDifat) {
  const CompoundImage image = ManySectors();
  ASSERT_EQ(image.layout.difat.size(), 1U);
  MemberRecorder got;
  ASSERT_TRUE(got.Run(UnpackCfb, image.bytes));
  EXPECT_TRUE(got.remarks.empty());
  EXPECT_EQ(got.members[0].content, CfbPattern(size_t{110} * 128 * 512, 9));
}

TEST(Cfb, DamageOfTheDifatIsReportedBehindTheMembers) {
  CompoundImage image = ManySectors();
  const auto own = static_cast<uint32_t>(image.layout.difat[0] / 512 - 1);
  Write32(image.bytes, image.layout.difat[0] + 508, own);
  MemberRecorder got;
  const auto result = got.Run(UnpackCfb, image.bytes);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::kMalformed);
  EXPECT_EQ(result.error().offset, image.layout.difat[0] + 508);
  EXPECT_STREQ(result.error().field, "DIFAT");
  EXPECT_EQ(got.CountOf(RemarkKind::kLoop), 1U);
  EXPECT_FALSE(got.members[0].damage);
  // Outside of the file.
  image = ManySectors();
  Write32(image.bytes, 68, 0x00FFFFFF);
  const auto outside = got.Run(UnpackCfb, image.bytes);
  ASSERT_FALSE(outside);
  EXPECT_EQ(outside.error().fault, Fault::kTruncated);
  EXPECT_EQ(outside.error().offset, 68U);
}

TEST(Cfb, NothingThatIsCutOffIsCalledComplete) {
  for (const bool fragmented : {false, true}) {
    const CompoundImage image = CfbSample({false, fragmented, 0});
    for (size_t size = 0; size < image.bytes.size(); ++size) {
      const ByteVector cut(image.bytes.begin(),
                           image.bytes.begin() + static_cast<int>(size));
      MemberRecorder got;
      const auto result = got.Run(UnpackCfb, cut);
      const bool damaged = std::ranges::any_of(
          got.members, [](const auto& member) { return !!member.damage; });
      EXPECT_TRUE(!result || damaged || !got.remarks.empty()) << size;
    }
  }
}

TEST(Cfb, NoChangedByteStopsIt) {
  const CompoundImage image = CfbSample();
  ByteVector bytes = image.bytes;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int value : {image.bytes[i] ^ 1, 0xFF}) {
      bytes[i] = static_cast<uint8_t>(value);
      (void)UnpackedCfb(bytes);
    }
    bytes[i] = image.bytes[i];
  }
}

struct HeaderCase {
  size_t offset;
  uint16_t value;
  Fault fault;
  const char* field;
};

TEST(Cfb, TheHeaderIsChecked) {
  const HeaderCase cases[] = {
      {0, 0, Fault::kMalformed, "Header Signature"},
      {26, 5, Fault::kUnsupported, "Major Version"},
      {26, 4, Fault::kMalformed, "Sector Shift"},
      {28, 0xFEFF, Fault::kMalformed, "Byte Order"},
      {30, 12, Fault::kMalformed, "Sector Shift"},
      {32, 7, Fault::kMalformed, "Mini Sector Shift"},
      {56, 64, Fault::kMalformed, "Mini Stream Cutoff Size"}};
  for (const HeaderCase& wrong : cases) {
    CompoundImage image = CfbSample();
    Write16(image.bytes, wrong.offset, wrong.value);
    base::Budget budget;
    const auto file = ParseCompoundFile(image.bytes, budget);
    ASSERT_FALSE(file) << wrong.field;
    EXPECT_EQ(file.error().fault, wrong.fault) << wrong.field;
    EXPECT_STREQ(file.error().field, wrong.field);
    EXPECT_EQ(file.error().offset, wrong.value == 4 ? 30 : wrong.offset);
  }
}

TEST(Cfb, TheDirectoryIsNeeded) {
  CompoundImage image = CfbSample();
  Write32(image.bytes, 48, 0x00FFFFFF);
  base::Budget budget;
  auto file = ParseCompoundFile(image.bytes, budget);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().fault, Fault::kTruncated);
  EXPECT_EQ(file.error().offset, 48U);
  image = CfbSample();
  image.bytes[image.layout.Entry(0) + kCfbTypeAt] = 2;
  file = ParseCompoundFile(image.bytes, budget);
  ASSERT_FALSE(file);
  EXPECT_STREQ(file.error().field, "Object Type");
  EXPECT_EQ(file.error().offset, image.layout.Entry(0) + kCfbTypeAt);
}

TEST(Cfb, StepsEndIt) {
  const CompoundImage image = CfbSample();
  base::Limits limits;
  MemberRecorder all;
  ASSERT_TRUE(all.Run(UnpackCfb, image.bytes, limits));
  for (uint64_t steps = 0; steps < 30; ++steps) {
    limits.steps = steps;
    MemberRecorder got;
    const auto result = got.Run(UnpackCfb, image.bytes, limits);
    ASSERT_FALSE(result) << steps;
    EXPECT_EQ(result.error().fault, Fault::kLimit);
  }
}

TEST(Cfb, AFatThatIsCutOffMakesNoFalseRemarks) {
  CompoundImage image = CfbSample();
  image.bytes.pop_back();
  MemberRecorder got;
  const auto result = got.Run(UnpackCfb, image.bytes);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::kTruncated);
  EXPECT_EQ(result.error().offset, image.bytes.size());
  EXPECT_STREQ(result.error().field, "FAT");
  for (const Remark& remark : got.remarks) {
    EXPECT_EQ(remark.what.find("free hold data"), std::string::npos);
  }
}

TEST(Cfb, ALoopEndsAStream) {
  CompoundImage image = CfbSample();
  const uint32_t first = CfbFirstOf(image, u"large");
  const uint64_t slot = image.layout.Slot(first + 4);
  Write32(image.bytes, slot, first);
  const MemberRecorder got = UnpackedCfb(image.bytes);
  EXPECT_EQ(got.CountOf(RemarkKind::kLoop), 1U);
  const auto* large = got.Find("large");
  ASSERT_TRUE(large->damage);
  EXPECT_EQ(large->damage->offset, slot);
  EXPECT_STREQ(large->damage->field, "FAT");
  EXPECT_EQ(large->content.size(), 5U * 512);
  EXPECT_FALSE(got.Find("dir/other")->damage);
}

TEST(Cfb, ASectorBelongsToOneStream) {
  CompoundImage image = CfbSample();
  const uint32_t large = CfbFirstOf(image, u"large");
  Write32(image.bytes, CfbEntryOf(image, u"other") + kCfbStartAt, large + 1);
  const MemberRecorder got = UnpackedCfb(image.bytes);
  EXPECT_EQ(got.CountOf(RemarkKind::kOverlap), 1U);
  EXPECT_FALSE(got.Find("large")->damage);
  const auto* other = got.Find("dir/other");
  ASSERT_TRUE(other->damage);
  EXPECT_EQ(other->damage->fault, Fault::kMalformed);
  EXPECT_EQ(other->damage->offset, CfbEntryOf(image, u"other") + kCfbStartAt);
  EXPECT_TRUE(other->content.empty());
  // The sectors that were its own.
  EXPECT_EQ(got.CountOf(RemarkKind::kHiddenData), 1U);
}

TEST(Cfb, AStreamIsAsLongAsItSays) {
  CompoundImage image = CfbSample();
  Write32(image.bytes, CfbEntryOf(image, u"large") + kCfbSizeAt, 6000);
  Write32(image.bytes, CfbEntryOf(image, u"small") + kCfbSizeAt, 200);
  const MemberRecorder got = UnpackedCfb(image.bytes);
  for (const char* name : {"large", "small"}) {
    const auto* short_one = got.Find(name);
    ASSERT_TRUE(short_one->damage) << name;
    EXPECT_EQ(short_one->damage->fault, Fault::kTruncated);
    EXPECT_STREQ(short_one->damage->field, "Stream Size");
  }
  EXPECT_EQ(got.Find("large")->content.size(), 10U * 512);
  EXPECT_EQ(got.Find("small")->content.size(), 128U);
}

TEST(Cfb, AStreamInTheWrongTableIsDamaged) {
  CompoundImage image = CfbSample();
  // A large stream that says it is small is looked for in the mini stream.
  Write32(image.bytes, CfbEntryOf(image, u"large") + kCfbSizeAt, 4095);
  const MemberRecorder got = UnpackedCfb(image.bytes);
  EXPECT_TRUE(got.Find("large")->damage || got.Find("dir/inner")->damage);
}

TEST(Cfb, ABrokenMiniStreamIsDamageOfTheWhole) {
  CompoundImage image = CfbSample();
  const uint32_t start =
      Read32(image.bytes, image.layout.Entry(0) + kCfbStartAt);
  Write32(image.bytes, image.layout.Entry(0) + kCfbStartAt, 0x00FFFFFF);
  MemberRecorder got;
  const auto result = got.Run(UnpackCfb, image.bytes);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().offset, image.layout.Entry(0) + kCfbStartAt);
  EXPECT_EQ(result.error().fault, Fault::kTruncated);
  EXPECT_TRUE(got.Find("small")->damage);
  EXPECT_FALSE(got.Find("large")->damage);
  // A free slot in its chain.
  Write32(image.bytes, image.layout.Entry(0) + kCfbStartAt, start);
  Write32(image.bytes, image.layout.Entry(0) + kCfbSizeAt, 4096);
  const auto free = got.Run(UnpackCfb, image.bytes);
  ASSERT_FALSE(free);
  EXPECT_STREQ(free.error().field, "Stream Size");
}

TEST(Cfb, WhatNoStorageReachesIsHandedOverLast) {
  CompoundImage image = CfbSample();
  Write32(image.bytes, CfbEntryOf(image, u"dir") + kCfbChildAt, kCfbFree);
  const MemberRecorder got = UnpackedCfb(image.bytes);
  EXPECT_EQ(got.CountOf(RemarkKind::kHiddenMember), 4U);
  EXPECT_EQ(got.remarks.size(), 4U);
  EXPECT_EQ(got.ContentOf("inner"), CfbText(CfbPattern(70, 3)));
  EXPECT_EQ(got.ContentOf("other"), CfbText(CfbPattern(4096, 4)));
  EXPECT_EQ(got.ContentOf("last"), CfbText(CfbPattern(64, 5)));
}

TEST(Cfb, AStreamIsNotDamagedByOneOutOfReach) {
  CompoundImage image = CfbSample();
  // "small" has the lower id, is out of reach, and wants the sectors of others.
  Write32(image.bytes, CfbEntryOf(image, u"small") + kCfbStartAt,
          CfbFirstOf(image, u"other"));
  Write32(image.bytes, CfbEntryOf(image, u"small") + kCfbSizeAt, 4096);
  for (const size_t link : {kCfbLeftAt, kCfbRightAt}) {
    for (const auto& [name, id] : image.layout.ids) {
      const size_t at = image.layout.Entry(id) + link;
      if (Read32(image.bytes, at) == CfbIdOf(image, u"small")) {
        Write32(image.bytes, at, kCfbFree);
      }
    }
  }
  const MemberRecorder got = UnpackedCfb(image.bytes);
  EXPECT_FALSE(got.Find("dir/other")->damage);
  EXPECT_TRUE(got.Find("small")->damage);
  EXPECT_EQ(got.CountOf(RemarkKind::kHiddenMember), 1U);
}

TEST(Cfb, ANameOfImpossibleLengthIsDamageOfTheMember) {
  for (const uint16_t length :
       std::initializer_list<uint16_t>{0, 1, 7, 66, 0xFFFF}) {
    CompoundImage image = CfbSample();
    Write16(image.bytes, CfbEntryOf(image, u"large") + 64, length);
    const MemberRecorder got = UnpackedCfb(image.bytes);
    const auto* large = got.Find("large");
    ASSERT_TRUE(large != nullptr && large->damage) << length;
    EXPECT_EQ(large->damage->offset, CfbEntryOf(image, u"large") + 64);
    EXPECT_EQ(large->content, CfbPattern(5000, 2));
  }
}

TEST(Cfb, PathsAreNotJoinedWithoutEnd) {
  // Storages in each other, 1000 deep: the sum of the paths is paid for.
  auto node = Storage(u"s", {});
  for (int i = 0; i < 1000; ++i) {
    std::vector<forge::CompoundNode> inside;
    inside.push_back(std::move(node));
    node = Storage(u"s", std::move(inside));
  }
  node.name = u"";
  const CompoundImage image = WriteCompoundFile(node);
  base::Limits limits;
  MemberRecorder got;
  EXPECT_TRUE(got.Run(UnpackCfb, image.bytes, limits));
  limits.steps = 400'000;
  MemberRecorder less;
  EXPECT_FALSE(less.Run(UnpackCfb, image.bytes, limits));
}

TEST(Cfb, NamesKeepControlCharacters) {
  const CompoundImage image = WriteCompoundFile(
      Storage(u"", {Stream(u"\5SummaryInformation", CfbPattern(10, 1)),
                    Stream(u"\u00E4\u20AC", CfbPattern(5, 2))}));
  const MemberRecorder got = UnpackedCfb(image.bytes);
  EXPECT_NE(got.Find("\5SummaryInformation"), nullptr);
  EXPECT_NE(got.Find("\xC3\xA4\xE2\x82\xAC"), nullptr);
}

TEST(Cfb, ClassIdsSayWhatItIs) {
  const auto identify = [](std::array<uint8_t, 16> id) {
    auto root = Storage(u"", {});
    root.class_id = id;
    return UnpackedCfb(WriteCompoundFile(root).bytes).format;
  };
  using model::Format;
  EXPECT_EQ(identify(forge::InstallerClassId(0x84)), Format::kMsi);
  EXPECT_EQ(identify(forge::InstallerClassId(0x86)), Format::kMsp);
  EXPECT_EQ(identify(forge::InstallerClassId(0x82)), Format::kMst);
  EXPECT_EQ(identify(forge::InstallerClassId(0x83)), Format::kOle);
  EXPECT_EQ(identify({}), Format::kOle);
  EXPECT_EQ(DescribeClassId(forge::InstallerClassId(0x84)),
            "{000c1084-0000-0000-c000-000000000046}");
}

TEST(Cfb, TheTableKnowsIt) {
  const FormatRow& row = Sniff(CfbSample().bytes);
  EXPECT_EQ(row.support, Support::kParsed);
  EXPECT_EQ(row.unpack, &UnpackCfb);
}

// Files of the corpus and of ClamAV's test files; see docs/formats/cfb.md.
TEST(Cfb, RealFilesHaveNoDamage) {
  const std::string root = "../shared/corpora/signature/";
  size_t seen = 0;
  for (const char* path :
       {"google__omaha/common/certificate_tag/testdata/test7zSigned.msi",
        "google__omaha/omaha/testing/unittest_support/"
        "sha2_0e4418e2dede36dd2974c3443afb5ce5.msi",
        "ebourg__jsign/jsign-core/src/test/resources/minimal.msi"}) {
    std::ifstream in(root + path, std::ios::binary);
    const ByteVector bytes((std::istreambuf_iterator<char>(in)), {});
    if (bytes.empty()) {
      continue;
    }
    ++seen;
    MemberRecorder got;
    ASSERT_TRUE(got.Run(UnpackCfb, bytes)) << path;
    EXPECT_EQ(got.format, model::Format::kMsi) << path;
    for (const auto& recorded : got.members) {
      EXPECT_FALSE(recorded.damage) << path << ": " << recorded.member.name;
    }
    // Windows leaves bytes in the last sectors.
    for (const Remark& remark : got.remarks) {
      EXPECT_NE(remark.what.find("last sectors"), std::string::npos)
          << path << ": " << remark.what;
    }
  }
  if (seen == 0) {
    GTEST_SKIP() << "no corpus";
  }
}

}  // namespace
}  // namespace countersign::formats
