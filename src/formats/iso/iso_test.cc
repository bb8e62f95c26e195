#include "formats/iso.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/text.h"
#include "formats/iso/sample/iso_builder.h"
#include "formats/sample/unpacked.h"

namespace countersign::formats {
namespace {

using base::Fault;
using sample::IsoBuilder;
using sample::IsoFile;
using ByteVector = std::vector<uint8_t>;

constexpr size_t kSector = 2048;
constexpr size_t kPrimary = 16 * kSector;

IsoBuilder Small() {
  IsoBuilder builder;
  builder.files = {
      {"A.TXT;1", "a name.txt", "a name.txt", "first"},
      {"DIR",
       "directory",
       "directory",
       "",
       {{"B.;1", "b", "b", std::string(5000, 'b')},
        {"EMPTY.;1", "empty", "empty", ""}}},
  };
  return builder;
}

Unpacked UnpackedIso(const ByteVector& image) { return {UnpackIso, image}; }

using Names = std::vector<std::string>;

TEST(UnpackIso, NamesComeFromTheRichestTree) {
  IsoBuilder builder = Small();
  const Unpacked plain = UnpackedIso(builder.Build());
  EXPECT_TRUE(plain.IsClean()) << plain.Trouble();
  EXPECT_EQ(plain.NamesOfMembers(),
            (Names{"A.TXT", "DIR", "DIR/B", "DIR/EMPTY"}));
  EXPECT_EQ(plain.recorder.detail, "volume \"VOLUME\"");
  EXPECT_EQ(plain.recorder.format, model::Format::kIso);

  builder.joliet = true;
  const Unpacked joliet = UnpackedIso(builder.Build());
  EXPECT_TRUE(joliet.IsClean()) << joliet.Trouble();
  EXPECT_EQ(joliet.NamesOfMembers(), (Names{"a name.txt", "directory",
                                            "directory/b", "directory/empty"}));
  EXPECT_EQ(joliet.recorder.detail, "volume \"VOLUME\", Joliet");

  builder.ridge = true;
  builder.files[0].ridge = "ridge";
  const Unpacked ridge = UnpackedIso(builder.Build());
  EXPECT_TRUE(ridge.IsClean()) << ridge.Trouble();
  EXPECT_EQ(ridge.NamesOfMembers(),
            (Names{"ridge", "directory", "directory/b", "directory/empty"}));
  EXPECT_EQ(ridge.recorder.detail, "volume \"VOLUME\", Rock Ridge, Joliet");
}

TEST(UnpackIso, FilesArePlacedWhereTheyLie) {
  IsoBuilder builder = Small();
  const Unpacked outcome = UnpackedIso(builder.Build());
  const auto* file = outcome.recorder.Find("DIR/B");
  ASSERT_NE(file, nullptr);
  EXPECT_TRUE(file->placed);
  EXPECT_EQ(file->member.size, 5000U);
  EXPECT_EQ(file->member.stored.offset, builder.record_at["B.;1"]);
  EXPECT_EQ(outcome.recorder.ContentOf("DIR/B"), std::string(5000, 'b'));
  EXPECT_EQ(outcome.recorder.ContentOf("A.TXT"), "first");
  EXPECT_EQ(outcome.recorder.ContentOf("DIR/EMPTY"), "");
  EXPECT_EQ(outcome.recorder.Find("DIR")->member.kind, MemberKind::kDirectory);
}

TEST(UnpackIso, RockRidgeHasLinksDevicesAndLongNames) {
  IsoBuilder builder;
  builder.ridge = true;
  IsoFile link{"L.;1", "link", "", ""};
  link.mode = 0120777;
  link.system_use = std::string("SL\x15\x01\x00\x08\x00\x04\x00\x02\x00", 11) +
                    std::string("\x01\x02na\x00\x02me\x00\x00", 10);
  IsoFile device{"D.;1", "device", "", ""};
  device.mode = 0020666;
  IsoFile longer{"N.;1", "", "", "long"};
  longer.system_use = std::string("NM\x0A\x01\x01", 5) + "begin";
  longer.continuation = std::string("NM\x09\x01\x00", 5) + "-end";
  builder.files = {link, device, longer};
  const Unpacked outcome = UnpackedIso(builder.Build());
  EXPECT_TRUE(outcome.IsClean()) << outcome.Trouble();
  ASSERT_EQ(outcome.NamesOfMembers(), (Names{"link", "device", "begin-end"}));
  const auto& members = outcome.recorder.members;
  EXPECT_EQ(members[0].member.kind, MemberKind::kLink);
  EXPECT_EQ(members[0].member.link_target, "/.././name/");
  EXPECT_EQ(members[1].member.kind, MemberKind::kDevice);
  EXPECT_EQ(outcome.recorder.ContentOf("begin-end"), "long");
}

TEST(UnpackIso, MovedDirectoriesAreWhereTheyWere) {
  IsoBuilder builder;
  builder.ridge = true;
  IsoFile moved{"MOVED", "deep", "", "", {{"X.;1", "x", "", "content"}}};
  moved.system_use = std::string("RE\x04\x01", 4);
  IsoFile child{"C.;1", "deep", "", ""};
  child.system_use = std::string("CL\x0C\x01", 4) + std::string(8, '\0');
  builder.files = {child, {"RR_MOVED", "rr_moved", "", "", {moved}}};
  ByteVector image = builder.Build();
  const size_t record = builder.record_at["C.;1"];
  const size_t at = builder.directory_at.at(2) / kSector;
  // Behind the name (4 bytes, padded) and NM (9 bytes) comes CL.
  const size_t cl = record + 33 + 5 + 9 + 4;
  image[cl] = image[cl + 7] = static_cast<uint8_t>(at);
  const Unpacked outcome = UnpackedIso(image);
  EXPECT_TRUE(outcome.IsClean()) << outcome.Trouble();
  EXPECT_EQ(outcome.NamesOfMembers(), (Names{"deep", "rr_moved", "deep/x"}));
  // Nothing leads to it: it is found nevertheless.
  builder.files.erase(builder.files.begin());
  const Unpacked lost = UnpackedIso(builder.Build());
  EXPECT_EQ(lost.recorder.ContentOf("rr_moved/x"), "content");
  EXPECT_EQ(lost.recorder.CountOf(RemarkKind::kHiddenMember), 1U);
}

TEST(UnpackIso, FilesOfSeveralExtents) {
  IsoBuilder builder;
  std::string content;
  for (int i = 0; i < 700; ++i) {
    content += std::to_string(i * 7919) + "\n";
  }
  builder.files = {{"A.;1", "", "", content}, {"B.;1", "", "", "next"}};
  builder.files[0].extents = 3;
  const Unpacked near = UnpackedIso(builder.Build());
  EXPECT_TRUE(near.IsClean()) << near.Trouble();
  EXPECT_EQ(near.recorder.ContentOf("A"), content);
  EXPECT_TRUE(near.recorder.Find("A")->placed);
  builder.files[0].scattered = true;
  const Unpacked far = UnpackedIso(builder.Build());
  EXPECT_TRUE(far.IsClean()) << far.Trouble();
  EXPECT_EQ(far.recorder.ContentOf("A"), content);
  EXPECT_FALSE(far.recorder.Find("A")->placed);
  EXPECT_EQ(far.NamesOfMembers(), (Names{"A", "B"}));
}

TEST(UnpackIso, BootImagesComeLast) {
  IsoBuilder builder = Small();
  builder.boot = std::string(2048, 'B');
  const Unpacked outcome = UnpackedIso(builder.Build());
  EXPECT_TRUE(outcome.IsClean()) << outcome.Trouble();
  EXPECT_EQ(outcome.NamesOfMembers().back(), "[boot]/1");
  EXPECT_EQ(outcome.recorder.ContentOf("[boot]/1"), std::string(2048, 'B'));
  EXPECT_EQ(outcome.recorder.detail, "volume \"VOLUME\", bootable");
  // A floppy disk is as large as one.
  builder.boot = std::string(1'474'560, 'F');
  builder.boot_medium = 2;
  EXPECT_EQ(UnpackedIso(builder.Build()).recorder.ContentOf("[boot]/1"),
            *builder.boot);
  // Only the beginning of a file is loaded; all of it is handed over.
  builder = Small();
  builder.boot = "";
  builder.boot_sectors = 1;
  ByteVector image = builder.Build();
  image[builder.catalog_at + 40] =
      static_cast<uint8_t>(builder.content_at["B.;1"] / kSector);
  EXPECT_EQ(UnpackedIso(image).recorder.ContentOf("[boot]/1"),
            std::string(5000, 'b'));
  image[builder.catalog_at + 28] ^= 1;
  EXPECT_EQ(UnpackedIso(image).recorder.CountOf(RemarkKind::kChecksum), 1U);
}

TEST(UnpackIso, NoBeginningOfAnImageIsTakenForAllOfIt) {
  IsoBuilder builder = Small();
  builder.joliet = builder.ridge = true;
  builder.boot = "boot";
  const ByteVector whole = builder.Build();
  ASSERT_TRUE(UnpackedIso(whole).recorder.CountOf(RemarkKind::kHiddenData) ==
              0);
  // Why in steps: there is nothing to see in most bytes of most sectors.
  for (size_t size = 0; size < whole.size();
       size += size < kPrimary || size % kSector > 250 ? 61 : 1) {
    const Unpacked cut =
        UnpackedIso({whole.begin(), whole.begin() + static_cast<long>(size)});
    ASSERT_FALSE(cut.IsClean()) << size;
    ASSERT_LE(cut.recorder.members.size(), 5U);
  }
}

TEST(UnpackIso, NumbersThatAreStoredTwiceAreCompared) {
  IsoBuilder builder = Small();
  const ByteVector whole = builder.Build();
  const size_t record = builder.record_at["A.TXT;1"];
  for (const size_t at :
       {kPrimary + 80, kPrimary + 128, kPrimary + 132, kPrimary + 158,
        kPrimary + 166, record + 2, record + 10, record + 28}) {
    const size_t bytes = at == kPrimary + 128 || at == record + 28 ? 2 : 4;
    ByteVector image = whole;
    image[at + 2 * bytes - 1] ^= 1;
    const Unpacked outcome = UnpackedIso(image);
    EXPECT_TRUE(outcome.result);
    EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kDisagreement), 1U) << at;
    EXPECT_EQ(outcome.recorder.remarks[0].range,
              (base::ByteRange{at, 2 * bytes}));
    EXPECT_EQ(outcome.recorder.ContentOf("A.TXT"), "first");
  }
}

