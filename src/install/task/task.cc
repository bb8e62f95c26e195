#include "install/task/task.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "formats/xml.h"
#include "install/documents/shared_text.h"
#include "install/documents/text_of.h"
#include "install/documents/xml_root.h"
#include "install/windows/command_line.h"

namespace countersign::install {
namespace {

using formats::XmlTree;
using model::Action;
using model::ActionKind;
using model::ActionPhase;
using model::Persistence;
using model::RunsAs;

constexpr std::string_view kTaskSpace =
    "http://schemas.microsoft.com/windows/2004/02/mit/task";

bool IsSystemAccount(const std::string& account) {
  constexpr std::array<std::string_view, 5> kSystemAccounts = {
      "s-1-5-18", "system", "nt authority\\system", "localsystem",
      ".\\localsystem"};
  return std::ranges::find(kSystemAccounts, base::AsciiLower(account)) !=
         kSystemAccounts.end();
}

std::string TaskText(const std::string& text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  return first == std::string::npos
             ? ""
             : text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

class TaskReader {
 public:
  TaskReader(const XmlTree& tree, ActionList& actions)
      : tree_(tree), actions_(actions) {}

  void Read() {
    const uint32_t root = tree_.Root();
    const auto list = tree_.Child(root, kTaskSpace, "Actions");
    if (!list) {
      return;
    }
    ReadTriggers(root);
    ReadPrincipal(root, AttributeText(tree_, *list, "Context"));
    for (const uint32_t element : tree_.Children(*list)) {
      if (actions_.IsFull()) {
        return;
      }
      if (tree_[element].name.Local() == "Exec") {
        AddExec(element);
      } else if (tree_[element].name.Local() == "ComHandler") {
        AddComHandler(element);
      }
    }
  }

 private:
  [[nodiscard]] std::string TextOf(uint32_t parent,
                                   std::string_view name) const {
    const auto child = tree_.Child(parent, kTaskSpace, name);
    return child ? TaskText(tree_.Text(*child)) : "";
  }

  void ReadTriggers(uint32_t root) {
    const auto triggers = tree_.Child(root, kTaskSpace, "Triggers");
    if (!triggers) {
      return;
    }
    for (const uint32_t trigger : tree_.Children(*triggers)) {
      if (triggers_.size() >= kLongestSharedText) {
        break;
      }
      triggers_ += (triggers_.empty() ? "" : ", ") +
                   SharedText(std::string(tree_[trigger].name.Local()));
    }
    triggers_ = SharedText(std::move(triggers_));
  }

  // The one that the actions name, or else the first.
  void ReadPrincipal(uint32_t root, const std::string& context) {
    const auto principals = tree_.Child(root, kTaskSpace, "Principals");
    std::optional<uint32_t> found;
    for (const uint32_t principal :
         principals ? tree_.Children(*principals) : std::vector<uint32_t>()) {
      const std::string* id = tree_.Attribute(principal, "id");
      if (tree_[principal].name.Local() != "Principal") {
        continue;
      }
      if (!context.empty() && id != nullptr && *id == context) {
        found = principal;
        break;
      }
      found = found ? found : principal;
    }
    if (found) {
      account_ = SharedText(TextOf(*found, "UserId"));
      group_ = SharedText(TextOf(*found, "GroupId"));
      run_level_ = SharedText(TextOf(*found, "RunLevel"));
    }
  }

  [[nodiscard]] Action Begin(std::string statement, uint32_t element) const {
    Action action;
    action.phase = ActionPhase::kUse;
    action.statement = std::move(statement);
    action.evidence = {tree_[element].offset, 0};
    TakeAccount(action);
    return action;
  }

  void TakeAccount(Action& action) const {
    constexpr std::string_view kAdministrators = "S-1-5-32-544";
    if (IsSystemAccount(account_) || IsSystemAccount(group_)) {
      action.runs_as = RunsAs::kSystem;
    } else if (!account_.empty() || !group_.empty()) {
      action.runs_as = RunsAs::kAccount;
      action.account = !account_.empty()           ? account_
                       : group_ == kAdministrators ? "Administrators"
                                                   : group_;
    } else {
      action.runs_as = RunsAs::kUser;
    }
  }

  void Describe(Action& action) const {
    action.parameters.push_back({"triggers", triggers_});
    if (!group_.empty()) {
      action.parameters.push_back({"group", group_});
    }
    if (!run_level_.empty()) {
      action.parameters.push_back({"run_level", run_level_});
    }
  }

  void AddExec(uint32_t element) {
    Action action = Begin("Task Exec", element);
    CommandLine command = CommandOf(element);
    TakeCommand(std::move(command.program), std::move(command.arguments),
                action);
    // What is done with it ("reg add", "sc create") says more than when.
    if (action.kind == ActionKind::kRunProgram ||
        action.kind == ActionKind::kRunScript ||
        action.kind == ActionKind::kCallLibrary) {
      action.kind = ActionKind::kScheduleTask;
    }
    if (action.persistence == Persistence::kNone) {
      action.persistence = Persistence::kScheduledTask;
    }
    Describe(action);
    actions_.Add(std::move(action));
  }

  // Program and arguments, which are apart, but for quotes around the program.
  [[nodiscard]] CommandLine CommandOf(uint32_t element) const {
    std::string program = TextOf(element, "Command");
    std::string arguments = TextOf(element, "Arguments");
    if (!program.starts_with('"')) {
      return {std::move(program), std::move(arguments)};
    }
    CommandLine command = SplitCommandLine(program);
    if (!command.arguments.empty() && !arguments.empty()) {
      command.arguments += ' ';
    }
    command.arguments += arguments;
    command.program = TaskText(command.program);
    return command;
  }

  // An object of a class that is registered elsewhere, and what it is given.
  void AddComHandler(uint32_t element) {
    Action action = Begin("Task ComHandler", element);
    action.kind = ActionKind::kScheduleTask;
    action.persistence = Persistence::kScheduledTask;
    action.target = TextOf(element, "ClassId");
    if (std::string data = TextOf(element, "Data"); !data.empty()) {
      action.parameters.push_back({"data", std::move(data)});
    }
    Describe(action);
    actions_.Add(std::move(action));
  }

  const XmlTree& tree_;
  ActionList& actions_;
  std::string triggers_;
  std::string account_;
  std::string group_;
  std::string run_level_;
};

}  // namespace

base::Result<void> ReadTask(const Place& /*place*/, const base::Blob& file,
                            base::Budget& budget, ActionList& actions) {
  if (CS_TRY(XmlRootName(file.View(), budget)) != "Task") {
    return {};
  }
  const XmlTree tree = CS_TRY(formats::ParseXml({file.View(), 0}, budget));
  if (tree[tree.Root()].name.Is(kTaskSpace, "Task")) {
    TaskReader(tree, actions).Read();
  }
  return {};
}

}  // namespace countersign::install
