// Statements that are text, each as its makers write it.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "formats/sample/zip_writer.h"
#include "install/actions.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::ActionPhase;
using model::Format;
using model::Persistence;
using model::RunsAs;

struct Reading {
  std::vector<Action> actions;
  bool failed = false;
};

Reading Read(const Place& place, std::string_view text) {
  base::Budget budget(base::Limits{});
  Reading reading;
  const auto blob = base::Blob::Own({text.begin(), text.end()});
  EXPECT_TRUE(MayTell(place));
  reading.failed = !ReadActions(place, *blob, budget, reading.actions);
  for (const Action& action : reading.actions) {
    EXPECT_TRUE(action.evidence.Inside(text.size()));
  }
  return reading;
}

std::string Parameter(const Action& action, std::string_view name) {
  for (const model::Parameter& parameter : action.parameters) {
    if (parameter.name == name) {
      const auto* text = std::get_if<std::string>(&parameter.value);
      return text != nullptr
                 ? *text
                 : std::to_string(std::get<int64_t>(parameter.value));
    }
  }
  return "(absent)";
}

constexpr Place kBurnManifest{Format::kUnknown, Format::kCab, "0"};

TEST(BurnManifest, PackagesOfTheChainAreRead) {
  const Reading reading = Read(kBurnManifest, R"(<?xml version="1.0"?>
<BurnManifest xmlns="http://schemas.microsoft.com/wix/2008/Burn">
 <UX><Payload Id="u0" FilePath="wixstdba.dll" SourcePath="u0"/></UX>
 <Payload Id="runtime" FilePath="vcredist.exe" Packaging="external"
  SourcePath="a1" DownloadUrl="https://example.com/vc.exe" Hash="AB"/>
 <Payload Id="product" FilePath="trade.msi" Packaging="embedded"
  SourcePath="a0" Container="WixAttachedContainer"/>
 <Chain>
  <ExePackage Id="Runtime" PerMachine="yes" InstallArguments="/quiet /x"
    UninstallArguments="/remove" InstallCondition="VersionNT64"
    DetectCondition="Installed"><PayloadRef Id="runtime"/></ExePackage>
  <MsiPackage Id="Product" PerMachine="no" ProductCode="{1}">
   <MsiProperty Id="A" Value="1"/><MsiProperty Id="B" Value="2"/>
   <PayloadRef Id="product"/></MsiPackage>
 </Chain>
</BurnManifest>)");
  ASSERT_FALSE(reading.failed);
  ASSERT_EQ(reading.actions.size(), 4U);
  const Action& install = reading.actions[0];
  EXPECT_EQ(install.kind, ActionKind::kRunProgram);
  EXPECT_EQ(install.target, "vcredist.exe");
  EXPECT_EQ(install.arguments, "/quiet /x");
  EXPECT_EQ(install.condition, "VersionNT64");
  EXPECT_EQ(install.runs_as, RunsAs::kAdministrator);
  EXPECT_EQ(Parameter(install, "stored_as"), "a1");
  EXPECT_EQ(reading.actions[1].phase, ActionPhase::kUninstall);
  EXPECT_EQ(reading.actions[1].arguments, "/remove");
  EXPECT_EQ(reading.actions[2].kind, ActionKind::kDownload);
  EXPECT_EQ(reading.actions[2].target, "https://example.com/vc.exe");
  const Action& product = reading.actions[3];
  EXPECT_EQ(product.kind, ActionKind::kInstallPackage);
  EXPECT_EQ(product.arguments, "A=1 B=2");
  EXPECT_EQ(product.runs_as, RunsAs::kUser);
}

TEST(BurnManifest, OtherMembersOfThatNameSayNothing) {
  const Reading reading = Read(kBurnManifest, "MZ no manifest");
  EXPECT_FALSE(reading.failed);
  EXPECT_TRUE(reading.actions.empty());
  EXPECT_TRUE(Read(kBurnManifest, "<BurnManifest><Chain>").failed);
}