TEST(UnpackIso, DamageOfOneFileIsItsOwn) {
  IsoBuilder builder = Small();
  const ByteVector whole = builder.Build();
  const size_t record = builder.record_at["A.TXT;1"];
  ByteVector image = whole;
  image[record + 5] = image[record + 6] = 1;  // location
  const Unpacked far = UnpackedIso(image);
  EXPECT_TRUE(far.result);
  ASSERT_TRUE(far.recorder.Find("A.TXT")->damage);
  EXPECT_EQ(far.recorder.Find("A.TXT")->damage->fault, Fault::kTruncated);
  EXPECT_EQ(far.recorder.ContentOf("DIR/B"), std::string(5000, 'b'));
  image = whole;
  image[record + 26] = 1;  // unit
  const Unpacked woven = UnpackedIso(image);
  ASSERT_TRUE(woven.recorder.Find("A.TXT")->damage);
  EXPECT_EQ(woven.recorder.Find("A.TXT")->damage->fault, Fault::kUnsupported);
  EXPECT_EQ(woven.recorder.CountOf(RemarkKind::kUnsupported), 1U);
}

TEST(UnpackIso, DamagedDirectoriesAreErrors) {
  IsoBuilder builder = Small();
  const ByteVector whole = builder.Build();
  const size_t record = builder.record_at["DIR"];
  const struct {
    size_t at;
    uint8_t value;
    Fault fault;
    const char* field;
  } rows[] = {
      {record + 5, 1, Fault::kTruncated, "Location of Extent"},
      {record + 13, 1, Fault::kTruncated, "Data Length"},
      {record, 33, Fault::kMalformed, "Length of Directory Record"},
      {record + 32, 200, Fault::kTruncated, "File Identifier"},
      {builder.record_at["EMPTY.;1"] + 25, 0x80, Fault::kMalformed,
       "File Flags"},
      {kPrimary, 9, Fault::kMalformed, "primary volume descriptor"},
      {kPrimary + 129, 1, Fault::kMalformed, "Logical Block Size"},
  };
  for (const auto& row : rows) {
    ByteVector image = whole;
    image[row.at] = row.value;
    const Unpacked outcome = UnpackedIso(image);
    ASSERT_FALSE(outcome.result) << row.field;
    EXPECT_EQ(outcome.result.error().fault, row.fault) << row.field;
    EXPECT_STREQ(outcome.result.error().field, row.field);
  }
}

