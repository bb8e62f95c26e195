#include "install/task/task.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "formats/xml.h"
#include "install/windows/command_line.h"

namespace countersign::install {
namespace {

using formats::XmlTree;
using model::Action;
using model::ActionKind;
using model::ActionPhase;
using model::RunsAs;

constexpr std::string_view kTaskSpace =
    "http://schemas.microsoft.com/windows/2004/02/mit/task";

// Looks for the namespace in the first bytes, as ASCII or UTF-16.
bool MayBeTask(base::Bytes file) {
  constexpr size_t kRootIsWithin = 4096;
  std::string letters;
  for (const uint8_t byte : file.first(std::min(file.size(), kRootIsWithin))) {
    if (byte != 0) {
      letters += static_cast<char>(byte);
    }
  }
  return letters.find(kTaskSpace) != std::string::npos;
}

class TaskReader {
 public:
  TaskReader(const XmlTree& tree, ActionList& actions)
      : tree_(tree), actions_(actions) {}

  void Read() {
    const uint32_t root = tree_.Root();
    ReadTriggers(root);
    ReadPrincipal(root);
    const auto list = tree_.Child(root, kTaskSpace, "Actions");
    if (!list) {
      return;
    }
    for (const uint32_t element : tree_.Children(*list)) {
      if (tree_[element].name.Local() == "Exec") {
        AddExec(element);
      }
    }
  }

 private:
  [[nodiscard]] std::string TextOf(uint32_t parent,
                                   std::string_view name) const {
    const auto child = tree_.Child(parent, kTaskSpace, name);
    return child ? tree_.Text(*child) : "";
  }

  void ReadTriggers(uint32_t root) {
    if (const auto triggers = tree_.Child(root, kTaskSpace, "Triggers")) {
      for (const uint32_t trigger : tree_.Children(*triggers)) {
        triggers_ += (triggers_.empty() ? "" : ", ") +
                     std::string(tree_[trigger].name.Local());
      }
    }
  }

  void ReadPrincipal(uint32_t root) {
    const auto principals = tree_.Child(root, kTaskSpace, "Principals");
    const auto principal =
        principals ? tree_.Child(*principals, kTaskSpace, "Principal")
                   : std::nullopt;
    if (principal) {
      user_ = TextOf(*principal, "UserId");
      run_level_ = TextOf(*principal, "RunLevel");
    }
  }

  void AddExec(uint32_t element) {
    Action action;
    action.phase = ActionPhase::kUse;
    action.statement = "Task Exec";
    const std::string lower = base::AsciiLower(user_);
    const bool is_system = lower == "s-1-5-18" || lower == "system" ||
                           lower == "nt authority\\system" ||
                           lower == "localsystem";
    action.runs_as = is_system       ? RunsAs::kSystem
                     : user_.empty() ? RunsAs::kUser
                                     : RunsAs::kAccount;
    action.account = is_system ? "" : user_;
    TakeCommand(TextOf(element, "Command"), TextOf(element, "Arguments"),
                action);
    action.kind = ActionKind::kScheduleTask;
    action.persistence = model::Persistence::kScheduledTask;
    action.evidence = {tree_[element].offset, 0};
    action.parameters.push_back({"triggers", triggers_});
    if (!run_level_.empty()) {
      action.parameters.push_back({"run_level", run_level_});
    }
    actions_.Add(std::move(action));
  }

  const XmlTree& tree_;
  ActionList& actions_;
  std::string triggers_;
  std::string user_;
  std::string run_level_;
};

}  // namespace

base::Result<void> ReadTask(const Place& /*place*/, const base::Blob& file,
                            base::Budget& budget, ActionList& actions) {
  if (!MayBeTask(file.View())) {
    return {};
  }
  const XmlTree tree = CS_TRY(formats::ParseXml({file.View(), 0}, budget));
  if (tree[tree.Root()].name.Is(kTaskSpace, "Task")) {
    TaskReader(tree, actions).Read();
  }
  return {};
}

}  // namespace countersign::install
