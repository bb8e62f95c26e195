#include "install/rights/rights.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "formats/pe.h"
#include "formats/xml.h"
#include "install/documents/text_of.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::Artifact;
using model::Format;
using model::RunsAs;

constexpr std::string_view kLevelStatement = "requestedExecutionLevel";
constexpr std::string_view kAdministratorLevel = "requireAdministrator";
constexpr std::string_view kCallersLevel = "asInvoker";

// The manifest of a program, as opposed to that of a library.
// Spec: CREATEPROCESS_MANIFEST_RESOURCE_ID.
constexpr std::string_view kProgramManifest = "1";

Action LevelAction(std::string level, base::ByteRange evidence) {
  Action action;
  action.kind = ActionKind::kRequestCapability;
  action.runs_as = RunsAs::kUser;
  action.statement = kLevelStatement;
  action.target = std::move(level);
  action.evidence = evidence;
  return action;
}

base::Result<void> ReadManifest(base::Input text, base::Budget& budget,
                                ActionList& actions) {
  const base::ByteRange all{text.offset, text.bytes.size()};
  const auto tree = formats::ParseXml(text, budget);
  if (!tree) {
    if (budget.Reached()) {
      return std::unexpected(tree.error());
    }
    Action action = LevelAction("", all);
    action.parameters = {{"unreadable", std::string(tree.error().field)}};
    actions.Add(std::move(action));
    return {};
  }
  const std::vector<formats::XmlNode>& nodes = tree->Nodes();
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].kind != formats::XmlKind::kElement ||
        nodes[i].name.Local() != kLevelStatement) {
      continue;
    }
    std::string level = AttributeText(*tree, i, "level");
    const bool wants_all_windows = base::EqualIgnoringAsciiCase(
        AttributeText(*tree, i, "uiAccess"), "true");
    // Quirk: Windows takes the values in any case.
    if (!base::EqualIgnoringAsciiCase(level, kCallersLevel) ||
        wants_all_windows) {
      Action action = LevelAction(std::move(level), {nodes[i].offset, 0});
      if (wants_all_windows) {
        action.parameters = {{"ui_access", int64_t{1}}};
      }
      actions.Add(std::move(action));
    }
  }
  return {};
}

// True of what is part of the program around it, and has no rights of its own.
bool IsPartOfItsContainer(const Artifact& artifact) {
  switch (artifact.format) {
    case Format::kNupkg:
    case Format::kMsix:
    case Format::kVsix:
    case Format::kMsi:
    case Format::kPe:
      return false;
    default:
      return artifact.parent.has_value();
  }
}

}  // namespace

base::Result<void> ReadExecutionLevel(const Place& /*place*/,
                                      const base::Blob& file,
                                      base::Budget& budget,
                                      ActionList& actions) {
  const base::Bytes bytes = file.View();
  const formats::PeImage image = CS_TRY(formats::ParsePe(bytes));
  const formats::PeResources resources =
      CS_TRY(formats::ReadPeResources(image, bytes, budget));
  for (const formats::PeResource& resource : resources.entries) {
    if (resource.type_number == formats::kResourceManifest &&
        resource.name == kProgramManifest && !resource.damage) {
      const base::ByteRange range = resource.data;
      CS_TRY_VOID(
          ReadManifest({bytes.subspan(range.offset, range.size), range.offset},
                       budget, actions));
    }
  }
  return {};
}

void RaiseRights(model::Inspection& inspection) {
  std::vector<bool> is_raised(inspection.artifacts.size());
  for (const Action& action : inspection.actions) {
    if (action.kind == ActionKind::kRequestCapability &&
        action.statement == kLevelStatement &&
        base::EqualIgnoringAsciiCase(action.target, kAdministratorLevel)) {
      is_raised[action.artifact] = true;
    }
  }
  for (Action& action : inspection.actions) {
    if (action.runs_as != RunsAs::kInstaller) {
      continue;
    }
    uint32_t program = action.artifact;
    // Parents come before their members, so this ends.
    while (IsPartOfItsContainer(inspection.artifacts[program])) {
      program = *inspection.artifacts[program].parent;
    }
    if (is_raised[program]) {
      action.runs_as = RunsAs::kAdministrator;
    }
  }
}

}  // namespace countersign::install
