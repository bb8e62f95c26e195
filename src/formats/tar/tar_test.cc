#include <gtest/gtest.h>

#include "formats/archive.h"
#include "formats/archive/sample/damage.h"
#include "formats/tar/sample/archive.h"

namespace countersign::formats {
namespace {

using base::Fault;
using sample::ExpectDamageIsSeen;
using sample::Outcome;
using sample::PaxRecord;
using sample::Read;
using sample::Said;
using sample::TarEnd;
using sample::TarEntry;
using sample::TarHeader;
using sample::TarMember;
using std::string_literals::operator""s;

TEST(Tar, YieldsItsMembers) {
  const std::string large(1500, 'l');
  const std::string file =
      TarMember({.name = "a", .content = "one"}) +
      TarMember({.name = "d/", .type = '5'}) +
      TarMember({.name = "d/b", .content = large}) +
      TarMember({.name = "empty"}) +
      TarMember({.name = "l", .type = '2', .link = "a"}) +
      TarMember({.name = "h", .type = '1', .link = "d/b"}) +
      TarMember({.name = "null", .type = '3'}) + TarEnd();
  const Outcome outcome = Read(UnpackTar, file);
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  const auto& members = outcome.recorder.members;
  ASSERT_EQ(members.size(), 7);
  EXPECT_EQ(outcome.recorder.ContentOf("a"), "one");
  EXPECT_TRUE(members[0].placed);
  EXPECT_EQ(members[0].member.stored, (base::ByteRange{0, 515}));
  EXPECT_EQ(members[1].member.kind, MemberKind::kDirectory);
  EXPECT_EQ(outcome.recorder.ContentOf("d/b"), large);
  EXPECT_EQ(outcome.recorder.ContentOf("empty"), "");
  EXPECT_EQ(members[4].member.kind, MemberKind::kLink);
  EXPECT_EQ(members[4].member.link_target, "a");
  EXPECT_EQ(members[5].member.link_target, "d/b");
  EXPECT_EQ(members[6].member.kind, MemberKind::kDevice);
}

TEST(Tar, ReadsThePrefixOfUstarOnly) {
  const Outcome ustar = Read(
      UnpackTar,
      TarMember({.name = "n", .content = "x", .prefix = "p/q"}) + TarEnd());
  EXPECT_EQ(ustar.recorder.ContentOf("p/q/n"), "x") << Said(ustar);
  for (const std::string& magic : {"ustar  \0"s, ""s}) {
    const Outcome other =
        Read(UnpackTar,
             TarMember(
                 {.name = "n", .content = "x", .magic = magic, .prefix = "p"}) +
                 TarEnd());
    EXPECT_EQ(other.recorder.ContentOf("n"), "x") << Said(other);
  }
}

TEST(Tar, ReadsTheOldestForm) {
  std::string file =
      TarMember({.name = "dir/", .type = '\0', .magic = ""}) +
      TarMember({.name = "f", .content = "x", .type = '\0', .magic = ""}) +
      TarEnd();
  const Outcome outcome = Read(UnpackTar, file);
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.members.at(0).member.kind, MemberKind::kDirectory);
  EXPECT_EQ(outcome.recorder.ContentOf("f"), "x");
}

TEST(Tar, TakesAChecksumOfSignedBytes) {
  std::string file = TarHeader({.name = "\xFF\xFE"}) + TarEnd();
  // Each byte counts 256 less.
  unsigned sum = static_cast<unsigned>(std::stoul(file.substr(148, 6), {}, 8));
  file.replace(148, 6, fmt::format("{:06o}", sum - 512));
  EXPECT_TRUE(Read(UnpackTar, file).Clean());
  file.replace(148, 6, fmt::format("{:06o}", sum - 511));
  const Outcome wrong = Read(UnpackTar, file);
  ASSERT_FALSE(wrong.result);
  EXPECT_STREQ(wrong.result.error().field, "chksum");
}

TEST(Tar, ReadsLongNamesOfGnu) {
  const std::string name(300, 'n');
  const std::string link(200, 'l');
  const std::string file =
      TarMember(
          {.name = "././@LongLink", .content = name + '\0', .type = 'L'}) +
      TarMember(
          {.name = "././@LongLink", .content = link + '\0', .type = 'K'}) +
      TarMember({.name = "nnn", .type = '2', .link = "lll"}) +
      TarMember({.name = "next", .content = "x"}) + TarEnd();
  const Outcome outcome = Read(UnpackTar, file);
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  ASSERT_EQ(outcome.recorder.members.size(), 2);
  EXPECT_EQ(outcome.recorder.members[0].member.name, name);
  EXPECT_EQ(outcome.recorder.members[0].member.link_target, link);
  EXPECT_EQ(outcome.recorder.members[0].member.stored,
            (base::ByteRange{0, 2560}));
  EXPECT_EQ(outcome.recorder.ContentOf("next"), "x");
}

TEST(Tar, ReadsPaxRecords) {
  const std::string records = PaxRecord("path", "long/name") +
                              PaxRecord("mtime", "1.5") +
                              PaxRecord("size", "5");
  const std::string file =
      TarMember({.name = "pax", .content = records, .type = 'x'}) +
      TarMember({.name = "short", .content = "12345"}) +
      TarMember({.name = "next", .content = "x"}) + TarEnd();
  const Outcome outcome = Read(UnpackTar, file);
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.ContentOf("long/name"), "12345");
  EXPECT_EQ(outcome.recorder.ContentOf("next"), "x");
}

