#include <gtest/gtest.h>

#include "formats/archive/sample/damage.h"
#include "formats/stream.h"
#include "formats/stream/sample/packed.h"

namespace countersign::formats {
namespace {

using base::Fault;
using sample::ExpectDamageIsSeen;
using sample::Gzip;
using sample::Little;
using sample::Outcome;
using sample::Read;
using sample::Said;
using std::string_literals::operator""s;

const std::string kText = "as it was, as it was, as it was\n";

TEST(Gzip, YieldsItsContent) {
  const Outcome outcome = Read(UnpackGzip, Gzip(kText));
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  ASSERT_EQ(outcome.recorder.members.size(), 1);
  EXPECT_EQ(outcome.recorder.ContentOf("content"), kText);
  EXPECT_EQ(outcome.recorder.members[0].member.kind, MemberKind::kFile);
}

TEST(Gzip, ReadsTheEmptyContentAndOneLargerThanAPiece) {
  EXPECT_TRUE(Read(UnpackGzip, Gzip("")).Clean());
  std::string large(3'000'000, 'x');
  for (size_t i = 0; i < large.size(); i += 7) {
    large[i] = static_cast<char>(i * 31 >> 3);
  }
  const Outcome outcome = Read(UnpackGzip, Gzip(large));
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.ContentOf("content"), large);
}

TEST(Gzip, TakesTheStoredName) {
  const Outcome outcome = Read(UnpackGzip, Gzip(kText, 0x08, "a.exe\0"s));
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.ContentOf("a.exe"), kText);
}

TEST(Gzip, CutsANameThatIsTooLong) {
  const Outcome outcome =
      Read(UnpackGzip, Gzip(kText, 0x08, std::string(5000, 'n') + '\0'));
  EXPECT_EQ(outcome.recorder.members.at(0).member.name.size(), 4096);
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kOddity), 1);
}

TEST(Gzip, NotesWhatElseTheHeaderHolds) {
  const Outcome outcome =
      Read(UnpackGzip, Gzip(kText, 0x14, Little(4, 2) + "abcd" + "hidden\0"s));
  EXPECT_TRUE(outcome.Complete()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kHiddenData), 2);
  EXPECT_EQ(outcome.recorder.remarks.at(0).range, (base::ByteRange{12, 4}));
  EXPECT_EQ(outcome.recorder.remarks.at(1).range, (base::ByteRange{16, 6}));
}

TEST(Gzip, ChecksTheHeader) {
  const std::string head = "\x1F\x8B\x08\x02\0\0\0\0\0\x03"s;
  const uint32_t crc = sample::Crc(head) & 0xFFFF;
  EXPECT_TRUE(Read(UnpackGzip, Gzip(kText, 0x02, Little(crc, 2))).Clean());
  const Outcome wrong = Read(UnpackGzip, Gzip(kText, 0x02, Little(crc ^ 1, 2)));
  EXPECT_EQ(wrong.recorder.CountOf(RemarkKind::kChecksum), 1);
  EXPECT_EQ(wrong.recorder.ContentOf("content"), kText);
}

TEST(Gzip, ReadsSeveralMembersAsOneContent) {
  const std::string first = Gzip("one ", 0x08, "name\0"s);
  const std::string second = Gzip("two", 0x08, "other\0"s);
  const Outcome outcome = Read(UnpackGzip, first + second);
  EXPECT_TRUE(outcome.Complete()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.ContentOf("name"), "one two");
  ASSERT_EQ(outcome.recorder.CountOf(RemarkKind::kOddity), 1);
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kDisagreement), 1);
  EXPECT_EQ(outcome.recorder.remarks.back().range,
            (base::ByteRange{first.size(), second.size()}));
}

TEST(Gzip, NotesWhatFollows) {
  const std::string file = Gzip(kText);
  const Outcome zeros = Read(UnpackGzip, file + std::string(9, '\0'));
  EXPECT_TRUE(zeros.Complete());
  ASSERT_EQ(zeros.recorder.CountOf(RemarkKind::kOddity), 1);
  EXPECT_EQ(zeros.recorder.remarks[0].range, (base::ByteRange{file.size(), 9}));
  const Outcome data = Read(UnpackGzip, file + "\0\0MZ"s);
  EXPECT_TRUE(data.Complete());
  ASSERT_EQ(data.recorder.CountOf(RemarkKind::kTrailingData), 1);
  EXPECT_EQ(data.recorder.remarks[0].range,
            (base::ByteRange{file.size() + 2, 2}));
  // What is behind zeros is no gzip member to anybody.
  const Outcome behind = Read(UnpackGzip, file + "\0"s + file);
  EXPECT_EQ(behind.recorder.ContentOf("content"), kText);
  EXPECT_EQ(behind.recorder.CountOf(RemarkKind::kTrailingData), 1);
}

TEST(Gzip, ComparesChecksumAndSize) {
  std::string file = Gzip(kText);
  file[file.size() - 8] ^= 1;
  const Outcome crc = Read(UnpackGzip, file);
  ASSERT_TRUE(crc.result);
  EXPECT_STREQ(crc.recorder.members.at(0).damage->field, "CRC32");
  EXPECT_EQ(crc.recorder.members[0].damage->offset, file.size() - 8);
  EXPECT_EQ(crc.recorder.CountOf(RemarkKind::kChecksum), 1);
  EXPECT_EQ(crc.recorder.ContentOf("content"), kText);
  file = Gzip(kText);
  file[file.size() - 1] ^= 1;
  const Outcome size = Read(UnpackGzip, file);
  EXPECT_STREQ(size.recorder.members.at(0).damage->field, "ISIZE");
  EXPECT_EQ(size.recorder.CountOf(RemarkKind::kDisagreement), 1);
}

TEST(Gzip, SaysWhatItDoesNotRead) {
  std::string method = Gzip(kText);
  method[2] = 7;
  const Outcome outcome = Read(UnpackGzip, method);
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().fault, Fault::kUnsupported);
  EXPECT_EQ(outcome.result.error().offset, 2);
  const Outcome flags = Read(UnpackGzip, Gzip(kText, 0x20));
  ASSERT_FALSE(flags.result);
  EXPECT_EQ(flags.result.error().fault, Fault::kUnsupported);
  EXPECT_FALSE(Read(UnpackGzip, "not gzip").result);
}

TEST(Gzip, SeesDamage) {
  ExpectDamageIsSeen(UnpackGzip,
                     Gzip(kText, 0x1C, Little(2, 2) + "xx" + "n\0c\0"s));
  // The second member's header is damage, too, once its mark is there.
  const Outcome cut = Read(UnpackGzip, Gzip(kText) + "\x1F\x8B\x08");
  EXPECT_FALSE(cut.Complete());
}

TEST(Gzip, StopsWhenTheBudgetIsSpent) {
  std::string file;
  for (int i = 0; i < 100; ++i) {
    file += Gzip("");
  }
  base::Limits limits;
  limits.steps = 100;
  const Outcome outcome = Read(UnpackGzip, file, limits);
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().fault, Fault::kLimit);
}

TEST(Gzip, LimitsItsRemarks) {
  std::string file;
  for (int i = 0; i < 40; ++i) {
    file += Gzip("x", 0x10, "comment\0"s);
  }
  const Outcome outcome = Read(UnpackGzip, file);
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kHiddenData), 33);
  EXPECT_EQ(outcome.recorder.remarks.back().what,
            "and 8 more of this kind, the first of them here");
}

}  // namespace
}  // namespace countersign::formats
