#include "install/nuget/nuget.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "formats/xml.h"
#include "install/windows/command_line.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::ActionPhase;

struct NugetScript {
  std::string_view name;
  ActionPhase phase;
};

// What the package manager of Visual Studio, and Chocolatey, run.
constexpr std::array kNugetScripts = {
    NugetScript{"tools/init.ps1", ActionPhase::kInstall},
    NugetScript{"tools/install.ps1", ActionPhase::kInstall},
    NugetScript{"tools/uninstall.ps1", ActionPhase::kUninstall},
    NugetScript{"tools/chocolateyinstall.ps1", ActionPhase::kInstall},
    NugetScript{"tools/chocolateyuninstall.ps1", ActionPhase::kUninstall},
    NugetScript{"tools/chocolateybeforemodify.ps1", ActionPhase::kUninstall},
};

// MSBuild imports these into every project that uses the package.
bool IsBuildFile(std::string_view name) {
  return (name.starts_with("build/") || name.starts_with("buildtransitive/") ||
          name.starts_with("buildmultitargeting/")) &&
         (name.ends_with(".targets") || name.ends_with(".props"));
}

// The name of a task without its namespace: "Microsoft.Build.Tasks.Exec".
std::string_view TaskName(std::string_view name) {
  return name.substr(name.rfind('.') + 1);  // all of it without a dot
}

// Quirk: MSBuild takes names in any case.
std::string TaskParameter(const formats::XmlNode& task, std::string_view name) {
  for (const formats::XmlAttribute& attribute : task.attributes) {
    if (base::EqualIgnoringAsciiCase(attribute.name.Local(), name)) {
      return attribute.value;
    }
  }
  return "";
}

// Spec: MSBuild reference, "How to: Escape special characters in MSBuild".
std::string Unescaped(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const size_t high = kDigits.find(base::AsciiLower(text[i + 1]));
      const size_t low = kDigits.find(base::AsciiLower(text[i + 2]));
      if (high != std::string_view::npos && low != std::string_view::npos) {
        out += static_cast<char>(high << 4U | low);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

// What is shown of a script, which may be UTF-16 with a byte order mark.
struct ShownText {
  std::string text;
  bool is_all;
};

ShownText ShownTextOf(base::Bytes file) {
  constexpr size_t kShownUnits = size_t{16} << 10;
  const std::string_view text = base::AsText(file);
  const bool is_little = text.starts_with("\xFF\xFE");
  if (!is_little && !text.starts_with("\xFE\xFF")) {
    return {std::string(text.substr(0, kShownUnits)),
            text.size() <= kShownUnits};
  }
  const base::Bytes all = file.subspan(2);
  const base::Bytes shown = all.first(std::min(all.size(), 2 * kShownUnits));
  return {is_little ? base::FromUtf16LittleEndian(shown)
                    : base::FromUtf16BigEndian(shown),
          shown.size() == all.size()};
}

// What a build file starts and fetches when a project is built.
//
// Spec: MSBuild reference, "Exec task", "DownloadFile task".
void AddBuildTasks(const formats::XmlTree& tree, ActionList& actions) {
  for (const formats::XmlNode& node : tree.Nodes()) {
    if (actions.IsFull()) {
      return;
    }
    const std::string_view name = TaskName(node.name.Local());
    const bool is_exec = base::EqualIgnoringAsciiCase(name, "Exec");
    if (node.kind != formats::XmlKind::kElement ||
        (!is_exec && !base::EqualIgnoringAsciiCase(name, "DownloadFile"))) {
      continue;
    }
    Action& action = actions.Open();
    action.phase = ActionPhase::kUse;
    action.runs_as = model::RunsAs::kUser;
    action.statement = node.name.Local();
    action.condition = TaskParameter(node, "Condition");
    action.evidence = {node.offset, 0};
    if (is_exec) {
      const std::string written = TaskParameter(node, "Command");
      TakeShellLine(Unescaped(written), action);
      action.parameters.back().value = written;  // of `command_line`
    } else {
      action.kind = ActionKind::kDownload;
      action.target = Unescaped(TaskParameter(node, "SourceUrl"));
    }
  }
}

}  // namespace

bool IsNugetScript(std::string_view name) {
  const std::string lower = base::AsciiLower(name);
  return IsBuildFile(lower) ||
         std::ranges::find(kNugetScripts, lower, &NugetScript::name) !=
             kNugetScripts.end();
}

base::Result<void> ReadNugetScript(const Place& place, const base::Blob& file,
                                   base::Budget& budget, ActionList& actions) {
  CS_TRY_VOID(budget.ChargeSteps(1, 0));
  const std::string lower = base::AsciiLower(place.name);
  const auto* script =
      std::ranges::find(kNugetScripts, lower, &NugetScript::name);
  Action action;
  action.kind = ActionKind::kRunScript;
  action.phase =
      script == kNugetScripts.end() ? ActionPhase::kUse : script->phase;
  action.runs_as = model::RunsAs::kInstaller;
  action.statement = script == kNugetScripts.end() ? "build file" : "script";
  action.target = place.name;
  ShownText shown = ShownTextOf(file.View());
  action.value = std::move(shown.text);
  const size_t bytes = file.View().size();
  action.evidence = {0, bytes};
  action.parameters.push_back(
      {"language",
       std::string(script == kNugetScripts.end() ? "MSBuild" : "PowerShell")});
  if (!shown.is_all) {
    action.parameters.push_back({"bytes", static_cast<int64_t>(bytes)});
  }
  if (!IsBuildFile(lower)) {
    actions.Add(std::move(action));
    return {};
  }
  const auto tree = formats::ParseXml({file.View(), 0}, budget);
  if (!tree) {
    // Its text is said; what its tasks are is not known.
    action.parameters.push_back(
        {"unreadable", std::string(tree.error().field)});
  }
  actions.Add(std::move(action));
  if (!tree) {
    return budget.Reached() ? base::Result<void>(std::unexpected(tree.error()))
                            : base::Result<void>();
  }
  AddBuildTasks(*tree, actions);
  return {};
}

}  // namespace countersign::install
