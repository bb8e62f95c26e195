#include "install/burn/burn.h"

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "formats/xml.h"
#include "install/documents/text_of.h"
#include "install/documents/xml_root.h"
#include "install/windows/command_line.h"

namespace countersign::install {
namespace {

using formats::XmlNode;
using formats::XmlTree;
using model::Action;
using model::ActionKind;
using model::ActionPhase;
using model::RunsAs;

class BurnReader {
 public:
  BurnReader(const XmlTree& tree, ActionList& actions)
      : tree_(tree), actions_(actions) {}

  void Read() {
    // Version 3 has payloads below the root and below UX, version 4 below the
    // root; ids are unique in the document.
    for (uint32_t i = 0; i < tree_.Nodes().size(); ++i) {
      const XmlNode& node = tree_[i];
      if (node.kind == formats::XmlKind::kElement &&
          node.name.Local() == "Payload") {
        payloads_.emplace(AttributeText(tree_, i, "Id"), i);
      }
    }
    for (const uint32_t child : tree_.Children(tree_.Root())) {
      if (tree_[child].name.Local() == "Chain") {
        for (const uint32_t package : tree_.Children(child)) {
          AddPackage(package);
        }
      }
    }
  }

 private:
  [[nodiscard]] std::string Text(uint32_t element,
                                 std::string_view name) const {
    return AttributeText(tree_, element, name);
  }

  // What the package's first payload is called and where it lies.
  [[nodiscard]] std::optional<uint32_t> PayloadOf(uint32_t package) const {
    std::string id = Text(package, "PrimaryPayloadId");
    for (const uint32_t child : tree_.Children(package)) {
      if (id.empty() && tree_[child].name.Local() == "PayloadRef") {
        id = Text(child, "Id");
      }
    }
    const auto payload = payloads_.find(id);
    return payload == payloads_.end() ? std::nullopt
                                      : std::optional(payload->second);
  }

  void AddPackage(uint32_t package) {
    const std::string_view kind = tree_[package].name.Local();
    constexpr std::string_view kPackage = "Package";
    if (!kind.ends_with(kPackage) || actions_.IsFull()) {
      return;
    }
    const std::optional<uint32_t> payload = PayloadOf(package);
    if (kind == "ExePackage" || kind == "BundlePackage") {
      AddProgram(package, payload, "Install", ActionPhase::kInstall);
      AddProgram(package, payload, "Uninstall", ActionPhase::kUninstall);
    } else {
      Action action = Describe(package, payload, ActionPhase::kInstall);
      action.kind = ActionKind::kInstallPackage;
      for (const uint32_t child : tree_.Children(package)) {
        if (tree_[child].name.Local() == "MsiProperty") {
          action.arguments += (action.arguments.empty() ? "" : " ") +
                              Text(child, "Id") + "=" + Text(child, "Value");
        }
      }
      actions_.Add(std::move(action));
    }
    AddDownload(package, payload);
  }

  void AddProgram(uint32_t package, std::optional<uint32_t> payload,
                  const std::string& when, ActionPhase phase) {
    std::string arguments = Text(package, when + "Arguments");
    if (phase == ActionPhase::kUninstall && arguments.empty()) {
      return;
    }
    Action action = Describe(package, payload, phase);
    TakeCommand(std::move(action.target), std::move(arguments), action);
    actions_.Add(std::move(action));
  }

  [[nodiscard]] Action Describe(uint32_t package,
                                std::optional<uint32_t> payload,
                                ActionPhase phase) const {
    Action action;
    action.phase = phase;
    action.statement = tree_[package].name.Local();
    action.name = Text(package, "Id");
    action.condition = Text(package, "InstallCondition");
    // Quirk: the bundle itself runs unraised; a part of it that asks for an
    // administrator's rights handles what is for all users.
    action.runs_as = Text(package, "PerMachine") == "yes"
                         ? RunsAs::kAdministrator
                         : RunsAs::kUser;
    action.evidence = {tree_[package].offset, 0};
    if (payload) {
      action.target = Text(*payload, "FilePath");
      action.parameters.push_back({"stored_as", Text(*payload, "SourcePath")});
      action.parameters.push_back({"packaging", Text(*payload, "Packaging")});
    }
    constexpr std::array kCopied = {
        std::pair("DetectCondition", "detect_condition"),
        std::pair("Vital", "vital"), std::pair("Permanent", "permanent"),
        std::pair("ProductCode", "product_code")};
    for (const auto& [attribute, parameter] : kCopied) {
      std::string value = Text(package, attribute);
      if (!value.empty()) {
        action.parameters.push_back({parameter, std::move(value)});
      }
    }
    return action;
  }

  // A payload that is not in the bundle is fetched when it is not beside it.
  void AddDownload(uint32_t package, std::optional<uint32_t> payload) {
    if (!payload || Text(*payload, "DownloadUrl").empty() ||
        Text(*payload, "Packaging") == "embedded") {
      return;
    }
    Action action = Describe(package, payload, ActionPhase::kInstall);
    action.kind = ActionKind::kDownload;
    action.runs_as = RunsAs::kUser;
    action.arguments = action.target;
    action.target = Text(*payload, "DownloadUrl");
    action.evidence = {tree_[*payload].offset, 0};
    action.parameters.push_back({"hash", Text(*payload, "Hash")});
    actions_.Add(std::move(action));
  }

  const XmlTree& tree_;
  ActionList& actions_;
  std::map<std::string, uint32_t, std::less<>> payloads_;
};

}  // namespace

base::Result<void> ReadBurn(const Place& /*place*/, const base::Blob& file,
                            base::Budget& budget, ActionList& actions) {
  // Why first: any cabinet may have a member of that name.
  if (CS_TRY(XmlRootName(file.View(), budget)) != "BurnManifest") {
    return {};
  }
  const XmlTree tree = CS_TRY(formats::ParseXml({file.View(), 0}, budget));
  BurnReader(tree, actions).Read();
  return {};
}

}  // namespace countersign::install
