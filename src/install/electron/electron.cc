#include "install/electron/electron.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "formats/json.h"
#include "install/documents/text_of.h"
#include "install/windows/command_line.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::ActionPhase;
using model::RunsAs;

Action UpdateFeed(std::string statement, std::string address) {
  Action action;
  action.kind = ActionKind::kUpdateFeed;
  action.phase = ActionPhase::kUse;
  action.runs_as = RunsAs::kUser;
  action.statement = std::move(statement);
  action.target = std::move(address);
  return action;
}

std::string_view TrimmedYaml(std::string_view text) {
  constexpr std::string_view kAround = " \t\r'\"";
  const size_t first = text.find_first_not_of(kAround);
  if (first == std::string_view::npos) {
    return "";
  }
  return text.substr(first, text.find_last_not_of(kAround) + 1 - first);
}

enum class PackageKind : uint8_t { kApplication, kNpm, kExtension };

PackageKind KindOfPackage(const Place& place) {
  if (place.container == model::Format::kVsix) {
    return PackageKind::kExtension;
  }
  return place.container == model::Format::kTar && IsNpmManifest(place.name)
             ? PackageKind::kNpm
             : PackageKind::kApplication;
}

struct LifeCycleScript {
  PackageKind kind;
  std::string_view name;
  ActionPhase phase;
};

// What is run without being asked for; the other scripts are for developers.
//
// Spec: npm documentation, "scripts", "Life Cycle Scripts"; Visual Studio Code,
// "Extension Anatomy", vscode:uninstall.
constexpr std::array kLifeCycle = {
    LifeCycleScript{PackageKind::kNpm, "preinstall", ActionPhase::kInstall},
    LifeCycleScript{PackageKind::kNpm, "install", ActionPhase::kInstall},
    LifeCycleScript{PackageKind::kNpm, "postinstall", ActionPhase::kInstall},
    LifeCycleScript{PackageKind::kExtension, "vscode:uninstall",
                    ActionPhase::kUninstall},
};

void AddLifeCycle(const Place& place, const formats::JsonValue& root,
                  base::ByteRange evidence, ActionList& actions) {
  const auto scripts = root.Member("scripts");
  if (!scripts || !scripts->IsObject()) {
    return;
  }
  const PackageKind kind = KindOfPackage(place);
  for (const LifeCycleScript& script : kLifeCycle) {
    const std::string command = MemberText(*scripts, script.name);
    if (script.kind != kind || command.empty()) {
      continue;
    }
    Action& action = actions.Open();
    action.phase = script.phase;
    action.runs_as = RunsAs::kUser;
    action.statement = fmt::format("package.json scripts.{}", script.name);
    action.evidence = evidence;
    TakeShellLine(command, action);
  }
}

}  // namespace

bool IsPackageJson(std::string_view name) {
  constexpr std::string_view kOfApplication = "resources/app/package.json";
  const std::string lower = base::AsciiLower(name);
  return lower == kOfApplication ||
         lower.ends_with("/" + std::string(kOfApplication));
}

bool IsNpmManifest(std::string_view name) {
  const size_t folder = name.find('/');
  return folder != std::string_view::npos && folder > 0 &&
         name.substr(folder + 1) == "package.json";
}

base::Result<void> ReadPackageJson(const Place& place, const base::Blob& file,
                                   base::Budget& budget, ActionList& actions) {
  const formats::JsonDocument document =
      CS_TRY(formats::ParseJson({file.View(), 0}, budget));
  const formats::JsonValue root = document.Root();
  if (!root.IsObject()) {
    return {};
  }
  Action action;
  action.kind = ActionKind::kEntryPoint;
  action.phase = ActionPhase::kUse;
  action.runs_as = RunsAs::kUser;
  action.statement = "package.json main";
  action.name = MemberText(root, "name");
  action.target = MemberText(root, "main");
  if (action.target.empty()) {
    action.target = "index.js";  // what is taken when nothing is said
  }
  action.evidence = {0, file.View().size()};
  action.parameters.push_back({"version", MemberText(root, "version")});
  const base::ByteRange evidence = action.evidence;
  actions.Add(std::move(action));
  AddLifeCycle(place, root, evidence, actions);
  const auto build = root.Member("build");
  const auto publish =
      build && build->IsObject() ? build->Member("publish") : std::nullopt;
  if (publish && publish->IsObject()) {
    Action feed =
        UpdateFeed("package.json build.publish", MemberText(*publish, "url"));
    feed.name = MemberText(*publish, "provider");
    feed.evidence = evidence;
    actions.Add(std::move(feed));
  }
  return {};
}

base::Result<void> ReadUpdateFeed(const Place& /*place*/,
                                  const base::Blob& file, base::Budget& budget,
                                  ActionList& actions) {
  const std::string_view text = base::AsText(file.View());
  CS_TRY_VOID(budget.ChargeSteps(1 + text.size() / 64, 0));
  // Limit: settings that are shown; real feeds have up to ten.
  constexpr size_t kMostSettings = 100;
  Action feed = UpdateFeed("app-update.yml", "");
  feed.evidence = {0, text.size()};
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    const size_t colon = line.find(':');
    // Keys of the outermost mapping only.
    if (colon == std::string_view::npos || line.starts_with(' ')) {
      continue;
    }
    const std::string key(TrimmedYaml(line.substr(0, colon)));
    std::string value(TrimmedYaml(line.substr(colon + 1)));
    if (key == "provider") {
      feed.name = std::move(value);
    } else if (key == "url") {
      feed.target = std::move(value);
    } else if (!value.empty() && feed.parameters.size() < kMostSettings) {
      feed.parameters.push_back({key, std::move(value)});
    }
  }
  actions.Add(std::move(feed));
  return {};
}

}  // namespace countersign::install
