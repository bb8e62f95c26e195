#include "formats/pyinstaller.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "formats/pe/sample/pe_writer.h"
#include "formats/pyinstaller/marshal.h"
#include "formats/pyinstaller/sample/pyinstaller_writer.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

using base::AsBytes;
using base::Fault;
using std::string_literals::operator""s;

struct Opened {
  MemberRecorder recorder;
  base::Result<void> result;
};

Opened Open(const std::string& file, Unpack unpack = UnpackPyinstaller) {
  Opened opened;
  opened.result = opened.recorder.Run(unpack, AsBytes(file));
  return opened;
}

std::vector<std::string> NamesOf(const Opened& opened) {
  std::vector<std::string> names;
  for (const auto& recorded : opened.recorder.members) {
    names.push_back(recorded.member.name);
  }
  return names;
}

using Names = std::vector<std::string>;

SampleMei Sample() {
  SampleMei sample;
  sample.entries = {{'m', "struct", "module code", true, ""},
                    {'s', "main", "script code", true, ""},
                    {'z', "PYZ-00.pyz", SamplePyz{}.Write(), false, ""},
                    {'b', "lib/a.dll", std::string(300, 'b'), true, ""},
                    {'o', "pyi-option", "", false, ""},
                    {'n', "link", "lib/a.dll\0"s, false, ""},
                    {'x', "data.txt", "data", false, ""}};
  return sample;
}

TEST(Pyinstaller, HandsOverEveryKindOfMember) {
  for (const bool is_old : {false, true}) {
    SampleMei sample = Sample();
    sample.is_old = is_old;
    sample.before = "bootloader";
    const Opened opened = Open(sample.Write());
    ASSERT_TRUE(opened.result) << opened.result.error().field;
    EXPECT_EQ(
        NamesOf(opened),
        (Names{"[pyinstaller]/modules/struct", "[pyinstaller]/scripts/main",
               "[pyinstaller]/archives/PYZ-00.pyz",
               "[pyinstaller]/binaries/lib/a.dll", "[pyinstaller]/links/link",
               "[pyinstaller]/data/data.txt"}));
    size_t next = 0;
    for (const auto& entry : sample.entries) {
      if (entry.type == 'o') {
        continue;
      }
      const auto& recorded = opened.recorder.members[next++];
      EXPECT_EQ(base::AsText(recorded.content), entry.content);
      EXPECT_EQ(recorded.placed, !entry.is_compressed);
      EXPECT_FALSE(recorded.damage);
    }
    EXPECT_EQ(opened.recorder.members[4].member.kind, MemberKind::kLink);
    EXPECT_EQ(opened.recorder.members[4].member.link_target, "lib/a.dll");
    EXPECT_EQ(opened.recorder.format, model::Format::kPyinstaller);
    EXPECT_EQ(opened.recorder.detail, "PyInstaller archive, Python 3.11");
    EXPECT_TRUE(opened.recorder.remarks.empty());
  }
}

TEST(Pyinstaller, OldVersionsOfPythonHaveOneDigitEach) {
  SampleMei sample = Sample();
  sample.python = 27;
  EXPECT_EQ(Open(sample.Write()).recorder.detail,
            "PyInstaller archive, Python 2.7");
}

TEST(Pyinstaller, IsFoundInAProgram) {
  SampleProgram program;
  program.sections = {{".text", "bootloader"}};
  program.overlay = Sample().Write();
  const Opened opened = Open(program.Write(), UnpackPe);
  ASSERT_TRUE(opened.result);
  EXPECT_EQ(NamesOf(opened).size(), 6);
  EXPECT_EQ(opened.recorder.detail,
            "PE32 x86 windowed program, PyInstaller archive, Python 3.11");
  EXPECT_TRUE(opened.recorder.remarks.empty());
}

TEST(Pyinstaller, WhatNoMemberAccountsForIsHandedOver) {
  SampleProgram program;
  program.sections = {{".text", "bootloader"}};
  SampleMei sample = Sample();
  sample.before = "in front of the archive";
  sample.gap = "in front of the entries";
  program.overlay = sample.Write() + "behind the cookie";
  const std::string file = program.Write();
  const Opened opened = Open(file, UnpackPe);
  ASSERT_TRUE(opened.result);
  EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kHiddenData), 3);
  EXPECT_EQ(opened.recorder.ContentOf("[overlay]"), sample.before);
  EXPECT_EQ(opened.recorder.ContentOf("[overlay]/" +
                                      std::to_string(file.find(sample.gap))),
            sample.gap);
  EXPECT_EQ(opened.recorder.ContentOf(
                "[overlay]/" + std::to_string(file.find("behind the cookie"))),
            "behind the cookie");
  // Of a lone file, what precedes the archive is the bootloader.
  EXPECT_EQ(Open(program.overlay).recorder.CountOf(RemarkKind::kHiddenData), 2);
}

