#include "formats/inno.h"

#include <gtest/gtest.h>

#include "formats/inno/call_filter.h"
#include "formats/inno/layout.h"
#include "formats/inno/sample/inno_writer.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

using base::AsBytes;
using base::Fault;

struct Opened {
  MemberRecorder recorder;
  base::Result<void> result;
};

Opened Open(const std::string& file, Unpack unpack = UnpackPe,
            const base::Limits& limits = {}) {
  Opened opened;
  opened.result = opened.recorder.Run(unpack, AsBytes(file), limits);
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

InnoSetup MustRead(const std::string& file) {
  base::Budget budget;
  InnoSetup setup;
  const PeImage image = ParsePe(AsBytes(file)).value();
  const auto loader = FindInnoLoader(image, AsBytes(file), budget);
  EXPECT_TRUE(loader && *loader);
  setup.loader = loader->value();
  const auto read = ReadInnoSetup(AsBytes(file), budget, setup);
  EXPECT_TRUE(read) << read.error().field;
  return setup;
}

void ExpectEveryFile(const SampleInno& sample, const Opened& opened) {
  ASSERT_TRUE(opened.result)
      << opened.result.error().field << " at " << opened.result.error().offset;
  for (const SampleInnoFile& file : sample.files) {
    const auto* found = opened.recorder.Find("[inno]/" + file.destination);
    ASSERT_NE(found, nullptr) << file.destination;
    EXPECT_FALSE(found->damage) << found->damage->field;
    EXPECT_EQ(base::AsText(found->content), file.content);
  }
  EXPECT_EQ(opened.recorder.ContentOf("[inno]/[setup]/setup.exe"),
            sample.setup_program);
  EXPECT_EQ(opened.recorder.ContentOf("[inno]/[setup]/compiled_code"),
            sample.compiled_code);
  for (const Remark& remark : opened.recorder.remarks) {
    ADD_FAILURE() << remark.what;
  }
}

constexpr int kVersions[] = {550, 556, 557, 560, 600, 610, 630, 6401,
                             642, 643, 650, 652, 660, 661, 670, 7003};

bool IsSince65(int version) {
  return version == 7003 || (version >= 650 && version < 1000);
}

TEST(Inno, OfEveryVersionIsRead) {
  EXPECT_EQ(std::size(kVersions), InnoLayouts().size());
  for (const int version : kVersions) {
    for (const bool is_unicode : {true, false}) {
      if (!is_unicode && version >= 630) {
        continue;
      }
      SCOPED_TRACE(version);
      SampleInno sample;
      sample.version = version;
      sample.is_unicode = is_unicode;
      const Opened opened = Open(sample.Write());
      ExpectEveryFile(sample, opened);
      // Since 6.5 the table is large enough to be a file of its own.
      EXPECT_EQ(opened.recorder.members.size(), IsSince65(version) ? 6 : 5)
          << testing::PrintToString(NamesOf(opened));
      EXPECT_TRUE(opened.recorder.detail.starts_with(
          "PE32 x86 windowed program, Inno Setup "))
          << opened.recorder.detail;
    }
  }
}

TEST(Inno, WithEveryMethodAndSolidOrNot) {
  for (int compression = 0; compression <= 4; ++compression) {
    for (const bool is_solid : {true, false}) {
      SCOPED_TRACE(compression);
      SampleInno sample;
      sample.compression = compression;
      sample.is_solid = is_solid;
      const Opened opened = Open(sample.Write());
      ExpectEveryFile(sample, opened);
      const bool has_library = compression == 1 || compression == 2;
      EXPECT_EQ(opened.recorder.ContentOf("[inno]/[setup]/decompressor.dll"),
                has_library ? "MZ decompressor" : "(no such member)");
      const auto* first = opened.recorder.Find("[inno]/{app}\\a.txt");
      EXPECT_EQ(first->placed, compression == 0);
    }
  }
}

TEST(Inno, LargeFilesComeInPiecesOfTheFilter) {
  SampleInno sample;
  std::string code;
  for (uint32_t i = 0; i < 50'000; ++i) {
    code += (i % 3 == 0 ? "\xE8" : "\x90") + LittleEndian(i * 7919, 4);
  }
  sample.files[2].content = code;
  sample.setup_program += "MZ";
  for (const int compression : {0, 3, 4}) {
    sample.compression = compression;
    ExpectEveryFile(sample, Open(sample.Write()));
  }
}

TEST(InnoCallFilter, IsUndone) {
  std::string code;
  for (uint32_t i = 0; i < 3000; ++i) {
    code += (i % 2 == 0 ? "\xE8" : "\xE9") + LittleEndian(i * 0x10101, 4);
  }
  std::string undone = InnoFiltered(code);
  EXPECT_NE(undone, code);
  EXPECT_EQ(InnoFiltered(undone, true), code);
  UndoInnoCallFilter({reinterpret_cast<uint8_t*>(undone.data()), undone.size()},
                     0);
  EXPECT_EQ(undone, code);
  for (size_t size = 0; size < 12; ++size) {
    std::string few = InnoFiltered(code.substr(0, size));
    UndoInnoCallFilter({reinterpret_cast<uint8_t*>(few.data()), few.size()}, 0);
    EXPECT_EQ(few, code.substr(0, size));
  }
}

TEST(InnoSetup, HoldsWhatIsDone) {
  for (const int version : kVersions) {
    SCOPED_TRACE(version);
    SampleInno sample;
    sample.version = version;
    sample.files[1].location = -1;
    sample.files[1].is_uninstaller = true;
    const InnoSetup setup = MustRead(sample.Write());
    EXPECT_EQ(setup.unread_bytes, 0);
    EXPECT_EQ(setup.privileges_required, 2);
    EXPECT_EQ(setup.texts.at(0).first, "AppName");
    EXPECT_EQ(setup.texts.at(0).second, "text 0");
    EXPECT_EQ(setup.texts.at(26).first, "CloseApplicationsFilter");
    EXPECT_EQ(setup.directories.at(0).name, "directory0");
    EXPECT_EQ(setup.directories.at(0).condition.before_install, "directory6");
    EXPECT_EQ(setup.directories.at(0).attributes, 6);
    EXPECT_EQ(setup.directories.at(0).options, 1);
    EXPECT_EQ(setup.files.at(0).destination, "{app}\\a.txt");
    EXPECT_EQ(setup.files.at(0).condition.check, "condition3");
    EXPECT_EQ(setup.files.at(0).attributes, 0x20);
    EXPECT_EQ(setup.files.at(0).options, 0x40);
    EXPECT_EQ(setup.files.at(0).location, 0);
    EXPECT_FALSE(setup.files.at(1).location);
    EXPECT_TRUE(setup.files.at(1).is_uninstaller);
    EXPECT_EQ(setup.icons.at(0).filename, "icon1");
    EXPECT_EQ(setup.icons.at(0).parameters, "icon2");
    EXPECT_EQ(setup.icons.at(0).app_user_model_id, "icon12");
    EXPECT_EQ(setup.ini.at(0).value, "ini3");
    EXPECT_EQ(setup.ini.at(0).options, 2);
    EXPECT_EQ(setup.registry.at(0).subkey, "registry0");
    EXPECT_EQ(setup.registry.at(0).value_data, "\1\2\3");
    EXPECT_EQ(setup.registry.at(0).root_key, 0x80000002);
    EXPECT_EQ(setup.registry.at(0).type, 4);
    EXPECT_EQ(setup.registry.at(0).options, 0x0102);
    EXPECT_EQ(setup.install_delete.at(0).type, 1);
    EXPECT_EQ(setup.uninstall_delete.at(0).name, "undelete0");
    EXPECT_EQ(setup.run.at(0).name, "run0");
    EXPECT_EQ(setup.run.at(0).parameters, "run1");
    EXPECT_EQ(setup.run.at(0).verb, "run5");
    EXPECT_EQ(setup.run.at(0).show_command, 5);
    EXPECT_EQ(setup.run.at(0).wait, 1);
    EXPECT_EQ(setup.run.at(0).options, 0x203);
    EXPECT_EQ(setup.uninstall_run.at(0).description, "unrun6");
    EXPECT_EQ(setup.locations.size(), 2);
  }
}

TEST(Inno, UnknownVersionsAreUnsupportedAndNamed) {
  for (const std::string identifier :
       {"Inno Setup Setup Data (7.0.0.1)", "Inno Setup Setup Data (5.4.2) (u)",
        "Inno Setup Setup Data (6.1.0) (x)", "Inno Setup Setup Data (6.1.0"}) {
    SampleInno sample;
    sample.identifier = identifier;
    const Opened opened = Open(sample.Write());
    ASSERT_FALSE(opened.result);
    EXPECT_EQ(opened.result.error().fault, Fault::kUnsupported);
    EXPECT_STREQ(opened.result.error().field, "SetupID");
    // What is read without it, and the rest as it is.
    EXPECT_EQ(opened.recorder.ContentOf("[inno]/[setup]/setup.exe"),
              sample.setup_program);
    EXPECT_NE(opened.recorder.Find("[overlay]"), nullptr);
  }
  SampleInno sample;
  sample.identifier = "Inno Setup Setup Data (7.1.0)";
  EXPECT_TRUE(
      Open(sample.Write()).recorder.detail.ends_with("Inno Setup 7.1.0"));
  sample.identifier = "My own data";
  EXPECT_EQ(Open(sample.Write()).result.error().fault, Fault::kMalformed);
}

// The loader does not look at its mark.
TEST(Inno, TheTableNeedsNoMark) {
  SampleInno sample;
  std::string file = sample.Write();
  const size_t table = file.find("rDlPtS");
  file[table] = 'x';
  EXPECT_EQ(NamesOf(Open(file)), Names{"[overlay]"});  // another checksum
  file.replace(table + 40, 4,
               LittleEndian(SampleCrc(file.substr(table, 40)), 4));
  ExpectEveryFile(sample, Open(file));
}

TEST(Inno, NamesTheDamagedFieldOfTheTable) {
  const std::string clean = SampleInno().Write();
  const size_t table = clean.find("rDlPtS");
  std::string file = clean;
  file[table + 20] = static_cast<char>(file[table + 20] + 1);
  EXPECT_STREQ(Open(file).result.error().field, "TableCRC");
  file = clean;
  file[table + 12] = 3;
  EXPECT_STREQ(Open(file).result.error().field, "Version");
  EXPECT_EQ(Open(file).result.error().fault, Fault::kUnsupported);
  // Loaders of long ago.
  file = clean;
  file.replace(
      0x30, 12,
      "Inno" + LittleEndian(0x1000, 4) + LittleEndian(~uint32_t{0x1000}, 4));
  EXPECT_EQ(Open(file).result.error().fault, Fault::kUnsupported);
  EXPECT_EQ(Open(file).result.error().offset, 0x30);
}

TEST(Inno, TablesOfVersion2AreRead) {
  std::string table = std::string("rDlPtS\xCD\xE6\xD7\x7B\x0B\x2A", 12) +
                      LittleEndian(2, 4) + LittleEndian(0x1000, 8) +
                      LittleEndian(0x800, 8) + LittleEndian(5, 4) +
                      LittleEndian(6, 4) + LittleEndian(0x900, 8) +
                      LittleEndian(0xA00, 8) + LittleEndian(0, 4);
  table += LittleEndian(SampleCrc(table), 4);
  SampleProgram program;
  program.resources = {{"#10", "#11111", "#0", table}};
  const std::string file = program.Write();
  base::Budget budget;
  const auto loader =
      FindInnoLoader(ParsePe(AsBytes(file)).value(), AsBytes(file), budget);
  ASSERT_TRUE(loader && *loader);
  EXPECT_EQ((*loader)->total_size, 0x1000);
  EXPECT_EQ((*loader)->setup_program, 0x800);
  EXPECT_EQ((*loader)->setup_program_size, 5);
  EXPECT_EQ((*loader)->setup_program_crc, 6);
  EXPECT_EQ((*loader)->setup_data, 0x900);
  EXPECT_EQ((*loader)->files, 0xA00);
  EXPECT_EQ((*loader)->table.size, 64);
}

TEST(Inno, EncryptedFilesAreSaid) {
  for (const int version : {557, 610, 643, 650, 670}) {
    SampleInno sample;
    sample.version = version;
    sample.is_encrypted = true;
    const std::string file = sample.Write();
    const Opened opened = Open(file);
    ASSERT_TRUE(opened.result);
    EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kEncrypted), 1);
    const auto* first = opened.recorder.Find("[inno]/{app}\\a.txt");
    ASSERT_TRUE(first->damage);
    EXPECT_EQ(first->damage->fault, Fault::kUnsupported);
    EXPECT_TRUE(MustRead(file).is_encrypted);
    EXPECT_EQ(opened.recorder.ContentOf("[inno]/[setup]/decryptor.dll"),
              version < 640 ? "MZ decryptor" : "(no such member)");
  }
}

