#include <gtest/gtest.h>

#include "formats/archive.h"
#include "formats/archive/sample/damage.h"
#include "formats/cpio/sample/archive.h"

namespace countersign::formats {
namespace {

using base::Fault;
using sample::CpioEnd;
using sample::CpioMember;
using sample::ExpectDamageIsSeen;
using sample::Outcome;
using sample::Read;
using sample::Said;
using std::string_literals::operator""s;

class Cpio : public testing::TestWithParam<CpioForm> {};
INSTANTIATE_TEST_SUITE_P(All, Cpio,
                         testing::Values(CpioForm::kBinaryLittle,
                                         CpioForm::kBinaryBig, CpioForm::kOdc,
                                         CpioForm::kNewc, CpioForm::kCrc));

TEST_P(Cpio, YieldsItsMembers) {
  const std::string large(70'001, 'l');
  const std::string file =
      CpioMember(GetParam(), {.name = "d", .mode = 040755}) +
      CpioMember(GetParam(), {.name = "d/a", .content = "one"}) +
      CpioMember(GetParam(), {.name = "large", .content = large}) +
      CpioMember(GetParam(),
                 {.name = "link", .content = "d/a", .mode = 0120777}) +
      CpioMember(GetParam(), {.name = "null", .mode = 020666}) +
      CpioEnd(GetParam()) + std::string(100, '\0');
  const Outcome outcome = Read(UnpackCpio, file);
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  const auto& members = outcome.recorder.members;
  ASSERT_EQ(members.size(), 5);
  EXPECT_EQ(members[0].member.kind, MemberKind::kDirectory);
  EXPECT_EQ(outcome.recorder.ContentOf("d/a"), "one");
  EXPECT_TRUE(members[1].placed);
  EXPECT_EQ(outcome.recorder.ContentOf("large"), large);
  EXPECT_EQ(members[3].member.kind, MemberKind::kLink);
  EXPECT_EQ(members[3].member.link_target, "d/a");
  EXPECT_EQ(members[4].member.kind, MemberKind::kDevice);
}

TEST_P(Cpio, SeesDamage) {
  ExpectDamageIsSeen(UnpackCpio,
                     CpioMember(GetParam(), {.name = "ab", .content = "one"}) +
                         CpioEnd(GetParam()));
}

TEST_P(Cpio, NotesWhatFollows) {
  const std::string file =
      CpioMember(GetParam(), {.name = "a"}) + CpioEnd(GetParam());
  const Outcome outcome = Read(UnpackCpio, file + "\0\0MZ"s);
  ASSERT_EQ(outcome.recorder.CountOf(RemarkKind::kTrailingData), 1);
  EXPECT_EQ(outcome.recorder.remarks[0].range,
            (base::ByteRange{file.size() + 2, 2}));
}

TEST_P(Cpio, NotesNamesThatComeTwice) {
  const std::string member = CpioMember(GetParam(), {.name = "a"});
  const Outcome outcome =
      Read(UnpackCpio, member + member + CpioEnd(GetParam()));
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kDuplicateName), 1);
  EXPECT_EQ(outcome.recorder.remarks.size(), 1);
}

TEST(CpioForms, ComparesTheSum) {
  const Outcome outcome = Read(
      UnpackCpio, CpioMember(CpioForm::kCrc,
                             {.name = "a", .content = "abc", .wrong_sum = 1}) +
                      CpioEnd(CpioForm::kCrc));
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kChecksum), 1);
  EXPECT_EQ(outcome.recorder.ContentOf("a"), "abc");
}

// In newc only the last name of a file has its content.
TEST(CpioForms, NamesOfOneFileAreLinks) {
  const auto form = CpioForm::kNewc;
  const std::string file =
      CpioMember(form, {.name = "1", .inode = 7, .links = 3}) +
      CpioMember(form, {.name = "other", .inode = 8, .links = 2}) +
      CpioMember(form, {.name = "2", .inode = 7, .links = 3}) +
      CpioMember(form,
                 {.name = "3", .content = "abc", .inode = 7, .links = 3}) +
      CpioEnd(form);
  const Outcome outcome = Read(UnpackCpio, file);
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.ContentOf("3"), "abc");
  ASSERT_NE(outcome.recorder.Find("1"), nullptr);
  EXPECT_EQ(outcome.recorder.Find("1")->member.link_target, "3");
  EXPECT_EQ(outcome.recorder.Find("2")->member.kind, MemberKind::kLink);
  ASSERT_NE(outcome.recorder.Find("other"), nullptr);
  EXPECT_EQ(outcome.recorder.Find("other")->member.kind, MemberKind::kFile);
}

TEST(CpioForms, NotesWhatIsHidden) {
  const auto form = CpioForm::kNewc;
  std::string padded = CpioMember(form, {.name = "a", .content = "x"});
  padded.back() = 'H';
  const Outcome padding = Read(UnpackCpio, padded + CpioEnd(form));
  EXPECT_EQ(padding.recorder.CountOf(RemarkKind::kHiddenData), 1);
  const Outcome name = Read(
      UnpackCpio, CpioMember(form, {.name = "a\0HIDDEN"s}) + CpioEnd(form));
  EXPECT_EQ(name.recorder.CountOf(RemarkKind::kHiddenData), 1);
  EXPECT_NE(name.recorder.Find("a"), nullptr);
  const Outcome trailer = Read(
      UnpackCpio, CpioMember(form, {.name = "TRAILER!!!", .content = "x"}));
  EXPECT_EQ(trailer.recorder.CountOf(RemarkKind::kOddity), 1);
}

TEST(CpioForms, SaysWhereItIsDamaged) {
  const auto form = CpioForm::kNewc;
  std::string digit = CpioMember(form, {.name = "a"}) + CpioEnd(form);
  digit[6 + 8 * 6] = 'g';
  const Outcome outcome = Read(UnpackCpio, digit);
  ASSERT_FALSE(outcome.result);
  EXPECT_STREQ(outcome.result.error().field, "filesize");
  EXPECT_EQ(outcome.result.error().offset, 6 + 8 * 6);
  std::string name = CpioMember(form, {.name = "a"});
  name[111] = 'x';
  EXPECT_STREQ(Read(UnpackCpio, name).result.error().field, "name");
  std::string none = CpioMember(form, {.name = "a"});
  none.replace(6 + 8 * 11, 8, "00000000");
  EXPECT_STREQ(Read(UnpackCpio, none).result.error().field, "namesize");
  none.replace(6 + 8 * 11, 8, "FFFFFFFF");
  EXPECT_EQ(Read(UnpackCpio, none).result.error().fault, Fault::kLimit);
  const Outcome end = Read(UnpackCpio, CpioMember(form, {.name = "a"}));
  ASSERT_FALSE(end.result);
  EXPECT_EQ(end.result.error().fault, Fault::kTruncated);
  EXPECT_EQ(Read(UnpackCpio, "no cpio archive").result.error().fault,
            Fault::kMalformed);
}

}  // namespace
}  // namespace countersign::formats
