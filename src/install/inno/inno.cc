#include "install/inno/inno.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "formats/inno.h"
#include "formats/pe.h"
#include "install/documents/logon.h"
#include "install/windows/command_line.h"
#include "install/windows/registry.h"

namespace countersign::install {
namespace {

using formats::InnoSetup;
using model::Action;
using model::ActionKind;
using model::ActionPhase;
using model::Persistence;
using model::RunsAs;

// The parameters of an entry that say when it counts, as a script has them.
std::string ConditionText(const formats::InnoCondition& condition) {
  std::string text;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) {
      text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", name, value);
    }
  };
  add("Components", condition.components);
  add("Tasks", condition.tasks);
  add("Languages", condition.languages);
  add("Check", condition.check);
  add("BeforeInstall", condition.before_install);
  add("AfterInstall", condition.after_install);
  return text;
}

// Roots with the flag of 64-bit views taken off.
std::string RootName(uint32_t root) {
  constexpr std::array<std::string_view, 6> kRoots = {"HKCR", "HKCU", "HKLM",
                                                      "HKU",  "HKPD", "HKCC"};
  constexpr uint32_t kFirst = 0x8000'0000;
  constexpr uint32_t kViewFlags = 0x0F00'0000;
  const uint32_t index = (root & ~kViewFlags) - kFirst;
  return index < kRoots.size() ? std::string(kRoots[index]) : "HKA";
}

// Text of a value: UTF-16 where every second byte is there, else as stored.
std::string ValueText(const formats::InnoRegistry& entry) {
  constexpr uint8_t kText = 1;
  constexpr uint8_t kExpandText = 2;
  constexpr uint8_t kMultipleTexts = 5;
  if (entry.type == kText || entry.type == kExpandText ||
      entry.type == kMultipleTexts) {
    return entry.value_data;
  }
  std::string hexadecimal;
  constexpr size_t kShown = 64;
  for (size_t i = 0; i < entry.value_data.size() && i < kShown; ++i) {
    hexadecimal += fmt::format("{}{:02x}", i == 0 ? "" : " ",
                               static_cast<uint8_t>(entry.value_data[i]));
  }
  return entry.value_data.size() > kShown ? hexadecimal + " ..." : hexadecimal;
}

class InnoReader {
 public:
  InnoReader(const InnoSetup& setup, ActionList& actions)
      : setup_(setup), actions_(actions) {}

  void Read() {
    AddPrivileges();
    AddEach(setup_.run,
            [&](const auto& entry) { AddRun(entry, ActionPhase::kInstall); });
    AddEach(setup_.uninstall_run,
            [&](const auto& entry) { AddRun(entry, ActionPhase::kUninstall); });
    AddEach(setup_.registry, [&](const auto& entry) { AddRegistry(entry); });
    AddEach(setup_.icons, [&](const auto& entry) { AddIcon(entry); });
    AddEach(setup_.ini, [&](const auto& entry) { AddIni(entry); });
    AddEach(setup_.install_delete, [&](const auto& entry) {
      AddDelete(entry, ActionPhase::kInstall);
    });
    AddEach(setup_.uninstall_delete, [&](const auto& entry) {
      AddDelete(entry, ActionPhase::kUninstall);
    });
    AddEach(setup_.files, [&](const auto& entry) { AddFile(entry); });
    AddCode();
  }

 private:
  static constexpr uint8_t kAdministrator = 2;

  void AddPrivileges() {
    constexpr std::array<std::string_view, 4> kWords = {"none", "poweruser",
                                                        "admin", "lowest"};
    if (setup_.privileges_required == 1 ||
        setup_.privileges_required == kAdministrator) {
      Action& action =
          Add("[Setup] PrivilegesRequired", ActionPhase::kInstall, "");
      action.kind = ActionKind::kRequestCapability;
      action.target = kWords.at(setup_.privileges_required);
      action.runs_as = RunsAs::kUser;
    }
  }

  void AddEach(const auto& entries, auto&& add) {
    for (const auto& entry : entries) {
      if (actions_.IsFull()) {
        return;
      }
      add(entry);
    }
  }

  Action& Add(std::string_view section, ActionPhase phase, std::string order) {
    Action& action = actions_.Open();
    action.statement = section;
    action.phase = phase;
    action.order = std::move(order);
    // Quirk: a set-up raises itself where its program does not ask for it.
    action.runs_as = setup_.privileges_required == kAdministrator
                         ? RunsAs::kAdministrator
                         : RunsAs::kInstaller;
    action.evidence = setup_.data;
    return action;
  }