TEST(Inno, EncryptedSetupDataIsSaidAndAccountedFor) {
  for (const int version : {650, 670, 7003}) {
    SampleInno sample;
    sample.version = version;
    sample.is_data_encrypted = true;
    const Opened opened = Open(sample.Write());
    ASSERT_FALSE(opened.result);
    EXPECT_EQ(opened.result.error().fault, Fault::kUnsupported);
    EXPECT_STREQ(opened.result.error().field, "EncryptionUse");
    EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kEncrypted), 1);
    EXPECT_EQ(opened.recorder.ContentOf("[inno]/[setup]/setup.exe"),
              sample.setup_program);
    // The chunks: nothing says where they end.
    const auto* overlay = opened.recorder.Find("[overlay]");
    ASSERT_NE(overlay, nullptr);
    EXPECT_TRUE(base::AsText(overlay->content).starts_with("zlb"));
  }
}

TEST(Inno, TheDescriptionOfEncryptionIsChecked) {
  SampleInno sample;
  sample.version = 661;
  sample.has_wrong_encryption_crc = true;
  const Opened opened = Open(sample.Write());
  ASSERT_FALSE(opened.result);
  EXPECT_EQ(opened.result.error().fault, Fault::kMalformed);
  EXPECT_STREQ(opened.result.error().field, "CRC of TSetupEncryptionHeader");
}