// What may stand in front of the outermost element, in every encoding.
TEST(BurnManifest, IsKnownByItsOutermostElement) {
  const std::string comment = "<!--" + std::string(10'000, 'x') + "-->";
  const std::string manifest =
      "<b:BurnManifest xmlns:b='u'><b:Chain><b:MsiPackage Id='a'/></b:Chain>"
      "</b:BurnManifest>";
  std::string wide = "\xFF\xFE";
  for (const char letter : comment + manifest) {
    wide += letter;
    wide += '\0';
  }
  for (const std::string& text :
       {manifest, comment + manifest, "\xEF\xBB\xBF" + manifest,
        "<?xml version='1.0'?>" + comment + manifest, wide}) {
    const Reading reading = Read(kBurnManifest, text);
    EXPECT_FALSE(reading.failed);
    ASSERT_EQ(reading.actions.size(), 1U);
    EXPECT_EQ(reading.actions[0].name, "a");
  }
  // No document type is read, and none hides the manifest.
  EXPECT_TRUE(
      Read(kBurnManifest, "<!DOCTYPE a [<!ENTITY b 'c'>]>" + manifest).failed);
}

TEST(MsixManifest, ApplicationsCapabilitiesAndExtensionsAreRead) {
  const Reading reading =
      Read({Format::kUnknown, Format::kMsix, "AppxManifest.xml"},
           R"(<Package xmlns="http://schemas.microsoft.com/appx/manifest/f/w10"
 xmlns:uap="http://schemas.microsoft.com/appx/manifest/uap/windows10"
 xmlns:uap10="http://schemas.microsoft.com/appx/manifest/uap/windows10/10"
 xmlns:desktop="http://schemas.microsoft.com/appx/manifest/desktop/windows10"
 xmlns:desktop6="http://schemas.microsoft.com/appx/manifest/desktop/windows10/6"
 xmlns:rescap="http://schemas.microsoft.com/appx/manifest/r/windows10">
 <Applications>
  <Application Id="App" Executable="bin\Trader.exe"
    EntryPoint="Windows.FullTrustApplication" uap10:Parameters="-x">
   <Extensions>
    <desktop:Extension Category="windows.startupTask" Executable="up.exe">
     <desktop:StartupTask TaskId="Task" Enabled="true"/>
    </desktop:Extension>
    <uap:Extension Category="windows.protocol">
     <uap:Protocol Name="trade"/></uap:Extension>
    <desktop6:Extension Category="windows.service" Executable="svc.exe">
     <desktop6:Service Name="Svc" StartupType="auto"
      StartAccount="localSystem"/></desktop6:Extension>
   </Extensions>
  </Application>
 </Applications>
 <Capabilities><Capability Name="internetClient"/>
  <rescap:Capability Name="runFullTrust"/></Capabilities>
</Package>)");
  ASSERT_FALSE(reading.failed);
  ASSERT_EQ(reading.actions.size(), 6U);
  EXPECT_EQ(reading.actions[0].kind, ActionKind::kEntryPoint);
  EXPECT_EQ(reading.actions[0].target, R"(bin\Trader.exe)");
  EXPECT_EQ(reading.actions[0].arguments, "-x");
  EXPECT_EQ(Parameter(reading.actions[0], "EntryPoint"),
            "Windows.FullTrustApplication");
  const Action& start = reading.actions[1];
  EXPECT_EQ(start.target, "up.exe");
  EXPECT_EQ(start.persistence, Persistence::kLogon);
  EXPECT_EQ(Parameter(start, "Enabled"), "true");
  EXPECT_EQ(reading.actions[2].statement, "windows.protocol");
  EXPECT_EQ(reading.actions[2].name, "trade");
  EXPECT_EQ(reading.actions[2].target, R"(bin\Trader.exe)");
  const Action& service = reading.actions[3];
  EXPECT_EQ(service.kind, ActionKind::kInstallService);
  EXPECT_EQ(service.persistence, Persistence::kService);
  EXPECT_EQ(service.runs_as, RunsAs::kSystem);
  EXPECT_EQ(reading.actions[4].name, "internetClient");
  EXPECT_EQ(reading.actions[5].statement, "rescap:Capability");
  EXPECT_EQ(reading.actions[5].name, "runFullTrust");
}

TEST(MsixManifest, AnExtensionOfNoCategoryIsNamedAfterItsElement) {
  const Reading reading =
      Read({Format::kUnknown, Format::kMsix, "AppxManifest.xml"},
           "<Package><Extensions><a:Extension xmlns:a='u'/></Extensions>"
           "</Package>");
  ASSERT_EQ(reading.actions.size(), 1U);
  EXPECT_EQ(reading.actions[0].statement, "a:Extension");
}

constexpr Place kMsixManifest{Format::kUnknown, Format::kMsix,
                              "AppxManifest.xml"};

// A manifest with one application that has these extensions.
std::string MsixWith(const std::string& extensions) {
  return "<Package xmlns='a' xmlns:com='b' xmlns:desktop8='c'><Applications>"
         "<Application Id='App' Executable='app.exe'><Extensions>" +
         extensions + "</Extensions></Application></Applications></Package>";
}

TEST(MsixManifest, CustomInstallRunsProgramsForEachOccasion) {
  for (const bool is_user : {false, true}) {
    const Reading reading = Read(
        kMsixManifest,
        MsixWith("<Extension Category='windows.customInstall'>"
                 "<CustomInstall Folder='F' desktop8:RunAsUser='" +
                 std::string(is_user ? "true" : "false") +
                 "'><InstallActions><InstallAction File='s.exe' Name='n' "
                 "Arguments='/add'/></InstallActions><RepairActions>"
                 "<RepairAction File='s.exe' Name='n'/></RepairActions>"
                 "<UninstallActions><UninstallAction File='s.exe' Name='n' "
                 "Arguments='/remove'/></UninstallActions></CustomInstall>"
                 "</Extension>"));
    ASSERT_EQ(reading.actions.size(), 4U);
    const Action& install = reading.actions[1];
    EXPECT_EQ(install.kind, ActionKind::kRunProgram);
    EXPECT_EQ(install.statement, "windows.customInstall");
    EXPECT_EQ(install.phase, ActionPhase::kInstall);
    EXPECT_EQ(install.name, "n");
    EXPECT_EQ(install.target, R"(F\s.exe)");
    EXPECT_EQ(install.arguments, "/add");
    EXPECT_EQ(install.runs_as, is_user ? RunsAs::kUser : RunsAs::kInstaller);
    EXPECT_EQ(reading.actions[2].phase, ActionPhase::kUse);
    EXPECT_EQ(Parameter(reading.actions[2], "action"), "RepairAction");
    EXPECT_EQ(reading.actions[3].phase, ActionPhase::kUninstall);
    EXPECT_EQ(reading.actions[3].arguments, "/remove");
  }
}

TEST(MsixManifest, EachServerAndSetOfArgumentsIsSaid) {
  const Reading reading = Read(
      kMsixManifest,
      MsixWith(
          "<Extension Category='windows.fullTrustProcess' Executable='f.exe'>"
          "<FullTrustProcess><ParameterGroup GroupId='G' Parameters='-g'/>"
          "</FullTrustProcess></Extension>"
          "<Extension Category='windows.comServer'><com:ComServer>"
          "<com:ExeServer Executable='com.exe' Arguments='-e' DisplayName='D'>"
          "<com:Class Id='1'/></com:ExeServer><com:SurrogateServer>"
          "<com:Class Id='2' Path='com.dll'/></com:SurrogateServer>"
          "</com:ComServer></Extension>"));
  ASSERT_EQ(reading.actions.size(), 5U);
  EXPECT_EQ(reading.actions[1].target, "f.exe");
  EXPECT_EQ(reading.actions[2].target, "f.exe");
  EXPECT_EQ(reading.actions[2].name, "G");
  EXPECT_EQ(reading.actions[2].arguments, "-g");
  EXPECT_EQ(reading.actions[3].target, "com.exe");
  EXPECT_EQ(reading.actions[3].arguments, "-e");
  EXPECT_EQ(reading.actions[3].name, "D");
  EXPECT_EQ(Parameter(reading.actions[3], "Id"), "1");
  EXPECT_EQ(reading.actions[4].target, "com.dll");
  EXPECT_EQ(reading.actions[4].name, "2");
}

TEST(MsixManifest, ElementsInsideOthersAreDescribed) {
  const Reading reading =
      Read(kMsixManifest,
           MsixWith("<Extension Category='windows.firewallRules'>"
                    "<FirewallRules Executable='fw.exe'><Rule Direction='in'/>"
                    "</FirewallRules></Extension>"
                    "<Extension Category='windows.appExecutionAlias'>"
                    "<AppExecutionAlias><ExecutionAlias Alias='a.exe'/>"
                    "</AppExecutionAlias></Extension>"
                    "<Extension Category='windows.activatableClass."
                    "inProcessServer'><InProcessServer><Path>in.dll</Path>"
                    "</InProcessServer></Extension>"));
  ASSERT_EQ(reading.actions.size(), 4U);
  EXPECT_EQ(reading.actions[1].target, "fw.exe");
  EXPECT_EQ(Parameter(reading.actions[1], "Direction"), "in");
  EXPECT_EQ(reading.actions[2].target, "app.exe");
  EXPECT_EQ(reading.actions[2].name, "a.exe");
  EXPECT_EQ(reading.actions[3].target, "in.dll");
}

TEST(MsixManifest, ALongTextForManyExtensionsTakesNoTime) {
  std::string text = "<Package><Applications><Application Executable='" +
                     std::string(size_t{8} << 20, 'x') + "'><Extensions>";
  for (int i = 0; i < 150'000; ++i) {
    text += "<Extension/>";
  }
  text += "</Extensions></Application></Applications></Package>";
  const Reading reading = Read(kMsixManifest, text);
  EXPECT_LT(reading.actions.size(), 1'000U);
  EXPECT_EQ(Parameter(reading.actions.at(1), "shortened"), "1");
}

TEST(MsixManifest, ScriptsAroundTheApplicationAreRead) {
  const Reading reading =
      Read({Format::kUnknown, Format::kMsix, "config.json"},
           R"({"applications":[{"id":"App","executable":"Trader.exe",
 "arguments":"-y","startScript":{"scriptPath":"Start.ps1",
 "scriptArguments":"-a"}}]})");
  ASSERT_EQ(reading.actions.size(), 2U);
  EXPECT_EQ(reading.actions[0].kind, ActionKind::kEntryPoint);
  EXPECT_EQ(reading.actions[0].target, "Trader.exe");
  EXPECT_EQ(reading.actions[1].kind, ActionKind::kRunScript);
  EXPECT_EQ(reading.actions[1].target, "Start.ps1");
  EXPECT_EQ(reading.actions[1].arguments, "-a");
}

