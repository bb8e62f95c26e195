// What bzip2, xz, LZMA and Zstandard have in common.
#include "formats/stream.h"

#include <gtest/gtest.h>

#include <ostream>

#include "formats/archive/sample/damage.h"
#include "formats/stream/sample/packed.h"

namespace countersign::formats {
namespace {

using base::Fault;
using sample::ExpectDamageIsSeen;
using sample::Little;
using sample::Outcome;
using sample::Read;
using sample::Said;
using std::string_literals::operator""s;

const std::string kText = "as it was, as it was, as it was\n";

struct StreamKind {
  const char* name;
  Unpack unpack;
  std::string (*pack)(std::string_view);
};
std::ostream& operator<<(std::ostream& out, const StreamKind& kind) {
  return out << kind.name;
}

std::string PackXz(std::string_view text) { return sample::Xz(text); }

class Stream : public testing::TestWithParam<StreamKind> {};
INSTANTIATE_TEST_SUITE_P(
    All, Stream,
    testing::Values(StreamKind{"bzip2", UnpackBzip2, sample::Bzip2},
                    StreamKind{"xz", UnpackXz, PackXz},
                    StreamKind{"lzma", UnpackLzma, sample::Lzma},
                    StreamKind{"zstd", UnpackZstd, sample::Zstd}));

TEST_P(Stream, YieldsItsContent) {
  std::string large;
  for (int i = 0; i < 200'000; ++i) {
    large += std::to_string(i * 7919 % 10007);
  }
  for (const std::string& text : {""s, kText, large}) {
    const Outcome outcome = Read(GetParam().unpack, GetParam().pack(text));
    EXPECT_TRUE(outcome.Clean()) << Said(outcome);
    EXPECT_EQ(outcome.recorder.ContentOf("content"), text);
  }
}

TEST_P(Stream, SeesDamage) {
  ExpectDamageIsSeen(GetParam().unpack, GetParam().pack(kText));
}

TEST_P(Stream, NotesWhatFollows) {
  const std::string file = GetParam().pack(kText);
  const Outcome data = Read(GetParam().unpack, file + "\0\0\0\0MZ"s);
  EXPECT_TRUE(data.Complete()) << Said(data);
  ASSERT_EQ(data.recorder.CountOf(RemarkKind::kTrailingData), 1);
  EXPECT_EQ(data.recorder.remarks[0].range,
            (base::ByteRange{file.size() + 4, 2}));
  const Outcome zeros = Read(GetParam().unpack, file + "\0\0\0"s);
  EXPECT_TRUE(zeros.Complete()) << Said(zeros);
  EXPECT_EQ(zeros.recorder.CountOf(RemarkKind::kOddity), 1);
}

TEST_P(Stream, RefusesWhatIsNone) {
  const Outcome outcome = Read(GetParam().unpack, std::string(20, '\xFF'));
  EXPECT_FALSE(outcome.Complete());
}

TEST_P(Stream, StopsWithTheSink) {
  MemberRecorder recorder(10);
  const auto result =
      recorder.Run(GetParam().unpack, base::AsBytes(GetParam().pack(kText)));
  EXPECT_TRUE(result);
  ASSERT_TRUE(recorder.members.at(0).damage);
  EXPECT_EQ(recorder.members[0].damage->fault, Fault::kLimit);
}

TEST_P(Stream, SeveralAreOneContent) {
  if (GetParam().unpack == UnpackLzma) {
    GTEST_SKIP() << "a format without a mark has no second part";
  }
  const std::string one = GetParam().pack("one ");
  const std::string two = GetParam().pack("two");
  const Outcome outcome = Read(GetParam().unpack, one + two);
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.ContentOf("content"), "one two");
  // The second is cut off, from the byte on that makes it one.
  const Outcome cut =
      Read(GetParam().unpack, one + two.substr(0, two.size() - 1));
  EXPECT_FALSE(cut.Complete());
}

TEST(Xz, PaddingComesInFours) {
  const std::string one = sample::Xz("one ");
  const std::string two = sample::Xz("two");
  const Outcome fine =
      Read(UnpackXz, one + std::string(8, '\0') + two + std::string(4, '\0'));
  EXPECT_TRUE(fine.Clean()) << Said(fine);
  EXPECT_EQ(fine.recorder.ContentOf("content"), "one two");
  const Outcome odd = Read(UnpackXz, one + std::string(7, '\0') + two);
  EXPECT_EQ(odd.recorder.ContentOf("content"), "one ");
  EXPECT_EQ(odd.recorder.CountOf(RemarkKind::kTrailingData), 1);
}

TEST(Xz, ComparesEveryCheckAndSaysWhenItCannot) {
  for (const lzma_check check : {LZMA_CHECK_NONE, LZMA_CHECK_CRC32,
                                 LZMA_CHECK_CRC64, LZMA_CHECK_SHA256}) {
    EXPECT_TRUE(Read(UnpackXz, sample::Xz(kText, check)).Clean());
  }
  // Of kind 2, which has 4 bytes as CRC-32 does.
  std::string file = sample::Xz(kText);
  file[7] = 2;
  file.replace(8, 4, Little(sample::Crc("\0\x02"s), 4));
  const size_t footer = file.size() - 12;
  file[footer + 9] = 2;
  file.replace(footer, 4, Little(sample::Crc(file.substr(footer + 4, 6)), 4));
  const Outcome outcome = Read(UnpackXz, file);
  EXPECT_TRUE(outcome.Complete()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.ContentOf("content"), kText);
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kUnsupported), 1);
}

