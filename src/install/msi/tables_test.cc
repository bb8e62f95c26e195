// Tables beside the usual ones, in databases that are made here.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "forge/cfb.h"
#include "forge/msi.h"
#include "formats/msi/sample/msi_sample.h"
#include "install/actions.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::ActionPhase;
using model::Persistence;
using model::RunsAs;
using std::string;

std::vector<Action> ActionsOf(const forge::MsiRecipe& recipe) {
  const forge::ByteVector bytes = WriteCompoundFile(MakeMsi(recipe)).bytes;
  base::Budget budget(base::Limits{});
  std::vector<Action> actions;
  const auto blob = base::Blob::Own({bytes.begin(), bytes.end()});
  EXPECT_TRUE(ReadActions({model::Format::kMsi, model::Format::kUnknown, ""},
                          *blob, budget, actions)
                  .has_value());
  for (const Action& action : actions) {
    EXPECT_TRUE(action.evidence.Inside(bytes.size()));
    EXPECT_GT(action.evidence.size, 0U);
  }
  return actions;
}

// What the sample's database says with these tables in addition.
std::vector<Action> ReadWith(std::vector<forge::MsiTableRecipe> tables) {
  forge::MsiRecipe recipe = formats::MsiSample();
  for (forge::MsiTableRecipe& table : tables) {
    recipe.tables.push_back(std::move(table));
  }
  return ActionsOf(recipe);
}

// The only action with that statement.
Action Only(const std::vector<Action>& actions, const string& statement) {
  std::vector<Action> found;
  for (const Action& action : actions) {
    if (action.statement == statement) {
      found.push_back(action);
    }
  }
  EXPECT_EQ(found.size(), 1U) << statement;
  return found.empty() ? Action{} : found[0];
}

constexpr const char* kProgram =
    "[ProgramFilesFolder]/Example Product/application.exe";

TEST(MsiTables, WhatRunsBesideCustomActionsIsSaid) {
  const std::monostate null;
  const auto actions = ReadWith({
      {"SelfReg",
       {{"File_", "s72", true}, {"Cost", "I2"}},
       {{string("App"), null}}},
      {"MsiEmbeddedUI",
       {{"MsiEmbeddedUI", "s72", true},
        {"FileName", "s255"},
        {"Attributes", "i2"},
        {"MessageFilter", "I4"},
        {"Data", "v0"}},
       {{string("ui"), string("shown.dll"), 3, null, string("MZ")}}},
      {"MsiEmbeddedChainer",
       {{"MsiEmbeddedChainer", "s72", true},
        {"Condition", "S255"},
        {"CommandLine", "S255"},
        {"Source", "s72"},
        {"Type", "i4"}},
       {{string("chain"), string("NOT Installed"), string("-all"),
         string("App"), 18}}},
      {"MsiServiceConfigFailureActions",
       {{"MsiServiceConfigFailureActions", "s72", true},
        {"Name", "s255"},
        {"Event", "i4"},
        {"ResetPeriod", "I4"},
        {"RebootMessage", "L255"},
        {"Command", "L255"},
        {"Actions", "S255"},
        {"DelayActions", "S255"},
        {"Component_", "s72"}},
       {{string("f1"), string("exsvc"), 1, null, null,
         string("cmd /c \"[#App]\" --again"), string("3"), null,
         string("Main")},
        {string("f2"), string("exsvc"), 1, null, null, null, null, null,
         string("Main")}}},
  });
  const Action self = Only(actions, "SelfReg");
  EXPECT_EQ(self.kind, ActionKind::kCallLibrary);
  EXPECT_EQ(self.target, kProgram);
  EXPECT_EQ(self.runs_as, RunsAs::kSystem);
  const Action shown = Only(actions, "MsiEmbeddedUI");
  EXPECT_EQ(shown.kind, ActionKind::kCallLibrary);
  EXPECT_EQ(shown.target, "shown.dll");
  EXPECT_EQ(shown.name, "ui");
  const Action chainer = Only(actions, "MsiEmbeddedChainer");
  EXPECT_EQ(chainer.kind, ActionKind::kRunProgram);
  EXPECT_EQ(chainer.target, kProgram);
  EXPECT_EQ(chainer.arguments, "-all");
  EXPECT_EQ(chainer.condition, "NOT Installed");
  const Action failure = Only(actions, "MsiServiceConfigFailureActions");
  EXPECT_EQ(failure.kind, ActionKind::kRunProgram);
  EXPECT_EQ(failure.phase, ActionPhase::kUse);
  EXPECT_EQ(failure.persistence, Persistence::kService);
  EXPECT_EQ(failure.target, kProgram);
  EXPECT_EQ(failure.arguments, "--again");
  // What is written stays.
  const auto written = std::ranges::find(failure.parameters, "command_line",
                                         &model::Parameter::name);
  ASSERT_NE(written, failure.parameters.end());
  EXPECT_EQ(std::get<std::string>(written->value), "cmd /c \"[#App]\" --again");
}