TEST(Tar, GlobalRecordsHoldUntilOthersDo) {
  const auto pax = [](char type, const std::string& target) {
    return TarMember({.name = "pax",
                      .content = PaxRecord("linkpath", target),
                      .type = type});
  };
  const std::string file =
      pax('g', "all") + TarMember({.name = "1", .type = '2', .link = "x"}) +
      pax('x', "one") + TarMember({.name = "2", .type = '2', .link = "x"}) +
      TarMember({.name = "3", .type = '2', .link = "x"}) + TarEnd();
  const Outcome outcome = Read(UnpackTar, file);
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  ASSERT_EQ(outcome.recorder.members.size(), 3);
  EXPECT_EQ(outcome.recorder.members[0].member.link_target, "all");
  EXPECT_EQ(outcome.recorder.members[1].member.link_target, "one");
  EXPECT_EQ(outcome.recorder.members[2].member.link_target, "all");
}

// Readers that differ here find different members in one archive.
TEST(Tar, NotesSizesThatDiffer) {
  const std::string inner = TarMember({.name = "inner", .content = "hidden"});
  const std::string file =
      TarMember({.name = "pax",
                 .content = PaxRecord("size", std::to_string(inner.size())),
                 .type = 'x'}) +
      TarHeader({.name = "outer"}) + inner + TarEnd();
  const Outcome outcome = Read(UnpackTar, file);
  EXPECT_TRUE(outcome.Complete()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.ContentOf("outer"), inner);
  ASSERT_EQ(outcome.recorder.CountOf(RemarkKind::kDisagreement), 1);
  EXPECT_EQ(outcome.recorder.remarks[0].range, (base::ByteRange{1024, 512}));
}

TEST(Tar, ALinkMayOrMayNotHaveContent) {
  const TarEntry link = {
      .name = "l", .type = '1', .link = "a", .size = "00000000004"};
  const Outcome without =
      Read(UnpackTar, TarHeader(link) +
                          TarMember({.name = "b", .content = "x"}) + TarEnd());
  EXPECT_TRUE(without.Complete()) << Said(without);
  EXPECT_EQ(without.recorder.ContentOf("b"), "x");
  EXPECT_EQ(without.recorder.CountOf(RemarkKind::kDisagreement), 1);
  std::string content = "data";
  content.resize(512);
  const Outcome with =
      Read(UnpackTar, TarHeader(link) + content +
                          TarMember({.name = "b", .content = "x"}) + TarEnd());
  EXPECT_EQ(with.recorder.ContentOf("l"), "data");
  EXPECT_EQ(with.recorder.ContentOf("b"), "x");
  EXPECT_EQ(with.recorder.CountOf(RemarkKind::kDisagreement), 1);
}

