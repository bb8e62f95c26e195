#include "install/msix/msix.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "formats/json.h"
#include "formats/xml.h"
#include "install/documents/text_of.h"
#include "install/windows/command_line.h"

namespace countersign::install {
namespace {

using formats::JsonValue;
using formats::XmlTree;
using model::Action;
using model::ActionKind;
using model::ActionPhase;
using model::Persistence;
using model::RunsAs;

// The value of the attribute in whatever namespace; schemas since 2015 put the
// same ones into several.
std::string AnyAttribute(const XmlTree& tree, uint32_t element,
                         std::string_view local) {
  for (const formats::XmlAttribute& attribute : tree[element].attributes) {
    if (attribute.name.Local() == local) {
      return attribute.value;
    }
  }
  return "";
}

class MsixReader {
 public:
  MsixReader(const XmlTree& tree, ActionList& actions)
      : tree_(tree), actions_(actions) {}

  void Read() {
    for (const uint32_t part : tree_.Children(tree_.Root())) {
      const std::string_view name = tree_[part].name.Local();
      if (name == "Applications") {
        for (const uint32_t application : tree_.Children(part)) {
          AddApplication(application);
        }
      } else if (name == "Capabilities") {
        for (const uint32_t capability : tree_.Children(part)) {
          AddCapability(capability);
        }
      } else if (name == "Extensions") {
        AddExtensions(part, "");
      }
    }
  }

 private:
  [[nodiscard]] std::string Text(uint32_t element,
                                 std::string_view name) const {
    return AnyAttribute(tree_, element, name);
  }

  Action& Add(ActionKind kind, std::string statement, uint32_t element) {
    Action& action = actions_.Open();
    action.kind = kind;
    action.phase = ActionPhase::kUse;
    action.runs_as = RunsAs::kUser;
    action.statement = std::move(statement);
    action.evidence = {tree_[element].offset, 0};
    return action;
  }

  // Further attributes, as they are called there.
  void Describe(uint32_t element, Action& action) const {
    for (const formats::XmlAttribute& attribute : tree_[element].attributes) {
      action.parameters.push_back(
          {std::string(attribute.name.qualified), attribute.value});
    }
  }

  void AddApplication(uint32_t application) {
    const std::string executable = Text(application, "Executable");
    const std::string id = Text(application, "Id");
    Action& action = Add(ActionKind::kEntryPoint, "Application", application);
    action.name = id;
    action.target =
        executable.empty() ? Text(application, "StartPage") : executable;
    action.arguments = Text(application, "Parameters");
    Describe(application, action);
    for (const uint32_t part : tree_.Children(application)) {
      if (tree_[part].name.Local() == "Extensions") {
        AddExtensions(part, executable);
      }
    }
  }

  void AddCapability(uint32_t capability) {
    Action& action = Add(ActionKind::kRequestCapability,
                         tree_[capability].name.qualified, capability);
    action.name = Text(capability, "Name");
  }

  void AddExtensions(uint32_t extensions, const std::string& executable) {
    for (const uint32_t extension : tree_.Children(extensions)) {
      AddExtension(extension, executable);
    }
  }

  // What an extension of the category amounts to.
  struct Category {
    std::string_view name;
    ActionKind kind;
    Persistence persistence;
    ActionPhase phase;
  };
  static const Category& CategoryOf(std::string_view name) {
    static constexpr std::array kCategories = {
        Category{"windows.startupTask", ActionKind::kRegisterExtension,
                 Persistence::kLogon, ActionPhase::kUse},
        Category{"windows.service", ActionKind::kInstallService,
                 Persistence::kService, ActionPhase::kInstall},
        Category{"windows.customInstall", ActionKind::kRunProgram,
                 Persistence::kNone, ActionPhase::kInstall},
        Category{"", ActionKind::kRegisterExtension, Persistence::kNone,
                 ActionPhase::kUse}};
    for (const Category& row : kCategories) {
      if (row.name == name) {
        return row;
      }
    }
    return kCategories.back();
  }

  void AddExtension(uint32_t extension, const std::string& executable) {
    const std::string category = Text(extension, "Category");
    const Category& row = CategoryOf(category);
    Action& action = Add(
        row.kind, category.empty() ? tree_[extension].name.qualified : category,
        extension);
    action.persistence = row.persistence;
    action.phase = row.phase;
    action.target = Text(extension, "Executable");
    if (action.target.empty()) {
      action.target = executable;
    }
    Describe(extension, action);
    for (const uint32_t detail : tree_.Children(extension)) {
      if (action.name.empty()) {
        for (const std::string_view name :
             {"Name", "TaskId", "Alias", "Description"}) {
          action.name = action.name.empty() ? Text(detail, name) : action.name;
        }
      }
      Describe(detail, action);
      if (category == "windows.service") {
        TakeAccount(Text(detail, "StartAccount"), action);
        action.arguments = Text(detail, "Arguments");
      }
    }
  }

  static void TakeAccount(std::string account, Action& action) {
    action.runs_as =
        account == "localSystem" ? RunsAs::kSystem : RunsAs::kAccount;
    action.account = account == "localSystem" ? "" : std::move(account);
  }

  const XmlTree& tree_;
  ActionList& actions_;
};

void AddScript(const JsonValue& application, const char* name,
               base::ByteRange evidence, ActionList& actions) {
  const auto script = application.Member(name);
  if (!script || !script->IsObject()) {
    return;
  }
  Action action;
  action.kind = ActionKind::kRunScript;
  action.phase = ActionPhase::kUse;
  action.runs_as = RunsAs::kUser;
  action.statement = std::string("config.json ") + name;
  action.target = MemberText(*script, "scriptPath");
  action.arguments = MemberText(*script, "scriptArguments");
  action.evidence = evidence;
  actions.Add(std::move(action));
}

}  // namespace

base::Result<void> ReadMsixManifest(const Place& /*place*/,
                                    const base::Blob& file,
                                    base::Budget& budget, ActionList& actions) {
  const XmlTree tree = CS_TRY(formats::ParseXml({file.View(), 0}, budget));
  MsixReader(tree, actions).Read();
  return {};
}

base::Result<void> ReadPackageSupport(const Place& /*place*/,
                                      const base::Blob& file,
                                      base::Budget& budget,
                                      ActionList& actions) {
  const formats::JsonDocument document =
      CS_TRY(formats::ParseJson({file.View(), 0}, budget));
  const JsonValue root = document.Root();
  const auto list = root.IsObject() ? root.Member("applications")
                                    : std::optional<JsonValue>();
  const base::ByteRange all = {0, file.View().size()};
  for (auto application = list ? list->First() : std::nullopt; application;
       application = application->Next()) {
    if (!application->IsObject()) {
      continue;
    }
    Action action;
    action.phase = ActionPhase::kUse;
    action.runs_as = RunsAs::kUser;
    action.statement = "config.json applications";
    action.name = MemberText(*application, "id");
    TakeCommand(MemberText(*application, "executable"),
                MemberText(*application, "arguments"), action);
    action.kind = ActionKind::kEntryPoint;
    action.evidence = all;
    actions.Add(std::move(action));
    AddScript(*application, "startScript", all, actions);
    AddScript(*application, "endScript", all, actions);
  }
  return {};
}

}  // namespace countersign::install