TEST(MsiTables, WhatIsOfferedToTheSystemIsSaid) {
  const std::monostate null;
  const auto actions = ReadWith({
      {"Extension",
       {{"Extension", "s255", true},
        {"Component_", "s72", true},
        {"ProgId_", "S255"},
        {"MIME_", "S64"},
        {"Feature_", "s38"}},
       {{string("coin"), string("Main"), null, null, string("All")}}},
      {"Verb",
       {{"Extension_", "s255", true},
        {"Verb", "s32", true},
        {"Sequence", "I2"},
        {"Command", "L255"},
        {"Argument", "L255"}},
       {{string("coin"), string("open"), 0, string("&Open"),
         string("\"%1\"")}}},
      {"Class",
       {{"CLSID", "s38", true},
        {"Context", "s32", true},
        {"Component_", "s72", true},
        {"ProgId_Default", "S255"},
        {"Description", "L255"},
        {"AppId_", "S38"},
        {"Argument", "S255"}},
       {{string("{0A}"), string("LocalServer32"), string("Main"),
         string("Ex.1"), null, null, string("/automation")}}},
  });
  const Action verb = Only(actions, "Verb");
  EXPECT_EQ(verb.kind, ActionKind::kRegisterExtension);
  EXPECT_EQ(verb.name, "open");
  EXPECT_EQ(verb.target, kProgram);
  EXPECT_EQ(verb.arguments, "\"%1\"");
  ASSERT_EQ(verb.parameters.size(), 1U);
  EXPECT_EQ(verb.parameters[0].name, "extension_");
  const Action server = Only(actions, "Class");
  EXPECT_EQ(server.name, "{0A}");
  EXPECT_EQ(server.value, "LocalServer32");
  EXPECT_EQ(server.target, kProgram);
  EXPECT_EQ(server.arguments, "/automation");
}

TEST(MsiTables, ThoseOfWixAreReadUnderTheirLaterNames) {
  const std::monostate null;
  const std::vector<forge::MsiColumnRecipe> firewall = {
      {"WixFirewallException", "s72", true},
      {"Name", "l255"},
      {"RemoteAddresses", "S0"},
      {"Port", "S0"},
      {"Program", "S255"}};
  const std::vector<std::vector<forge::MsiCell>> holes = {
      {string("fw"), string("Trade"), string("*"), string("4444"),
       string("[#App]")}};
  const auto actions = ReadWith({
      {"WixFirewallException", firewall, holes},
      {"Wix5FirewallException", firewall, holes},
      {"WixXFirewallException", firewall, holes},
      {"Wix4User",
       {{"User", "s72", true},
        {"Component_", "S72"},
        {"Name", "l255"},
        {"Domain", "S255"},
        {"Attributes", "I4"}},
       {{string("u"), null, string("support"), null, 512}}},
      {"Wix4UserGroup",
       {{"User_", "s72", true}, {"Group_", "s72", true}},
       {{string("u"), string("Administrators")}}},
  });
  for (const char* table : {"WixFirewallException", "Wix5FirewallException"}) {
    const Action hole = Only(actions, table);
    EXPECT_EQ(hole.kind, ActionKind::kRequestCapability);
    EXPECT_EQ(hole.name, "Trade");
    EXPECT_EQ(hole.target, kProgram);
    EXPECT_EQ(hole.value, "*");
    ASSERT_EQ(hole.parameters.size(), 1U);
    EXPECT_EQ(std::get<string>(hole.parameters[0].value), "4444");
  }
  EXPECT_EQ(
      std::ranges::count(actions, "WixXFirewallException", &Action::statement),
      0);
  const Action user = Only(actions, "Wix4User");
  EXPECT_EQ(user.kind, ActionKind::kChangeAccount);
  EXPECT_EQ(user.name, "support");
  const Action group = Only(actions, "Wix4UserGroup");
  EXPECT_EQ(group.name, "u");
  EXPECT_EQ(group.target, "Administrators");
}

