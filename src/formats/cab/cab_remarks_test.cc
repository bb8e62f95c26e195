#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/text.h"
#include "formats/cab/sample/cab_builder.h"
#include "formats/cabinet.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

using base::Fault;
using sample::CabBuilder;
using sample::SetCab;
using ByteVector = std::vector<uint8_t>;

constexpr uint16_t kStored = 0;
constexpr uint16_t kMszip = 1;
constexpr uint16_t kLzx = 0x0F03;

CabBuilder Small(uint16_t type) {
  CabBuilder builder;
  builder.folders = {{type, {{"a.txt", "first"}, {"b\\c.txt", "second one"}}}};
  return builder;
}

struct Odd {
  RemarkKind kind;
  std::string what;
  ByteVector cab;
};

std::vector<Odd> OddCabinets() {
  std::vector<Odd> odd;
  CabBuilder builder = Small(kMszip);
  builder.gap = "gap";
  odd.push_back({RemarkKind::kHiddenData, "3 bytes are of no structure",
                 builder.Build()});
  builder = Small(kMszip);
  builder.inner_tail = std::string(4, '\0');
  odd.push_back({RemarkKind::kHiddenData,
                 "4 bytes, all zero, are of no structure", builder.Build()});
  builder = Small(kMszip);
  builder.folders[0].slack = "hide";
  odd.push_back({RemarkKind::kHiddenData,
                 "4 bytes of blocks lie behind their compressed data, the "
                 "first of them here",
                 builder.Build()});
  builder = Small(kStored);
  builder.folders[0].files[0].start = 1;
  builder.folders[0].files[0].size = 4;
  odd.push_back({RemarkKind::kHiddenData,
                 "1 of the 15 bytes in this folder are of no file",
                 builder.Build()});
  builder = Small(kMszip);
  builder.tail = "tail";
  odd.push_back({RemarkKind::kTrailingData, "4 bytes are of no structure",
                 builder.Build()});
  builder.signature = "signature";
  odd.push_back({RemarkKind::kTrailingData, "4 bytes are of no structure",
                 builder.Build()});
  builder = Small(kMszip);
  builder.signature = "signature";
  ByteVector cab = builder.Build();
  SetCab(cab, 48, 10, 4);
  odd.push_back({RemarkKind::kDisagreement,
                 "the signature is said to be at 141, 10 bytes; the cabinet "
                 "ends at 141, the file at 150",
                 cab});
  builder = Small(kMszip);
  cab = builder.Build();
  SetCab(cab, 8, 100, 4);
  odd.push_back({RemarkKind::kDisagreement,
                 "the header says 100 bytes, the file has 117 and its "
                 "structures reach to 117",
                 cab});
  cab = builder.Build();
  SetCab(cab, builder.folder_at[0] + 4, 2, 2);
  odd.push_back({RemarkKind::kDisagreement,
                 "the folder says 2 blocks, 1 can be read", cab});
  cab = builder.Build();
  SetCab(cab, builder.data_at[0] + 6, 16, 2);
  builder.Seal(cab, builder.data_at[0]);
  odd.push_back({RemarkKind::kDisagreement,
                 "behind the last file, CFDATA.cbUncomp is malformed", cab});
  cab = builder.Build();
  SetCab(cab, 4, 1, 4);
  odd.push_back(
      {RemarkKind::kOddity, "reserved fields of the header are not zero", cab});
  cab = builder.Build();
  SetCab(cab, 24, 0x0104, 2);
  odd.push_back({RemarkKind::kOddity, "version 1.4 instead of 1.3", cab});
  cab = builder.Build();
  SetCab(cab, 30, 8, 2);
  odd.push_back({RemarkKind::kOddity, "flags 0x0008 are not all known", cab});
  builder.folders[0].files[1].name = "A.TXT";
  odd.push_back({RemarkKind::kDuplicateName,
                 "more than one file is named \"A.TXT\"", builder.Build()});
  builder = Small(kMszip);
  builder.folders.push_back({kMszip, {{"x", "x"}, {"y", "second one"}}});
  cab = builder.Build();
  SetCab(cab, builder.folder_at[1], builder.data_at[0], 4);
  odd.push_back({RemarkKind::kOverlap,
                 "27 bytes belong to another structure as well", cab});
  return odd;
}