// Bootloaders hold the mark that they search for.
TEST(Pyinstaller, AMarkInTheProgramItselfIsNoArchive) {
  SampleProgram program;
  program.sections = {{".rdata", "MEI\14\13\12\13\16" + std::string(90, 'x')}};
  program.overlay = "something else";
  const Opened opened = Open(program.Write(), UnpackPe);
  ASSERT_TRUE(opened.result);
  EXPECT_EQ(NamesOf(opened), Names{"[overlay]"});
  // Behind the sections, it is one that cannot be read.
  program.overlay = program.sections[0].content;
  const Opened damaged = Open(program.Write(), UnpackPe);
  ASSERT_FALSE(damaged.result);
  EXPECT_STREQ(damaged.result.error().field, "size of the package");
  EXPECT_EQ(NamesOf(damaged), Names{"[overlay]"});
}

TEST(Pyinstaller, DamageOfAMemberIsItsOwn) {
  const std::string clean = Sample().Write();
  const size_t table = clean.find("struct") - 18;
  const struct {
    size_t at;
    std::string value;
    Fault fault;
    const char* field;
  } rows[] = {
      {4, BigEndian32(0xFFFFFFF0), Fault::kTruncated, "offset of a member"},
      {8, BigEndian32(0x7FFFFFFF), Fault::kTruncated, "offset of a member"},
      {16, "\0"s, Fault::kMalformed, "stored size of a member"},
      {12, BigEndian32(5), Fault::kMalformed, "output"},
      {12, BigEndian32(50), Fault::kMalformed, "size of a member"},
  };
  for (const auto& row : rows) {
    std::string file = clean;
    file.replace(table + row.at, row.value.size(), row.value);
    const Opened opened = Open(file);
    ASSERT_TRUE(opened.result) << row.field;
    EXPECT_EQ(NamesOf(opened).size(), 6);
    const auto* found = opened.recorder.Find("[pyinstaller]/modules/struct");
    ASSERT_NE(found, nullptr);
    ASSERT_TRUE(found->damage);
    if (row.field != std::string_view("output")) {  // the decoder's words
      EXPECT_EQ(found->damage->fault, row.fault);
      EXPECT_STREQ(found->damage->field, row.field);
    }
  }
  std::string file = clean;
  file.replace(table, 4, BigEndian32(17));
  EXPECT_STREQ(Open(file).result.error().field, "size of an entry");
  EXPECT_STREQ(Open("no archive").result.error().field, "cookie");
}

TEST(Pyinstaller, SharedAndHiddenBytesAreSaid) {
  SampleMei sample = Sample();
  sample.entries[0].behind = "hidden";
  EXPECT_EQ(Open(sample.Write()).recorder.CountOf(RemarkKind::kHiddenData), 1);
  std::string file = Sample().Write();
  const size_t last = file.find("data.txt") - 18;
  file.replace(last + 4, 4, BigEndian32(0));
  const Opened shared = Open(file);
  EXPECT_EQ(shared.recorder.CountOf(RemarkKind::kOverlap), 1);
}

TEST(Pyinstaller, AKeyMeansEncryption) {
  SampleMei sample = Sample();
  sample.entries.push_back({'m', "pyimod00_crypto_key", "key", true, ""});
  EXPECT_EQ(Open(sample.Write()).recorder.CountOf(RemarkKind::kEncrypted), 1);
}

TEST(Pyinstaller, CutAnywhereItIsNeverSilentlyWhole) {
  const std::string file = Sample().Write();
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_FALSE(Open(file.substr(0, size)).result) << size;
  }
}

TEST(Pyinstaller, EndsWhateverItsCookieAndEntriesAre) {
  const std::string file = Sample().Write();
  for (size_t i = file.find("struct") - 18; i < file.size(); ++i) {
    for (const char c : {'\0', '\1', '\x7F', '\xFF'}) {
      std::string changed = file;
      changed[i] = c;
      (void)Open(changed);
    }
  }
}

SamplePyz Modules() {
  SamplePyz sample;
  sample.modules = {{"os", "code of os", 0},
                    {"pkg", "code of pkg", 1},
                    {"pkg.mod", std::string(500, 'c'), 0}};
  return sample;
}

TEST(Pyz, HandsOverModules) {
  for (const bool is_dictionary : {false, true}) {
    SamplePyz sample = Modules();
    sample.is_dictionary = is_dictionary;
    const Opened opened = Open(sample.Write(), UnpackPyz);
    ASSERT_TRUE(opened.result) << opened.result.error().field;
    EXPECT_EQ(NamesOf(opened), (Names{"os", "pkg", "pkg.mod"}));
    for (const auto& module : sample.modules) {
      EXPECT_EQ(opened.recorder.ContentOf(module.name), module.content);
    }
    EXPECT_EQ(opened.recorder.detail,
              "modules of a PyInstaller archive, Python's code 3495");
    EXPECT_TRUE(opened.recorder.remarks.empty());
  }
}