TEST(MsiTables, AKeyOfAFileInAValueOfTheRegistryIsFollowed) {
  for (const Action& action : ReadWith({})) {
    if (action.statement == "Registry" && action.name == "ex") {
      EXPECT_EQ(action.value, "[#App] /auto");
      ASSERT_EQ(action.parameters.size(), 1U);
      EXPECT_EQ(action.parameters[0].name, "program");
      EXPECT_EQ(std::get<string>(action.parameters[0].value), kProgram);
      return;
    }
  }
  FAIL() << "no such value";
}

// What a custom action is told to do, with properties for it.
std::vector<Action> ActionsOfCustomAction(int type, const string& source,
                                          const string& target) {
  forge::MsiRecipe recipe = formats::MsiSample();
  for (forge::MsiTableRecipe& table : recipe.tables) {
    if (table.name == "CustomAction") {
      table.rows = {
          {string("Tested"), type, source, target},
          {string("Set"), 51, string("LATER"), string("\"[#App]\" -later")}};
    } else if (table.name == "Property") {
      table.rows = {{string("SHELL"), string("[SystemFolder]cmd.exe")},
                    {string("PROG"), string("[#App]")},
                    {string("NOTHING"), std::monostate()},
                    {string("LOOP"), string("[LOOP][LOOP]")}};
    }
  }
  return ActionsOf(recipe);
}

TEST(MsiTables, EveryTextOfAPropertyIsSaid) {
  forge::MsiRecipe recipe = formats::MsiSample();
  for (forge::MsiTableRecipe& table : recipe.tables) {
    if (table.name == "CustomAction") {
      table.rows = {
          {string("Tested"), 50, string("PROG"), string("-x [WORD]")},
          {string("SetA"), 51, string("PROG"), string("[INNER]")},
          {string("SetB"), 51, string("INNER"), string("[#App]")},
          {string("SetC"), 51, string("INNER"), string("")},
          {string("Other"), 18, string("App"), string("-x")},
          {string("SetD"), 51, string("WixQuietExecCmdLine"), string("a")},
          {string("SetE"), 51, string("WixQuietExecCmdLine"), string("b")},
          {string("SetF"), 51, string("Other"), string("c")},
          {string("SetG"), 51, string("Other"), string("d")}};
    } else if (table.name == "Property") {
      table.rows = {{string("PROG"), string("[SystemFolder]notepad.exe")},
                    {string("WORD"), string("once")}};
    }
  }
  const std::vector<Action> actions = ActionsOf(recipe);
  std::vector<string> targets;
  std::vector<string> assumed;
  size_t others = 0;
  for (const Action& action : actions) {
    if (action.statement != "CustomAction") {
      continue;
    }
    if (action.name == "Other") {
      ++others;
      continue;
    }
    targets.push_back(action.target);
    EXPECT_EQ(action.arguments, "-x once");
    for (const model::Parameter& parameter : action.parameters) {
      if (parameter.name == "assuming") {
        assumed.push_back(std::get<string>(parameter.value));
      }
    }
  }
  EXPECT_EQ(targets, (std::vector<string>{string(kProgram),
                                          "[SystemFolder]notepad.exe"}));
  // Properties that an action has nothing to do with do not repeat it.
  EXPECT_EQ(others, 1U);
  EXPECT_EQ(assumed, (std::vector<string>{"PROG = [INNER]",
                                          "PROG = [SystemFolder]notepad.exe"}));
}