TEST(UnpackIso, DirectoriesThatLeadBackAreReadOnce) {
  IsoBuilder builder = Small();
  builder.files[1].children.push_back({"LOOP", "", "", "", {}, true});
  ByteVector image = builder.Build();
  const size_t record = builder.record_at["LOOP"];
  const auto root = static_cast<uint8_t>(builder.directory_at[0] / kSector);
  image[record + 2] = image[record + 9] = root;
  const Unpacked outcome = UnpackedIso(image);
  EXPECT_TRUE(outcome.result);
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kLoop), 1U);
  EXPECT_EQ(outcome.recorder.members.size(), 5U);
  // The path table still knows the directory.
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kDisagreement), 1U);
}

struct OddImage {
  RemarkKind kind;
  std::string what;
  ByteVector image;
};

std::vector<OddImage> OddTrees() {
  std::vector<OddImage> odd;
  IsoBuilder builder = Small();
  builder.joliet = true;
  builder.files[0].in_joliet = false;
  odd.push_back({RemarkKind::kHiddenMember,
                 "\"A.TXT\" is only in the tree that gives no names",
                 builder.Build()});
  builder = Small();
  builder.joliet = true;
  builder.files[0].in_plain = false;
  odd.push_back({RemarkKind::kHiddenMember,
                 "\"a name.txt\" is not in the other tree", builder.Build()});
  builder = Small();
  builder.joliet = true;
  ByteVector image = builder.Build();
  const size_t size = builder.joliet_record_at["A.TXT;1"] + 10;
  image[size] = image[size + 7] = 4;
  odd.push_back({RemarkKind::kDisagreement,
                 "\"a name.txt\" has 4 bytes, in the other tree 5", image});
  builder = Small();
  builder.files[0].flags = 1;
  odd.push_back({RemarkKind::kHiddenMember,
                 "\"A.TXT\" is marked as not to be shown", builder.Build()});
  builder = Small();
  builder.files.push_back(builder.files[0]);
  odd.push_back({RemarkKind::kDuplicateName,
                 "a directory has \"A.TXT\" more than once", builder.Build()});
  builder = Small();
  builder.ridge = true;
  builder.files[0].system_use =
      std::string("ZF\x10\x01pz", 6) + std::string(10, '\0');
  odd.push_back({RemarkKind::kUnsupported,
                 "\"a name.txt\" is compressed or sparse, and handed over as "
                 "it is stored",
                 builder.Build()});
  builder.files[0].system_use = std::string("XX\x7F\x01", 4);
  odd.push_back({RemarkKind::kOddity,
                 "an entry of the system use area is longer than the area",
                 builder.Build()});
  return odd;
}