TEST(VsixManifest, AssetsAreRead) {
  const Reading reading =
      Read({Format::kUnknown, Format::kVsix, "extension.vsixmanifest"},
           R"(<PackageManifest
 xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011"><Assets>
 <Asset Type="Microsoft.VisualStudio.VsPackage" Path="a.pkgdef"/></Assets>
</PackageManifest>)");
  ASSERT_EQ(reading.actions.size(), 1U);
  EXPECT_EQ(reading.actions[0].kind, ActionKind::kRegisterExtension);
  EXPECT_EQ(reading.actions[0].name, "Microsoft.VisualStudio.VsPackage");
  EXPECT_EQ(reading.actions[0].target, "a.pkgdef");
}

TEST(NugetScripts, AreShownWordForWord) {
  const Reading reading =
      Read({Format::kUnknown, Format::kNupkg, "tools/chocolateyInstall.ps1"},
           "Get-Date\n");
  ASSERT_EQ(reading.actions.size(), 1U);
  EXPECT_EQ(reading.actions[0].kind, ActionKind::kRunScript);
  EXPECT_EQ(reading.actions[0].phase, ActionPhase::kInstall);
  EXPECT_EQ(reading.actions[0].value, "Get-Date\n");
  EXPECT_EQ(Read({Format::kUnknown, Format::kNupkg, "build/a.targets"}, "<a/>")
                .actions.at(0)
                .phase,
            ActionPhase::kUse);
  EXPECT_FALSE(MayTell({Format::kUnknown, Format::kNupkg, "lib/a.ps1"}));
  EXPECT_FALSE(MayTell({Format::kUnknown, Format::kZip, "tools/init.ps1"}));
}

