#include "install/self_extractor/self_extractor.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "install/sample/reading.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::Format;
using model::Persistence;

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

}  // namespace
}  // namespace countersign::install
