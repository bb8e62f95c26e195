#include "install/msix/msix.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/json.h"
#include "formats/xml.h"
#include "install/documents/shared_text.h"
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

  // All elements inside `element`, however deep, in order.
  [[nodiscard]] std::vector<uint32_t> Inside(uint32_t element) const {
    std::vector<uint32_t> inside;
    for (uint32_t i = element + 1; i < tree_[element].end; ++i) {
      if (tree_[i].kind == formats::XmlKind::kElement) {
        inside.push_back(i);
      }
    }
    return inside;
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
    if (actions_.IsFull()) {
      return;
    }
    const std::string executable = SharedText(Text(application, "Executable"));
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
    if (actions_.IsFull()) {
      return;
    }
    Action& action = Add(ActionKind::kRequestCapability,
                         tree_[capability].name.qualified, capability);
    action.name = Text(capability, "Name");
  }

  void AddExtensions(uint32_t extensions, const std::string& executable) {
    for (const uint32_t extension : tree_.Children(extensions)) {
      if (actions_.IsFull()) {
        return;
      }
      AddExtension(extension, executable);
    }
  }

  void AddExtension(uint32_t extension, const std::string& executable) {
    const std::string category = Text(extension, "Category");
    if (category == "windows.customInstall") {
      AddCustomInstall(extension, executable);
    } else if (category == "windows.comServer") {
      AddComServers(extension, executable);
    } else {
      AddPlain(extension, executable);
      if (category == "windows.fullTrustProcess") {
        AddParameterGroups(extension, executable);
      }
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

  // One action for the extension, with all attributes of all in it.
  void AddPlain(uint32_t extension, const std::string& executable) {
    const std::string category = Text(extension, "Category");
    const Category& row = CategoryOf(category);
    Action& action = Add(
        row.kind, category.empty() ? tree_[extension].name.qualified : category,
        extension);
    action.persistence = row.persistence;
    action.phase = row.phase;
    action.target = ProgramOf(extension, executable);
    action.arguments = Text(extension, "Parameters");
    Describe(extension, action);
    for (const uint32_t detail : Inside(extension)) {
      TakeName(detail, action);
      Describe(detail, action);
      if (category == "windows.service" &&
          tree_[detail].name.Local() == "Service") {
        TakeAccount(Text(detail, "StartAccount"), action);
        action.arguments = Text(detail, "Arguments");
      }
    }
  }

  void TakeName(uint32_t element, Action& action) const {
    for (const std::string_view name :
         {"Name", "TaskId", "Alias", "Description"}) {
      action.name = action.name.empty() ? Text(element, name) : action.name;
    }
  }

  // Its own program, that of an element in it ("FirewallRules"), the library
  // that an element is the text of ("InProcessServer"), or else the
  // application's.
  [[nodiscard]] std::string ProgramOf(uint32_t extension,
                                      const std::string& executable) const {
    std::string program = Text(extension, "Executable");
    for (const uint32_t inside : Inside(extension)) {
      if (!program.empty()) {
        break;
      }
      program = tree_[inside].name.Local() == "Path"
                    ? tree_.Text(inside)
                    : Text(inside, "Executable");
    }
    return program.empty() ? executable : program;
  }

  // Programs with their arguments, two levels down. `File` is relative to
  // `Folder`. Without RunAsUser they run for whoever installs, elevated.
  //
  // Spec: "desktop6:CustomInstall" and "desktop6:InstallAction" (Microsoft,
  // learn.microsoft.com/uwp/schemas/appxpackage/uapmanifestschema/
  // element-desktop6-custominstall).
  void AddCustomInstall(uint32_t extension, const std::string& executable) {
    bool has_any = false;
    std::string folder;
    RunsAs runs_as = RunsAs::kInstaller;
    for (const uint32_t inside : Inside(extension)) {
      const std::string_view name = tree_[inside].name.Local();
      if (name == "CustomInstall") {
        folder = SharedText(Text(inside, "Folder"));
        const std::string user = Text(inside, "RunAsUser");
        runs_as =
            user == "true" || user == "1" ? RunsAs::kUser : RunsAs::kInstaller;
      } else if (name == "InstallAction" || name == "RepairAction" ||
                 name == "UninstallAction") {
        has_any = true;
        AddCustomAction(inside, folder, runs_as);
      }
    }
    if (!has_any) {
      AddPlain(extension, executable);
    }
  }

  void AddCustomAction(uint32_t element, const std::string& folder,
                       RunsAs runs_as) {
    if (actions_.IsFull()) {
      return;
    }
    const std::string_view name = tree_[element].name.Local();
    Action& action =
        Add(ActionKind::kRunProgram, "windows.customInstall", element);
    action.phase = name == "InstallAction"     ? ActionPhase::kInstall
                   : name == "UninstallAction" ? ActionPhase::kUninstall
                                               : ActionPhase::kUse;
    action.runs_as = runs_as;
    action.name = Text(element, "Name");
    const std::string file = Text(element, "File");
    TakeCommand(folder.empty() ? file : folder + "\\" + file,
                Text(element, "Arguments"), action);
    action.parameters.push_back({"action", std::string(name)});
    Describe(element, action);
  }

  // What the application may start with full trust, one for each set of
  // arguments.
  //
  // Spec: "desktop:ParameterGroup" (Microsoft).
  void AddParameterGroups(uint32_t extension, const std::string& executable) {
    const std::string program = SharedText(ProgramOf(extension, executable));
    for (const uint32_t inside : Inside(extension)) {
      if (actions_.IsFull()) {
        return;
      }
      if (tree_[inside].name.Local() == "ParameterGroup") {
        Action& action = Add(ActionKind::kRegisterExtension,
                             "windows.fullTrustProcess", inside);
        action.target = program;
        action.name = Text(inside, "GroupId");
        action.arguments = Text(inside, "Parameters");
        Describe(inside, action);
      }
    }
  }

  // Servers have programs and libraries of their own.
  //
  // Spec: "com:ExeServer", "com:SurrogateServer" and "com:Class" (Microsoft).
  void AddComServers(uint32_t extension, const std::string& executable) {
    bool has_any = false;
    for (const uint32_t inside : Inside(extension)) {
      const std::string_view name = tree_[inside].name.Local();
      const bool is_program = name == "ExeServer";
      const bool is_library = name == "Class" && !Text(inside, "Path").empty();
      if (!is_program && !is_library) {
        continue;
      }
      if (actions_.IsFull()) {
        return;
      }
      has_any = true;
      AddComServer(inside, is_program, executable);
    }
    if (!has_any) {
      AddPlain(extension, executable);
    }
  }

  void AddComServer(uint32_t element, bool is_program,
                    const std::string& executable) {
    Action& action =
        Add(ActionKind::kRegisterExtension, "windows.comServer", element);
    action.target = Text(element, is_program ? "Executable" : "Path");
    if (action.target.empty()) {
      action.target = executable;
    }
    action.arguments = Text(element, "Arguments");
    action.name = Text(element, is_program ? "DisplayName" : "Id");
    Describe(element, action);
    if (is_program) {
      for (const uint32_t inside : Inside(element)) {
        Describe(inside, action);
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
    if (actions.IsFull()) {
      return {};
    }
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