TEST(Lzma, TakesTheSizeFromTheHeader) {
  std::string file = sample::Lzma(kText);
  file.replace(5, 8, Little(kText.size(), 8));
  const Outcome outcome = Read(UnpackLzma, file);
  EXPECT_TRUE(outcome.Complete()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.members.at(0).member.size, kText.size());
  file.replace(5, 8, Little(kText.size() + 1, 8));
  EXPECT_FALSE(Read(UnpackLzma, file).Complete());
}

TEST(Zstd, NotesSkippableFrames) {
  const std::string skipped = "\x53\x2A\x4D\x18"s + Little(6, 4) + "hidden";
  for (const std::string& file :
       {skipped + sample::Zstd(kText), sample::Zstd(kText) + skipped}) {
    const Outcome outcome = Read(UnpackZstd, file);
    EXPECT_TRUE(outcome.Complete()) << Said(outcome);
    EXPECT_EQ(outcome.recorder.ContentOf("content"), kText);
    ASSERT_EQ(outcome.recorder.CountOf(RemarkKind::kHiddenData), 1);
    const base::ByteRange range = outcome.recorder.remarks[0].range;
    EXPECT_EQ(file.substr(range.offset, range.size), "hidden");
  }
  EXPECT_FALSE(
      Read(UnpackZstd, skipped.substr(0, skipped.size() - 1)).Complete());
}

// As pzstd writes them.
TEST(Zstd, SizesOfFramesAreNotHidden) {
  const std::string frame = sample::Zstd(kText);
  const std::string skippable = "\x50\x2A\x4D\x18\4\0\0\0"s;
  EXPECT_TRUE(
      Read(UnpackZstd, skippable + Little(frame.size(), 4) + frame).Clean());
  EXPECT_FALSE(Read(UnpackZstd, skippable + Little(frame.size() + 1, 4) + frame)
                   .Clean());
}

TEST(Zstd, DoesNotReadWhatNeedsADictionary) {
  // One segment of 1 byte, dictionary 7, a raw last block of that byte.
  const std::string frame = "\x28\xB5\x2F\xFD\x21\x07\x01\x09\0\0x"s;
  const Outcome outcome = Read(UnpackZstd, frame);
  ASSERT_TRUE(outcome.recorder.members.at(0).damage);
  EXPECT_EQ(outcome.recorder.members[0].damage->fault, Fault::kUnsupported);
  EXPECT_EQ(outcome.recorder.members[0].damage->offset, 5);
  std::string without = frame;
  without[5] = 0;
  const Outcome fine = Read(UnpackZstd, without);
  EXPECT_TRUE(fine.Clean()) << Said(fine);
  EXPECT_EQ(fine.recorder.ContentOf("content"), "x");
}

}  // namespace
}  // namespace countersign::formats