TEST(UnpackCab, RemarksOnWhatIsOdd) {
  for (const Odd& odd : OddCabinets()) {
    MemberRecorder recorder;
    EXPECT_TRUE(recorder.Run(UnpackCab, odd.cab));
    const auto& remarks = recorder.remarks;
    const auto found = std::ranges::find(remarks, odd.what, &Remark::what);
    ASSERT_NE(found, remarks.end())
        << odd.what << "\n"
        << (remarks.empty() ? "(none)" : remarks[0].what);
    EXPECT_EQ(found->kind, odd.kind);
  }
}

TEST(UnpackCab, RemarksAreFew) {
  CabBuilder builder;
  builder.folders = {{kMszip, {}}};
  for (int i = 0; i < 100; ++i) {
    builder.folders[0].files.push_back({"same", "x"});
  }
  MemberRecorder recorder;
  EXPECT_TRUE(recorder.Run(UnpackCab, builder.Build()));
  ASSERT_EQ(recorder.remarks.size(), 33U);
  EXPECT_EQ(recorder.remarks.back().what,
            "and 67 more of this kind, the first of them here");
}

TEST(UnpackCab, AFileThatIsNotWantedCostsNoOther) {
  for (const uint16_t type : {kStored, kMszip, kLzx}) {
    CabBuilder builder;
    builder.folders = {
        {type, {{"large", std::string(100'000, 'x')}, {"small", "small"}}}};
    MemberRecorder recorder(1000);
    EXPECT_TRUE(recorder.Run(UnpackCab, builder.Build()));
    ASSERT_EQ(recorder.members.size(), 2U);
    ASSERT_TRUE(recorder.members[0].damage);
    EXPECT_EQ(recorder.members[0].damage->fault, Fault::kLimit);
    EXPECT_EQ(recorder.ContentOf("small"), "small");
    MemberRecorder one(1000, 1);
    const auto result = one.Run(UnpackCab, builder.Build());
    ASSERT_FALSE(result);
    EXPECT_STREQ(result.error().field, "members");
  }
}

TEST(UnpackCab, StepsAreCounted) {
  for (const uint16_t type : {kStored, kMszip, kLzx}) {
    CabBuilder builder;
    builder.folders = {
        {type, {{"a", std::string(100'000, 'x')}, {"b", "small"}}}};
    const ByteVector cab = builder.Build();
    // Header, folder and two files; four blocks, listed and then read;
    // a stored one is read again for the second file.
    base::Limits limits;
    limits.steps = type == kStored ? 13 : 12;
    MemberRecorder enough;
    EXPECT_TRUE(enough.Run(UnpackCab, cab, limits));
    limits.steps = 9;
    MemberRecorder few;
    const auto result = few.Run(UnpackCab, cab, limits);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, Fault::kLimit);
  }
}

TEST(ReadCabinetLayout, SaysWhereEverythingIs) {
  CabBuilder builder = Small(kMszip);
  builder.signature = "signature";
  builder.folder_reserve = 2;
  const ByteVector cab = builder.Build();
  const auto layout = ReadCabinetLayout(cab);
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->header, (base::ByteRange{0, 60}));
  EXPECT_EQ(layout->reserve, (base::ByteRange{40, 20}));
  EXPECT_EQ(layout->folders, (base::ByteRange{60, 10}));
  EXPECT_EQ(layout->files_offset, 70U);
  EXPECT_EQ(layout->size, cab.size() - 9);
  EXPECT_EQ(layout->signature, (base::ByteRange{cab.size() - 9, 9}));
  EXPECT_EQ(layout->flags, 4U);
  MemberRecorder recorder;
  EXPECT_TRUE(recorder.Run(UnpackCab, cab));
  EXPECT_TRUE(recorder.remarks.empty());
  // A reserve of other content is none.
  CabBuilder other = Small(kMszip);
  other.header_reserve = std::string(20, '\x10');
  EXPECT_EQ(ReadCabinetLayout(other.Build())->signature, base::ByteRange{});
}

}  // namespace
}  // namespace countersign::formats
