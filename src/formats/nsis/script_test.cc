#include <gtest/gtest.h>

#include <string>

#include "base/text.h"
#include "formats/nsis.h"
#include "formats/nsis/sample/nsis_writer.h"

namespace countersign::formats {
namespace {

using base::Fault;
using sample::kInstDir;
using sample::kPluginsDir;
using sample::NsisDialect;
using sample::NsisLang;
using sample::NsisPart;
using sample::NsisShell;
using sample::NsisText;
using sample::NsisVar;
using sample::NsisWriter;

constexpr auto kHkcu = static_cast<int32_t>(0x8000'0001);
constexpr auto kHklm = static_cast<int32_t>(0x8000'0002);

NsisInstaller MustParse(const NsisWriter& writer) {
  base::Budget budget;
  auto installer = ParseNsis(base::AsBytes(writer.Finish()), budget);
  EXPECT_TRUE(installer) << installer.error().field;
  return installer.value_or(NsisInstaller{});
}

// "Name a|b|c".
std::string Line(const NsisOperation& operation) {
  std::string line = operation.name;
  for (size_t i = 0; i < operation.arguments.size(); ++i) {
    line += (i == 0 ? " " : "|") + operation.arguments[i];
  }
  return line;
}

std::vector<std::string> Lines(const NsisWriter& writer) {
  std::vector<std::string> lines;
  for (const NsisOperation& operation : MustParse(writer).operations) {
    lines.push_back(Line(operation));
  }
  return lines;
}

// ---- Strings ----------------------------------------------------------------

// What `parts` read as in every dialect.
void ExpectText(const std::vector<NsisPart>& parts, const std::string& text) {
  for (const NsisDialect dialect :
       {NsisDialect::kAnsi2, NsisDialect::kAnsi3, NsisDialect::kUnicode3,
        NsisDialect::kPark}) {
    NsisWriter writer(dialect);
    writer.Add(6, {writer.String(parts)});
    EXPECT_EQ(Lines(writer).at(0), "DetailPrint " + text)
        << static_cast<int>(dialect);
  }
}

TEST(NsisStrings, AreReadable) {
  ExpectText({NsisText("plain text")}, "plain text");
  ExpectText({kInstDir, NsisText("\\updater.exe")}, "$INSTDIR\\updater.exe");
  ExpectText({NsisVar(0), NsisVar(9), NsisVar(10), NsisVar(19)}, "$0$9$R0$R9");
  ExpectText({NsisVar(20), NsisVar(22), NsisVar(23), NsisVar(24), NsisVar(25)},
             "$CMDLINE$OUTDIR$EXEDIR$LANGUAGE$TEMP");
  ExpectText({kPluginsDir, NsisVar(27), NsisVar(28), NsisVar(29), NsisVar(30),
              NsisVar(31)},
             "$PLUGINSDIR$EXEPATH$EXEFILE$HWNDPARENT$_CLICK$_OUTDIR");
  ExpectText({NsisVar(32), NsisVar(1000)}, "$_32_$_1000_");
  ExpectText({NsisLang(2), NsisText(" "), NsisLang(0), NsisLang(300)},
             "$(^Name) $(^Branding)$(LSTR_300)");
  // A dollar of the text is no variable.
  ExpectText({NsisText("$INSTDIR costs 5$")}, "$$INSTDIR costs 5$$");
  ExpectText({NsisText("a\r\n\tb\"c")}, "a\r\n\tb\"c");
  // Characters that are codes are marked as such.
  ExpectText({NsisText("\x01\x02\x03\x04")}, "\x01\x02\x03\x04");
}

TEST(NsisStrings, KnowFolders) {
  ExpectText({NsisShell(0x02, 0x17), NsisShell(0x1A, 0x23)},
             "$SMPROGRAMS$APPDATA");
  ExpectText({NsisShell(0x1A, 0x1A), NsisShell(0x10, 0x19)},
             "$QUICKLAUNCH$DESKTOP");
  ExpectText({NsisShell(0x24, 0x24), NsisShell(0x25, 0x25)}, "$WINDIR$SYSDIR");
  ExpectText({NsisShell(0x26, 0x26), NsisShell(0x2B, 0x2B)},
             "$PROGRAMFILES$COMMONFILES");
  ExpectText({NsisShell(0x77, 0x76)}, "$SHELL[77,76]");
  // By the name of a registry value; the writer puts ProgramFilesDir at 1.
  ExpectText({NsisShell(0x81, 0x11), NsisShell(0xC1, 0x11)},
             "$PROGRAMFILES$PROGRAMFILES64");
  ExpectText({NsisShell(0xBF, 0x11)}, "$SHELL[bf,11]");
}

TEST(NsisStrings, KeepBytesOfAnsiAndDecodeUnicode) {
  NsisWriter ansi(NsisDialect::kAnsi3);
  ansi.Add(6, {ansi.String("gr\xFC\xDF")});
  EXPECT_EQ(Lines(ansi)[0], "DetailPrint gr\xFC\xDF");
  NsisWriter wide;
  wide.Add(6, {wide.String("gr\xFC\xDF")});
  EXPECT_EQ(Lines(wide)[0], "DetailPrint gr\u00FC\u00DF");
}

TEST(NsisStrings, OfALanguageAreOneLevel) {
  NsisWriter writer;
  const int32_t inner = writer.Translated({NsisText("inner")});
  const int32_t outer = writer.Translated(
      {NsisText("outer "), NsisLang(static_cast<uint32_t>(-(inner + 1)))});
  writer.Add(6, {outer});
  writer.Add(6, {-3});
  writer.Add(6, {-500});
  writer.Add(6, {INT32_MIN});
  const auto lines = Lines(writer);
  EXPECT_EQ(lines[0], "DetailPrint outer $(^SpaceAvailable)");
  EXPECT_EQ(lines[1], "DetailPrint Product");
  EXPECT_EQ(lines[2], "DetailPrint $(LSTR_499)");
  EXPECT_EQ(lines[3], "DetailPrint $(LSTR_2147483647)");
}

TEST(NsisStrings, OutsideOfTheTableAreEmpty) {
  NsisWriter writer;
  writer.Add(6, {0x7FFF'FFFF});
  EXPECT_EQ(Lines(writer)[0], "DetailPrint ");
}

TEST(NsisStrings, AreCutAt8192Characters) {
  NsisWriter writer;
  writer.Add(6, {writer.String(std::string(10'000, 'x'))});
  EXPECT_EQ(Lines(writer)[0], "DetailPrint " + std::string(8192, 'x'));
}

// NSIS up to 2.25 has two variables less; $HWNDPARENT gives it away.
TEST(NsisStrings, KnowOldVariables) {
  for (const uint32_t parent : {27U, 29U}) {
    NsisWriter writer(NsisDialect::kAnsi2);
    writer.Add(35,
               {0, writer.String({NsisVar(parent)}), writer.String("1037")});
    writer.Add(6, {writer.String({NsisVar(26), NsisVar(29)})});
    const auto lines = Lines(writer);
    EXPECT_EQ(lines[0], "GetDlgItem $0|$HWNDPARENT|1037");
    EXPECT_EQ(lines[1], parent == 27 ? "DetailPrint $PLUGINSDIR$_OUTDIR"
                                     : "DetailPrint $PLUGINSDIR$HWNDPARENT");
  }
}

// ---- Operations -------------------------------------------------------------

TEST(ParseNsis, ReadsEveryInstruction) {
  NsisWriter w;
  const auto s = [&](std::string_view text) { return w.String(text); };
  std::vector<std::string> expected;
  const auto add = [&](uint32_t which, std::array<int32_t, 6> parameters,
                       const char* line) {
    w.Add(which, parameters);
    expected.emplace_back(line);
  };
  add(1, {}, "Return");
  add(2, {5}, "Goto @4");
  add(2, {-1}, "Goto @$0");
  add(3, {s("why")}, "Abort why");
  add(4, {}, "Quit");
  add(5, {1}, "Call function 0");
  add(5, {-11}, "Call @$R0");
  add(6, {s("text")}, "DetailPrint text");
  add(7, {s("100")}, "Sleep 100");
  add(8, {}, "BringToFront");
  add(9, {1, 5}, "SetDetailsView 0x1|0x5");
  add(10, {s("f"), 6}, "SetFileAttributes f|0x6");
  add(11, {s("d"), 0}, "CreateDirectory d");
  add(11, {s("d"), 1}, "SetOutPath d");
  add(12, {s("f"), 0, 8}, "IfFileExists f|@next|@7");
  add(13, {0, s("1")}, "SetAutoClose true");
  add(13, {1, s("0")}, "SetShellVarContext current");
  add(13, {1, s("1")}, "SetShellVarContext all");
  add(13, {2, 0}, "ClearErrors");
  add(13, {2, s("1")}, "SetErrors");
  add(13, {4, s("1")}, "SetRebootFlag true");
  add(13, {8, s("1")}, "SetSilent silent");
  add(13, {8, s("0")}, "SetSilent normal");
  add(13, {11, s("3")}, "SetErrorLevel 3");
  add(13, {12, s("256")}, "SetRegView 64");
  add(13, {12, w.String({NsisVar(1)})}, "SetRegView $1");
  add(13, {13, s("6")}, "SetDetailsPrint none");
  add(13, {13, s("2")}, "SetDetailsPrint textonly");
  add(13, {13, 0, 1}, "SetDetailsPrint lastused");
  add(13, {5, s("1")}, "SetFlag 5|1");
  add(14, {0, 3, 2, 0}, "IfErrors @next|@2");
  add(14, {0, 3, 8, -1}, "IfSilent @next|@2");
  add(14, {2, 3, 77, -1}, "IfFlag @1|@2|77");
  add(15, {3, 11}, "GetErrorLevel $3");
  add(15, {3, 77}, "GetFlag $3|77");
  add(16, {s("a"), s("b"), 0, s("a->b")}, "Rename a|b");
  add(16, {s("a"), s("b"), 1, s("a->b")}, "Rename a|b|/REBOOTOK");
  add(17, {s("in"), 1, 1}, "GetFullPathName in|$1|1");
  add(18, {1, s("cmd.exe")}, "SearchPath $1|cmd.exe");
  add(19, {1, s("dir")}, "GetTempFileName $1|dir");
  add(20, {2, s("name"), 123, -1, -1}, "File d\\name|data 123|overwrite try");
  add(21, {s("f"), 0}, "Delete f");
  add(21, {s("f"), 4}, "Delete f|/REBOOTOK");
  add(22, {0x24, s("sure?"), 6, 5, 0, 0}, "MessageBox 0x24|sure?|6|@4|0|@next");
  add(23, {s("d"), 1}, "RMDir d");
  add(23, {s("d"), 7}, "RMDir d|/r|/REBOOTOK");
  add(24, {1, s("abc")}, "StrLen $1|abc");
  add(25, {1, s("abc"), s("2"), 0}, "StrCpy $1|abc|2|");
  add(26, {s("a"), s("b"), 0, 2, 1}, "StrCmp a|b|@next|@1|1");
  add(27, {1, s("%PATH%"), 1}, "ReadEnvStr $1|%PATH%|1");
  add(28, {s("1"), s("2"), 0, 3, 4, 0}, "IntCmp 1|2|@next|@2|@3|0");
  add(29, {1, s("1"), s("2"), 0}, "IntOp $1|1|+|2");
  add(29, {1, s("1"), s("2"), 10}, "IntOp $1|1|%|2");
  add(29, {1, s("1"), s("2"), 99}, "IntOp $1|1|99|2");
  add(30, {1, s("%x"), s("2")}, "IntFmt $1|%x|2");
  add(31, {s("value"), 0, 0}, "Push value");
  add(31, {1, 1, 0}, "Pop $1");
  add(31, {0, 0, 2}, "Exch 2");
  add(32, {1, s("class"), s("title"), 0, 0}, "FindWindow $1|class|title||");
  add(33, {-1, s("1"), s("12"), s("0"), s("text"), 2},
      "SendMessage |1|12|0|text|0x2");
  add(34, {s("1"), 2, 3}, "IsWindow 1|@1|@2");
  add(35, {1, s("2"), s("3")}, "GetDlgItem $1|2|3");
  add(36, {s("1"), 24}, "SetCtlColors 1|0x18");
  add(38, {1, s("Arial"), s("8"), s("700"), 1},
      "CreateFont $1|Arial|8|700|0x1");
  add(39, {s("1"), s("5"), 0, 0}, "ShowWindow 1|5|0|0");
  add(40, {s("open"), s("http://a"), 0, 1, 0x500, s("open http://a")},
      "ExecShell open|http://a||1");
  add(40, {s("runas"), s("a.exe"), s("/S"), 0, 0x540, 0},
      "ExecShellWait runas|a.exe|/S|0");
  add(41, {s("a.exe"), 0, 0}, "Exec a.exe");
  add(41, {s("a.exe /S"), 1, 1}, "ExecWait a.exe /S|$1");
  add(41, {s("a.exe /S"), -1, 1}, "ExecWait a.exe /S");
  add(42, {1, 2, s("f")}, "GetFileTime $1|$2|f");
  add(43, {1, 2, s("f")}, "GetDLLVersion $1|$2|f");
  add(44, {s("x.ocx"), s("DllRegisterServer"), s("Registering"), 0, 0},
      "RegDLL x.ocx|DllRegisterServer");
  add(44, {s("x.ocx"), s("DllUnregisterServer"), s("Removing"), 0, 0},
      "UnRegDLL x.ocx|DllUnregisterServer");
  add(45,
      {s("l.lnk"), s("a.exe"), s("-x"), s("i.ico"), 0x0674'7002, s("about")},
      "CreateShortCut l.lnk|a.exe|-x|i.ico|2|7|0x674|about");
  add(46, {s("a"), s("b"), 0x710, s("...")}, "CopyFiles a|b|0x710");
  add(47, {0xBADF00D}, "Reboot");
  add(48, {s("sec"), s("key"), s("val"), s("f.ini"), 1},
      "WriteINIStr f.ini|sec|key|val");
  add(48, {s("sec"), s("key"), 0, s("f.ini"), 0}, "DeleteINIStr f.ini|sec|key");
  add(48, {s("sec"), 0, 0, s("f.ini"), 0}, "DeleteINISec f.ini|sec");
  add(48, {0, 0, 0, s("f.ini"), 0}, "FlushINI f.ini");
  add(49, {1, s("sec"), s("key"), s("f.ini")}, "ReadINIStr $1|sec|key|f.ini");
  add(50, {0, kHkcu, s("key"), s("val"), 0}, "DeleteRegValue HKCU|key|val");
  add(50, {0, kHklm, s("key"), 0, 1}, "DeleteRegKey HKLM|key");
  add(50, {0, kHklm, s("key"), 0, 7}, "DeleteRegKey HKLM|key|/ifempty");
  add(51, {kHkcu, s("Run"), s("n"), s("v"), 1, 1}, "WriteRegStr HKCU|Run|n|v");
  add(51, {0, s("k"), s("n"), s("v"), 1, 2}, "WriteRegExpandStr SHCTX|k|n|v");
  add(51, {kHklm, s("k"), s("n"), s("7"), 4, 4}, "WriteRegDWORD HKLM|k|n|7");
  add(51, {kHklm, s("k"), s("n"), 99, 3, 3}, "WriteRegBin HKLM|k|n|data 99");
  add(51, {kHklm, s("k"), s("n"), 99, 3, 7},
      "WriteRegMultiStr HKLM|k|n|data 99");
  add(51, {kHklm, s("k"), s("n"), 99, 9, 7}, "WriteReg HKLM|k|n|99|9");
  add(52, {1, kHklm, s("k"), s("n"), 0}, "ReadRegStr $1|HKLM|k|n");
  add(52, {1, kHklm, s("k"), s("n"), 1}, "ReadRegDWORD $1|HKLM|k|n");
  add(53, {1, kHklm, s("k"), s("0"), 1}, "EnumRegKey $1|HKLM|k|0");
  add(53, {1, kHklm, s("k"), s("0"), 0}, "EnumRegValue $1|HKLM|k|0");
  add(54, {1}, "FileClose $1");
  add(55, {1, 0x4000'0000, 2, s("f")}, "FileOpen $1|0x40000000|0x2|f");
  add(56, {1, s("text"), 0}, "FileWrite $1|text|0");
  add(57, {1, 2, s("1023"), 0}, "FileRead $1|$2|1023|0");
  add(58, {1, -1, s("0"), 2}, "FileSeek $1||0|2");
  add(59, {1}, "FindClose $1");
  add(60, {1, 2}, "FindNext $1|$2");
  add(61, {1, 2, s("*.*")}, "FindFirst $1|$2|*.*");
  add(62, {s("un.exe"), 5, 0, w.String({kInstDir, NsisText("\\un.exe")})},
      "WriteUninstaller $INSTDIR\\un.exe|data 5");
  add(63, {s("0"), 9, -2, 1, s("name")}, "SectionSet 0|9|-2|1|name");
  add(64, {s("0"), 1, 0, 1}, "InstTypeSet 0|1|0|1");
  add(65, {0, 1, 1000, 0, 0}, "GetOSInfo 0|1|1000|0|0");
  add(67, {1}, "LockWindow 1");
  add(68, {1, s("text"), 0}, "FileWriteUTF16LE $1|text|0");
  add(69, {1, 2, s("9"), 0}, "FileReadUTF16LE $1|$2|9|0");
  add(70, {1, 2, 3, 4, 5, -6}, "opcode 70 1|2|3|4|5|-6");
  const auto lines = Lines(w);
  ASSERT_EQ(lines.size(), expected.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i], expected[i]) << i;
  }
}

TEST(ParseNsis, PluginsHaveTheirArguments) {
  NsisWriter w;
  const int32_t path = w.String({kPluginsDir, NsisText("\\inetc.dll")});
  w.Add(31, {w.String("/END"), 0, 0});
  w.Add(31, {w.String("a.exe"), 0, 0});
  w.Add(31, {w.String("http://a"), 0, 0});
  w.Add(44, {path, w.String("get"), 0, 0, 0});
  w.Add(44, {path, w.String("get"), 0, 1, 0});
  w.Add(31, {w.String("7"), 0, 0});
  w.Add(44, {w.String("other.dll"), w.String("Run"), 0, 0, 0});
  const auto lines = Lines(w);
  EXPECT_EQ(lines[3], "Plugin inetc::get|http://a|a.exe|/END");
  EXPECT_EQ(lines[4], "Plugin inetc::get");
  EXPECT_EQ(lines[6], "CallInstDLL other.dll|Run|7");
}

TEST(ParseNsis, ShortcutsOfNsis2ArePackedOtherwise) {
  NsisWriter w(NsisDialect::kAnsi2);
  w.Add(45, {w.String("l"), w.String("t"), 0, 0, 0x0674'0702, 0});
  EXPECT_EQ(Lines(w)[0], "CreateShortCut l|t|||2|7|0x674|");
}

// ---- Numberings -------------------------------------------------------------

TEST(ParseNsis, FindsBuildsThatLog) {
  NsisWriter w;
  w.Add(63, {0, w.String("log this")});
  w.Add(63, {1, 1});
  w.Add(64, {w.String("0"), 0, -1, 0, w.String("name")});
  w.Add(69, {1, w.String("text")});
  w.Add(70, {1, 2, w.String("9")});
  const NsisInstaller installer = MustParse(w);
  EXPECT_TRUE(installer.opcodes_certain);
  const auto lines = Lines(w);
  EXPECT_EQ(lines[0], "LogText log this");
  EXPECT_EQ(lines[1], "LogSet 1");
  EXPECT_TRUE(lines[2].starts_with("SectionSet 0|0|-1|0|name"));
  EXPECT_TRUE(lines[3].starts_with("FileWriteUTF16LE $1|text"));
  EXPECT_TRUE(lines[4].starts_with("FileReadUTF16LE $1|$2|9"));
}

TEST(ParseNsis, FindsTheReleasesOfPark) {
  for (const int release : {1, 2, 3}) {
    NsisWriter w(NsisDialect::kPark);
    const auto up = [&](uint32_t which, uint32_t by2, uint32_t by3) {
      return which + (release == 1 ? 0 : release == 2 ? by2 : by3);
    };
    w.Add(up(44, 1, 2), {w.String("x.dll"), w.String("DllRegisterServer"),
                         w.String("Registering"), 0, 0});
    w.Add(up(51, 1, 2),
          {kHkcu, w.String("Run"), w.String("n"), w.String("v"), 1, 1});
    w.Add(up(58, 1, 2), {1, w.String("wide"), 0});
    w.Add(up(60, 1, 2), {1, -1, w.String("0"), 2});
    w.Add(up(64, 1, 2),
          {w.String("un"), 5, 7, w.String({kInstDir, NsisText("\\un")})});
    w.Add(up(65, 1, 3), {w.String("0"), 0, -1, 0, w.String("name")});
    const NsisInstaller installer = MustParse(w);
    EXPECT_EQ(installer.version, NsisVersion::kPark);
    EXPECT_TRUE(installer.opcodes_certain) << release;
    const auto lines = Lines(w);
    EXPECT_EQ(lines[0], "RegDLL x.dll|DllRegisterServer") << release;
    EXPECT_EQ(lines[1], "WriteRegStr HKCU|Run|n|v") << release;
    EXPECT_EQ(lines[2], "FileWriteUTF16LE $1|wide|0") << release;
    EXPECT_EQ(lines[3], "FileSeek $1||0|2") << release;
    EXPECT_EQ(lines[4], "WriteUninstaller $INSTDIR\\un|data 5") << release;
    EXPECT_TRUE(lines[5].starts_with("SectionSet 0|0|-1")) << release;
  }
}

TEST(ParseNsis, SaysWhenNumberingsFitAlike) {
  NsisWriter w;
  w.Add(63, {});  // SectionSet of nothing, or LogText of nothing
  const NsisInstaller installer = MustParse(w);
  EXPECT_FALSE(installer.opcodes_certain);
}

// ---- Structure --------------------------------------------------------------

TEST(ParseNsis, SaysWhatHoldsAnOperation) {
  NsisWriter w;
  for (int i = 0; i < 12; ++i) {
    w.Add(i == 5 ? 5 : 1, {i == 5 ? 11 : 0});
  }
  w.callbacks[0] = 0;
  w.Page(1, 2, ~0U);
  w.Section("Main", 4, 2);
  w.Section("", 7, 1, 16);
  w.Section("Group", ~0U, 0, 2);
  w.install_directory = w.String({NsisShell(0x81, 0x11), NsisText("\\App")});
  w.flags = 4;
  const NsisInstaller installer = MustParse(w);
  EXPECT_EQ(installer.name, "Product");
  EXPECT_EQ(installer.install_directory, "$PROGRAMFILES\\App");
  EXPECT_FALSE(installer.crc);
  ASSERT_EQ(installer.sections.size(), 3U);
  EXPECT_EQ(installer.sections[0].code.name, "Main");
  EXPECT_EQ(installer.sections[1].flags, 16U);
  EXPECT_EQ(installer.sections[2].code.count, 0U);
  ASSERT_EQ(installer.functions.size(), 4U);
  const auto place = [&](size_t i) {
    const NsisOperation& operation = installer.operations[i];
    return operation.section ? "section " + std::to_string(*operation.section)
           : operation.function ? installer.functions[*operation.function].name
                                : std::string("none");
  };
  EXPECT_EQ(place(0), ".onInit");
  EXPECT_EQ(place(1), "page 0 pre");
  EXPECT_EQ(place(2), "page 0 show");
  EXPECT_EQ(place(3), "page 0 show");
  EXPECT_EQ(place(4), "section 0");
  EXPECT_EQ(place(5), "section 0");
  EXPECT_EQ(place(6), "none");
  EXPECT_EQ(place(7), "section 1");
  EXPECT_EQ(place(8), "none");
  EXPECT_EQ(place(10), "function 10");
  EXPECT_EQ(place(11), "function 10");
  EXPECT_EQ(installer.functions[3].count, 2U);
  // The evidence is where the instruction is.
  const std::string header = w.Header();
  for (const NsisOperation& operation : installer.operations) {
    ASSERT_LE(operation.header_offset + 28, header.size());
    EXPECT_EQ(static_cast<uint8_t>(header[operation.header_offset]),
              operation.opcode);
  }
  EXPECT_EQ(installer.header, (base::ByteRange{32, header.size()}));
}

TEST(ParseNsis, NamesCallbacksOfUninstallers) {
  NsisWriter w;
  w.flags = 1;
  w.Add(1);
  w.Add(1);
  w.callbacks[0] = 0;
  w.callbacks[1] = 1;
  const NsisInstaller installer = MustParse(w);
  EXPECT_TRUE(installer.uninstaller);
  EXPECT_EQ(installer.crc, 0x01020304U);
  EXPECT_EQ(installer.functions.at(0).name, "un.onInit");
  EXPECT_EQ(installer.functions.at(1).name, "un.onUninstSuccess");
}

// ---- Text -------------------------------------------------------------------

TEST(NsisScript, IsOneSafeLineForAnOperation) {
  NsisWriter w;
  w.Add(41, {w.String("\"a.exe\"\r\n\x1B[2J /S"), -1, 1});
  w.Add(31, {w.String("x"), 0, 0});
  w.Add(44, {w.String({kPluginsDir, NsisText("\\nsExec.dll")}),
             w.String("Exec"), 0, 0, 0});
  w.Add(1);
  w.Section("M\nain", 0, 3);
  const std::string text = NsisScript(MustParse(w));
  EXPECT_EQ(text,
            "; NSIS 3 installer, Unicode, not compressed\n"
            "Section \"M$\\nain\"\n"
            "      0  ExecWait \"$\\\"a.exe$\\\"$\\r$\\n\\u{001B}[2J /S\"\n"
            "      1  Push \"x\"\n"
            "      2  nsExec::Exec \"x\"\n"
            "(no section or function)\n"
            "      3  Return\n");
}

TEST(NsisScript, EndsAtFourMebibytes) {
  NsisWriter w;
  const int32_t text = w.String(std::string(8000, 'x'));
  for (int i = 0; i < 1000; ++i) {
    w.Add(6, {text});
  }
  const std::string script = NsisScript(MustParse(w));
  EXPECT_LE(script.size(), 4U << 20);
  EXPECT_GT(script.size(), (4U << 20) - 9000);
  EXPECT_TRUE(script.ends_with("; cut off at 4 MiB\n"));
}

TEST(ParseNsis, TextCostsSteps) {
  NsisWriter w;
  const int32_t text = w.String(std::string(8000, 'x'));
  for (int i = 0; i < 500; ++i) {
    w.Add(6, {text});
  }
  base::Limits limits;
  limits.steps = 200'000;
  base::Budget budget(limits);
  const auto installer = ParseNsis(base::AsBytes(w.Finish()), budget);
  ASSERT_FALSE(installer);
  EXPECT_EQ(installer.error().fault, Fault::kLimit);
}

}  // namespace
}  // namespace countersign::formats
