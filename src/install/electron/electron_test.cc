#include "install/electron/electron.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "install/sample/reading.h"

namespace countersign::install {
namespace {

using model::ActionKind;
using model::ActionPhase;
using model::Format;

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

}  // namespace
}  // namespace countersign::install
