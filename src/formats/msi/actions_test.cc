#include <gtest/gtest.h>

#include <algorithm>

#include <string>

#include "forge/cfb.h"
#include "forge/msi.h"
#include "formats/msi/sample/msi_sample.h"
#include "formats/msi_actions.h"

namespace countersign::formats {
namespace {

struct ReadActions {
  forge::ByteVector bytes;
  MsiDatabase database;
  MsiActions actions;
};

ReadActions Read() {
  ReadActions read;
  read.bytes = WriteCompoundFile(MakeMsi(MsiSample())).bytes;
  base::Budget budget;
  const auto compound = ParseCompoundFile(read.bytes, budget);
  read.database = *ParseMsi(*compound, read.bytes, budget);
  read.actions = *ReadMsiActions(read.database, budget);
  return read;
}

TEST(MsiActions, TypesAreTakenApart) {
  using enum MsiActionKind;
  using Source = MsiActionSource;
  const struct {
    uint32_t type;
    MsiActionKind kind;
    Source source;
  } cases[] = {{1, kDll, Source::kBinary},
               {2, kExe, Source::kBinary},
               {5, kJscript, Source::kBinary},
               {6, kVbscript, Source::kBinary},
               {7, kInstall, Source::kStorage},
               {17, kDll, Source::kFile},
               {18, kExe, Source::kFile},
               {19, kError, Source::kNone},
               {21, kJscript, Source::kFile},
               {22, kVbscript, Source::kFile},
               {23, kInstall, Source::kSourceTree},
               {34, kExe, Source::kDirectory},
               {35, kSetDirectory, Source::kDirectory},
               {37, kJscript, Source::kText},
               {38, kVbscript, Source::kText},
               {39, kInstall, Source::kProduct},
               {50, kExe, Source::kProperty},
               {51, kSetProperty, Source::kProperty},
               {53, kJscript, Source::kProperty},
               {54, kVbscript, Source::kProperty},
               {0, kUnknown, Source::kNone},
               {4, kUnknown, Source::kNone}};
  for (const auto& wanted : cases) {
    // Options change neither.
    for (const uint32_t options : {0U, 0x7FC0U}) {
      const MsiCustomAction got = DecodeMsiActionType(wanted.type | options);
      EXPECT_EQ(got.kind, wanted.kind) << wanted.type;
      EXPECT_EQ(got.source_kind, wanted.source) << wanted.type;
    }
  }
}

TEST(MsiActions, OptionsAreTakenApart) {
  using enum MsiActionTime;
  EXPECT_EQ(DecodeMsiActionType(1).time, kImmediate);
  EXPECT_EQ(DecodeMsiActionType(1 | 0x100).time, kImmediate);
  EXPECT_EQ(DecodeMsiActionType(1 | 0x400).time, kDeferred);
  EXPECT_EQ(DecodeMsiActionType(1 | 0x500).time, kRollback);
  EXPECT_EQ(DecodeMsiActionType(1 | 0x600).time, kCommit);
  EXPECT_TRUE(DecodeMsiActionType(1 | 0xC00).runs_as_system);
  EXPECT_FALSE(DecodeMsiActionType(1 | 0x800).runs_as_system);
  EXPECT_TRUE(DecodeMsiActionType(1 | 0x40).ignores_failure);
  EXPECT_TRUE(DecodeMsiActionType(1 | 0x80).is_asynchronous);
  EXPECT_TRUE(DecodeMsiActionType(5 | 0x1000).is_64_bit_script);
  EXPECT_TRUE(DecodeMsiActionType(1 | 0x2000).hides_target);
  EXPECT_TRUE(DecodeMsiActionType(1 | 0x4000).is_terminal_server_aware);
  const MsiCustomAction none = DecodeMsiActionType(1);
  EXPECT_FALSE(none.ignores_failure || none.is_asynchronous ||
               none.runs_as_system || none.is_64_bit_script ||
               none.hides_target || none.is_terminal_server_aware);
}

TEST(MsiActions, CustomActionsAreVerbatim) {
  const ReadActions read = Read();
  const auto& actions = read.actions.custom_actions;
  ASSERT_EQ(actions.size(), 3U);
  EXPECT_EQ(actions[0].action, "RunScript");
  EXPECT_EQ(actions[0].kind, MsiActionKind::kVbscript);
  EXPECT_EQ(actions[0].source, "Script");
  EXPECT_EQ(actions[0].target, "Main");
  EXPECT_TRUE(actions[0].runs_as_system);
  EXPECT_EQ(actions[1].target, "[ProductName]x");
  EXPECT_EQ(actions[2].type, 18U + 0x80 + 0x40);
  EXPECT_EQ(actions[2].evidence,
            read.database.Find("CustomAction")->Evidence(2));
}

TEST(MsiActions, SequencesAreInOrder) {
  const ReadActions read = Read();
  const auto& steps = read.actions.sequences;
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0].action, "CostInitialize");
  EXPECT_EQ(steps[1].action, "RunScript");
  EXPECT_EQ(steps[1].condition, "NOT Installed");
  EXPECT_EQ(steps[1].table, "InstallExecuteSequence");
  EXPECT_EQ(steps[2].sequence, 6600);
}