TEST(ScheduledTasks, DefinitionsAreRead) {
  const Place place{Format::kUnknown, Format::kZip, "x/Task.XML"};
  const std::string text = R"(<?xml version="1.0"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
 <Triggers><BootTrigger/><LogonTrigger/></Triggers>
 <Principals><Principal id="A"><UserId>S-1-5-18</UserId>
  <RunLevel>HighestAvailable</RunLevel></Principal></Principals>
 <Actions Context="A"><Exec><Command>C:\a\up.exe</Command>
  <Arguments>-x</Arguments></Exec></Actions>
</Task>)";
  const Reading reading = Read(place, text);
  ASSERT_EQ(reading.actions.size(), 1U);
  const Action& action = reading.actions[0];
  EXPECT_EQ(action.kind, ActionKind::kScheduleTask);
  EXPECT_EQ(action.persistence, Persistence::kScheduledTask);
  EXPECT_EQ(action.target, R"(C:\a\up.exe)");
  EXPECT_EQ(action.arguments, "-x");
  EXPECT_EQ(action.runs_as, RunsAs::kSystem);
  EXPECT_EQ(Parameter(action, "triggers"), "BootTrigger, LogonTrigger");
  EXPECT_EQ(Parameter(action, "run_level"), "HighestAvailable");
  EXPECT_TRUE(Read(place, "<other/>").actions.empty());
  EXPECT_FALSE(Read(place, "no xml at all <").failed);
  EXPECT_TRUE(Read(place, text.substr(0, text.size() - 3)).failed);
}