TEST(Inno, TheLibraryForArchivesIsHandedOver) {
  for (const int compression : {1, 4}) {
    SampleInno sample;
    sample.version = 652;
    sample.compression = compression;
    sample.has_archive_library = true;
    const Opened opened = Open(sample.Write());
    ExpectEveryFile(sample, opened);
    EXPECT_EQ(opened.recorder.ContentOf("[inno]/[setup]/archives.dll"),
              "MZ archives");
  }
}

TEST(Inno, AProgramThatWasNotFilteredIsTakenAsItIs) {
  SampleInno sample;
  sample.version = 7003;
  sample.has_filtered_program = false;
  ExpectEveryFile(sample, Open(sample.Write()));
}

TEST(InnoSetup, SaysWhatIsDownloaded) {
  for (const int version : {650, 670, 7003}) {
    SampleInno sample;
    sample.version = version;
    sample.files.push_back({"{app}\\more.exe", "", false, -1, false,
                            "https://example.test/more.exe", true});
    const InnoSetup setup = MustRead(sample.Write());
    EXPECT_EQ(setup.files.at(0).options, 0x40);
    EXPECT_EQ(setup.files.at(3).options, 0x40 | kInnoDownload);
    EXPECT_EQ(setup.files.at(3).source, "https://example.test/more.exe");
    EXPECT_FALSE(setup.files.at(3).location);
  }
}

