#include <gtest/gtest.h>

#include <string>

#include "install/windows/command_line.h"
#include "install/windows/launched.h"
#include "install/windows/registry.h"

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

}  // namespace
}  // namespace countersign::install