constexpr Place kTaskFile{Format::kUnknown, Format::kZip, "task.xml"};

std::string TaskWith(const std::string& principals,
                     const std::string& actions) {
  return "<!--" + std::string(5'000, 'x') +
         "--><Task xmlns='http://schemas.microsoft.com/windows/2004/02/mit/"
         "task'><Triggers><BootTrigger/></Triggers><Principals>" +
         principals + "</Principals>" + actions + "</Task>";
}

TEST(ScheduledTasks, RunAsThePrincipalThatTheActionsName) {
  struct Row {
    const char* context;
    RunsAs runs_as;
    const char* account;
  };
  for (const Row& row :
       {Row{"A", RunsAs::kAccount, "me"}, Row{"B", RunsAs::kSystem, ""},
        Row{"C", RunsAs::kAccount, "Administrators"},
        Row{"D", RunsAs::kAccount, "S-1-5-32-545"}, Row{"E", RunsAs::kUser, ""},
        Row{"", RunsAs::kAccount, "me"}}) {
    const Reading reading = Read(
        kTaskFile,
        TaskWith("<Principal id='A'><UserId>me</UserId></Principal>"
                 "<Principal id='B'><UserId> S-1-5-18 </UserId></Principal>"
                 "<Principal id='C'><GroupId>S-1-5-32-544</GroupId></Principal>"
                 "<Principal id='D'><GroupId>S-1-5-32-545</GroupId></Principal>"
                 "<Principal id='E'/>",
                 "<Actions Context='" + std::string(row.context) +
                     "'><Exec><Command>a.exe</Command></Exec></Actions>"));
    ASSERT_EQ(reading.actions.size(), 1U) << row.context;
    EXPECT_EQ(reading.actions[0].runs_as, row.runs_as) << row.context;
    EXPECT_EQ(reading.actions[0].account, row.account) << row.context;
  }
}

TEST(ScheduledTasks, EachActionIsTakenApart) {
  const Reading reading = Read(
      kTaskFile,
      TaskWith(
          "",
          "<Actions><Exec><Command> \"C:\\a b\\u.exe\" </Command>"
          "<Arguments>-x</Arguments></Exec>"
          "<Exec><Command>reg.exe</Command><Arguments>add "
          "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run /v u /d "
          "u.exe</Arguments></Exec>"
          "<Exec><Command>sc</Command><Arguments>create s binPath= s.exe"
          "</Arguments></Exec>"
          "<Exec><Command>powershell</Command><Arguments>-f a.ps1</Arguments>"
          "</Exec><ComHandler><ClassId>{1}</ClassId><Data>d</Data>"
          "</ComHandler></Actions>"));
  ASSERT_EQ(reading.actions.size(), 5U);
  EXPECT_EQ(reading.actions[0].target, "C:\\a b\\u.exe");
  EXPECT_EQ(reading.actions[0].arguments, "-x");
  EXPECT_EQ(reading.actions[0].kind, ActionKind::kScheduleTask);
  EXPECT_EQ(reading.actions[1].kind, ActionKind::kWriteRegistry);
  EXPECT_EQ(reading.actions[1].persistence, Persistence::kLogon);
  EXPECT_EQ(reading.actions[1].value, "u.exe");
  EXPECT_EQ(reading.actions[2].kind, ActionKind::kInstallService);
  EXPECT_EQ(reading.actions[2].persistence, Persistence::kService);
  EXPECT_EQ(reading.actions[3].kind, ActionKind::kScheduleTask);
  EXPECT_EQ(reading.actions[3].persistence, Persistence::kScheduledTask);
  const Action& handler = reading.actions[4];
  EXPECT_EQ(handler.kind, ActionKind::kScheduleTask);
  EXPECT_EQ(handler.statement, "Task ComHandler");
  EXPECT_EQ(handler.target, "{1}");
  EXPECT_EQ(Parameter(handler, "data"), "d");
  EXPECT_EQ(Parameter(handler, "triggers"), "BootTrigger");
}

TEST(ScheduledTasks, ALongTextForManyActionsTakesNoTime) {
  std::string actions = "<Actions>";
  for (int i = 0; i < 150'000; ++i) {
    actions += "<Exec/>";
  }
  const std::string text =
      TaskWith("<Principal><UserId>" + std::string(size_t{8} << 20, 'x') +
                   "</UserId></Principal>",
               actions + "</Actions>");
  const Reading reading = Read(kTaskFile, text);
  EXPECT_LT(reading.actions.size(), 1'000U);
  EXPECT_EQ(Parameter(reading.actions.at(0), "shortened"), "1");
}

TEST(UpdateFeeds, AreReadFromBothPlaces) {
  const Reading feed =
      Read({Format::kUnknown, Format::kZip, "resources/app-update.yml"},
           "provider: github\r\nowner: someone\r\n  url: nested\r\n");
  ASSERT_EQ(feed.actions.size(), 1U);
  EXPECT_EQ(feed.actions[0].kind, ActionKind::kUpdateFeed);
  EXPECT_EQ(feed.actions[0].name, "github");
  EXPECT_EQ(feed.actions[0].target, "");
  EXPECT_EQ(Parameter(feed.actions[0], "owner"), "someone");
  const Reading package =
      Read({Format::kUnknown, Format::kAsar, "package.json"},
           R"({"name":"a","main":"dist/m.js","build":{"publish":
 {"provider":"generic","url":"https://example.com/"}}})");
  ASSERT_EQ(package.actions.size(), 2U);
  EXPECT_EQ(package.actions[0].kind, ActionKind::kEntryPoint);
  EXPECT_EQ(package.actions[0].target, "dist/m.js");
  EXPECT_EQ(package.actions[1].target, "https://example.com/");
  EXPECT_TRUE(
      Read({Format::kUnknown, Format::kAsar, "package.json"}, "{").failed);
}