TEST(Inno, ContentBesideTheProgramIsSaid) {
  SampleInno sample;
  sample.is_beside = true;
  const Opened opened = Open(sample.Write());
  ASSERT_TRUE(opened.result);
  EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kUnsupported), 1);
  EXPECT_EQ(opened.recorder.members.size(), 2);
}

TEST(Inno, OneContentOfSeveralNamesIsHandedOverForEach) {
  for (const int compression : {0, 4}) {
    SampleInno sample;
    sample.compression = compression;
    sample.files.push_back({"{sys}\\again.txt", "", false, 0, false});
    const Opened opened = Open(sample.Write());
    ASSERT_TRUE(opened.result);
    EXPECT_EQ(opened.recorder.ContentOf("[inno]/{sys}\\again.txt"),
              sample.files[0].content);
    EXPECT_TRUE(opened.recorder.remarks.empty());
  }
  SampleInno large;
  large.files[0].content = std::string((16 << 20) + 1, 'L');
  large.files.push_back({"{sys}\\again.txt", "", false, 0, false});
  const Opened opened = Open(large.Write());
  const auto* again = opened.recorder.Find("[inno]/{sys}\\again.txt");
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->member.kind, MemberKind::kLink);
  EXPECT_EQ(again->member.link_target, "{app}\\a.txt");
}

TEST(Inno, ContentWithoutItsDigestIsDamaged) {
  for (const int compression : {0, 4}) {
    for (const int version : {610, 643}) {
      SampleInno sample;
      sample.version = version;
      sample.compression = compression;
      sample.has_wrong_digests = true;
      sample.files.push_back({"{sys}\\again.txt", "", false, 0, false});
      const Opened opened = Open(sample.Write());
      ASSERT_TRUE(opened.result);
      EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kChecksum),
                compression == 0 ? 4 : 3);
      for (const SampleInnoFile& file : sample.files) {
        const auto* found = opened.recorder.Find("[inno]/" + file.destination);
        ASSERT_NE(found, nullptr);
        if (found->member.kind == MemberKind::kFile) {
          ASSERT_TRUE(found->damage);
          EXPECT_STREQ(found->damage->field,
                       version == 643 ? "SHA256Sum" : "SHA1Sum");
        }
      }
    }
  }
}

