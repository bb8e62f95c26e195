#include "install/msi/msi.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/cfb.h"
#include "formats/msi.h"
#include "formats/msi_actions.h"
#include "formats/msi_transform.h"
#include "install/msi/custom_actions.h"
#include "install/msi/formatted.h"
#include "install/msi/paths.h"
#include "install/msi/tables.h"
#include "install/msi/values.h"
#include "install/windows/command_line.h"
#include "install/windows/registry.h"

namespace countersign::install {
namespace {

using formats::MsiActions;
using formats::MsiDatabase;
using model::Action;
using model::ActionKind;
using model::ActionPhase;
using model::Persistence;
using model::RunsAs;

// Without the sign in front that says of which type the value is.
std::string_view TextOfValue(std::string_view value) {
  if (value.starts_with("#%")) {
    return value.substr(2);
  }
  return value.starts_with("##") ? value.substr(1) : value;
}

class MsiReader {
 public:
  MsiReader(const MsiDatabase& database, const MsiActions& read,
            const MsiPaths& paths, ActionList& actions)
      : database_(database), read_(read), paths_(paths), actions_(actions) {}

  base::Result<void> Read(base::Budget& budget) {
    features_ =
        CS_TRY(MsiMapOf(database_, "Feature", "Feature", "Title", budget));
    const MsiValues given = CS_TRY(MsiValues::Of(read_, budget));
    values_ = given.Certain();
    CS_TRY_VOID(ReadMsiCustomActions(database_, read_, paths_, given, budget,
                                     actions_));
    AddServices();
    AddRegistry();
    AddShortcuts();
    AddStartupFiles();
    AddChanges();
    CS_TRY_VOID(ReadMsiEmbeddedChainer(database_, read_, paths_, given, budget,
                                       actions_));
    return ReadMsiTables(database_, paths_, budget, actions_);
  }

 private:
  void AddServices() {
    constexpr uint32_t kDriverTypes = 0x1 | 0x2;
    constexpr std::array<std::string_view, 5> kStarts = {
        "boot", "system", "automatic", "on demand", "disabled"};
    for (const formats::MsiService& service : read_.services) {
      if (actions_.IsFull()) {
        return;
      }
      Action action;
      action.kind = ActionKind::kInstallService;
      action.statement = "ServiceInstall";
      action.name = service.name;
      action.target = paths_.OfComponent(service.component);
      action.arguments = service.arguments;
      action.runs_as =
          service.account.empty() ? RunsAs::kSystem : RunsAs::kAccount;
      action.account = service.account;
      action.persistence = (service.type & kDriverTypes) != 0
                               ? Persistence::kDriver
                               : Persistence::kService;
      action.evidence = service.evidence;
      action.parameters.push_back(
          {"start", service.start < kStarts.size()
                        ? std::string(kStarts[service.start])
                        : fmt::format("{}", service.start)});
      action.parameters.push_back(
          {"display_name", std::string(service.display_name)});
      actions_.Add(std::move(action));
    }
    for (const formats::MsiServiceControl& control : read_.service_controls) {
      if (actions_.IsFull()) {
        return;
      }
      AddControl(control, control.event & 0x0F, ActionPhase::kInstall);
      AddControl(control, control.event >> 4 & 0x0F, ActionPhase::kUninstall);
    }
  }

  void AddControl(const formats::MsiServiceControl& control, uint32_t events,
                  ActionPhase phase) {
    struct Event {
      uint32_t bit;
      std::string_view word;
    };
    constexpr std::array kEvents = {Event{2, "stop"}, Event{8, "delete"},
                                    Event{1, "start"}};
    for (const Event& event : kEvents) {
      if ((events & event.bit) != 0) {
        Action action;
        action.kind = ActionKind::kControlService;
        action.phase = phase;
        action.statement = "ServiceControl";
        action.name = control.name;
        action.target = event.word;
        action.arguments = control.arguments;
        action.runs_as = RunsAs::kSystem;
        action.evidence = control.evidence;
        actions_.Add(std::move(action));
      }
    }
  }

  void AddRegistry() {
    for (const formats::MsiRegistryValue& value : read_.registry) {
      if (actions_.IsFull()) {
        return;
      }
      Action action;
      action.kind = value.removes ? ActionKind::kRemoveRegistry
                                  : ActionKind::kWriteRegistry;
      action.statement = value.removes ? "RemoveRegistry" : "Registry";
      action.target = fmt::format("{}\\{}", value.root_name, value.key);
      action.name = value.name;
      action.value = value.value;
      action.persistence = value.removes ? Persistence::kNone
                                         : PersistenceOf(value.key, value.name);
      action.evidence = value.evidence;
      AddResolved(action);
      actions_.Add(std::move(action));
    }
  }

  // "[#key] -x" starts the file of that key. A value that starts something may
  // have keys behind a launcher too.
  void AddResolved(Action& action) const {
    const std::string_view text = TextOfValue(action.value);
    const std::string program = SplitCommandLine(text).program;
    std::string path = paths_.Formatted(program);
    if (path != program) {
      action.parameters.push_back({"program", std::move(path)});
    } else if (action.persistence != Persistence::kNone) {
      std::string resolved = paths_.Formatted(text, values_);
      if (resolved != action.value) {
        action.parameters.push_back({"resolved_value", std::move(resolved)});
      }
    }
  }