TEST(SelfExtractors, WhatThoseOf7zStartIsRead) {
  const Reading reading =
      Read({Format::kText, Format::kPe, "[overlay]/config.txt"},
           ";!@Install@!UTF-8!\r\n"
           "Title=\"Trade \\\"Pro\\\"\"\r\n"
           "RunProgram=\"hidcon:fm0:nowait:\\\"%%T\\\\Updater.exe\\\" "
           "CheckUpdate\"\r\n"
           "; RunProgram=\"comment.exe\"\r\n"
           "AutoInstall2=\"setup.exe /a\"\r\n"
           "Shortcut=\"T,{%%T\\\\Trader.exe},-x\"\n"
           "Delete=%%S\\old\r\n"
           ";!@InstallEnd@!");
  ASSERT_FALSE(reading.failed);
  ASSERT_EQ(reading.actions.size(), 4U);
  const Action& run = reading.actions[0];
  EXPECT_EQ(run.kind, ActionKind::kRunProgram);
  EXPECT_EQ(run.statement, "RunProgram");
  EXPECT_EQ(run.target, "%%T\\Updater.exe");
  EXPECT_EQ(run.arguments, "CheckUpdate");
  EXPECT_EQ(Parameter(run, "prefixes"), "hidcon:fm0:nowait:");
  EXPECT_EQ(reading.actions[1].statement, "AutoInstall2");
  EXPECT_EQ(reading.actions[1].target, "setup.exe");
  EXPECT_EQ(reading.actions[2].kind, ActionKind::kCreateShortcut);
  EXPECT_EQ(reading.actions[2].persistence, Persistence::kLogon);
  EXPECT_EQ(reading.actions[2].target, "{%%T\\Trader.exe}");
  EXPECT_EQ(reading.actions[2].arguments, "-x");
  EXPECT_EQ(reading.actions[3].kind, ActionKind::kChangeFile);
  EXPECT_EQ(reading.actions[3].target, "%%S\\old");
}