TEST(Inno, TheInstallingProgramIsChecked) {
  std::string file = SampleInno().Write();
  const size_t table = file.find("rDlPtS");
  const auto with = [&](size_t at, uint32_t value) {
    std::string changed = file;
    changed.replace(table + at, 4, LittleEndian(value, 4));
    changed.replace(table + 40, 4,
                    LittleEndian(SampleCrc(changed.substr(table, 40)), 4));
    return Open(changed);
  };
  const Opened crc = with(28, 1);
  EXPECT_EQ(crc.recorder.CountOf(RemarkKind::kChecksum), 1);
  EXPECT_STREQ(crc.recorder.members[0].damage->field, "CRCEXE");
  const Opened longer = with(24, 1000);
  EXPECT_STREQ(longer.recorder.members[0].damage->field, "UncompressedSizeEXE");
  const Opened shorter = with(24, 10);
  EXPECT_EQ(shorter.recorder.CountOf(RemarkKind::kHiddenData), 1);
  const Opened total = with(16, 0x7FFFFFFF);
  EXPECT_STREQ(total.result.error().field, "TotalSize");
  const Opened nowhere = with(20, 0x7FFFFFFF);
  EXPECT_EQ(nowhere.recorder.members[0].damage->fault, Fault::kTruncated);
}

TEST(Inno, BytesThatBelongToNothingAreSaid) {
  SampleInno sample;
  sample.behind_setup_data = "unknown";
  EXPECT_EQ(Open(sample.Write()).recorder.CountOf(RemarkKind::kUnsupported), 1);
  sample = {};
  sample.behind_location = "unknown";
  EXPECT_STREQ(Open(sample.Write()).result.error().field,
               "TSetupFileLocationEntry");
  for (const int compression : {0, 4}) {
    sample = {};
    sample.compression = compression;
    sample.between_files = "hidden";
    const Opened opened = Open(sample.Write());
    ASSERT_TRUE(opened.result);
    EXPECT_GE(opened.recorder.CountOf(RemarkKind::kHiddenData), 1);
    EXPECT_EQ(opened.recorder.ContentOf("[inno]/{app}\\a.txt"),
              sample.files[0].content);
  }
  sample = {};
  sample.trailing = "behind everything";
  const Opened opened = Open(sample.Write());
  EXPECT_EQ(opened.recorder.CountOf(RemarkKind::kHiddenData), 1);
  EXPECT_EQ(opened.recorder.ContentOf("[overlay]"), sample.trailing);
}

TEST(Inno, AFileThatLeadsNowhereIsOdd) {
  SampleInno sample;
  sample.files.push_back({"{app}\\none", "", false, 99, false});
  EXPECT_EQ(Open(sample.Write()).recorder.CountOf(RemarkKind::kOddity), 1);
}

TEST(Inno, CutAnywhereItIsNeverSilentlyWhole) {
  for (const int version : {610, 7003}) {
    SampleInno sample;
    sample.version = version;
    sample.is_solid = false;
    const std::string file = sample.Write();
    const size_t sections = file.find("rDlPtS") + 64;
    for (size_t size = sections; size < file.size(); ++size) {
      EXPECT_FALSE(Open(file.substr(0, size)).result) << size;
    }
  }
}

TEST(Inno, StopsWhenTheBudgetIsSpent) {
  const std::string file = SampleInno().Write();
  for (uint64_t steps = 0; steps < 60; ++steps) {
    const Opened opened = Open(file, UnpackInno, {.steps = steps});
    if (!opened.result) {
      EXPECT_EQ(opened.result.error().fault, Fault::kLimit);
    }
  }
}

TEST(Inno, EndsWhateverSetupDataIs) {
  for (const int version : {610, 7003}) {
    SampleInno sample;
    sample.version = version;
    const std::string file = sample.Write();
    const size_t data = file.find("Inno Setup Setup Data");
    for (size_t i = data; i < file.size(); ++i) {
      for (const char c : {'\0', '\x7F', '\xFF'}) {
        std::string changed = file;
        changed[i] = c;
        (void)Open(changed);
      }
    }
  }
}

TEST(Inno, IsUnpackedByItself) {
  const SampleInno sample;
  const Opened opened = Open(sample.Write(), UnpackInno);
  ExpectEveryFile(sample, opened);
  EXPECT_EQ(opened.recorder.format, model::Format::kInno);
  EXPECT_EQ(opened.recorder.detail, "Inno Setup 6.1.0 (u)");
  SampleProgram program;
  program.sections = {{".text", "code"}};
  EXPECT_STREQ(Open(program.Write(), UnpackInno).result.error().field,
               "SetupLdrOffsetTable");
}

}  // namespace
}  // namespace countersign::formats
