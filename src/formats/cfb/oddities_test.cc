// Every remark on a compound file, each from one change to a good file.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "forge/cfb.h"
#include "forge/little_endian.h"
#include "formats/cfb.h"
#include "formats/cfb/sample/compound_sample.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

using forge::ByteVector;
using forge::CompoundImage;
using forge::Storage;
using forge::Stream;
using forge::Write16;
using forge::Write32;
using Mutate = void (*)(CompoundImage&);

// One change, and the one kind of remark that must come of it.
struct RemarkCase {
  const char* name;
  RemarkKind kind;
  const char* text;  // a part of it
  Mutate mutate;
};

const RemarkCase kRemarkCases[] = {
    {"header class id", RemarkKind::kOddity, "class id",
     [](CompoundImage& image) { image.bytes[8] = 1; }},
    {"header reserved", RemarkKind::kOddity, "reserved",
     [](CompoundImage& image) { image.bytes[39] = 1; }},
    {"trailing byte", RemarkKind::kTrailingData, "1 bytes behind",
     [](CompoundImage& image) { image.bytes.push_back(0); }},
    {"trailing sector", RemarkKind::kTrailingData, "512 bytes behind",
     [](CompoundImage& image) {
       const ByteVector more = CfbPattern(512, 0);
       image.bytes.insert(image.bytes.end(), more.begin(), more.end());
     }},
    {"trailing archive", RemarkKind::kTrailingData, "100000 bytes behind",
     [](CompoundImage& image) {
       const ByteVector more = CfbPattern(100000, 0);
       image.bytes.insert(image.bytes.end(), more.begin(), more.end());
     }},
    {"short last sector", RemarkKind::kOddity, "has 10 of 512",
     [](CompoundImage& image) {
       // "large" goes on behind all others, where the file ends.
       const auto sector = static_cast<uint32_t>(image.bytes.size() / 512 - 1);
       Write32(image.bytes, image.layout.Slot(CfbFirstOf(image, u"large") + 9),
               sector);
       Write32(image.bytes, image.layout.Slot(sector), kCfbEnd);
       Write32(image.bytes, CfbEntryOf(image, u"large") + kCfbSizeAt,
               10 * 512 + 10);
       image.bytes.resize(image.bytes.size() + 10, 1);
     }},
    {"FAT count", RemarkKind::kDisagreement, "counts 2 FAT sectors",
     [](CompoundImage& image) { Write32(image.bytes, 44, 2); }},
    {"DIFAT count", RemarkKind::kDisagreement, "counts 1 DIFAT",
     [](CompoundImage& image) { Write32(image.bytes, 72, 1); }},
    {"mini FAT count", RemarkKind::kDisagreement, "counts 3 mini FAT",
     [](CompoundImage& image) { Write32(image.bytes, 64, 3); }},
    {"FAT mark", RemarkKind::kDisagreement, "holds the FAT",
     [](CompoundImage& image) {
       const auto sector = static_cast<uint32_t>(image.layout.fat[0] / 512 - 1);
       Write32(image.bytes, image.layout.Slot(sector), kCfbEnd);
     }},
    {"unclaimed sector", RemarkKind::kHiddenData, "of no stream",
     [](CompoundImage& image) {
       // "large" becomes a stream of one sector less.
       const uint32_t first = CfbFirstOf(image, u"large");
       Write32(image.bytes, image.layout.Slot(first + 8), kCfbEnd);
       Write32(image.bytes, CfbEntryOf(image, u"large") + kCfbSizeAt, 9 * 512);
     }},
    {"free sector", RemarkKind::kHiddenData, "free hold data",
     [](CompoundImage& image) {
       const uint32_t first = CfbFirstOf(image, u"large");
       Write32(image.bytes, image.layout.Slot(first + 8), kCfbEnd);
       Write32(image.bytes, image.layout.Slot(first + 9), kCfbFree);
       Write32(image.bytes, CfbEntryOf(image, u"large") + kCfbSizeAt, 9 * 512);
     }},
    {"sectors behind the end", RemarkKind::kHiddenData, "sectors behind its",
     [](CompoundImage& image) {
       Write32(image.bytes, CfbEntryOf(image, u"large") + kCfbSizeAt, 9 * 512);
     }},
    {"slack", RemarkKind::kOddity, "of 1 streams hold data",
     [](CompoundImage& image) {
       image.bytes[image.layout.Sector(CfbFirstOf(image, u"large")) + 5000] = 1;
     }},
    {"mini sector of nobody", RemarkKind::kHiddenData,
     "mini sectors are in use",
     [](CompoundImage& image) {
       // "small" ends with its first mini sector.
       Write32(image.bytes, image.layout.MiniSlot(CfbFirstOf(image, u"small")),
               kCfbEnd);
       Write32(image.bytes, CfbEntryOf(image, u"small") + kCfbSizeAt, 64);
     }},
    {"free mini sector", RemarkKind::kHiddenData, "mini sectors that are free",
     [](CompoundImage& image) {
       const uint32_t first = CfbFirstOf(image, u"small");
       Write32(image.bytes, image.layout.MiniSlot(first), kCfbEnd);
       Write32(image.bytes, image.layout.MiniSlot(first + 1), kCfbFree);
       Write32(image.bytes, CfbEntryOf(image, u"small") + kCfbSizeAt, 64);
     }},
    {"unused entry", RemarkKind::kHiddenData, "entry 11 is not in use",
     [](CompoundImage& image) { image.bytes[image.layout.Entry(11) + 4] = 1; }},
    {"unused entry's end", RemarkKind::kHiddenData, "entry 9 is not in use",
     [](CompoundImage& image) {
       image.bytes[image.layout.Entry(9) + 127] = 1;
     }},
    {"behind the name", RemarkKind::kHiddenData, "the name of entry 1",
     [](CompoundImage& image) { image.bytes[image.layout.Entry(1) + 60] = 1; }},
    {"unknown type", RemarkKind::kOddity, "is of type 3",
     [](CompoundImage& image) {
       image.bytes[image.layout.Entry(9) + kCfbTypeAt] = 3;
     }},
    {"second root", RemarkKind::kOddity, "is of type 5",
     [](CompoundImage& image) {
       image.bytes[image.layout.Entry(9) + kCfbTypeAt] = 5;
     }},
    {"child of a stream", RemarkKind::kOddity, "stream with a child",
     [](CompoundImage& image) {
       Write32(image.bytes, CfbEntryOf(image, u"small") + kCfbChildAt, 9);
     }},
    {"no such sibling", RemarkKind::kOddity, "names entry 500 of 12",
     [](CompoundImage& image) {
       Write32(image.bytes, CfbEntryOf(image, u"small") + kCfbRightAt, 500);
     }},
    {"unused sibling", RemarkKind::kOddity, "entry 9, which is not in use",
     [](CompoundImage& image) {
       Write32(image.bytes, CfbEntryOf(image, u"small") + kCfbRightAt, 9);
     }},
    {"loop of siblings", RemarkKind::kLoop, "has a place already",
     [](CompoundImage& image) {
       Write32(image.bytes, CfbEntryOf(image, u"small") + kCfbRightAt,
               CfbIdOf(image, u"small"));
     }},
    {"loop to the root", RemarkKind::kLoop, "has a place already",
     [](CompoundImage& image) {
       Write32(image.bytes, CfbEntryOf(image, u"last") + kCfbLeftAt, 0);
     }},
    {"size with an upper half", RemarkKind::kOddity, "upper half",
     [](CompoundImage& image) {
       Write32(image.bytes, CfbEntryOf(image, u"small") + kCfbSizeAt + 4, 1);
     }},
    {"order", RemarkKind::kOddity, "out of order",
     [](CompoundImage& image) {
       image.bytes[CfbEntryOf(image, u"large")] = 'z';
     }},
    {"duplicate", RemarkKind::kDuplicateName, "has the name of entry",
     [](CompoundImage& image) {
       const char16_t name[] = u"EMPTY";
       for (size_t i = 0; i < 5; ++i) {
         Write16(image.bytes, CfbEntryOf(image, u"large") + i * 2, name[i]);
       }
     }}};