TEST(SelfExtractors, WhatThoseOfRarStartIsRead) {
  const Reading reading =
      Read({Format::kText, Format::kRar, "[service]/CMT"},
           ";The comment below contains SFX script commands\r\n\r\n"
           "Path=%temp%\\t\r\nPresetup=first.bat\r\n"
           "Setup=\"Up dater.exe\" CheckUpdate\r\nSilent=1\r\n"
           "Setup=\r\nnot a setting");
  ASSERT_FALSE(reading.failed);
  ASSERT_EQ(reading.actions.size(), 2U);
  EXPECT_EQ(reading.actions[0].statement, "Presetup");
  EXPECT_EQ(reading.actions[0].kind, ActionKind::kRunScript);
  EXPECT_EQ(reading.actions[1].statement, "Setup");
  EXPECT_EQ(reading.actions[1].target, "Up dater.exe");
  EXPECT_EQ(reading.actions[1].arguments, "CheckUpdate");
}

TEST(SelfExtractors, WhatIexpressStartsIsRead) {
  constexpr std::string_view kNul("\0", 1);
  const Place place{Format::kUnknown, Format::kPe,
                    "[resources]/RCDATA/POSTRUNPROGRAM/1033"};
  const Reading reading =
      Read(place, "cmd /c u.exe -x" + std::string(kNul) + "rest");
  ASSERT_EQ(reading.actions.size(), 1U);
  EXPECT_EQ(reading.actions[0].statement, "POSTRUNPROGRAM");
  EXPECT_EQ(reading.actions[0].target, "u.exe");
  EXPECT_EQ(reading.actions[0].arguments, "-x");
  EXPECT_TRUE(Read(place, "<None>" + std::string(kNul)).actions.empty());
  EXPECT_FALSE(MayTell(
      {Format::kUnknown, Format::kPe, "[resources]/RCDATA/CABINET/1033"}));
}

TEST(Squirrel, ReleasesAreRead) {
  const std::string digest(40, 'A');
  const Reading reading = Read(
      {Format::kText, Format::kZip, "RELEASES"},
      "\xEF\xBB\xBF" + digest + " Trade-1.0.0-full.nupkg 1234\r\n" + digest +
          " Trade-1.0.0-delta.nupkg 99 # 5%\n" + "short Trade.nupkg 1\n" +
          digest + " readme.txt 1\n" + digest + " Trade.nupkg many\n");
  ASSERT_FALSE(reading.failed);
  ASSERT_EQ(reading.actions.size(), 2U);
  EXPECT_EQ(reading.actions[0].kind, ActionKind::kInstallPackage);
  EXPECT_EQ(reading.actions[0].target, "Trade-1.0.0-full.nupkg");
  EXPECT_EQ(Parameter(reading.actions[0], "sha1"), std::string(40, 'a'));
  EXPECT_EQ(Parameter(reading.actions[0], "bytes"), "1234");
  EXPECT_EQ(reading.actions[1].target, "Trade-1.0.0-delta.nupkg");
}