TEST(Pyz, ModulesThatAreNoZlibAreEncrypted) {
  std::string file = Modules().Write();
  file[12] = 'A';
  const Opened opened = Open(file, UnpackPyz);
  ASSERT_TRUE(opened.result);
  EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kEncrypted), 1);
  ASSERT_TRUE(opened.recorder.members[0].damage);
  EXPECT_EQ(opened.recorder.members[0].damage->fault, Fault::kUnsupported);
}

TEST(Pyz, SaysWhatBelongsToNoModule) {
  SamplePyz sample = Modules();
  sample.gap = "gap";
  sample.trailing = "behind";
  const Opened opened = Open(sample.Write(), UnpackPyz);
  EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kHiddenData), 1);
  EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kTrailingData), 1);
  std::string file = Modules().Write();
  // The second module is said to lie where the first does.
  const size_t second = file.find("\xDA\x03pkg\xA9\x03");
  file.replace(second + 7 + 6, 4, LittleEndian(12, 4));
  const Opened shared = Open(file, UnpackPyz);
  EXPECT_EQ(shared.recorder.CountOf(RemarkKind::kOverlap), 1);
  EXPECT_GE(shared.recorder.CountOf(RemarkKind::kHiddenData), 1);
}

TEST(Pyz, CutAnywhereItIsAnError) {
  const std::string file = Modules().Write();
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_FALSE(Open(file.substr(0, size), UnpackPyz).result) << size;
  }
}

TEST(Pyz, AModuleOutsideTheFileIsDamaged) {
  std::string file = Modules().Write();
  const size_t first = file.find("\xDA\x02os\xA9\x03");
  file.replace(first + 6 + 6, 4, LittleEndian(0xFFFFFFFF, 4));
  const Opened opened = Open(file, UnpackPyz);
  ASSERT_TRUE(opened.result);
  EXPECT_EQ(opened.recorder.members[0].damage->fault, Fault::kTruncated);
}

std::vector<PyzEntry> Table(std::string_view hex) {
  const auto text = base::FromHex(hex).value();
  base::Budget budget;
  uint64_t end = 0;
  const auto entries = ReadPyzTable({text, 0}, budget, end);
  EXPECT_TRUE(entries) << entries.error().field;
  EXPECT_EQ(end, text.size());
  return entries.value_or(std::vector<PyzEntry>{});
}

// What CPython 3.11 makes of [('os', (0, 12, 100)), ('pkg', (1, 112, 2**20)),
// ('pkg.mod', (0, 12, 100)), ('ns', (3, 0, 0))]: numbers and tuples that occur
// again are referred to.
TEST(PyzTable, IsReadAsPythonWritesIt) {
  const auto entries = Table(
      "db04000000a902da026f73a903e900000000e90c000000e964000000a902da03706b67a9"
      "03e901000000e970000000e900001000a902fa07706b672e6d6f647203000000a902da02"
      "6e73a903e90300000072040000007204000000");
  ASSERT_EQ(entries.size(), 4);
  EXPECT_EQ(entries[0].name, "os");
  EXPECT_EQ(entries[0].offset, 12);
  EXPECT_EQ(entries[0].size, 100);
  EXPECT_EQ(entries[1].kind, 1);
  EXPECT_EQ(entries[1].size, 1 << 20);
  EXPECT_EQ(entries[2].name, "pkg.mod");
  EXPECT_EQ(entries[2].size, 100);
  EXPECT_EQ(entries[3].kind, 3);
  EXPECT_EQ(entries[3].size, 0);
}

// The same of {'a': (True, 2**33, 100)} in version 2.
TEST(PyzTable, IsReadAsOldPythonWritesIt) {
  const auto entries = Table(
      "7b7501000000612803000000546c0300000000000000080069640000"
      "0030");
  ASSERT_EQ(entries.size(), 1);
  EXPECT_EQ(entries[0].kind, 1);
  EXPECT_EQ(entries[0].offset, uint64_t{1} << 33);
}

TEST(PyzTable, IsRefusedWhenItIsSomethingElse) {
  for (const std::string& text :
       {"N"s, "("s, "[\1\0\0\0N"s, "[\1\0\0\0)\1"s, "[\1\0\0\0)\2N"s,
        "[\1\0\0\0)\2z\1a)\2"s, "[\1\0\0\0)\2z\1a)\3z\1a"s,
        "[\1\0\0\0r\0\0\0\0"s, "\xDB\1\0\0\0r\0\0\0\0"s, "{z\1a"s, "{c"s,
        "[\1\0\0\0)\2z\1a)\3l\xFF\xFF\xFF\xFF"s, "[\xFF\xFF\xFF\xFF"s}) {
    base::Budget budget;
    uint64_t end = 0;
    const auto entries = ReadPyzTable({AsBytes(text), 0}, budget, end);
    EXPECT_FALSE(entries) << base::ToHex(AsBytes(text));
    EXPECT_LE(end, text.size());
  }
}

}  // namespace
}  // namespace countersign::formats
