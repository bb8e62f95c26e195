#include "install/members/roles.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

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

constexpr const char* kProgram = "PE32+ x86-64 graphical program";
constexpr const char* kLibrary = "PE32+ x86-64 console library";

uint32_t Add(Inspection& inspection, std::string path, Format format,
             std::string detail = "",
             std::optional<uint32_t> parent = uint32_t{0}) {
  Artifact& artifact = inspection.artifacts.emplace_back();
  artifact.id = static_cast<uint32_t>(inspection.artifacts.size()) - 1;
  artifact.path = std::move(path);
  artifact.format = format;
  artifact.detail = std::move(detail);
  artifact.parent = artifact.id == 0 ? std::nullopt : parent;
  return artifact.id;
}

Inspection Installer() {
  Inspection inspection;
  Add(inspection, "", Format::kMsi);
  return inspection;
}

Action Does(ActionKind kind, uint32_t member, std::string arguments = "") {
  Action action;
  action.kind = kind;
  action.member = member;
  action.arguments = std::move(arguments);
  return action;
}

std::optional<Role> RoleAfter(Inspection& inspection, uint32_t artifact) {
  GiveRoles(inspection);
  return inspection.artifacts[artifact].role;
}

TEST(Roles, WhatARunScriptActionNamesIsAScript) {
  Inspection inspection = Installer();
  const uint32_t script = Add(inspection, "!tools/install", Format::kText);
  const uint32_t program =
      Add(inspection, "!tools/a.exe", Format::kPe, kProgram);
  const uint32_t library =
      Add(inspection, "!tools/a.dll", Format::kPe, kLibrary);
  const uint32_t other = Add(inspection, "!readme.txt", Format::kText);
  const uint32_t named = Add(inspection, "!setup.bat", Format::kText);
  inspection.actions = {Does(ActionKind::kRunScript, script),
                        Does(ActionKind::kRunScript, program),
                        Does(ActionKind::kRunScript, library)};
  EXPECT_EQ(RoleAfter(inspection, script), Role::kScript);
  EXPECT_EQ(RoleAfter(inspection, program), Role::kHelper);
  EXPECT_EQ(RoleAfter(inspection, library), Role::kLibrary);
  EXPECT_EQ(RoleAfter(inspection, other), Role::kData);
  EXPECT_EQ(RoleAfter(inspection, named), Role::kScript);
}

TEST(Roles, WithoutAShortcutTheProgramOfTheOneServiceIsMain) {
  Inspection inspection = Installer();
  const uint32_t service = Add(inspection, "!S.exe", Format::kPe, kProgram);
  const uint32_t updater = Add(inspection, "!U.exe", Format::kPe, kProgram);
  inspection.actions = {Does(ActionKind::kInstallService, service, "-service"),
                        Does(ActionKind::kRunProgram, updater, "CheckUpdate")};
  EXPECT_EQ(MainProgramOf(inspection), service);
  EXPECT_EQ(RoleAfter(inspection, service), Role::kMainProgram);
  EXPECT_EQ(RoleAfter(inspection, updater), Role::kHelper);

  Inspection two = inspection;
  two.actions.push_back(Does(ActionKind::kInstallService, updater));
  // What is started with arguments has a task there, a service or not.
  EXPECT_EQ(MainProgramOf(two), service);
  two.actions[1].arguments.clear();
  EXPECT_EQ(MainProgramOf(two), std::nullopt);

  Inspection driver = inspection;
  driver.actions[0].persistence = Persistence::kDriver;
  EXPECT_EQ(MainProgramOf(driver), std::nullopt);

  Inspection removal = inspection;
  removal.actions[0].phase = ActionPhase::kUninstall;
  EXPECT_EQ(MainProgramOf(removal), std::nullopt);

  inspection.actions.push_back(Does(ActionKind::kCreateShortcut, updater));
  EXPECT_EQ(MainProgramOf(inspection), updater);
}

// A self-extractor with a program, which it starts.
Inspection SelfExtractor(const char* steers) {
  Inspection inspection;
  Add(inspection, "", Format::kPe, kProgram);
  const uint32_t teller = Add(inspection, steers, Format::kText);
  const uint32_t program =
      Add(inspection, "![overlay]/7z!Setup.exe", Format::kPe, kProgram);
  inspection.actions = {Does(ActionKind::kRunProgram, program)};
  inspection.actions[0].artifact = teller;
  return inspection;
}

TEST(Roles, WhatASelfExtractorStartsAloneIsMain) {
  for (const char* steers :
       {"![overlay]/config.txt", "![overlay]/rar![service]/CMT",
        "![resources]/RCDATA/RUNPROGRAM/1033"}) {
    Inspection inspection = SelfExtractor(steers);
    EXPECT_EQ(MainProgramOf(inspection), 2U) << steers;
    Inspection given = inspection;
    given.actions[0].arguments = "/s";
    EXPECT_EQ(MainProgramOf(given), std::nullopt);
    EXPECT_EQ(RoleAfter(given, 2), Role::kHelper);
    Inspection two = inspection;
    two.actions.push_back(two.actions[0]);
    EXPECT_EQ(MainProgramOf(two), std::nullopt);
  }
  // Other installers start whatever they like.
  EXPECT_EQ(MainProgramOf(SelfExtractor("!other.txt")), std::nullopt);
}

TEST(Roles, TheOneProgramAboveTheResourcesOfElectronIsMain) {
  Inspection inspection = Installer();
  const uint32_t program = Add(inspection, "!x/App.exe", Format::kPe, kProgram);
  Add(inspection, "!x/unins000.exe", Format::kPe, kProgram);
  Add(inspection, "!x/a.dll", Format::kPe, kLibrary);
  Add(inspection, "!x/resources/elevate.exe", Format::kPe, kProgram);
  const uint32_t asar = Add(inspection, "!x/Resources/app.asar", Format::kAsar);
  const uint32_t script =
      Add(inspection, "!x/Resources/app.asar!main.js", Format::kText, "", asar);
  inspection.actions = {Does(ActionKind::kEntryPoint, script)};
  EXPECT_EQ(MainProgramOf(inspection), program);
  EXPECT_EQ(RoleAfter(inspection, program), Role::kMainProgram);
  EXPECT_EQ(RoleAfter(inspection, script), Role::kScript);

  Add(inspection, "!x/Other.exe", Format::kPe, kProgram);
  EXPECT_EQ(MainProgramOf(inspection), script);  // as package.json says
}

TEST(Roles, AManifestOfAProgramDecides) {
  Inspection inspection = Installer();
  const uint32_t service = Add(inspection, "!S.exe", Format::kPe, kProgram);
  const uint32_t meant = Add(inspection, "!M.exe", Format::kPe, kProgram);
  inspection.actions = {Does(ActionKind::kInstallService, service),
                        Does(ActionKind::kCreateShortcut, service),
                        Does(ActionKind::kEntryPoint, meant)};
  EXPECT_EQ(MainProgramOf(inspection), meant);
  EXPECT_EQ(RoleAfter(inspection, service), Role::kHelper);
}

}  // namespace
}  // namespace countersign::install