  void AddRun(const formats::InnoRun& entry, ActionPhase phase) {
    // Order of the options since Inno Setup 5.2.
    constexpr uint64_t kShellExec = 1 << 0;
    constexpr uint64_t kPostInstall = 1 << 2;
    constexpr uint64_t kUnchecked = 1 << 3;
    constexpr uint64_t kSkipIfSilent = 1 << 4;
    constexpr uint64_t kRunAsOriginalUser = 1 << 9;
    constexpr uint32_t kHidden = 0;
    constexpr uint8_t kWaitUntilEnd = 0;
    Action& action = Add(
        phase == ActionPhase::kInstall ? "[Run]" : "[UninstallRun]", phase, "");
    TakeCommand(entry.name, entry.parameters, action);
    action.name = entry.description;
    action.condition = ConditionText(entry.condition);
    if ((entry.options & kRunAsOriginalUser) != 0) {
      action.runs_as = RunsAs::kUser;
    }
    auto& parameters = action.parameters;
    parameters.push_back(
        {"waits", int64_t{entry.wait == kWaitUntilEnd ? 1 : 0}});
    const auto flag = [&](const char* name, bool is_set) {
      if (is_set) {
        parameters.push_back({name, int64_t{1}});
      }
    };
    flag("hidden", entry.show_command == kHidden);
    flag("shellexec", (entry.options & kShellExec) != 0);
    flag("postinstall", (entry.options & kPostInstall) != 0);
    flag("unchecked", (entry.options & kUnchecked) != 0);
    flag("skipifsilent", (entry.options & kSkipIfSilent) != 0);
    if (!entry.working_directory.empty()) {
      parameters.push_back({"working_directory", entry.working_directory});
    }
    if (!entry.verb.empty()) {
      parameters.push_back({"verb", entry.verb});
    }
  }

  void AddRegistry(const formats::InnoRegistry& entry) {
    Action& action = Add("[Registry]", ActionPhase::kInstall, "");
    action.kind = ActionKind::kWriteRegistry;
    action.target =
        fmt::format("{}\\{}", RootName(entry.root_key), entry.subkey);
    action.name = entry.value_name;
    action.value = ValueText(entry);
    action.condition = ConditionText(entry.condition);
    action.persistence = PersistenceOf(entry.subkey, entry.value_name);
  }

  // Files that are in the setup are members, and no actions but where they are
  // started later.
  void AddFile(const formats::InnoFile& entry) {
    const bool is_download = (entry.options & formats::kInnoDownload) != 0;
    const bool is_startup = IsStartupPath(entry.destination);
    if (!is_download && !is_startup) {
      return;
    }
    Action& action = Add("[Files]", ActionPhase::kInstall, "");
    action.condition = ConditionText(entry.condition);
    action.persistence = is_startup ? Persistence::kLogon : Persistence::kNone;
    if (!is_download) {
      action.kind = ActionKind::kChangeFile;
      action.target = entry.destination;
      return;
    }
    action.kind = ActionKind::kDownload;
    action.target = entry.source;
    action.arguments = entry.destination;
    if ((entry.options & formats::kInnoExtractArchive) != 0) {
      action.parameters.push_back({"extractarchive", int64_t{1}});
    }
  }

  void AddIcon(const formats::InnoIcon& entry) {
    Action& action = Add("[Icons]", ActionPhase::kInstall, "");
    action.kind = ActionKind::kCreateShortcut;
    action.name = entry.name;
    action.target = entry.filename;
    action.arguments = entry.parameters;
    action.condition = ConditionText(entry.condition);
    action.persistence =
        IsStartupPath(entry.name) ? Persistence::kLogon : Persistence::kNone;
  }

  void AddIni(const formats::InnoIni& entry) {
    Action& action = Add("[INI]", ActionPhase::kInstall, "");
    action.kind = ActionKind::kChangeFile;
    action.target = entry.filename;
    action.name = fmt::format("[{}] {}", entry.section, entry.entry);
    action.value = entry.value;
    action.condition = ConditionText(entry.condition);
    if (IsStartupSetting(entry.filename, entry.section, entry.entry)) {
      action.persistence = Persistence::kLogon;
    }
  }

  void AddDelete(const formats::InnoDelete& entry, ActionPhase phase) {
    Action& action = Add(phase == ActionPhase::kInstall ? "[InstallDelete]"
                                                        : "[UninstallDelete]",
                         phase, "");
    action.kind = ActionKind::kChangeFile;
    action.target = entry.name;
    action.condition = ConditionText(entry.condition);
  }

  // Compiled code may do anything; that it is there is all that is read of it.
  void AddCode() {
    if (!setup_.compiled_code.empty()) {
      Action& action = Add("[Code]", ActionPhase::kInstall, "");
      action.kind = ActionKind::kRunScript;
      action.target = "[setup]/compiled_code";
      action.parameters.push_back(
          {"language", std::string("Pascal Script, compiled")});
      action.parameters.push_back(
          {"bytes", static_cast<int64_t>(setup_.compiled_code.size())});
    }
  }

  const InnoSetup& setup_;
  ActionList& actions_;
};

}  // namespace

base::Result<void> ReadInno(const Place& /*place*/, const base::Blob& file,
                            base::Budget& budget, ActionList& actions) {
  const formats::PeImage image = CS_TRY(formats::ParsePe(file.View()));
  const auto loader =
      CS_TRY(formats::FindInnoLoader(image, file.View(), budget));
  if (!loader) {
    return {};
  }
  InnoSetup setup;
  setup.loader = *loader;
  CS_TRY_VOID(formats::ReadInnoSetup(file.View(), budget, setup));
  InnoReader(setup, actions).Read();
  return {};
}

}  // namespace countersign::install