TEST(Tar, ReadsBinarySizes) {
  const std::string file =
      TarMember({.name = "a",
                 .content = "abc",
                 .size = "\x80"s + std::string(10, '\0') + "\x03"}) +
      TarEnd();
  EXPECT_EQ(Read(UnpackTar, file).recorder.ContentOf("a"), "abc");
  for (const std::string& size :
       {std::string(12, '\xFF'), "\x80" + std::string(11, '\xFF'), "abc"s,
        "9"s}) {
    const Outcome wrong =
        Read(UnpackTar, TarHeader({.name = "a", .size = size}) + TarEnd());
    ASSERT_FALSE(wrong.result) << size;
    EXPECT_STREQ(wrong.result.error().field, "size");
    EXPECT_EQ(wrong.result.error().offset, 124);
  }
  const Outcome huge =
      Read(UnpackTar,
           TarHeader({.name = "a",
                      .size = "\x80\0\0\0\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s}) +
               TarEnd());
  ASSERT_FALSE(huge.result);
  EXPECT_EQ(huge.result.error().fault, Fault::kTruncated);
}

TEST(Tar, SparseFilesAreNotRead) {
  std::string old =
      TarHeader({.name = "s", .type = 'S', .size = "00000000003"});
  old.replace(386, 24,
              "00000001000\0"
              "00000000003\0"s);
  old.replace(483, 12, "00000001003\0"s);
  old[482] = 1;
  sample::SignTarHeader(old);
  std::string map(512, '\0');
  std::string content = "abc";
  content.resize(512);
  const Outcome outcome =
      Read(UnpackTar, old + map + content +
                          TarMember({.name = "b", .content = "x"}) + TarEnd());
  ASSERT_EQ(outcome.recorder.members.size(), 2) << Said(outcome);
  EXPECT_EQ(outcome.recorder.members[0].damage->fault, Fault::kUnsupported);
  EXPECT_EQ(outcome.recorder.members[0].member.size, 01003);
  EXPECT_EQ(outcome.recorder.ContentOf("b"), "x");
  // One without holes lies there as it is.
  old.replace(386, 24,
              "00000000000\0"
              "00000000003\0"s);
  old.replace(483, 12, "00000000003\0"s);
  sample::SignTarHeader(old);
  const Outcome whole = Read(UnpackTar, old + map + content + TarEnd());
  EXPECT_EQ(whole.recorder.ContentOf("s"), "abc") << Said(whole);
  const Outcome pax =
      Read(UnpackTar,
           TarMember({.name = "p",
                      .content = PaxRecord("GNU.sparse.major", "1") +
                                 PaxRecord("GNU.sparse.name", "real"),
                      .type = 'x'}) +
               TarMember({.name = "s", .content = "1\n0\n3\n"}) + TarEnd());
  ASSERT_NE(pax.recorder.Find("real"), nullptr);
  EXPECT_EQ(pax.recorder.Find("real")->damage->fault, Fault::kUnsupported);
}

TEST(Tar, NotesWhatNobodyShows) {
  std::string padded = TarMember({.name = "a", .content = "x"}) + TarEnd();
  padded[600] = 'H';
  const Outcome padding = Read(UnpackTar, padded);
  ASSERT_EQ(padding.recorder.CountOf(RemarkKind::kHiddenData), 1);
  EXPECT_EQ(padding.recorder.remarks[0].range, (base::ByteRange{513, 511}));
  const std::string file = TarMember({.name = "a", .content = "x"}) + TarEnd();
  EXPECT_TRUE(Read(UnpackTar, file + std::string(8192, '\0')).Clean());
  const Outcome trailing =
      Read(UnpackTar, file + std::string(512, '\0') + file);
  ASSERT_EQ(trailing.recorder.CountOf(RemarkKind::kTrailingData), 1);
  EXPECT_EQ(trailing.recorder.remarks[0].range.offset, file.size() + 512);
  EXPECT_EQ(trailing.recorder.members.size(), 1);
  const Outcome lone =
      Read(UnpackTar, TarMember({.name = "a"}) + std::string(512, '\0') +
                          TarMember({.name = "b"}) + TarEnd());
  EXPECT_EQ(lone.recorder.CountOf(RemarkKind::kOddity), 1);
  EXPECT_EQ(lone.recorder.CountOf(RemarkKind::kTrailingData), 1);
  const Outcome dangling = Read(
      UnpackTar,
      TarMember({.name = "p", .content = PaxRecord("path", "x"), .type = 'x'}) +
          TarEnd());
  EXPECT_EQ(dangling.recorder.CountOf(RemarkKind::kHiddenData), 1);
  const Outcome behind =
      Read(UnpackTar,
           TarMember({.name = "L", .content = "name\0HIDDEN"s, .type = 'L'}) +
               TarMember({.name = "n"}) + TarEnd());
  EXPECT_EQ(behind.recorder.CountOf(RemarkKind::kHiddenData), 1);
  EXPECT_NE(behind.recorder.Find("name"), nullptr);
}

TEST(Tar, NotesNamesThatComeTwice) {
  const Outcome outcome =
      Read(UnpackTar, TarMember({.name = "a", .content = "1"}) +
                          TarMember({.name = "b"}) +
                          TarMember({.name = "a", .content = "2"}) +
                          TarMember({.name = "d/", .type = '5'}) +
                          TarMember({.name = "d/", .type = '5'}) + TarEnd());
  ASSERT_EQ(outcome.recorder.remarks.size(), 1) << Said(outcome);
  EXPECT_EQ(outcome.recorder.remarks[0].kind, RemarkKind::kDuplicateName);
  EXPECT_EQ(outcome.recorder.remarks[0].range.offset, 1536);
}

TEST(Tar, NotesFilesOfOtherVolumes) {
  const Outcome outcome =
      Read(UnpackTar,
           TarMember({.name = "a", .content = "x", .type = 'M'}) + TarEnd());
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kUnsupported), 1);
}