// What custom actions of such rows start, and with which arguments.
std::vector<string> StartedBy(std::vector<std::vector<forge::MsiCell>> rows) {
  forge::MsiRecipe recipe = formats::MsiSample();
  for (forge::MsiTableRecipe& table : recipe.tables) {
    if (table.name == "CustomAction") {
      table.rows = std::move(rows);
    } else if (table.name == "Property") {
      table.rows = {{string("WORD"), string("once")}};
    }
  }
  std::vector<string> started;
  for (const Action& action : ActionsOf(recipe)) {
    if (action.statement == "CustomAction") {
      started.push_back(action.target + "|" + action.arguments);
    }
  }
  return started;
}

TEST(MsiTables, EveryCombinationOfTextsIsSaid) {
  EXPECT_EQ(
      StartedBy({{string("Run"), 50, string("P"), string("[A]")},
                 {string("S1"), 51, string("P"), string("p.exe")},
                 {string("S2"), 51, string("P"), string("q.exe")},
                 {string("S3"), 51, string("A"), string("/a")},
                 {string("S4"), 51, string("A"), string("/b")}}),
      (std::vector<string>{"p.exe|/a", "q.exe|/a", "p.exe|/b", "q.exe|/b"}));
}

TEST(MsiTables, ATextOfAPropertyThatIsCutIsSaidToBe) {
  forge::MsiRecipe recipe = formats::MsiSample();
  for (forge::MsiTableRecipe& table : recipe.tables) {
    if (table.name == "CustomAction") {
      table.rows = {
          {string("Run"), 50, string("P"), string("")},
          {string("S"), 51, string("P"), "p.exe " + string(200'000, 'x')}};
    }
  }
  const Action run = Only(ActionsOf(recipe), "CustomAction");
  EXPECT_EQ(run.target, "p.exe");
  EXPECT_EQ(
      std::ranges::count(run.parameters, "shortened", &model::Parameter::name),
      1);
}

TEST(MsiTables, APropertyMayHoldAllOfACommandOrNothing) {
  EXPECT_EQ(StartedBy({{string("Run"), 50, string("P"), string("")},
                       {string("S1"), 51, string("P"), string("p.exe -x")}}),
            std::vector<string>{"p.exe|-x"});
  EXPECT_EQ(StartedBy({{string("Run"), 50, string("NEVER"), string("foo")}}),
            std::vector<string>{"[NEVER]|foo"});
  // A text that names its own property is not put into itself.
  EXPECT_EQ(StartedBy({{string("Run"), 50, string("P"), string("-y")},
                       {string("S1"), 51, string("P"), string("[P] /more")}}),
            std::vector<string>{"[P] /more|-y"});
}

Action OfCustomAction(int type, const string& source, const string& target) {
  return Only(ActionsOfCustomAction(type, source, target), "CustomAction");
}

string WrittenOf(const Action& action) {
  for (const model::Parameter& parameter : action.parameters) {
    if (parameter.name == "command_line") {
      return std::get<string>(parameter.value);
    }
  }
  return "";
}

TEST(MsiTables, KeysAndPropertiesInCommandLinesAreFollowed) {
  constexpr const char* kShell = "[SystemFolder]cmd.exe";
  struct Row {
    int type;
    const char* source;
    const char* text;
    string target;
    string arguments;
    const char* written;
  };
  const string quoted = "\"" + string(kProgram) + "\"";
  for (const Row& row : {
           Row{34, "INSTALLDIR", "cmd.exe /c \"[#App]\" -x", kProgram, "-x",
               "cmd.exe /c \"[#App]\" -x"},
           Row{34, "INSTALLDIR", "[!App] -x", kProgram, "-x", "[!App] -x"},
           Row{34, "INSTALLDIR", "[PROG] -x", kProgram, "-x", "[PROG] -x"},
           Row{34, "INSTALLDIR", "[LATER] -x", kProgram, "-later -x",
               "[LATER] -x"},
           Row{34, "INSTALLDIR", "rundll32.exe \"[#App]\",Start",
               "rundll32.exe", quoted + ",Start",
               "rundll32.exe \"[#App]\",Start"},
           Row{34, "INSTALLDIR", "regsvr32 /s \"[#App]\"", "regsvr32",
               "/s " + quoted, "regsvr32 /s \"[#App]\""},
           Row{34, "INSTALLDIR", "[INSTALLDIR]x.exe -x", "[INSTALLDIR]x.exe",
               "-x", ""},
           Row{50, "SHELL", "/c \"[#App]\"", kProgram, "",
               "[SystemFolder]cmd.exe /c \"[#App]\""},
           Row{50, "SHELL", "/?", kShell, "/?", ""},
           Row{18, "App", "-x", kProgram, "-x", ""},
       }) {
    const Action action = OfCustomAction(row.type, row.source, row.text);
    EXPECT_EQ(action.target, row.target) << row.text;
    EXPECT_EQ(action.arguments, row.arguments) << row.text;
    EXPECT_EQ(WrittenOf(action), row.written) << row.text;
  }
  const Action task = OfCustomAction(
      34, "INSTALLDIR", "schtasks /create /tn t /tr \"[#App] -x\"");
  EXPECT_EQ(task.kind, ActionKind::kScheduleTask);
  EXPECT_EQ(task.target, kProgram);
  EXPECT_EQ(task.arguments, "-x");
}

TEST(MsiTables, KeysBehindALauncherInAValueAreResolved) {
  forge::MsiRecipe recipe = formats::MsiSample();
  for (forge::MsiTableRecipe& table : recipe.tables) {
    if (table.name == "Registry") {
      table.rows = {
          {string("r1"), 2,
           string("Software\\Microsoft\\Windows\\CurrentVersion\\Run"),
           string("ex"), string("#%rundll32 \"[#App]\",Start"),
           string("Main")}};
    }
  }
  const Action value = Only(ActionsOf(recipe), "Registry");
  EXPECT_EQ(value.value, "#%rundll32 \"[#App]\",Start");
  ASSERT_EQ(value.parameters.size(), 1U);
  EXPECT_EQ(value.parameters[0].name, "resolved_value");
  EXPECT_EQ(std::get<string>(value.parameters[0].value),
            "rundll32 \"" + string(kProgram) + "\",Start");
}

TEST(MsiTables, APropertyInItselfEnds) {
  const Action action = OfCustomAction(34, "INSTALLDIR", "x.exe [LOOP]");
  EXPECT_EQ(action.target, "x.exe");
  EXPECT_LT(action.arguments.size(), 1000U);
  string many = "x.exe ";
  for (int i = 0; i < 500; ++i) {
    many += "[NOTHING][#App]";
  }
  const Action cut = OfCustomAction(34, "INSTALLDIR", many);
  EXPECT_TRUE(cut.arguments.starts_with(kProgram));
  EXPECT_TRUE(cut.arguments.ends_with("[NOTHING][#App]"));
}

TEST(MsiTables, OfSeveralCommandsEachIsFollowed) {
  const auto actions = ActionsOfCustomAction(
      34, "INSTALLDIR", "[SystemFolder]cmd.exe /c [#App] -j & [#App] -j2");
  std::vector<string> arguments;
  for (const Action& action : actions) {
    if (action.statement == "CustomAction") {
      EXPECT_EQ(action.target, kProgram);
      EXPECT_EQ(WrittenOf(action),
                "[SystemFolder]cmd.exe /c [#App] -j & [#App] -j2");
      arguments.push_back(action.arguments);
    }
  }
  EXPECT_EQ(arguments, (std::vector<string>{"-j", "-j2"}));
}

}  // namespace
}  // namespace countersign::install
