#include "install/members/roles.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "install/members/link.h"
#include "install/self_extractor/self_extractor.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::ActionPhase;
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

// True of what runs a text: that it is written in a language is said so.
bool IsInterpreted(const Action& action) {
  return action.kind == ActionKind::kRunScript ||
         action.kind == ActionKind::kEntryPoint;
}

bool Says(const Artifact& artifact, std::string_view word) {
  return artifact.detail.find(word) != std::string::npos;
}

bool IsText(const Artifact& artifact) {
  return artifact.format == Format::kText ||
         artifact.format == Format::kUnknown ||
         artifact.format == Format::kScript ||
         artifact.format == Format::kPowershell;
}

bool IsStartableProgram(const Artifact& artifact) {
  return artifact.format == Format::kPe && !Says(artifact, " library") &&
         !IsUninstaller(artifact);
}

// True of a name that a script host of Windows runs.
bool HasNameOfAScript(const Artifact& artifact) {
  constexpr std::array<std::string_view, 11> kEndings = {
      ".ps1", ".psm1", ".vbs", ".vbe", ".js", ".jse",
      ".wsf", ".wsh",  ".hta", ".bat", ".cmd"};
  const std::string name = LowerName(artifact);
  return std::ranges::any_of(kEndings, [&](std::string_view ending) {
    return name.ends_with(ending);
  });
}

// What actions do with a member.
struct Use {
  bool is_started = false;
  bool is_interpreted = false;
};

std::optional<Role> RoleOf(const Artifact& artifact, bool main_is_known,
                           const Use& use) {
  switch (artifact.format) {
    case Format::kPe:
      if (Says(artifact, " library") && !use.is_started) {
        return Role::kLibrary;
      }
      return main_is_known || use.is_started || use.is_interpreted
                 ? std::optional(Role::kHelper)
                 : std::nullopt;
    case Format::kPowershell:
    case Format::kScript:
      return Role::kScript;
    case Format::kText:
    case Format::kUnknown:
      return use.is_started || use.is_interpreted || HasNameOfAScript(artifact)
                 ? Role::kScript
                 : Role::kData;
    case Format::kPdf:
    case Format::kEmpty:
      return use.is_started || use.is_interpreted ? Role::kScript : Role::kData;
    default:
      return std::nullopt;
  }
}