TEST(Tar, RefusesRecordsThatAreNone) {
  for (const std::string& records :
       {"8 path=x\n"s, "10 path=xy"s, "x path=x\n"s, "5 a=\n9"s, "6 abc\n"s,
        "99999999999999999999 a=b\n"s, PaxRecord("size", "-1"),
        PaxRecord("size", "99999999999999999999999")}) {
    const Outcome outcome = Read(
        UnpackTar, TarMember({.name = "p", .content = records, .type = 'x'}) +
                       TarMember({.name = "a"}) + TarEnd());
    ASSERT_FALSE(outcome.result) << records;
    EXPECT_EQ(outcome.result.error().fault, Fault::kMalformed);
    EXPECT_GE(outcome.result.error().offset, 512);
  }
}

TEST(Tar, SeesDamage) {
  const std::string file =
      TarMember({.name = "p", .content = PaxRecord("path", "q"), .type = 'x'}) +
      TarMember({.name = "a", .content = "abc"});
  // Of the end of the archive, one block is enough.
  for (size_t size = 0; size < file.size() + 512; ++size) {
    EXPECT_FALSE(Read(UnpackTar, (file + TarEnd()).substr(0, size)).Complete())
        << size;
  }
  for (size_t at = 0; at < file.size(); ++at) {
    if (at % 512 == 155) {
      continue;  // the last byte of the checksum, which says nothing
    }
    std::string changed = file + TarEnd();
    changed[at] = static_cast<char>(changed[at] ^ 0x15);
    EXPECT_FALSE(Read(UnpackTar, changed).Clean() &&
                 Read(UnpackTar, changed).recorder.ContentOf("q") == "abc")
        << at;
  }
}

TEST(Tar, StopsWhenTheBudgetIsSpent) {
  std::string file;
  for (int i = 0; i < 20; ++i) {
    file += TarMember({.name = std::to_string(i)});
  }
  base::Limits limits;
  limits.steps = 10;
  const Outcome outcome = Read(UnpackTar, file + TarEnd(), limits);
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().fault, Fault::kLimit);
  EXPECT_EQ(outcome.recorder.members.size(), 10);
}

}  // namespace
}  // namespace countersign::formats
