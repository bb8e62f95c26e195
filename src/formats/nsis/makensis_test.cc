// What the real compiler makes, where it is installed.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/digest.h"
#include "base/text.h"
#include "formats/nsis.h"
#include "formats/nsis/sample/nsis_packers.h"
#include "formats/pe.h"
#include "formats/sample/member_recorder.h"

namespace countersign::formats {
namespace {

namespace fs = std::filesystem;

constexpr const char* kScript = R"nsi(
SetCompressor @SOLID@ @COMPRESSOR@
Name "Test Product"
OutFile "out.exe"
InstallDir "$PROGRAMFILES\Test"
RequestExecutionLevel user
LoadLanguageFile "${NSISDIR}/Contrib/Language files/English.nlf"
LangString Greeting ${LANG_ENGLISH} "Hello $(^Name)"
Page directory
Page instfiles

Function .onInit
  SetSilent silent
FunctionEnd

Function Helper
  Push "$0"
  Pop $1
FunctionEnd

Section "Main"
  SetOutPath "$INSTDIR"
  File "prose.txt"
  SetOutPath "$INSTDIR\lib"
  File "/oname=copy.txt" "prose.txt"
  File "noise.bin"
  File /r "tree"
  ExecWait '"$INSTDIR\updater.exe" /S' $0
  Exec "notepad.exe"
  ExecShell "open" "https://example.org/$$x"
  WriteRegStr HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "U" "$0"
  WriteRegExpandStr HKLM "Software\X" "E" "%TEMP%"
  WriteRegDWORD HKLM "Software\X" "D" 16
  WriteRegBin HKLM "Software\X" "B" 0102aabb
  DeleteRegKey /ifempty HKLM "Software\Y"
  WriteINIStr "$INSTDIR\a.ini" "sec" "key" "val"
  CreateDirectory "$SMPROGRAMS\Test"
  CreateShortCut "$SMPROGRAMS\Test.lnk" "$INSTDIR\a.exe" "-x" "$INSTDIR\i.ico" \
    2 SW_SHOWMINIMIZED ALT|CONTROL|F5 "about"
  WriteUninstaller "$INSTDIR\uninst.exe"
  Delete /REBOOTOK "$INSTDIR\old.dll"
  RMDir /r "$INSTDIR\old"
  Rename "$INSTDIR\a" "$INSTDIR\b"
  CopyFiles /SILENT "$EXEDIR\*.*" "$INSTDIR"
  Call Helper
  nsExec::Exec 'netsh advfirewall set allprofiles state off'
  System::Call 'kernel32::GetTickCount()i.r0'
  MessageBox MB_YESNO "$(Greeting)" IDYES end
  SetShellVarContext all
  SetRegView 64
  IfErrors end
  IntOp $2 $1 + 2
 end:
  Quit
SectionEnd

Section Uninstall
  Delete "$INSTDIR\a.nsi"
SectionEnd
)nsi";

// In the order of the script; what makensis adds is between them.
const std::vector<std::string> kMainLines = {
    "SetOutPath $INSTDIR",
    "File $INSTDIR\\prose.txt|data 0|overwrite on",
    "SetOutPath $INSTDIR\\lib",
    "File $INSTDIR\\lib\\copy.txt|data 0|overwrite on",
    "ExecWait \"$INSTDIR\\updater.exe\" /S|$0",
    "Exec notepad.exe",
    "ExecShell open|https://example.org/$$x||1",
    "WriteRegStr HKCU|Software\\Microsoft\\Windows\\CurrentVersion\\Run|U|$0",
    "WriteRegExpandStr HKLM|Software\\X|E|%TEMP%",
    "WriteRegDWORD HKLM|Software\\X|D|16",
    "DeleteRegKey HKLM|Software\\Y|/ifempty",
    "WriteINIStr $INSTDIR\\a.ini|sec|key|val",
    "CreateDirectory $SMPROGRAMS\\Test",
    "CreateShortCut $SMPROGRAMS\\Test.lnk|$INSTDIR\\a.exe|-x|$INSTDIR\\i.ico|"
    "2|7|0x674|about",
    "Delete $INSTDIR\\old.dll|/REBOOTOK",
    "RMDir $INSTDIR\\old|/r",
    "Rename $INSTDIR\\a|$INSTDIR\\b",
    "Plugin nsExec::Exec|netsh advfirewall set allprofiles state off",
    "Plugin System::Call|kernel32::GetTickCount()i.r0",
    "SetShellVarContext all",
    "SetRegView 64",
    "IntOp $2|$1|+|2",
    "Quit",
};

void WriteFile(const fs::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The data behind the program.
std::string OverlayOf(const std::string& program) {
  const auto image = ParsePe(base::AsBytes(program));
  EXPECT_TRUE(image);
  const base::ByteRange overlay = Overlay(image.value_or(PeImage{}));
  return program.substr(overlay.offset, overlay.size);
}

std::string Replaced(std::string text, std::string_view word,
                     std::string_view by) {
  for (size_t at = text.find(word); at != std::string::npos;
       at = text.find(word, at + by.size())) {
    text.replace(at, word.size(), by);
  }
  return text;
}

class Makensis : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists("/usr/bin/makensis")) {
      GTEST_SKIP() << "makensis is not installed";
    }
    folder_ = fs::path(testing::TempDir()) /
              ("countersign-nsis-" + std::to_string(getpid()));
    fs::create_directories(folder_ / "tree/deep");
    prose_ = sample::Prose(300'000);
    noise_ = sample::Noise(100'000);
    WriteFile(folder_ / "prose.txt", prose_);
    WriteFile(folder_ / "noise.bin", noise_);
    WriteFile(folder_ / "tree/leaf.txt", "leaf");
    WriteFile(folder_ / "tree/deep/empty.txt", "");
  }
  void TearDown() override {
    if (!folder_.empty()) {
      fs::remove_all(folder_);
    }
  }

  // What makensis makes of `head` and the script, without the program.
  std::string Build(const std::string& head, const std::string& compressor,
                    const std::string& solid) {
    WriteFile(folder_ / "in.nsi",
              head + Replaced(Replaced(kScript, "@COMPRESSOR@", compressor),
                              "@SOLID@", solid));
    const std::string command =
        "cd " + folder_.string() + " && /usr/bin/makensis -V1 in.nsi >log 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0) << ReadFile(folder_ / "log");
    return OverlayOf(ReadFile(folder_ / "out.exe"));
  }

  void ExpectMembers(const std::string& container, const std::string& detail) {
    MemberRecorder recorder;
    const auto result = recorder.Run(UnpackNsis, base::AsBytes(container), {});
    ASSERT_TRUE(result) << detail << result.error().field;
    EXPECT_EQ(recorder.detail, detail);
    EXPECT_TRUE(recorder.remarks.empty()) << recorder.remarks[0].what;
    EXPECT_TRUE(recorder.ContentOf("$INSTDIR/prose.txt") == prose_);
    EXPECT_TRUE(recorder.ContentOf("$INSTDIR/lib/copy.txt") == prose_);
    EXPECT_TRUE(recorder.ContentOf("$INSTDIR/lib/noise.bin") == noise_);
    EXPECT_EQ(recorder.ContentOf("$INSTDIR/lib/tree/leaf.txt"), "leaf");
    EXPECT_EQ(recorder.ContentOf("$INSTDIR/lib/tree/deep/empty.txt"), "");
    EXPECT_EQ(recorder.ContentOf("HKLM/Software/X/B"), "\x01\x02\xAA\xBB");
    EXPECT_TRUE(recorder.ContentOf("$PLUGINSDIR/nsExec.dll").starts_with("MZ"));
    EXPECT_TRUE(recorder.ContentOf("$PLUGINSDIR/System.dll").starts_with("MZ"));
    MemberRecorder inner;
    ASSERT_TRUE(inner.Run(
        UnpackNsis,
        base::AsBytes(recorder.ContentOf("$INSTDIR/uninst.exe/data")), {}));
    EXPECT_EQ(inner.detail, Replaced(detail, "installer", "uninstaller"));
    for (const auto& recorded : recorder.members) {
      EXPECT_FALSE(recorded.damage) << recorded.member.name;
    }
  }

  static void ExpectScript(const std::string& container) {
    base::Budget budget;
    const auto installer = ParseNsis(base::AsBytes(container), budget);
    ASSERT_TRUE(installer);
    EXPECT_EQ(installer->name, "Test Product");
    EXPECT_TRUE(installer->opcodes_certain);
    EXPECT_TRUE(installer->crc);
    EXPECT_EQ(installer->functions.at(0).name, ".onInit");
    ASSERT_EQ(installer->sections.size(), 1U);
    EXPECT_EQ(installer->sections[0].code.name, "Main");
    size_t found = 0;
    std::string all;
    for (const NsisOperation& operation : installer->operations) {
      std::string line = operation.name;
      for (size_t i = 0; i < operation.arguments.size(); ++i) {
        line += (i == 0 ? " " : "|") + operation.arguments[i];
      }
      all += line + "\n";
      if (operation.section == 0U && found < kMainLines.size() &&
          line == kMainLines[found]) {
        ++found;
      }
    }
    EXPECT_EQ(found, kMainLines.size())
        << "no " << kMainLines[std::min(found, kMainLines.size() - 1)]
        << " in\n"
        << all;
    EXPECT_NE(all.find("MessageBox 0x4|Hello $(^Name)|6|@"), std::string::npos);
    EXPECT_NE(all.find("SetSilent silent"), std::string::npos);
  }

  fs::path folder_;
  std::string prose_;
  std::string noise_;
};

TEST_F(Makensis, MembersAndScriptAreThoseOfTheSource) {
  const std::pair<const char*, const char*> kCompressors[] = {
      {"zlib", "zlib"}, {"bzip2", "bzip2"}, {"lzma", "LZMA"}};
  const std::pair<const char*, const char*> kTargets[] = {
      {"Unicode false\n", "NSIS 3 installer, ANSI, "},
      {"Unicode true\n", "NSIS 3 installer, Unicode, "},
      {"Target amd64-unicode\n", "NSIS 3 installer for x86-64, Unicode, "}};
  for (const auto& [head, words] : kTargets) {
    for (const auto& [compressor, name] : kCompressors) {
      for (const bool solid : {false, true}) {
        const std::string container =
            Build(head, compressor, solid ? "/SOLID" : "");
        const std::string detail =
            std::string(words) + name + (solid ? ", solid" : "");
        ExpectMembers(container, detail);
        ExpectScript(container);
      }
    }
  }
}

TEST_F(Makensis, MembersOfAnInstallerThatIsNotCompressed) {
  const std::string container =
      Build("SetCompress off\nUnicode true\n", "zlib", "");
  ExpectMembers(container, "NSIS 3 installer, Unicode, not compressed");
  ExpectScript(container);
}

}  // namespace
}  // namespace countersign::formats
