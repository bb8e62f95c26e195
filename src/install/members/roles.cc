#include "install/members/roles.h"

#include <algorithm>
#include <map>
#include <string>

#include "install/members/link.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::Artifact;
using model::Format;
using model::Role;

// Names that removal programs have by convention.
bool IsUninstaller(const Artifact& artifact) {
  const std::string name = LowerName(artifact);
  return name.starts_with("unins") || name.starts_with("uninst") ||
         name.starts_with("remove");
}

bool IsStarted(const Action& action) {
  return action.kind == ActionKind::kRunProgram ||
         action.kind == ActionKind::kInstallService ||
         action.kind == ActionKind::kScheduleTask ||
         action.persistence != model::Persistence::kNone;
}

bool Says(const Artifact& artifact, std::string_view word) {
  return artifact.detail.find(word) != std::string::npos;
}

std::optional<Role> RoleOf(const Artifact& artifact, bool main_is_known,
                           bool is_started) {
  switch (artifact.format) {
    case Format::kPe:
      if (Says(artifact, " library") && !is_started) {
        return Role::kLibrary;
      }
      return main_is_known || is_started ? std::optional(Role::kHelper)
                                         : std::nullopt;
    case Format::kPowershell:
    case Format::kScript:
      return Role::kScript;
    case Format::kText:
    case Format::kUnknown:
    case Format::kPdf:
    case Format::kEmpty:
      return is_started ? std::optional(Role::kScript) : Role::kData;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<uint32_t> MainProgramOf(const model::Inspection& inspection) {
  std::map<uint32_t, uint64_t> points;
  // Why: a manifest's entry point is meant, a shortcut may also be to help.
  constexpr uint64_t kEntryPoint = 1000;
  for (const Action& action : inspection.actions) {
    if (!action.member || action.phase == model::ActionPhase::kUninstall) {
      continue;
    }
    const Artifact& member = inspection.artifacts[*action.member];
    if (action.kind == ActionKind::kEntryPoint) {
      points[*action.member] += kEntryPoint;
    } else if (action.kind == ActionKind::kCreateShortcut &&
               member.format == Format::kPe && !IsUninstaller(member)) {
      points[*action.member] += 1;
    }
  }
  const auto most = std::ranges::max_element(
      points, {}, [](const auto& row) { return row.second; });
  return most == points.end() ? std::nullopt : std::optional(most->first);
}

void GiveRoles(model::Inspection& inspection) {
  std::vector<bool> started(inspection.artifacts.size());
  for (const Action& action : inspection.actions) {
    if (action.member && IsStarted(action)) {
      started[*action.member] = true;
    }
  }
  const auto main = MainProgramOf(inspection);
  for (Artifact& artifact : inspection.artifacts) {
    if (artifact.parent && artifact.role != Role::kSignature) {
      artifact.role = main == artifact.id ? Role::kMainProgram
                                          : RoleOf(artifact, main.has_value(),
                                                   started[artifact.id]);
    }
  }
  // The same bytes have the same role, as long as one is the main program.
  for (Artifact& artifact : inspection.artifacts) {
    if (main && artifact.same_as == main) {
      artifact.role = Role::kMainProgram;
    }
  }
}

}  // namespace countersign::install