std::vector<OddImage> OddSpaces() {
  std::vector<OddImage> odd;
  IsoBuilder builder = Small();
  ByteVector image = builder.Build();
  image[builder.content_at["A.TXT;1"] + 100] = 'x';
  odd.push_back({RemarkKind::kHiddenData,
                 "2043 bytes in 1 places are of no structure and not zero, the "
                 "first of them here",
                 image});
  image = builder.Build();
  image.push_back('x');
  odd.push_back({RemarkKind::kTrailingData,
                 "1 bytes in 1 places are of no structure and not zero, the "
                 "first of them here",
                 image});
  image = builder.Build();
  image[510] = 0x55;
  image[511] = 0xAA;
  odd.push_back({RemarkKind::kLeadingData,
                 "the system area is used, as for a disk that boots", image});
  image = builder.Build();
  const size_t extent = builder.record_at["A.TXT;1"] + 2;
  const auto inside =
      static_cast<uint8_t>(builder.content_at["B.;1"] / kSector + 1);
  image[extent] = image[extent + 7] = inside;
  odd.push_back(
      {RemarkKind::kOverlap, "bytes of two files or structures", image});
  image = builder.Build();
  image[builder.path_table_at + 12] = 17;
  odd.push_back({RemarkKind::kDisagreement,
                 "the path table has a directory \"DIR\" at 34816 that no "
                 "record leads to",
                 image});
  image = builder.Build();
  image[kPrimary + 140] = image[kPrimary + 141] = 255;
  odd.push_back({RemarkKind::kDisagreement,
                 "the path table is not inside the image", image});
  builder.udf = true;
  odd.push_back({RemarkKind::kUnsupported,
                 "the UDF file system in the image is not read",
                 builder.Build()});
  return odd;
}

