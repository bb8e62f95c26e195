#include "install/windows/registered.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "install/windows/command_line.h"
#include "install/windows/registry.h"
#include "install/windows/words.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::Persistence;
using model::RunsAs;

void TakeAccount(const std::string& account, Action& action) {
  constexpr std::array<std::string_view, 6> kSystem = {
      "",         "system",        "nt authority\\system", "localsystem",
      "s-1-5-18", ".\\localsystem"};
  const bool is_system =
      std::ranges::find(kSystem, base::AsciiLower(account)) != kSystem.end();
  action.runs_as = is_system ? RunsAs::kSystem : RunsAs::kAccount;
  action.account = is_system ? "" : account;
}

void TakeLine(std::string_view line, Action& action) {
  CommandLine command = SplitCommandLine(line);
  action.target = std::move(command.program);
  action.arguments = std::move(command.arguments);
}

// schtasks /create /tn NAME /tr COMMAND [/ru ACCOUNT] [/sc WHEN]
bool TakeTask(const std::vector<std::string>& words, Action& action) {
  const auto command = ValueOf(words, "/tr");
  if (!HasWord(words, "/create") || !command) {
    return false;
  }
  action.kind = ActionKind::kScheduleTask;
  action.persistence = Persistence::kScheduledTask;
  TakeLine(WithDoubleQuotes(*command), action);
  if (const auto name = ValueOf(words, "/tn")) {
    action.name = *name;
  }
  if (const auto account = ValueOf(words, "/ru")) {
    TakeAccount(*account, action);
  }
  if (const auto when = ValueOf(words, "/sc")) {
    action.parameters.push_back({"triggers", *when});
  }
  return true;
}

// sc [\\SERVER] create|config NAME binPath= COMMAND [obj= ACCOUNT] [start=
// WHEN]
bool TakeService(std::vector<std::string> words, Action& action) {
  if (!words.empty() && words.front().starts_with("\\\\")) {
    return false;  // of another computer
  }
  // "binPath=x" does what "binPath= x" does.
  constexpr std::array<std::string_view, 4> kOptions = {
      "binpath=", "obj=", "start=", "type="};
  for (size_t i = 0; i < words.size(); ++i) {
    for (const std::string_view option : kOptions) {
      if (words[i].size() > option.size() &&
          base::AsciiLower(words[i]).starts_with(option)) {
        const std::string value = words[i].substr(option.size());
        words[i].resize(option.size());
        words.insert(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, value);
        break;
      }
    }
  }
  const auto command = ValueOf(words, "binpath=");
  const std::string verb = words.empty() ? "" : base::AsciiLower(words[0]);
  if (!command || words.size() < 2 || (verb != "create" && verb != "config")) {
    return false;
  }
  action.kind = ActionKind::kInstallService;
  action.persistence =
      base::AsciiLower(ValueOf(words, "type=").value_or("")) == "kernel"
          ? Persistence::kDriver
          : Persistence::kService;
  action.name = words[1];
  TakeLine(*command, action);
  const auto account = ValueOf(words, "obj=");
  if (account || verb == "create") {
    TakeAccount(account.value_or(""), action);
  }
  if (const auto when = ValueOf(words, "start=")) {
    action.parameters.push_back({"start", *when});
  }
  return true;
}

// reg add KEY [/v NAME | /ve] [/t TYPE] [/d DATA]; reg delete KEY [/v NAME]
bool TakeRegistryCommand(const std::vector<std::string>& words,
                         Action& action) {
  if (words.size() < 2) {
    return false;
  }
  const std::string verb = base::AsciiLower(words[0]);
  if (verb != "add" && verb != "delete") {
    return false;
  }
  action.kind =
      verb == "add" ? ActionKind::kWriteRegistry : ActionKind::kRemoveRegistry;
  action.target = words[1];
  action.name = ValueOf(words, "/v").value_or("");
  action.arguments.clear();
  if (verb == "add") {
    action.value = ValueOf(words, "/d").value_or("");
    action.persistence = PersistenceOf(action.target, action.name);
    if (const auto type = ValueOf(words, "/t")) {
      action.parameters.push_back({"type", *type});
    }
  }
  return true;
}

}  // namespace

bool TakeRegistration(std::string_view program, std::string_view arguments,
                      Action& action) {
  if (program == "schtasks.exe") {
    return TakeTask(SplitWords(arguments), action);
  }
  if (program == "sc.exe") {
    return TakeService(SplitWords(arguments), action);
  }
  return program == "reg.exe" &&
         TakeRegistryCommand(SplitWords(arguments), action);
}

}  // namespace countersign::install
