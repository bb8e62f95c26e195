#include "install/conclude.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::ActionPhase;
using model::Artifact;
using model::Format;
using model::Inspection;
using model::Persistence;
using model::Role;

// An installer with a program, another one, a library and a text.
Inspection Package() {
  Inspection inspection;
  struct Row {
    const char* path;
    Format format;
    const char* detail;
    std::optional<uint32_t> parent;
  };
  for (const Row& row : {Row{"", Format::kMsi, "", std::nullopt},
                         Row{"!a.cab", Format::kCab, "", 0U},
                         Row{"!a.cab![ProgramFilesFolder]/X/Trader.exe",
                             Format::kPe, "PE32+ x86-64 graphical program", 1U},
                         Row{"!a.cab![ProgramFilesFolder]/X/Updater.exe",
                             Format::kPe, "PE32+ x86-64 console program", 1U},
                         Row{"!a.cab![ProgramFilesFolder]/X/lib.dll",
                             Format::kPe, "PE32+ x86-64 console library", 1U},
                         Row{"!a.cab![ProgramFilesFolder]/X/readme.txt",
                             Format::kText, "", 1U}}) {
    Artifact artifact;
    artifact.id = static_cast<uint32_t>(inspection.artifacts.size());
    artifact.path = row.path;
    artifact.format = row.format;
    artifact.detail = row.detail;
    artifact.parent = row.parent;
    artifact.size = 100;
    artifact.sha256 = std::to_string(artifact.id);
    inspection.artifacts.push_back(artifact);
  }
  inspection.artifacts[0].contents = model::Contents::kComplete;
  return inspection;
}

Action Starts(std::string target, std::string arguments) {
  Action action;
  action.kind = ActionKind::kRunProgram;
  action.target = std::move(target);
  action.arguments = std::move(arguments);
  action.evidence = {10, 5};
  return action;
}

Action Shortcut(std::string target) {
  Action action = Starts(std::move(target), "");
  action.kind = ActionKind::kCreateShortcut;
  return action;
}

std::vector<std::string> IdsAfter(Inspection& inspection) {
  Conclude(inspection);
  std::vector<std::string> ids;
  for (const model::Finding& finding : inspection.findings) {
    ids.push_back(finding.id);
  }
  return ids;
}

TEST(Conclude, ActionsAreLinkedAndMembersGetTheirRoles) {
  Inspection inspection = Package();
  inspection.actions = {Shortcut("[INSTALLDIR]Trader.exe"),
                        Starts("[INSTALLDIR]Updater.exe", "CheckUpdate")};
  Conclude(inspection);
  EXPECT_EQ(inspection.actions[0].member, 2U);
  EXPECT_EQ(inspection.actions[1].member, 3U);
  EXPECT_EQ(inspection.artifacts[0].role, std::nullopt);
  EXPECT_EQ(inspection.artifacts[2].role, Role::kMainProgram);
  EXPECT_EQ(inspection.artifacts[3].role, Role::kHelper);
  EXPECT_EQ(inspection.artifacts[4].role, Role::kLibrary);
  EXPECT_EQ(inspection.artifacts[5].role, Role::kData);
  ASSERT_EQ(inspection.findings.size(), 1U);
  EXPECT_EQ(inspection.findings[0].id, "install.starts_helper");
  EXPECT_EQ(inspection.findings[0].severity, model::Severity::kLow);
  EXPECT_NE(inspection.findings[0].message.find("\"CheckUpdate\""),
            std::string::npos);
  EXPECT_NE(inspection.findings[0].message.find("X/Trader.exe"),
            std::string::npos);
}

TEST(Conclude, WithoutAShortcutNoProgramIsCalledMain) {
  Inspection inspection = Package();
  inspection.actions = {Starts("Updater", "-x")};
  Conclude(inspection);
  EXPECT_EQ(inspection.actions[0].member, 3U);
  EXPECT_EQ(inspection.artifacts[2].role, std::nullopt);
  EXPECT_EQ(inspection.artifacts[3].role, Role::kHelper);
}

TEST(Conclude, OfTwoMembersOfANameTheFoldersDecide) {
  Inspection inspection = Package();
  inspection.artifacts[2].path = "!a.cab!{app}/x86/Updater.exe";
  inspection.artifacts[3].path = "!a.cab!{app}/x64/Updater.exe";
  inspection.actions = {Starts(R"({app}\x64\updater.exe)", "a"),
                        Starts(R"({app}\updater.exe)", "b")};
  Conclude(inspection);
  EXPECT_EQ(inspection.actions[0].member, 3U);
  EXPECT_EQ(inspection.actions[1].member, std::nullopt);
  // Of the same bytes it does not matter which.
  inspection.artifacts[2].sha256 = inspection.artifacts[3].sha256;
  Conclude(inspection);
  EXPECT_EQ(inspection.actions[1].member, 2U);
}