TEST(CfbOddities, EachOddThingIsOneRemark) {
  for (const RemarkCase& odd : kRemarkCases) {
    CompoundImage image = CfbSample();
    odd.mutate(image);
    const MemberRecorder got = UnpackedCfb(image.bytes);
    EXPECT_EQ(got.remarks.size(), 1U) << odd.name;
    for (const Remark& remark : got.remarks) {
      EXPECT_EQ(static_cast<int>(remark.kind), static_cast<int>(odd.kind))
          << odd.name << ": " << remark.what;
      EXPECT_NE(remark.what.find(odd.text), std::string::npos)
          << odd.name << ": " << remark.what;
    }
  }
}

TEST(CfbOddities, Version4HasAHeaderSectorAndCountsDirectorySectors) {
  CompoundImage image = CfbSample({true, false, 0});
  image.bytes[4095] = 1;
  Write32(image.bytes, 40, 77);
  const MemberRecorder got = UnpackedCfb(image.bytes);
  ASSERT_EQ(got.remarks.size(), 2U);
  EXPECT_EQ(got.remarks[0].kind, RemarkKind::kHiddenData);
  EXPECT_EQ(got.remarks[0].range, (base::ByteRange{512, 3584}));
  EXPECT_EQ(got.remarks[1].kind, RemarkKind::kDisagreement);
}

TEST(CfbOddities, RemarksAreSummedUp) {
  std::vector<forge::CompoundNode> children;
  for (char16_t i = 0; i < 100; ++i) {
    children.push_back(Stream(std::u16string(1, u'\u0100' + i), {}));
  }
  CompoundImage image = WriteCompoundFile(Storage(u"", std::move(children)));
  Write32(image.bytes, image.layout.Entry(0) + kCfbChildAt, kCfbFree);
  const MemberRecorder got = UnpackedCfb(image.bytes);
  EXPECT_EQ(got.members.size(), 100U);
  EXPECT_EQ(got.CountOf(RemarkKind::kHiddenMember), 33U);
  EXPECT_NE(got.remarks.back().what.find("and 68 more"), std::string::npos);
}

}  // namespace
}  // namespace countersign::formats