TEST(UnpackIso, RemarksOnWhatIsOdd) {
  std::vector<OddImage> all = OddTrees();
  std::ranges::move(OddSpaces(), std::back_inserter(all));
  for (const OddImage& odd : all) {
    const Unpacked outcome = UnpackedIso(odd.image);
    EXPECT_TRUE(outcome.result) << odd.what;
    const auto& remarks = outcome.recorder.remarks;
    const auto found = std::ranges::find(remarks, odd.what, &Remark::what);
    ASSERT_NE(found, remarks.end()) << odd.what << "\n" << outcome.Trouble();
    EXPECT_EQ(found->kind, odd.kind);
  }
}

TEST(UnpackIso, HiddenFilesAreHandedOver) {
  IsoBuilder builder = Small();
  builder.joliet = true;
  builder.files[0].in_joliet = false;
  const Unpacked outcome = UnpackedIso(builder.Build());
  EXPECT_EQ(outcome.recorder.ContentOf("A.TXT"), "first");
  EXPECT_EQ(outcome.recorder.remarks.size(), 1U);
}

TEST(UnpackIso, FilesMayShareTheirExtent) {
  IsoBuilder builder = Small();
  builder.files.push_back({"LINK.;1", "", "", "first"});
  builder.files.back().same_as = "A.TXT;1";
  const Unpacked outcome = UnpackedIso(builder.Build());
  EXPECT_TRUE(outcome.IsClean()) << outcome.Trouble();
  EXPECT_EQ(outcome.recorder.ContentOf("LINK"), "first");
}

// The range of the remark once reached behind the image.
TEST(UnpackIso, FilesThatShareBytesBehindTheImage) {
  IsoBuilder builder = Small();
  ByteVector image = builder.Build();
  const size_t a = builder.record_at["A.TXT;1"];
  const size_t b = builder.record_at["B.;1"];
  const auto start =
      static_cast<uint8_t>(builder.content_at["B.;1"] / kSector + 1);
  image[a + 2] = image[a + 9] = start;
  image[a + 13] = image[a + 14] = 1;
  image[b + 13] = image[b + 14] = 1;
  const Unpacked outcome = UnpackedIso(image);
  EXPECT_GE(outcome.recorder.CountOf(RemarkKind::kOverlap), 1U);
  EXPECT_TRUE(outcome.recorder.Find("DIR/B")->damage);
}

TEST(UnpackIso, StepsAreCounted) {
  const ByteVector image = Small().Build();
  for (uint64_t steps = 0; steps < 19; ++steps) {
    base::Limits limits;
    limits.steps = steps;
    MemberRecorder recorder;
    const auto result = recorder.Run(UnpackIso, image, limits);
    ASSERT_FALSE(result) << steps;
    EXPECT_EQ(result.error().fault, Fault::kLimit);
  }
  MemberRecorder recorder(100, 1);
  EXPECT_FALSE(recorder.Run(UnpackIso, image));
}

}  // namespace
}  // namespace countersign::formats
