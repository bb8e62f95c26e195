#include <gtest/gtest.h>

#include <fmt/format.h>

#include "formats/archive.h"
#include "formats/archive/sample/damage.h"

namespace countersign::formats {
namespace {

using base::Fault;
using sample::Outcome;
using sample::Read;
using sample::Said;
using std::string_literals::operator""s;

const std::string kMark = "!<arch>\n";

std::string ArMember(const std::string& name, const std::string& content) {
  const std::string text =
      fmt::format("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n{}", name, 0, 0, 0,
                  "100644", content.size(), content);
  return text + (content.size() % 2 == 0 ? "" : "\n");
}

TEST(Ar, YieldsItsMembers) {
  const Outcome outcome =
      Read(UnpackAr, kMark + ArMember("/", "\0\0\0\0"s) +
                         ArMember("//", "a long name of GNU.o/\nsystem_v\n") +
                         ArMember("a.o/", "one") + ArMember("b", "four") +
                         ArMember("/0", "long") + ArMember("/22", "v") +
                         ArMember("#1/8", "bsd name!") +
                         ArMember("with space/", ""));
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.members.size(), 8);
  EXPECT_EQ(outcome.recorder.ContentOf("a.o"), "one");
  EXPECT_EQ(outcome.recorder.ContentOf("b"), "four");
  EXPECT_EQ(outcome.recorder.ContentOf("a long name of GNU.o"), "long");
  EXPECT_EQ(outcome.recorder.ContentOf("system_v"), "v");
  EXPECT_EQ(outcome.recorder.ContentOf("bsd name"), "!");
  EXPECT_EQ(outcome.recorder.ContentOf("with space"), "");
  EXPECT_EQ(outcome.recorder.ContentOf("[symbol table]"), "\0\0\0\0"s);
  EXPECT_NE(outcome.recorder.Find("[long names]"), nullptr);
  EXPECT_EQ(outcome.recorder.format, model::Format::kUnknown);
  EXPECT_TRUE(Read(UnpackAr, kMark).Clean());
}

// As Microsoft's linker makes them, also for ARM64EC.
TEST(Ar, TablesOfLibrariesHaveNamesOfTheirOwn) {
  const Outcome outcome =
      Read(UnpackAr, kMark + ArMember("/", "one") + ArMember("/", "two!") +
                         ArMember("//", "") + ArMember("/<ECSYMBOLS>/", "ec") +
                         ArMember("/other/", "path"));
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.ContentOf("[symbol table]"), "one");
  EXPECT_EQ(outcome.recorder.ContentOf("[symbol table 2]"), "two!");
  EXPECT_EQ(outcome.recorder.ContentOf("[ECSYMBOLS]"), "ec");
  EXPECT_EQ(outcome.recorder.ContentOf("/other/"), "path");
}

TEST(Ar, KnowsADebianPackage) {
  const std::string first = ArMember("debian-binary", "2.0\n");
  const std::string control = ArMember("control.tar.xz", "c");
  const std::string data = ArMember("data.tar.zst", "d");
  const Outcome outcome = Read(UnpackAr, kMark + first + control + data);
  EXPECT_TRUE(outcome.Clean()) << Said(outcome);
  EXPECT_EQ(outcome.recorder.format, model::Format::kDeb);
  EXPECT_EQ(outcome.recorder.detail, "Debian package");
  for (const std::string& other :
       {control + first + data, first + control, first + data}) {
    EXPECT_EQ(Read(UnpackAr, kMark + other).recorder.format,
              model::Format::kUnknown);
  }
  const Outcome twice =
      Read(UnpackAr, kMark + first + control + data + control);
  EXPECT_EQ(twice.recorder.CountOf(RemarkKind::kDuplicateName), 1);
}

TEST(Ar, SeesDamage) {
  const std::string file =
      kMark + ArMember("#1/4", "nameabc") + ArMember("b", "x");
  // There is no end mark: only the places between members are whole, and the
  // last padding may be missing.
  for (size_t size = 0; size < file.size() - 1; ++size) {
    const bool whole = size == 8 || size == 8 + 67 || size == 8 + 68;
    EXPECT_EQ(Read(UnpackAr, file.substr(0, size)).Complete(), whole) << size;
  }
  EXPECT_TRUE(Read(UnpackAr, file.substr(0, file.size() - 1)).Clean());
  sample::ExpectDamageIsSeen(UnpackAr, "!<arch>");
  for (size_t at = 0; at < file.size(); ++at) {
    std::string changed = file;
    changed[at] = static_cast<char>(changed[at] ^ 0xFF);
    (void)Read(UnpackAr, changed);
  }
}

TEST(Ar, SaysWhereItIsDamaged) {
  std::string mark = kMark + ArMember("a", "x");
  mark[8 + 58] = 'x';
  EXPECT_STREQ(Read(UnpackAr, mark).result.error().field, "ar_fmag");
  std::string size = kMark + ArMember("a", "x");
  size[8 + 48] = '-';
  EXPECT_STREQ(Read(UnpackAr, size).result.error().field, "ar_size");
  std::string too_long = kMark + ArMember("a", "x");
  too_long.replace(8 + 48, 2, "99");
  const Outcome cut = Read(UnpackAr, too_long);
  ASSERT_FALSE(cut.result);
  EXPECT_EQ(cut.result.error().fault, Fault::kTruncated);
  EXPECT_EQ(cut.recorder.members.at(0).damage->fault, Fault::kTruncated);
  EXPECT_EQ(cut.recorder.ContentOf("a"), "x\n");
  EXPECT_FALSE(Read(UnpackAr, "!<thin>\n").result);
}

TEST(Ar, GoesOnBehindANameThatIsNone) {
  for (const std::string& name : {"/9"s, "#1/99"s, "#1/x"s}) {
    const Outcome outcome =
        Read(UnpackAr, kMark + ArMember("//", "x/\n") + ArMember(name, "abc") +
                           ArMember("b", "x"));
    EXPECT_TRUE(outcome.result);
    ASSERT_EQ(outcome.recorder.members.size(), 3);
    EXPECT_STREQ(outcome.recorder.members[1].damage->field, "ar_name");
    EXPECT_EQ(outcome.recorder.ContentOf(name), "abc");
    EXPECT_EQ(outcome.recorder.ContentOf("b"), "x");
  }
}

TEST(Ar, NotesPaddingThatIsNone) {
  std::string file = kMark + ArMember("a", "x") + ArMember("b", "xy");
  file[8 + 61] = 'H';
  const Outcome outcome = Read(UnpackAr, file);
  EXPECT_EQ(outcome.recorder.CountOf(RemarkKind::kHiddenData), 1);
  EXPECT_EQ(outcome.recorder.ContentOf("b"), "xy");
}

}  // namespace
}  // namespace countersign::formats
