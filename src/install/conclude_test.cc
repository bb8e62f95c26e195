#include "install/conclude.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
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

// Adds a member of the package; its number.
uint32_t AddMember(Inspection& inspection, std::string path) {
  Artifact artifact = inspection.artifacts[3];
  artifact.id = static_cast<uint32_t>(inspection.artifacts.size());
  artifact.path = std::move(path);
  artifact.sha256 = std::to_string(artifact.id);
  inspection.artifacts.push_back(artifact);
  return artifact.id;
}

TEST(Conclude, NamesAreNotComparedWithoutEnd) {
  Inspection inspection = Package();
  inspection.complete = true;
  const std::string folders(4000, 'x');
  const std::string tail = folders.substr(0, 300);
  for (uint32_t i = 0; i < 1000; ++i) {
    AddMember(inspection,
              "!a.cab!" + std::to_string(i) + "/" + folders + "/Many.exe");
  }
  for (uint32_t i = 0; i < 30'000; ++i) {
    inspection.actions.push_back(
        Starts("C:\\" + std::to_string(i) + "/" + tail + "/many.exe", "x"));
  }
  Conclude(inspection);
  EXPECT_FALSE(inspection.complete);
  ASSERT_EQ(inspection.limits.size(), 1U);
  EXPECT_EQ(inspection.limits[0].limit, "links");
  EXPECT_EQ(inspection.limits[0].value, uint64_t{64} << 20);
  // The same question over and over is asked once.
  Inspection repeated = Package();
  repeated.complete = true;
  for (uint32_t i = 0; i < 1000; ++i) {
    AddMember(repeated, "!a.cab!" + std::to_string(i) + "/Many.exe");
  }
  repeated.actions.assign(30'000, Starts("C:\\x\\7\\many.exe", "x"));
  Conclude(repeated);
  EXPECT_TRUE(repeated.complete);
  EXPECT_EQ(repeated.actions[29'999].member, 6U + 7U);
}

TEST(Conclude, AMemberCalledAsALauncherHidesNothing) {
  Inspection inspection = Package();
  const uint32_t decoy =
      AddMember(inspection, "!a.cab![ProgramFilesFolder]/X/rundll32.exe");
  const uint32_t shell = AddMember(inspection, "!a.cab!shell32.dll");
  const uint32_t system =
      AddMember(inspection, "!a.cab![SystemFolder]/tool.exe");
  AddMember(inspection, "!a.cab![ProgramFilesFolder]/X/tool.exe");
  inspection.actions = {
      Starts(R"(C:\Windows\System32\rundll32.exe)", "lib.dll,Start"),
      Starts("rundll32", "lib.dll,Start"),
      Starts("[INSTALLDIR]rundll32.exe", "lib.dll,Start"),
      Starts("[SystemFolder]rundll32.exe", "other.dll,Start"),
      Starts("rundll32.exe", "shell32.dll,ShellExec_RunDLL updater.exe"),
      Starts(R"(%SystemRoot%\Updater.exe)", ""),
      Starts(R"([SystemFolder]tool.exe)", ""),
      Starts("rundll32.exe", R"("[INSTALLDIR]shell32.dll",Start)")};
  Conclude(inspection);
  const std::vector<std::optional<uint32_t>> members = {
      4U, 4U, decoy, std::nullopt, 3U, std::nullopt, system, shell};
  for (size_t i = 0; i < members.size(); ++i) {
    EXPECT_EQ(inspection.actions[i].member, members[i]) << i;
  }
}

TEST(Conclude, WhatALauncherInTheRegistryStartsIsLinked) {
  for (const auto& [value, member] :
       std::vector<std::pair<std::string, std::optional<uint32_t>>>{
           {R"(rundll32.exe "$INSTDIR\lib.dll",Start)", 4U},
           {R"(cmd /c start "" "$INSTDIR\updater.exe")", 3U},
           {"cmd /c timeout 5 & updater.exe -x", 3U},
           {R"("$INSTDIR\updater.exe" -x)", 3U},
           {"nothing.exe", std::nullopt},
           {"", std::nullopt}}) {
    Inspection inspection = Package();
    Action action = Starts("HKCU\\Run", "");
    action.kind = ActionKind::kWriteRegistry;
    action.value = value;
    action.persistence = Persistence::kLogon;
    Action other = action;
    other.persistence = Persistence::kNone;
    inspection.actions = {action, other};
    Conclude(inspection);
    EXPECT_EQ(inspection.actions[0].member, member) << value;
    EXPECT_EQ(inspection.actions[1].member, std::nullopt) << value;
  }
}

TEST(Conclude, WordsOfALauncherDecideWhereOnlyOneIsAMember) {
  struct Row {
    const char* program;
    const char* arguments;
    std::optional<uint32_t> member;
  };
  for (const Row& row : {
           Row{"cmd", "/c if exist updater.exe updater.exe -a", 3U},
           Row{"cmd", "/c if exist trader.exe updater.exe -a", std::nullopt},
           Row{"cmd", "/c del updater.exe", std::nullopt},
           Row{"powershell", R"(-c "Start-Process -FilePath 'updater.exe'")",
               3U},
           Row{"powershell", R"(-c "& 'C:\x\updater.exe' -a")", 3U},
           Row{"powershell", R"(-c "sleep 5; x\updater.exe -a")", 3U},
           Row{R"("C:\x\updater.exe")", "", 3U},
       }) {
    Inspection inspection = Package();
    inspection.actions = {Starts(row.program, row.arguments)};
    Conclude(inspection);
    EXPECT_EQ(inspection.actions[0].member, row.member) << row.arguments;
  }
}

TEST(Conclude, AnExclamationMarkIsPartOfAName) {
  Inspection inspection = Package();
  const uint32_t marked = AddMember(inspection, "!a.cab!X/up!dater.exe");
  inspection.actions = {Starts(R"([INSTALLDIR]up!dater.exe)", "x"),
                        Starts("dater.exe", "x")};
  Conclude(inspection);
  EXPECT_EQ(inspection.actions[0].member, marked);
  EXPECT_EQ(inspection.actions[1].member, std::nullopt);
}

}  // namespace
}  // namespace countersign::install
