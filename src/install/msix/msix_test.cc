#include "install/msix/msix.h"

#include <gtest/gtest.h>

#include <string>

#include "install/sample/reading.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::ActionPhase;
using model::Format;
using model::Persistence;
using model::RunsAs;

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

}  // namespace
}  // namespace countersign::install