  // Files are no actions, but for those that start by where they are.
  void AddStartupFiles() {
    for (const formats::MsiFile& file : paths_.Files()) {
      if (actions_.IsFull()) {
        return;
      }
      if (!file.path.starts_with("[StartupFolder]")) {
        continue;
      }
      Action action;
      action.kind = ActionKind::kChangeFile;
      action.statement = "File";
      action.name = file.key;
      action.target = file.path;
      action.persistence = Persistence::kLogon;
      action.evidence = file.evidence;
      actions_.Add(std::move(action));
    }
  }

  void AddShortcuts() {
    for (const formats::MsiShortcut& shortcut : read_.shortcuts) {
      if (actions_.IsFull()) {
        return;
      }
      Action action;
      action.kind = ActionKind::kCreateShortcut;
      action.statement = "Shortcut";
      action.name = formats::SplitMsiFileName(shortcut.name).long_name;
      // A feature stands for the key file of the shortcut's component.
      action.target = features_.contains(shortcut.target)
                          ? paths_.OfComponent(shortcut.component)
                          : paths_.Formatted(shortcut.target);
      action.arguments = paths_.Formatted(shortcut.arguments, values_);
      KeepWritten(ProgramAndArguments(shortcut.target, shortcut.arguments),
                  ProgramAndArguments(shortcut.target, action.arguments),
                  action);
      action.persistence = shortcut.directory == "StartupFolder"
                               ? Persistence::kLogon
                               : Persistence::kNone;
      action.evidence = shortcut.evidence;
      action.parameters.push_back(
          {"directory", std::string(shortcut.directory)});
      actions_.Add(std::move(action));
    }
  }

  void AddChanges() {
    constexpr std::array<std::string_view, 5> kTables = {
        "RemoveFile", "MoveFile", "DuplicateFile", "Environment", "IniFile"};
    for (const formats::MsiSystemChange& change : read_.changes) {
      if (actions_.IsFull()) {
        return;
      }
      Action action;
      action.statement = kTables[static_cast<size_t>(change.kind)];
      action.kind = change.kind == formats::MsiChangeKind::kEnvironment
                        ? ActionKind::kSetEnvironment
                        : ActionKind::kChangeFile;
      action.name = change.name;
      action.target =
          change.directory.empty()
              ? std::string(change.name)
              : fmt::format("[{}]{}", change.directory, change.name);
      action.arguments = change.target;
      action.value = change.value;
      action.evidence = change.evidence;
      if (!change.section.empty() || !change.key.empty()) {
        action.parameters.push_back({"section", std::string(change.section)});
        action.parameters.push_back({"key", std::string(change.key)});
      }
      actions_.Add(std::move(action));
    }
  }

  const MsiDatabase& database_;
  const MsiActions& read_;
  const MsiPaths& paths_;
  ActionList& actions_;
  MsiTextMap features_;
  MsiTextMap values_;  // of properties that have one text
};

// The database that a transform is made for, where it is at hand.
struct ChangedDatabase {
  const MsiDatabase* rows = nullptr;
  const MsiPaths* paths = nullptr;
};

// What the transform in `storage` adds and changes.
base::Result<void> ReadTransform(const formats::CompoundFile& compound,
                                 base::Bytes file, uint32_t storage,
                                 const ChangedDatabase& changed,
                                 base::Budget& budget, ActionList& actions) {
  const formats::MsiTransform transform = CS_TRY(
      formats::ReadMsiTransform(compound, file, storage, changed.rows, budget));
  const MsiActions read =
      CS_TRY(formats::ReadMsiActions(transform.rows, budget));
  const MsiPaths paths =
      CS_TRY(MsiPaths::Of(transform.rows, changed.paths, budget));
  const size_t first = actions.Count();
  CS_TRY_VOID(MsiReader(transform.rows, read, paths, actions).Read(budget));
  // A transform that is a file of its own has no name to give.
  const std::string name =
      formats::DecodeMsiName(compound.entries[storage].raw_name);
  if (storage != 0) {
    actions.Describe(first, {"transform", name});
  }
  return transform.damage
             ? base::Result<void>(std::unexpected(*transform.damage))
             : base::Result<void>();
}

}  // namespace

base::Result<void> ReadMsi(const Place& /*place*/, const base::Blob& file,
                           base::Budget& budget, ActionList& actions) {
  const auto compound = CS_TRY(formats::ParseCompoundFile(file.View(), budget));
  const MsiDatabase database =
      CS_TRY(formats::ParseMsi(compound, file.View(), budget));
  const MsiActions read = CS_TRY(formats::ReadMsiActions(database, budget));
  const MsiPaths paths = CS_TRY(MsiPaths::Of(database, nullptr, budget));
  CS_TRY_VOID(MsiReader(database, read, paths, actions).Read(budget));
  for (const uint32_t storage : formats::FindMsiTransforms(compound)) {
    CS_TRY_VOID(ReadTransform(compound, file.View(), storage,
                              {&database, &paths}, budget, actions));
  }
  return {};
}

base::Result<void> ReadMsiTransforms(const Place& place, const base::Blob& file,
                                     base::Budget& budget,
                                     ActionList& actions) {
  const auto compound = CS_TRY(formats::ParseCompoundFile(file.View(), budget));
  if (place.format == model::Format::kMst) {
    return ReadTransform(compound, file.View(), 0, {}, budget, actions);
  }
  for (const uint32_t storage : formats::FindMsiTransforms(compound)) {
    CS_TRY_VOID(
        ReadTransform(compound, file.View(), storage, {}, budget, actions));
  }
  return {};
}

}  // namespace countersign::install
