#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "install/windows/command_line.h"
#include "install/windows/registry.h"
#include "install/windows/subjects.h"
#include "install/windows/words.h"

namespace countersign::install {
namespace {

using model::ActionKind;
using model::Persistence;

TEST(CommandLines, AreTakenApartAsWindowsDoes) {
  struct Row {
    const char* text;
    const char* program;
    const char* arguments;
  };
  for (const Row& row : {
           Row{R"("C:\a b\x.exe" -y "z")", R"(C:\a b\x.exe)", R"(-y "z")"},
           Row{R"([ProgramFilesFolder]a b.exe /q)",
               "[ProgramFilesFolder]a b.exe", "/q"},
           Row{R"(C:\Program Files\a.EXE)", R"(C:\Program Files\a.EXE)", ""},
           Row{"rundll32 a.dll,Start", "rundll32", "a.dll,Start"},
           Row{"  net start x ", "net", "start x"},
           Row{R"("never closed -a)", "never closed -a", ""},
           Row{"", "", ""},
           Row{"a.execute b", "a.execute", "b"},
           Row{R"(wmic process call create "X.exe Wm")", "wmic",
               R"(process call create "X.exe Wm")"},
           Row{R"(tool -c "b.exe Wm")", "tool", R"(-c "b.exe Wm")"},
           Row{R"(tool /c C:\b.exe)", "tool", R"(/c C:\b.exe)"},
           Row{R"(C:\a /b c\d.exe -x)", R"(C:\a /b c\d.exe)", "-x"},
           Row{"cmd.exe/c u.exe", "cmd.exe", "/c u.exe"},
           Row{R"(C:\W\cmd/c u.exe)", R"(C:\W\cmd)", "/c u.exe"},
           Row{"cmd/check/u.exe -x", "cmd/check/u.exe", "-x"},
           Row{"javaw -jar u.jar", "javaw", "-jar u.jar"},
           Row{"node fetch.js --now", "node", "fetch.js --now"},
           Row{"my set-up.bat -q", "my set-up.bat", "-q"},
           Row{R"($INSTDIR\a b.js -q)", R"($INSTDIR\a b.js)", "-q"},
           Row{R"(C:\Java tools\u.exe -x)", R"(C:\Java tools\u.exe)", "-x"},
       }) {
    const CommandLine command = SplitCommandLine(row.text);
    EXPECT_EQ(command.program, row.program) << row.text;
    EXPECT_EQ(command.arguments, row.arguments) << row.text;
  }
}

// A million words, and none of them a program.
TEST(CommandLines, ALongOneIsReadOnce) {
  std::string text;
  for (int i = 0; i < 1'000'000; ++i) {
    text += "a ";
  }
  EXPECT_EQ(SplitCommandLine(text).program, "a");
  EXPECT_EQ(SplitCommandLine("C:\\x y\\" + text + "b.exe -q").arguments, "-q");
  const CommandLine launched =
      SplitCommandLine("C:\\x y\\cmd /c " + text + "b.exe");
  EXPECT_EQ(launched.program, "C:\\x y\\cmd");
}

TEST(CommandLines, ProgramsAreKnownByName) {
  EXPECT_EQ(ProgramName("[INSTALLDIR]Updater.EXE"), "updater.exe");
  EXPECT_EQ(ProgramName(R"({app}\bin\tool)"), "tool.exe");
  EXPECT_EQ(ProgramName("$INSTDIR/x.dll"), "x.dll");
  EXPECT_EQ(ProgramName(R"(C:\folder\)"), "");
  EXPECT_EQ(ProgramName(R"("C:\x\Updater.exe" )"), "updater.exe");
  EXPECT_EQ(ProgramName("%ComSpec%"), "cmd.exe");
  EXPECT_TRUE(IsLauncher("javaw.exe"));
  EXPECT_FALSE(IsLauncher("updater.exe"));
}

TEST(CommandLines, WhatSystemProgramsDoIsSaid) {
  struct Row {
    const char* text;
    ActionKind kind;
    Persistence persistence;
  };
  for (const Row& row : {
           Row{"schtasks /Create /tn a", ActionKind::kScheduleTask,
               Persistence::kScheduledTask},
           Row{"schtasks /delete /tn a", ActionKind::kRunProgram,
               Persistence::kNone},
           Row{R"("C:\Windows\System32\sc.exe" create svc)",
               ActionKind::kInstallService, Persistence::kService},
           Row{"sc.exe start svc", ActionKind::kControlService,
               Persistence::kNone},
           Row{"msiexec /i \"b.msi\" /qn", ActionKind::kInstallPackage,
               Persistence::kNone},
           Row{"PowerShell.exe -File a.ps1", ActionKind::kRunScript,
               Persistence::kNone},
           Row{"[INSTALLDIR]setup.cmd /s", ActionKind::kRunScript,
               Persistence::kNone},
           Row{"certutil -urlcache -f http://x/ y", ActionKind::kDownload,
               Persistence::kNone},
           Row{"certutil -addstore root x.cer", ActionKind::kRunProgram,
               Persistence::kNone},
           Row{"Updater.exe CheckUpdate", ActionKind::kRunProgram,
               Persistence::kNone},
       }) {
    model::Action action;
    TakeCommandLine(row.text, action);
    EXPECT_EQ(action.kind, row.kind) << row.text;
    EXPECT_EQ(action.persistence, row.persistence) << row.text;
  }
}

TEST(RegistryKeys, ThoseThatStartSomethingAreKnown) {
  struct Row {
    const char* key;
    const char* name;
    Persistence persistence;
  };
  for (
      const Row& row : {
          Row{R"(HKLM\Software\Microsoft\Windows\CurrentVersion\Run)", "x",
              Persistence::kLogon},
          Row{R"(software\wow6432node\microsoft\windows\currentversion\runonce\)",
              "x", Persistence::kLogon},
          Row{R"(Software\Microsoft\Windows\CurrentVersion\Uninstall\Run)", "x",
              Persistence::kNone},
          Row{R"(Software\Example\Run)", "x", Persistence::kNone},
          Row{R"(SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon)",
              "Shell", Persistence::kLogon},
          Row{R"(SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon)",
              "Other", Persistence::kNone},
          Row{R"(SOFTWARE\Microsoft\Windows NT\CurrentVersion\Image File Execution Options\a.exe)",
              "Debugger", Persistence::kInjection},
          Row{R"(SYSTEM\CurrentControlSet\Services\svc)", "ImagePath",
              Persistence::kService},
          Row{R"(SYSTEM\CurrentControlSet\Services\svc\Parameters)",
              "ServiceDll", Persistence::kService},
          Row{R"(SYSTEM\CurrentControlSet\Services\svc)", "Start",
              Persistence::kNone},
          Row{"", "", Persistence::kNone},
      }) {
    EXPECT_EQ(PersistenceOf(row.key, row.name), row.persistence)
        << row.key << " " << row.name;
  }
}

TEST(CommandLines, WordsArePartedAsWindowsDoes) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(SplitWords(R"(/tr "\"C:\a b\x.exe\" -y" /f)"),
            (Words{"/tr", R"("C:\a b\x.exe" -y)", "/f"}));
  EXPECT_EQ(SplitWords(R"(a\\b "c\\" d\"e "" f)"),
            (Words{R"(a\\b)", R"(c\)", R"(d"e)", "", "f"}));
  EXPECT_EQ(SplitWords("  "), Words{});
  EXPECT_EQ(SplitWords(R"("never closed)"), Words{"never closed"});
  std::string many;
  for (int i = 0; i < 5000; ++i) {
    many += "x ";
  }
  EXPECT_EQ(SplitWords(many).size(), 1001U);
}

TEST(CommandLines, WhatAShellOnlyRunsIsSaidInstead) {
  struct Row {
    const char* text;
    const char* target;
    const char* arguments;
    bool is_inside;
  };
  for (const Row& row : {
           Row{R"(cmd /c "C:\a b\u.exe" CheckUpdate)", R"(C:\a b\u.exe)",
               "CheckUpdate", true},
           Row{R"(cmd.exe /s /q /C ""C:\a b\u.exe" CheckUpdate")",
               R"(C:\a b\u.exe)", "CheckUpdate", true},
           Row{R"(cmd /cu.exe x)", "u.exe", "x", true},
           Row{R"(cmd /c start "" /b /d "C:\a b" u.exe x)", "u.exe", "x", true},
           Row{R"(cmd /c start "u.exe")", "u.exe", "", true},
           Row{"cmd /c cmd /c cmd /c u.exe", "u.exe", "", true},
           Row{"cmd /c u.exe & v.exe", "cmd", "/c u.exe & v.exe", false},
           Row{"cmd /c call u.exe x", "u.exe", "x", true},
           Row{"cmd /c u^.e^xe x", "u.exe", "x", true},
           Row{"cmd /c (u.exe x)", "u.exe", "x", true},
           Row{"cmd /c start/b u.exe x", "u.exe", "x", true},
           Row{"cmd /c ;,=u.exe", "u.exe", "", true},
           Row{"cmd /c %comspec% /c u.exe", "u.exe", "", true},
           Row{R"(cmd /c "%TEMP%\a b\u.exe" -x)", R"(%TEMP%\a b\u.exe)", "-x",
               true},
           Row{"cmd /c %x:~0,1%.exe", "cmd", "/c %x:~0,1%.exe", false},
           Row{"cmd /c up!dater.exe", "up!dater.exe", "", true},
           Row{"cmd /v:on /c !x!", "cmd", "/v:on /c !x!", false},
           Row{"cmd /c >nul 2>&1 u.exe x", "u.exe", "x", true},
           Row{R"(cmd /c >"a b" u.exe)", "u.exe", "", true},
           Row{"cmd /c >nul", "cmd", "/c >nul", false},
           Row{R"(wmic process call create "u.exe -a")", "u.exe", "-a", true},
           Row{R"(wmic process call create "cmd /c u.exe")", "u.exe", "", true},
           Row{"conhost --headless u.exe -x", "u.exe", "-x", true},
           Row{R"(conhost.exe 0x4 --width 9 --height 9 -- "a b\u.exe" -x)",
               R"(a b\u.exe)", "-x", true},
           Row{"conhost --headless cmd /c u.exe", "u.exe", "", true},
           Row{R"(%windir%\System32\conhost.exe "--headless" u.exe)", "u.exe",
               "", true},
           Row{R"(forfiles /p x /c "cmd /c u.exe -a")", "u.exe", "-a", true},
           Row{"cmd /c del u.exe", "cmd", "/c del u.exe", false},
           Row{R"(cmd /c """"""")", "cmd", R"(/c """"""")", false},
           Row{"cmd /c echo %PATH%", "cmd", "/c echo %PATH%", false},
           Row{"cmd /c", "cmd", "/c", false},
           Row{"cmd", "cmd", "", false},
           Row{"cmd /", "cmd", "/", false},
           Row{"cmd.exe u.exe", "cmd.exe", "u.exe", false},
       }) {
    model::Action action;
    TakeCommandLine(row.text, action);
    EXPECT_EQ(action.target, row.target) << row.text;
    EXPECT_EQ(action.arguments, row.arguments) << row.text;
    EXPECT_EQ(action.kind,
              row.is_inside ? ActionKind::kRunProgram : ActionKind::kRunScript)
        << row.text;
    ASSERT_EQ(action.parameters.size(), row.is_inside ? 1U : 0U) << row.text;
    if (row.is_inside) {
      EXPECT_EQ(action.parameters[0].name, "command_line");
      EXPECT_EQ(std::get<std::string>(action.parameters[0].value), row.text);
    }
  }
}

// What an installer brings along under the name of a program of Windows is not
// that program.
TEST(CommandLines, OfProgramsElsewhereAreNotSeenThrough) {
  for (const std::string program :
       {"$INSTDIR\\conhost.exe", "[INSTALLDIR]conhost.exe", "build/conhost.exe",
        "C:\\Windows\\Temp\\conhost.exe"}) {
    model::Action action;
    TakeCommandLine("\"" + program + "\" u.exe -x", action);
    EXPECT_EQ(action.target, program);
    EXPECT_EQ(action.arguments, "u.exe -x");
    EXPECT_TRUE(action.parameters.empty());
  }
  model::Action unknown;
  TakeCommandLine("conhost --unknown console u.exe", unknown);
  EXPECT_EQ(unknown.target, "conhost");
}

TEST(CommandLines, OfAShellEveryCommandIsAnAction) {
  using Targets = std::vector<std::string>;
  struct Row {
    const char* arguments;
    Targets targets;
  };
  for (const Row& row : {
           Row{"/c timeout 5 & u.exe CheckUpdate & exit",
               {"timeout", "u.exe", "cmd.exe"}},
           Row{"/c a.exe&&b.exe||c.exe|d.exe",
               {"a.exe", "b.exe", "c.exe", "d.exe"}},
           Row{R"(/c "start "" "C:\x & y\a.exe" & call b.exe")",
               {R"(C:\x & y\a.exe)", "b.exe"}},
           Row{"/c (a.exe & (b.exe)) & @c.exe", {"a.exe", "b.exe", "c.exe"}},
           Row{"/c a.exe > nul 2>&1 & b.exe", {"cmd.exe", "b.exe"}},
           Row{"/c a.exe x^&y", {}},
           Row{R"(/c a.exe "x&y")", {}},
           Row{"/c & & a.exe &", {}},
           Row{"/c", {}},
           Row{"a.exe & b.exe", {}},
       }) {
    model::Action action;
    action.target = "cmd.exe";
    action.arguments = row.arguments;
    action.kind = ActionKind::kRunScript;
    Targets targets;
    for (const model::Action& part : CommandsOf(action)) {
      targets.push_back(part.target);
      EXPECT_EQ(part.kind, part.target == "cmd.exe" ? ActionKind::kRunScript
                                                    : ActionKind::kRunProgram);
      EXPECT_EQ(part.parameters.size(), 1U);
      EXPECT_EQ(std::get<std::string>(part.parameters.at(0).value),
                std::string("cmd.exe ") + row.arguments);
    }
    EXPECT_EQ(targets, row.targets) << row.arguments;
  }
  // A task stays one, and what registers something else says so.
  model::Action task;
  task.kind = ActionKind::kScheduleTask;
  task.persistence = Persistence::kScheduledTask;
  task.target = "cmd";
  task.arguments = "/c a.exe & b.exe";
  for (const model::Action& part : CommandsOf(task)) {
    EXPECT_EQ(part.kind, ActionKind::kScheduleTask);
    EXPECT_EQ(part.persistence, Persistence::kScheduledTask);
  }
  model::Action install;
  install.target = "cmd";
  install.arguments =
      R"(/c a.exe & reg add HKCU\Software\Microsoft\Windows\CurrentVersion\Run /v n /t REG_SZ /d b.exe)";
  const auto parts = CommandsOf(install);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[1].kind, ActionKind::kWriteRegistry);
  EXPECT_EQ(parts[1].persistence, Persistence::kLogon);
  EXPECT_EQ(parts[1].parameters.at(0).name, "type");
  EXPECT_EQ(parts[1].parameters.at(1).name, "command_line");
  // Limit: 16.
  install.arguments = "/c a.exe";
  for (int i = 0; i < 100'000; ++i) {
    install.arguments += "&a.exe";
  }
  EXPECT_EQ(CommandsOf(install).size(), 16U);
}

TEST(CommandLines, TasksServicesAndValuesAreTakenApart) {
  struct Row {
    const char* text;
    ActionKind kind;
    const char* name;
    const char* target;
    const char* arguments;
    const char* value;
    model::RunsAs runs_as;
    const char* account;
    Persistence persistence;
  };
  using model::RunsAs;
  for (
      const Row& row : {
          Row{R"(schtasks /create /f /sc onlogon /tn "A B" /ru SYSTEM /tr "\"C:\p q\u.exe\" -x")",
              ActionKind::kScheduleTask, "A B", R"(C:\p q\u.exe)", "-x", "",
              RunsAs::kSystem, "", Persistence::kScheduledTask},
          Row{R"(SCHTASKS.EXE /Create /TN t /TR u.exe /RU corp\me)",
              ActionKind::kScheduleTask, "t", "u.exe", "", "", RunsAs::kAccount,
              R"(corp\me)", Persistence::kScheduledTask},
          Row{R"(schtasks -create -tn t -tr u.exe)", ActionKind::kScheduleTask,
              "t", "u.exe", "", "", RunsAs::kUnknown, "",
              Persistence::kScheduledTask},
          Row{R"(schtasks /create /tn t /tr "'C:\p q\u.exe' -x")",
              ActionKind::kScheduleTask, "t", R"(C:\p q\u.exe)", "-x", "",
              RunsAs::kUnknown, "", Persistence::kScheduledTask},
          Row{"sc config svc binPath= x.exe", ActionKind::kInstallService,
              "svc", "x.exe", "", "", RunsAs::kUnknown, "",
              Persistence::kService},
          Row{"sc config svc start= auto", ActionKind::kControlService, "",
              "sc", "config svc start= auto", "", RunsAs::kUnknown, "",
              Persistence::kNone},
          Row{R"(schtasks /create /xml t.xml /tn t)", ActionKind::kScheduleTask,
              "", "schtasks", "/create /xml t.xml /tn t", "", RunsAs::kUnknown,
              "", Persistence::kScheduledTask},
          Row{R"(sc create svc binPath= "\"C:\p q\s.exe\" -s" start= auto)",
              ActionKind::kInstallService, "svc", R"(C:\p q\s.exe)", "-s", "",
              RunsAs::kSystem, "", Persistence::kService},
          Row{R"(sc create svc binpath=C:\d.sys type=kernel)",
              ActionKind::kInstallService, "svc", R"(C:\d.sys)", "", "",
              RunsAs::kSystem, "", Persistence::kDriver},
          Row{R"(reg add HKCU\Software\Microsoft\Windows\CurrentVersion\Run /v u /t REG_SZ /d "C:\u.exe -x" /f)",
              ActionKind::kWriteRegistry, "u",
              R"(HKCU\Software\Microsoft\Windows\CurrentVersion\Run)", "",
              R"(C:\u.exe -x)", RunsAs::kUnknown, "", Persistence::kLogon},
          Row{R"(reg delete HKLM\Software\X /v a /f)",
              ActionKind::kRemoveRegistry, "a", R"(HKLM\Software\X)", "", "",
              RunsAs::kUnknown, "", Persistence::kNone},
          Row{R"(reg query HKLM\Software\X)", ActionKind::kRunProgram, "",
              "reg", R"(query HKLM\Software\X)", "", RunsAs::kUnknown, "",
              Persistence::kNone},
      }) {
    model::Action action;
    TakeCommandLine(row.text, action);
    EXPECT_EQ(action.kind, row.kind) << row.text;
    EXPECT_EQ(action.name, row.name) << row.text;
    EXPECT_EQ(action.target, row.target) << row.text;
    EXPECT_EQ(action.arguments, row.arguments) << row.text;
    EXPECT_EQ(action.value, row.value) << row.text;
    EXPECT_EQ(action.runs_as, row.runs_as) << row.text;
    EXPECT_EQ(action.account, row.account) << row.text;
    EXPECT_EQ(action.persistence, row.persistence) << row.text;
  }
}

TEST(Subjects, OfALauncherAreInItsArguments) {
  struct Row {
    const char* program;
    const char* arguments;
    const char* subject;
  };
  for (const Row& row : {
           Row{"powershell.exe", R"(-ep bypass .\u.ps1)", R"(.\u.ps1)"},
           Row{"powershell.exe", "-w hidden -NoP -ex bypass -f u.ps1 -x",
               "u.ps1"},
           Row{"powershell.exe", "-enc AAAA", ""},
           Row{"powershell.exe", "-ep", ""},
           Row{"rundll32.exe", R"("C:\a b\lib.dll",Start)",
               R"(C:\a b\lib.dll)"},
           Row{"rundll32.exe", "lib.dll Start", "lib.dll"},
           Row{"rundll32.exe", "shell32.dll,ShellExec_RunDLL u.exe", "u.exe"},
           Row{"rundll32.exe", "url.dll,FileProtocolHandler u.exe", "u.exe"},
           Row{"rundll32.exe", R"([INSTALLDIR]url.dll,Start u.exe)",
               "[INSTALLDIR]url.dll"},
           Row{"rundll32.exe", "", ""},
           Row{"regsvr32.exe", "/s /n /i:U lib.dll", "lib.dll"},
           Row{"msiexec.exe", "/isub.msi", "sub.msi"},
           Row{"msiexec.exe", "/qn /l*v log.txt /package sub.msi", "sub.msi"},
           Row{"msiexec.exe", "/passive /p", ""},
           Row{"javaw.exe", "-cp x -jar u.jar", "u.jar"},
           Row{"java.exe", "-cp u.jar;v.jar Main", "u.jar"},
           Row{"wscript.exe", "//B u.vbs x", "u.vbs"},
           Row{"cmd.exe", "/c rundll32 lib.dll,Start > x.txt", "lib.dll"},
           Row{"cmd.exe", "/c del u.exe", ""},
           Row{"notepad.exe", "/p readme.txt u.exe", "readme.txt"},
       }) {
    const auto subjects = SubjectsOf(row.program, row.arguments);
    EXPECT_EQ(subjects.empty() ? "" : subjects[0], row.subject)
        << row.arguments;
  }
}

TEST(Subjects, SomewhereInTheWordsTheyAreFoundToo) {
  using WordSet = std::vector<std::string>;
  struct Row {
    const char* program;
    const char* arguments;
    const char* subject;
  };
  const auto has = [](const WordSet& words, const char* word) {
    return std::ranges::find(words, word) != words.end();
  };
  for (const Row& row : {
           Row{"powershell.exe", R"(-c "Start-Process 'u.exe'")", "u.exe"},
           Row{"powershell.exe", R"(-Command "Start-Process -FilePath u.exe")",
               "u.exe"},
           Row{"powershell.exe", R"(-c "& 'C:\x\u.exe' -a")", R"(C:\x\u.exe)"},
           Row{"rundll32.exe",
               R"(setupapi.dll,InstallHinfSection DefaultInstall 132 .\d.inf)",
               R"(.\d.inf)"},
       }) {
    EXPECT_TRUE(has(SubjectsOf(row.program, row.arguments), row.subject))
        << row.arguments;
  }
  EXPECT_EQ(FileNamesIn("cmd.exe", "/c if exist u.exe u.exe -a"),
            (WordSet{"u.exe", "u.exe"}));
  EXPECT_EQ(FileNamesIn("cmd.exe", "/c del u.exe & copy a.exe b.exe"),
            WordSet{});
  EXPECT_EQ(FileNamesIn("dism.exe", "/add-package /packagepath:x.cab").back(),
            "x.cab");
  EXPECT_EQ(FileNamesIn("notepad.exe", "u.exe"), WordSet{});
}

TEST(Subjects, FoldersOfTheSystemAreKnown) {
  for (const char* path :
       {R"(C:\Windows\System32\cmd.exe)", "[SystemFolder]cmd.exe",
        "[SystemFolder]/x.dll", R"(%SystemRoot%\x.exe)", R"($SYSDIR\x.exe)",
        "$WINDIR/x.exe", R"({sys}\x.exe)", R"({win}\x.exe)"}) {
    EXPECT_TRUE(IsInSystemFolder(path)) << path;
  }
  for (const char* path :
       {"", "x.exe", R"(C:\Windows.old\x.exe)", R"(C:\x\Windows\x.exe)",
        "[SystemFolder]../../x/x.exe", R"($WINDIR\Temp\x.exe)",
        "[INSTALLDIR]x.exe"}) {
    EXPECT_FALSE(IsInSystemFolder(path)) << path;
  }
}

}  // namespace
}  // namespace countersign::install