TEST(MsiActions, ServicesRegistryShortcuts) {
  const ReadActions read = Read();
  const MsiActions& actions = read.actions;
  ASSERT_EQ(actions.services.size(), 1U);
  EXPECT_EQ(actions.services[0].name, "exsvc");
  EXPECT_EQ(actions.services[0].start, 2U);
  EXPECT_EQ(actions.services[0].account, "LocalSystem");
  EXPECT_EQ(actions.services[0].arguments, "--service");
  EXPECT_EQ(actions.services[0].dependencies, "rpcss[~]");
  ASSERT_EQ(actions.service_controls.size(), 1U);
  EXPECT_EQ(actions.service_controls[0].event, 0xA3U);
  ASSERT_EQ(actions.registry.size(), 3U);
  EXPECT_EQ(actions.registry[0].root_name, "HKLM");
  EXPECT_EQ(actions.registry[0].value, "[#App] /auto");
  EXPECT_EQ(actions.registry[1].root_name, "HKLM or HKCU");
  EXPECT_TRUE(actions.registry[2].removes);
  EXPECT_EQ(actions.registry[2].root_name, "HKCU");
  ASSERT_EQ(actions.shortcuts.size(), 1U);
  EXPECT_EQ(actions.shortcuts[0].target, "[#App]");
  EXPECT_EQ(actions.shortcuts[0].arguments, "--x");
}

TEST(MsiActions, OtherChanges) {
  const ReadActions read = Read();
  const MsiActions& actions = read.actions;
  ASSERT_EQ(actions.changes.size(), 5U);
  EXPECT_EQ(actions.changes[0].kind, MsiChangeKind::kRemove);
  EXPECT_EQ(actions.changes[0].name, "*.log");
  EXPECT_EQ(actions.changes[0].directory, "INSTALLDIR");
  EXPECT_EQ(actions.changes[1].target, "Sub");
  EXPECT_EQ(actions.changes[2].directory, "StartupFolder");
  EXPECT_EQ(actions.changes[2].target, "copy.exe");
  EXPECT_EQ(actions.changes[3].value, "[INSTALLDIR]");
  EXPECT_EQ(actions.changes[4].section, "s");
  ASSERT_EQ(actions.launch_conditions.size(), 1U);
  EXPECT_EQ(actions.launch_conditions[0].condition, "Privileged");
  ASSERT_EQ(actions.upgrades.size(), 1U);
  EXPECT_EQ(actions.upgrades[0].version_max, "1.2.3");
  const auto secure = std::ranges::find(
      actions.properties, "SecureCustomProperties", &MsiPropertyValue::name);
  ASSERT_NE(secure, actions.properties.end());
  EXPECT_EQ(secure->value, "OLD;SECRET");
  EXPECT_EQ(actions.mime_types, 1U);
  EXPECT_EQ(actions.extensions, 0U);
}

TEST(MsiActions, StepsEndIt) {
  const ReadActions read = Read();
  base::Limits limits;
  for (limits.steps = 0; limits.steps < 20; ++limits.steps) {
    base::Budget budget(limits);
    const auto actions = ReadMsiActions(read.database, budget);
    ASSERT_FALSE(actions);
    EXPECT_EQ(actions.error().fault, base::Fault::kLimit);
  }
}

}  // namespace
}  // namespace countersign::formats