TEST(Conclude, ALauncherIsSeenThrough) {
  Inspection inspection = Package();
  Action call = Starts("rundll32.exe", "\"[INSTALLDIR]lib.dll\",Start");
  call.kind = ActionKind::kCallLibrary;
  Action script = Starts("powershell.exe",
                         "-ep bypass -NoProfile -File \"{app}\\readme.txt\"");
  script.kind = ActionKind::kRunScript;
  Action value = Starts("HKCU\\Run", "");
  value.kind = ActionKind::kWriteRegistry;
  value.persistence = model::Persistence::kLogon;
  value.value = "\"[#Key]\" -x";
  value.parameters = {{"program", std::string("[INSTALLDIR]/Updater.exe")}};
  inspection.actions = {call, Starts("notepad.exe", "readme.txt"), script,
                        value, Starts("regsvr32", "/s lib.dll")};
  Conclude(inspection);
  EXPECT_EQ(inspection.actions[0].member, 4U);
  EXPECT_EQ(inspection.actions[1].member, 5U);
  EXPECT_EQ(inspection.actions[2].member, 5U);
  EXPECT_EQ(inspection.actions[3].member, 3U);
  EXPECT_EQ(inspection.actions[4].member, 4U);
}

// One action for each finding, and what must not give it.
TEST(Conclude, EveryFindingFiresOnceAndNotWithoutReason) {
  struct Row {
    std::string id;
    void (*change)(Action& action);
  };
  const std::vector<Row> rows = {
      {"install.weakens_protection",
       [](Action& a) {
         a.kind = ActionKind::kRunScript;
         a.target = "powershell.exe";
         a.arguments = "Add-MpPreference -ExclusionPath C:\\X";
       }},
      {"install.injects",
       [](Action& a) {
         a.kind = ActionKind::kWriteRegistry;
         a.persistence = Persistence::kInjection;
       }},
      {"install.downloads", [](Action& a) { a.kind = ActionKind::kDownload; }},
      {"install.obscured_command",
       [](Action& a) {
         a.kind = ActionKind::kRunScript;
         a.arguments = "-nop -EncodedCommand AAAA";
       }},
      {"install.starts_helper",
       [](Action& a) {
         a.target = "Updater.exe";
         a.arguments = "x";
       }},
      {"install.persists", [](Action& a) {
         a.kind = ActionKind::kInstallService;
         a.persistence = Persistence::kService;
       }}};
  std::set<std::string_view> tried;
  for (const Row& row : rows) {
    tried.insert(row.id);
    Inspection inspection = Package();
    Action action = Starts("other.exe", "");
    row.change(action);
    inspection.actions = {action};
    EXPECT_EQ(IdsAfter(inspection), std::vector<std::string>{row.id});
    EXPECT_EQ(inspection.findings.at(0).evidence.at(0).offset, 10U);
    // When it is removed it matters to nobody, but that commands are hidden.
    Inspection removal = Package();
    action.phase = ActionPhase::kUninstall;
    removal.actions = {action};
    EXPECT_EQ(IdsAfter(removal).empty(), row.id != "install.obscured_command")
        << row.id;
  }
  for (const std::string_view id : FindingIds()) {
    EXPECT_TRUE(tried.contains(id)) << id;
  }
  Inspection plain = Package();
  plain.actions = {Starts("Updater.exe", ""), Shortcut("Trader.exe")};
  EXPECT_TRUE(IdsAfter(plain).empty());
}

TEST(Conclude, ACrowdOfActionsGivesNoCrowdOfFindings) {
  Inspection inspection = Package();
  inspection.actions.assign(1000, Starts("Updater.exe", "x"));
  EXPECT_EQ(IdsAfter(inspection).size(), 1U);
  Action fetches = Starts("http://example.com/", "");
  fetches.kind = ActionKind::kDownload;
  inspection = Package();
  inspection.actions.assign(1000, fetches);
  EXPECT_EQ(IdsAfter(inspection).size(), 100U);
}

TEST(Conclude, ManyMembersOfOneNameTakeNoTime) {
  Inspection inspection = Package();
  for (uint32_t i = 6; i < 5000; ++i) {
    Artifact artifact = inspection.artifacts[3];
    artifact.id = i;
    artifact.sha256 = std::to_string(i);
    inspection.artifacts.push_back(artifact);
  }
  inspection.actions.assign(50'000, Starts("Updater.exe", "x"));
  Conclude(inspection);
  EXPECT_EQ(inspection.actions[0].member, std::nullopt);
}

}  // namespace
}  // namespace countersign::install
