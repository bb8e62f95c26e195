#include "install/inno/inno.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "formats/inno.h"
#include "formats/pe.h"
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
    for (const auto& entry : setup_.run) {
      AddRun(entry, ActionPhase::kInstall);
    }
    for (const auto& entry : setup_.uninstall_run) {
      AddRun(entry, ActionPhase::kUninstall);
    }
    for (const auto& entry : setup_.registry) {
      AddRegistry(entry);
    }
    for (const auto& entry : setup_.icons) {
      AddIcon(entry);
    }
    for (const auto& entry : setup_.ini) {
      AddIni(entry);
    }
    for (const auto& entry : setup_.install_delete) {
      AddDelete(entry, ActionPhase::kInstall);
    }
    for (const auto& entry : setup_.uninstall_delete) {
      AddDelete(entry, ActionPhase::kUninstall);
    }
    for (const auto& entry : setup_.files) {
      AddDownload(entry);
    }
    AddCode();
  }

 private:
  Action& Add(std::string_view section, ActionPhase phase, std::string order) {
    Action& action = actions_.Open();
    action.statement = section;
    action.phase = phase;
    action.order = std::move(order);
    action.runs_as = RunsAs::kInstaller;
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

  // Files that are in the setup are members.
  void AddDownload(const formats::InnoFile& entry) {
    if ((entry.options & formats::kInnoDownload) == 0) {
      return;
    }
    Action& action = Add("[Files]", ActionPhase::kInstall, "");
    action.kind = ActionKind::kDownload;
    action.target = entry.source;
    action.arguments = entry.destination;
    action.condition = ConditionText(entry.condition);
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
    const std::string place = base::AsciiLower(entry.name);
    for (const std::string_view startup :
         {"{userstartup}", "{commonstartup}", "{autostartup}"}) {
      if (place.starts_with(startup)) {
        action.persistence = Persistence::kLogon;
      }
    }
  }

  void AddIni(const formats::InnoIni& entry) {
    Action& action = Add("[INI]", ActionPhase::kInstall, "");
    action.kind = ActionKind::kChangeFile;
    action.target = entry.filename;
    action.name = fmt::format("[{}] {}", entry.section, entry.entry);
    action.value = entry.value;
    action.condition = ConditionText(entry.condition);
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
