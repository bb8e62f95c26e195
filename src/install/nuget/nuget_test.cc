#include "install/nuget/nuget.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "install/sample/reading.h"

namespace countersign::install {
namespace {

using model::ActionKind;
using model::ActionPhase;
using model::Format;

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

// As Windows PowerShell itself writes them.
TEST(NugetScripts, AreReadableInUtf16Too) {
  const Place place{Format::kText, Format::kNupkg, "tools/install.ps1"};
  std::string little = "\xFF\xFE";
  std::string big = "\xFE\xFF";
  for (int i = 0; i < 20'000; ++i) {
    little += {'x', '\0'};
    big += {'\0', 'x'};
  }
  for (const std::string& all : {little, big}) {
    const Reading start = Read(place, std::string_view(all).substr(0, 8));
    ASSERT_EQ(start.actions.size(), 1U);
    EXPECT_EQ(start.actions[0].value, "xxx");
    EXPECT_EQ(Parameter(start.actions[0], "bytes"), "(absent)");
    const Reading reading = Read(place, all);
    ASSERT_EQ(reading.actions.size(), 1U);
    EXPECT_EQ(reading.actions[0].value, std::string(16'384, 'x'));
    EXPECT_EQ(Parameter(reading.actions[0], "bytes"), "40002");
  }
  EXPECT_EQ(Read(place, little.substr(0, 2)).actions.at(0).value, "");
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
