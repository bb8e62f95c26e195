#include "install/task/task.h"

#include <gtest/gtest.h>

#include <string>

#include "install/sample/reading.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::Format;
using model::Persistence;
using model::RunsAs;

TEST(ScheduledTasks, DefinitionsAreRead) {
  const Place place{Format::kUnknown, Format::kZip, "x/Task.XML"};
  const std::string text = R"(<?xml version="1.0"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
 <Triggers><BootTrigger/><LogonTrigger/></Triggers>
 <Principals><Principal id="A"><UserId>S-1-5-18</UserId>
  <RunLevel>HighestAvailable</RunLevel></Principal></Principals>
 <Actions Context="A"><Exec><Command>C:\a\up.exe</Command>
  <Arguments>-x</Arguments></Exec></Actions>
</Task>)";
  const Reading reading = Read(place, text);
  ASSERT_EQ(reading.actions.size(), 1U);
  const Action& action = reading.actions[0];
  EXPECT_EQ(action.kind, ActionKind::kScheduleTask);
  EXPECT_EQ(action.persistence, Persistence::kScheduledTask);
  EXPECT_EQ(action.target, R"(C:\a\up.exe)");
  EXPECT_EQ(action.arguments, "-x");
  EXPECT_EQ(action.runs_as, RunsAs::kSystem);
  EXPECT_EQ(Parameter(action, "triggers"), "BootTrigger, LogonTrigger");
  EXPECT_EQ(Parameter(action, "run_level"), "HighestAvailable");
  EXPECT_TRUE(Read(place, "<other/>").actions.empty());
  EXPECT_FALSE(Read(place, "no xml at all <").failed);
  EXPECT_TRUE(Read(place, text.substr(0, text.size() - 3)).failed);
}

constexpr Place kTaskFile{Format::kUnknown, Format::kZip, "task.xml"};

std::string TaskWith(const std::string& principals,
                     const std::string& actions) {
  return "<!--" + std::string(5'000, 'x') +
         "--><Task xmlns='http://schemas.microsoft.com/windows/2004/02/mit/"
         "task'><Triggers><BootTrigger/></Triggers><Principals>" +
         principals + "</Principals>" + actions + "</Task>";
}

TEST(ScheduledTasks, RunAsThePrincipalThatTheActionsName) {
  struct Row {
    const char* context;
    RunsAs runs_as;
    const char* account;
  };
  for (const Row& row :
       {Row{"A", RunsAs::kAccount, "me"}, Row{"B", RunsAs::kSystem, ""},
        Row{"C", RunsAs::kAccount, "Administrators"},
        Row{"D", RunsAs::kAccount, "S-1-5-32-545"}, Row{"E", RunsAs::kUser, ""},
        Row{"", RunsAs::kAccount, "me"}}) {
    const Reading reading = Read(
        kTaskFile,
        TaskWith("<Principal id='A'><UserId>me</UserId></Principal>"
                 "<Principal id='B'><UserId> S-1-5-18 </UserId></Principal>"
                 "<Principal id='C'><GroupId>S-1-5-32-544</GroupId></Principal>"
                 "<Principal id='D'><GroupId>S-1-5-32-545</GroupId></Principal>"
                 "<Principal id='E'/>",
                 "<Actions Context='" + std::string(row.context) +
                     "'><Exec><Command>a.exe</Command></Exec></Actions>"));
    ASSERT_EQ(reading.actions.size(), 1U) << row.context;
    EXPECT_EQ(reading.actions[0].runs_as, row.runs_as) << row.context;
    EXPECT_EQ(reading.actions[0].account, row.account) << row.context;
  }
}

TEST(ScheduledTasks, EachActionIsTakenApart) {
  const Reading reading = Read(
      kTaskFile,
      TaskWith(
          "",
          "<Actions><Exec><Command> \"C:\\a b\\u.exe\" </Command>"
          "<Arguments>-x</Arguments></Exec>"
          "<Exec><Command>reg.exe</Command><Arguments>add "
          "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run /v u /d "
          "u.exe</Arguments></Exec>"
          "<Exec><Command>sc</Command><Arguments>create s binPath= s.exe"
          "</Arguments></Exec>"
          "<Exec><Command>powershell</Command><Arguments>-f a.ps1</Arguments>"
          "</Exec><ComHandler><ClassId>{1}</ClassId><Data>d</Data>"
          "</ComHandler></Actions>"));
  ASSERT_EQ(reading.actions.size(), 5U);
  EXPECT_EQ(reading.actions[0].target, "C:\\a b\\u.exe");
  EXPECT_EQ(reading.actions[0].arguments, "-x");
  EXPECT_EQ(reading.actions[0].kind, ActionKind::kScheduleTask);
  EXPECT_EQ(reading.actions[1].kind, ActionKind::kWriteRegistry);
  EXPECT_EQ(reading.actions[1].persistence, Persistence::kLogon);
  EXPECT_EQ(reading.actions[1].value, "u.exe");
  EXPECT_EQ(reading.actions[2].kind, ActionKind::kInstallService);
  EXPECT_EQ(reading.actions[2].persistence, Persistence::kService);
  EXPECT_EQ(reading.actions[3].kind, ActionKind::kScheduleTask);
  EXPECT_EQ(reading.actions[3].persistence, Persistence::kScheduledTask);
  const Action& handler = reading.actions[4];
  EXPECT_EQ(handler.kind, ActionKind::kScheduleTask);
  EXPECT_EQ(handler.statement, "Task ComHandler");
  EXPECT_EQ(handler.target, "{1}");
  EXPECT_EQ(Parameter(handler, "data"), "d");
  EXPECT_EQ(Parameter(handler, "triggers"), "BootTrigger");
}

TEST(ScheduledTasks, ALongTextForManyActionsTakesNoTime) {
  std::string actions = "<Actions>";
  for (int i = 0; i < 150'000; ++i) {
    actions += "<Exec/>";
  }
  const std::string text =
      TaskWith("<Principal><UserId>" + std::string(size_t{8} << 20, 'x') +
                   "</UserId></Principal>",
               actions + "</Actions>");
  const Reading reading = Read(kTaskFile, text);
  EXPECT_LT(reading.actions.size(), 1'000U);
  EXPECT_EQ(Parameter(reading.actions.at(0), "shortened"), "1");
}

}  // namespace
}  // namespace countersign::install
