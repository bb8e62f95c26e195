#include <gtest/gtest.h>

#include "install/windows/command_line.h"
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

}  // namespace
}  // namespace countersign::install