// Programs that entry points and shortcuts start; with `texts` what entry
// points name that is no program ("main" of an Electron application).
std::optional<uint32_t> MostPointedAt(const model::Inspection& inspection,
                                      bool texts) {
  std::map<uint32_t, uint64_t> points;
  // Why: a manifest's entry point is meant, a shortcut may also be to help.
  constexpr uint64_t kEntryPoint = 1000;
  for (const Action& action : inspection.actions) {
    if (!action.member || action.phase == ActionPhase::kUninstall) {
      continue;
    }
    const Artifact& member = inspection.artifacts[*action.member];
    if (action.kind == ActionKind::kEntryPoint && IsText(member) == texts) {
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

// Members that may be the main program, where nothing points at one.
using Candidates = std::set<uint32_t>;

Candidates ProgramsOfServices(const model::Inspection& inspection) {
  Candidates found;
  for (const Action& action : inspection.actions) {
    if (action.kind == ActionKind::kInstallService && action.member &&
        action.phase != ActionPhase::kUninstall &&
        action.persistence != model::Persistence::kDriver &&
        IsStartableProgram(inspection.artifacts[*action.member])) {
      found.insert(*action.member);
    }
  }
  return found;
}

// True of the part of a self-extracting archive that says what it runs.
bool SteersSelfExtractor(const Artifact& artifact) {
  const size_t mark = artifact.path.rfind('!');
  const std::string_view name =
      mark == std::string::npos
          ? ""
          : std::string_view(artifact.path).substr(mark + 1);
  return base::EqualIgnoringAsciiCase(name, "[overlay]/config.txt") ||
         base::EqualIgnoringAsciiCase(name, "[service]/cmt") ||
         IsIexpressCommand(name);
}

bool IsRunAction(const Action& action) {
  return action.kind == ActionKind::kRunProgram ||
         action.kind == ActionKind::kRunScript ||
         action.kind == ActionKind::kCallLibrary ||
         action.kind == ActionKind::kInstallPackage;
}

// What self-extracting archives run, where that is one thing.
Candidates OnlyTargetsOfSelfExtractors(const model::Inspection& inspection) {
  std::map<uint32_t, std::vector<const Action*>> by_archive;
  for (const Action& action : inspection.actions) {
    const Artifact& teller = inspection.artifacts[action.artifact];
    if (IsRunAction(action) && teller.parent && SteersSelfExtractor(teller)) {
      by_archive[*teller.parent].push_back(&action);
    }
  }
  Candidates found;
  for (const auto& [archive, actions] : by_archive) {
    const auto member = actions.front()->member;
    if (actions.size() == 1 && member &&
        actions.front()->kind == ActionKind::kRunProgram &&
        IsStartableProgram(inspection.artifacts[*member])) {
      found.insert(*member);
    }
  }
  return found;
}

// A path up to its last separator, which belongs to it; "" without one.
std::string_view FolderOf(std::string_view path) {
  return path.substr(0, path.find_last_of("/\\!") + 1);
}

// The folder above the one that an application of Electron is in,
// "resources/app.asar"; "" of any other artifact.
std::string_view FolderOfElectron(const Artifact& artifact) {
  constexpr std::string_view kResources = "resources";
  std::string_view folder = FolderOf(artifact.path);
  if (artifact.format != Format::kAsar || folder.size() <= kResources.size()) {
    return "";
  }
  folder.remove_suffix(1);
  const std::string_view above = FolderOf(folder);
  return base::EqualIgnoringAsciiCase(folder.substr(above.size()), kResources)
             ? above
             : "";
}

// The one program in the folder above the resources of an application.
Candidates OnlyProgramsOfElectron(const model::Inspection& inspection) {
  std::map<std::string_view, std::vector<uint32_t>> programs;
  for (const Artifact& artifact : inspection.artifacts) {
    if (const auto folder = FolderOfElectron(artifact); !folder.empty()) {
      programs[folder];
    }
  }
  for (const Artifact& artifact : inspection.artifacts) {
    const auto here = programs.find(FolderOf(artifact.path));
    if (here != programs.end() && IsStartableProgram(artifact)) {
      here->second.push_back(artifact.id);
    }
  }
  Candidates found;
  for (const auto& [folder, inside] : programs) {
    if (inside.size() == 1) {
      found.insert(inside.front());
    }
  }
  return found;
}

// What is started with arguments while it is installed has a task there.
Candidates StartedWithArguments(const model::Inspection& inspection) {
  Candidates found;
  for (const Action& action : inspection.actions) {
    if (action.kind == ActionKind::kRunProgram && action.member &&
        action.phase != ActionPhase::kUninstall && !action.arguments.empty()) {
      found.insert(*action.member);
    }
  }
  return found;
}

// The one member that may be the main program; nothing of several.
std::optional<uint32_t> OnlyCandidate(const model::Inspection& inspection) {
  Candidates candidates = OnlyTargetsOfSelfExtractors(inspection);
  candidates.merge(OnlyProgramsOfElectron(inspection));
  candidates.merge(ProgramsOfServices(inspection));
  const Candidates helpers = StartedWithArguments(inspection);
  std::erase_if(candidates,
                [&](uint32_t member) { return helpers.contains(member); });
  return candidates.size() == 1 ? std::optional(*candidates.begin())
                                : std::nullopt;
}

std::vector<Use> UsesOfMembers(const model::Inspection& inspection) {
  std::vector<Use> uses(inspection.artifacts.size());
  for (const Action& action : inspection.actions) {
    if (action.member) {
      Use& use = uses[*action.member];
      use.is_started = use.is_started || IsStarted(action);
      use.is_interpreted = use.is_interpreted || IsInterpreted(action);
    }
  }
  return uses;
}

}  // namespace

std::optional<uint32_t> MainProgramOf(const model::Inspection& inspection) {
  auto main = MostPointedAt(inspection, false);
  main = main ? main : OnlyCandidate(inspection);
  return main ? main : MostPointedAt(inspection, true);
}

void GiveRoles(model::Inspection& inspection) {
  const std::vector<Use> uses = UsesOfMembers(inspection);
  const auto main = MainProgramOf(inspection);
  for (Artifact& artifact : inspection.artifacts) {
    if (artifact.parent && artifact.role != Role::kSignature) {
      artifact.role = main == artifact.id ? Role::kMainProgram
                                          : RoleOf(artifact, main.has_value(),
                                                   uses[artifact.id]);
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
