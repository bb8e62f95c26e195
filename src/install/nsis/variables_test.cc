#include "install/nsis/variables.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "install/nsis/nsis.h"

namespace countersign::install {
namespace {

using formats::NsisOperation;
using model::Action;
using model::ActionKind;
using model::Persistence;

NsisOperation Operation(std::string name, std::vector<std::string> arguments) {
  NsisOperation operation;
  operation.name = std::move(name);
  operation.arguments = std::move(arguments);
  return operation;
}

NsisOperation Copy(std::string variable, std::string text) {
  return Operation("StrCpy", {std::move(variable), std::move(text), "", ""});
}

// What `text` is behind all of `operations`.
std::string Behind(const std::vector<NsisOperation>& operations,
                   const std::string& text) {
  base::Budget budget;
  NsisVariables variables(operations, budget);
  for (const NsisOperation& operation : operations) {
    variables.Pass(operation);
  }
  return variables.Expand(text).value_or("(too long)");
}

std::vector<Action> ActionsOf(std::vector<NsisOperation> operations) {
  formats::NsisInstaller installer;
  installer.operations = std::move(operations);
  for (uint32_t i = 0; i < installer.operations.size(); ++i) {
    installer.operations[i].index = i;
  }
  std::vector<Action> actions;
  base::Budget budget;
  ActionList list(actions, budget);
  ReadNsisOperations(installer, budget, list);
  list.Close();
  return actions;
}

std::string WrittenText(const Action& action) {
  for (const model::Parameter& parameter : action.parameters) {
    if (parameter.name == "written") {
      return std::get<std::string>(parameter.value);
    }
  }
  return "(absent)";
}

TEST(NsisVariables, NamesOfTheScriptAreKnown) {
  struct Row {
    const char* text;
    const char* name;
  };
  for (const Row& row :
       {Row{"$0", "$0"}, Row{"$05", "$0"}, Row{"$R9x", "$R9"},
        Row{"$_32_", "$_32_"}, Row{"$_1000_\\a", "$_1000_"}, Row{"", ""},
        Row{"$", ""}, Row{"$$0", ""}, Row{"$R", ""}, Row{"$RESOURCES", ""},
        Row{"$INSTDIR", ""}, Row{"$_OUTDIR", ""}, Row{"$__", ""},
        Row{"$_32", ""}, Row{"0", ""}}) {
    EXPECT_EQ(NsisVariableAt(row.text), row.name) << row.text;
  }
}

TEST(NsisVariables, HoldWhatTheLastStrCpyGaveThem) {
  const std::vector<NsisOperation> script = {
      Copy("$0", "a"), Copy("$R1", "$0$0"), Copy("$0", "b$$0"),
      Copy("$_32_", "$INSTDIR\\$0")};
  EXPECT_EQ(Behind(script, "[$0|$R1|$_32_|$2|$$0|$]"),
            "[b$$0|aa|$INSTDIR\\b$$0|$2|$$0|$]");
}

TEST(NsisVariables, WhatIsWrittenOtherwiseIsNotKnown) {
  for (const NsisOperation& writer :
       {Operation("StrCpy", {"$0", "abc", "1", ""}),
        Operation("StrCpy", {"$0", "abc", "", "1"}), Operation("Pop", {"$0"}),
        Operation("ReadRegStr", {"$0", "HKLM", "k", "v"}),
        Operation("ExecWait", {"x.exe", "$0"}),
        Operation("FileRead", {"$1", "$0", "1", "0"}),
        Operation("FileReadUTF16LE", {"$1", "$0", "1", "0"}),
        Operation("opcode 99", {"x", "$0"}),
        Operation("Plugin", {"System::Call", "k::f(i r1) i .r0"})}) {
    EXPECT_EQ(Behind({Copy("$0", "a"), writer}, "$0"), "$0") << writer.name;
    EXPECT_EQ(Behind({writer, Copy("$0", "a")}, "$0"), "a") << writer.name;
  }
  for (const NsisOperation& reader :
       {Operation("Push", {"$0"}), Operation("ExecWait", {"$0", "$1"}),
        Operation("StrCmp", {"$0", "$0", "@1", "@2"}),
        Operation("StrLen", {"$1", "$0"}),
        Operation("Plugin", {"nsExec::Exec", "$0"}),
        Operation("Plugin", {"System::Call", "k::f(t 'r0') i .r1"})}) {
    EXPECT_EQ(Behind({Copy("$0", "a"), reader}, "$0"),
              reader.arguments[0] == "System::Call" ? "$0" : "a")
        << reader.name;
  }
}

TEST(NsisVariables, WithoutOneBeforeTheOnlyOneAnywhereCounts) {
  base::Budget budget;
  const std::vector<NsisOperation> once = {Copy("$0", "a")};
  EXPECT_EQ(NsisVariables(once, budget).Expand("$0"), "a");
  const std::vector<NsisOperation> twice = {Copy("$0", "a"), Copy("$0", "a")};
  EXPECT_EQ(NsisVariables(twice, budget).Expand("$0"), "$0");
  const std::vector<NsisOperation> other = {Copy("$0", "a"),
                                            Operation("Pop", {"$0"})};
  EXPECT_EQ(NsisVariables(other, budget).Expand("$0"), "$0");
}

TEST(NsisVariables, ThereIsAnEndToTheirLength) {
  std::vector<NsisOperation> script = {Copy("$0", std::string(1000, 'x'))};
  for (int i = 0; i < 1000; ++i) {
    script.push_back(Copy("$0", "$0$0"));
  }
  EXPECT_LE(Behind(script, "$0").size(), size_t{32} << 10);
  EXPECT_EQ(Behind({Copy("$0", std::string(20'000, 'x'))}, "$0$0"),
            "(too long)");
  // All of them together: 1,000 of 32 KiB each.
  script.clear();
  for (int i = 0; i < 1000; ++i) {
    script.push_back(
        Copy("$_" + std::to_string(32 + i) + "_", std::string(32'768, 'x')));
  }
  EXPECT_EQ(Behind(script, "$_32_").size(), 32'768U);
  EXPECT_EQ(Behind(script, "$_1031_"), "$_1031_");
}

TEST(NsisScripts, VariablesArePutIntoWhatIsDone) {
  const auto actions = ActionsOf(
      {Copy("$0", "$INSTDIR\\Updater.exe"),
       Operation("Exec", {R"("$0" CheckUpdate)"}),
       Operation("Exec", {R"("$$0" x)"}), Operation("Push", {"$0 -a"}),
       Operation("Plugin", {"nsExec::Exec", "$0 -a"}),
       Operation("ExecWait", {R"("$INSTDIR\b.exe")", "$0"}),
       Operation("Exec", {"$0"})});
  ASSERT_EQ(actions.size(), 5U);
  EXPECT_EQ(actions[0].target, "$INSTDIR\\Updater.exe");
  EXPECT_EQ(actions[0].arguments, "CheckUpdate");
  EXPECT_EQ(WrittenText(actions[0]), R"("$0" CheckUpdate)");
  EXPECT_EQ(actions[0].order, "operation 1");
  EXPECT_EQ(actions[1].target, "$$0");
  EXPECT_EQ(WrittenText(actions[1]), "(absent)");
  EXPECT_EQ(actions[2].target, "$INSTDIR\\Updater.exe");
  EXPECT_EQ(actions[2].arguments, "-a");
  EXPECT_EQ(WrittenText(actions[2]), "nsExec::Exec $0 -a");
  EXPECT_EQ(WrittenText(actions[3]), "(absent)");
  EXPECT_EQ(actions[4].target, "$0");
}

TEST(NsisScripts, WhatIsPutIntoTheStartupFolderStays) {
  const auto actions = ActionsOf(
      {Copy("$1", "$SMSTARTUP"),
       Operation("CopyFiles", {"$INSTDIR\\a.exe", "$1\\a.exe", "0x4"}),
       Operation("Rename", {"a.exe", R"($SMPROGRAMS\Startup\a.exe)"}),
       Operation("File", {"$1\\b.exe", "data 0", "overwrite on"}),
       Operation("FileOpen", {"$2", "0x40000000", "0x2", "$1\\c.vbs"}),
       Operation("CreateShortCut", {"$1\\d.lnk", "$INSTDIR\\d.exe", ""}),
       Operation("WriteINIStr",
                 {"$WINDIR\\win.ini", "windows", "run", "a.exe"}),
       // What does not.
       Operation("File", {"$INSTDIR\\b.exe", "data 0", "overwrite on"}),
       Operation("FileOpen", {"$2", "0x80000000", "0x3", "$1\\c.vbs"}),
       Operation("Delete", {"$1\\a.exe"}),
       Operation("CopyFiles", {"$1\\a.exe", "$INSTDIR\\a.exe", "0x4"}),
       Operation("WriteINIStr", {"$INSTDIR\\a.ini", "windows", "run", "x"})});
  ASSERT_EQ(actions.size(), 9U);
  for (size_t i = 0; i < actions.size(); ++i) {
    EXPECT_EQ(actions[i].persistence,
              i < 6 ? Persistence::kLogon : Persistence::kNone)
        << i;
    EXPECT_EQ(actions[i].kind,
              i == 4 ? ActionKind::kCreateShortcut : ActionKind::kChangeFile)
        << i;
  }
  EXPECT_EQ(actions[2].target, "$SMSTARTUP\\b.exe");
  EXPECT_EQ(actions[3].target, "$SMSTARTUP\\c.vbs");
}

TEST(NsisScripts, LongTextsInManyOperationsTakeNoTime) {
  std::vector<NsisOperation> script = {Copy("$0", std::string(30'000, 'x'))};
  script.resize(200'000, Operation("Exec", {"$0"}));
  EXPECT_LT(ActionsOf(std::move(script)).size(), 1'000U);
}

}  // namespace
}  // namespace countersign::install