TEST(Squirrel, SetupStartsTheProgramOfItsArchive) {
  const Place place{Format::kUnknown, Format::kPe, "[resources]/DATA/131/1033"};
  formats::SampleZip zip;
  zip.entries = {formats::StoredEntry("RELEASES", "x"),
                 formats::StoredEntry("UPDATE.exe", "MZ")};
  zip.comment = std::string(65'000, 'x');
  const std::string archive = zip.Write();
  const Reading reading = Read(place, archive);
  ASSERT_FALSE(reading.failed);
  ASSERT_EQ(reading.actions.size(), 1U);
  EXPECT_EQ(reading.actions[0].kind, ActionKind::kRunProgram);
  EXPECT_EQ(reading.actions[0].statement, "Squirrel Setup");
  EXPECT_EQ(reading.actions[0].target, "UPDATE.exe");
  EXPECT_EQ(reading.actions[0].arguments, "--install .");
  EXPECT_EQ(reading.actions[0].runs_as, RunsAs::kInstaller);
  zip.entries.pop_back();
  for (const std::string& other :
       {std::string(), zip.Write(), archive.substr(0, 60),
        std::string("MSCF Update.exe")}) {
    const Reading nothing = Read(place, other);
    EXPECT_TRUE(nothing.actions.empty());
    EXPECT_FALSE(nothing.failed);
  }
  EXPECT_FALSE(
      MayTell({Format::kUnknown, Format::kPe, "[resources]/DATA/132/1033"}));
}

TEST(PackageJson, WhatNobodyAsksForIsSaid) {
  constexpr std::string_view kText = R"({"name": "x", "main": "index.js",
    "scripts": {"postinstall": "node fetch.js --now && evil.exe",
                "test": "jest",
                "vscode:uninstall": "node ./out/gone", "install": 7}})";
  // A package of npm.
  const Reading npm =
      Read({Format::kText, Format::kTar, "any/package.json"}, kText);
  ASSERT_EQ(npm.actions.size(), 3U);
  EXPECT_EQ(npm.actions[0].kind, ActionKind::kEntryPoint);
  EXPECT_EQ(npm.actions[1].kind, ActionKind::kRunProgram);
  EXPECT_EQ(npm.actions[1].statement, "package.json scripts.postinstall");
  EXPECT_EQ(npm.actions[1].target, "node");
  EXPECT_EQ(npm.actions[1].arguments, "fetch.js --now");
  EXPECT_EQ(npm.actions[1].phase, ActionPhase::kInstall);
  EXPECT_EQ(npm.actions[2].target, "evil.exe");
  EXPECT_EQ(Parameter(npm.actions[2], "command_line"),
            "node fetch.js --now && evil.exe");
  // An extension of Visual Studio Code.
  const Reading extension =
      Read({Format::kText, Format::kVsix, "extension/package.json"}, kText);
  ASSERT_EQ(extension.actions.size(), 2U);
  EXPECT_EQ(extension.actions[1].arguments, "./out/gone");
  EXPECT_EQ(extension.actions[1].phase, ActionPhase::kUninstall);
  // An application, packed and open.
  for (const Place& place :
       {Place{Format::kText, Format::kAsar, "package.json"},
        Place{Format::kText, Format::kZip, "resources/app/package.json"},
        Place{Format::kText, Format::kTar, "App/resources/app/package.json"},
        Place{Format::kText, Format::kNsis,
              "$INSTDIR/Resources/app/package.json"}}) {
    const Reading application = Read(place, kText);
    ASSERT_EQ(application.actions.size(), 1U) << place.name;
    EXPECT_EQ(application.actions[0].target, "index.js");
  }
  EXPECT_FALSE(
      MayTell({Format::kText, Format::kZip, "node_modules/x/package.json"}));
}

TEST(NugetScripts, TasksOfBuildFilesAreRead) {
  const Place place{Format::kText, Format::kNupkg, "build/net8.0/x.targets"};
  constexpr std::string_view kText =
      R"(<Project><!-- <Exec Command="no.exe"/> --><Target Name="T">
<Exec Command="&quot;$(MSBuildThisFileDirectory)u.exe&quot; -x"
 Condition="'$(OS)' == 'Windows_NT'"/>
<Microsoft.Build.Tasks.EXEC command="ver &amp; cert%75til -addstore root a.cer"/>
<DownloadFile SourceUrl="https://example.com/a.bin"/></Target></Project>)";
  const Reading reading = Read(place, kText);
  ASSERT_FALSE(reading.failed);
  ASSERT_EQ(reading.actions.size(), 5U);
  EXPECT_EQ(reading.actions[0].value, kText);
  EXPECT_EQ(reading.actions[1].target, "$(MSBuildThisFileDirectory)u.exe");
  EXPECT_EQ(reading.actions[1].arguments, "-x");
  EXPECT_EQ(reading.actions[1].condition, "'$(OS)' == 'Windows_NT'");
  EXPECT_EQ(reading.actions[1].phase, ActionPhase::kUse);
  EXPECT_EQ(reading.actions[3].target, "certutil");
  EXPECT_EQ(Parameter(reading.actions[3], "command_line"),
            "ver & cert%75til -addstore root a.cer");
  EXPECT_EQ(reading.actions[4].kind, ActionKind::kDownload);
  EXPECT_EQ(reading.actions[4].target, "https://example.com/a.bin");
  // The text is there even where it cannot be read.
  const Reading damaged = Read(place, "<Project><Exec Command='a'></Project>");
  EXPECT_FALSE(damaged.failed);
  ASSERT_EQ(damaged.actions.size(), 1U);
  EXPECT_NE(Parameter(damaged.actions[0], "unreadable"), "(absent)");
}

}  // namespace
}  // namespace countersign::install
