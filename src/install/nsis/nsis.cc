#include "install/nsis/nsis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "formats/nsis.h"
#include "install/documents/logon.h"
#include "install/nsis/variables.h"
#include "install/windows/command_line.h"
#include "install/windows/registry.h"

namespace countersign::install {
namespace {

using formats::NsisInstaller;
using formats::NsisOperation;
using model::Action;
using model::ActionKind;
using model::ActionPhase;
using model::Persistence;
using model::RunsAs;

// Argument `index` of an operation, "" when there is none.
std::string At(const NsisOperation& operation, size_t index) {
  return index < operation.arguments.size() ? operation.arguments[index] : "";
}

// All arguments from `first` on, as a script has them.
std::string From(const NsisOperation& operation, size_t first) {
  std::string all;
  for (size_t i = first; i < operation.arguments.size(); ++i) {
    all += (all.empty() ? "" : " ") + operation.arguments[i];
  }
  return all;
}

void TakeExec(const NsisOperation& operation, Action& action) {
  TakeCommandLine(At(operation, 0), action);
  action.parameters.push_back(
      {"waits", int64_t{operation.name == "ExecWait" ? 1 : 0}});
}

// Verb, file, parameters, how the window is shown.
void TakeExecShell(const NsisOperation& operation, Action& action) {
  TakeCommand(At(operation, 1), At(operation, 2), action);
  action.parameters.push_back({"verb", At(operation, 0)});
  action.parameters.push_back({"window", At(operation, 3)});
  action.parameters.push_back(
      {"waits", int64_t{operation.name == "ExecShellWait" ? 1 : 0}});
}

void TakeRegisterLibrary(const NsisOperation& operation, Action& action) {
  action.kind = ActionKind::kCallLibrary;
  action.target = At(operation, 0);
  action.arguments = At(operation, 1);
}

void TakeRegistryWrite(const NsisOperation& operation, Action& action) {
  action.kind = ActionKind::kWriteRegistry;
  action.target = fmt::format("{}\\{}", At(operation, 0), At(operation, 1));
  action.name = At(operation, 2);
  action.value = From(operation, 3);
  action.persistence = PersistenceOf(action.target, action.name);
}

void TakeRegistryRemoval(const NsisOperation& operation, Action& action) {
  action.kind = ActionKind::kRemoveRegistry;
  action.target = fmt::format("{}\\{}", At(operation, 0), At(operation, 1));
  action.name = From(operation, 2);
}

void TakeShortcut(const NsisOperation& operation, Action& action) {
  action.kind = ActionKind::kCreateShortcut;
  action.name = At(operation, 0);
  action.target = At(operation, 1);
  action.arguments = At(operation, 2);
  action.persistence =
      IsStartupPath(action.name) ? Persistence::kLogon : Persistence::kNone;
}

void TakeFileChange(const NsisOperation& operation, Action& action) {
  action.kind = ActionKind::kChangeFile;
  action.target = At(operation, 0);
  action.arguments = From(operation, 1);
}

// What is put somewhere else, and may be started there.
void TakeFileCopy(const NsisOperation& operation, Action& action) {
  TakeFileChange(operation, action);
  action.persistence = IsStartupPath(At(operation, 1)) ? Persistence::kLogon
                                                       : Persistence::kNone;
}

// Files are members; said of those only that are started later.
void TakeFile(const NsisOperation& operation, Action& action) {
  action.kind = ActionKind::kChangeFile;
  action.target = At(operation, 0);
  action.persistence =
      IsStartupPath(action.target) ? Persistence::kLogon : Persistence::kNone;
}

// Handle, access, disposition, path.
void TakeFileOpen(const NsisOperation& operation, Action& action) {
  constexpr std::string_view kOnlyReads = "0x80000000";  // GENERIC_READ
  action.kind = ActionKind::kChangeFile;
  action.target = At(operation, 3);
  action.persistence =
      At(operation, 1) != kOnlyReads && IsStartupPath(action.target)
          ? Persistence::kLogon
          : Persistence::kNone;
}

// File, section, name, value.
void TakeIni(const NsisOperation& operation, Action& action) {
  action.kind = ActionKind::kChangeFile;
  action.target = At(operation, 0);
  action.name = From(operation, 1);
  if (operation.name == "WriteINIStr" &&
      IsStartupSetting(action.target, At(operation, 1), At(operation, 2))) {
    action.persistence = Persistence::kLogon;
  }
}

// What a function of a plug-in amounts to; its arguments follow.
struct PluginRow {
  std::string_view function;  // in lower case, "library::function"
  ActionKind kind;
  // The argument that is a command line, a program, a service or an address.
  size_t argument;
  Persistence persistence = Persistence::kNone;
};

constexpr std::array kPlugins = {
    PluginRow{"nsexec::exec", ActionKind::kRunProgram, 0},
    PluginRow{"nsexec::exectolog", ActionKind::kRunProgram, 0},
    PluginRow{"nsexec::exectostack", ActionKind::kRunProgram, 0},
    PluginRow{"execdos::exec", ActionKind::kRunProgram, 0},
    PluginRow{"execcmd::exec", ActionKind::kRunProgram, 0},
    PluginRow{"shellexecasuser::shellexecasuser", ActionKind::kRunProgram, 1},
    PluginRow{"stdutils::execshellasuser", ActionKind::kRunProgram, 1},
    PluginRow{"uac::execcodesegment", ActionKind::kRunProgram, 0},
    PluginRow{"inetc::get", ActionKind::kDownload, 0},
    PluginRow{"inetc::post", ActionKind::kDownload, 0},
    PluginRow{"nsisdl::download", ActionKind::kDownload, 0},
    PluginRow{"nsisdl::download_quiet", ActionKind::kDownload, 0},
    PluginRow{"inetload::load", ActionKind::kDownload, 0},
    PluginRow{"nscurl::http", ActionKind::kDownload, 1},
    PluginRow{"simplesc::installservice", ActionKind::kInstallService, 0,
              Persistence::kService},
    PluginRow{"simplesc::startservice", ActionKind::kControlService, 0},
    PluginRow{"simplesc::stopservice", ActionKind::kControlService, 0},
    PluginRow{"simplesc::removeservice", ActionKind::kControlService, 0},
    PluginRow{"nsscm::install", ActionKind::kInstallService, 0,
              Persistence::kService},
    PluginRow{"nsscm::start", ActionKind::kControlService, 0},
};

bool IsAddress(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://") ||
         text.starts_with("ftp://");
}

// System::Call may call anything in Windows: "kernel32::CreateProcess(...)".
void TakeSystemCall(const NsisOperation& operation, Action& action) {
  action.kind = ActionKind::kCallLibrary;
  action.name = At(operation, 0);
  const std::string call = At(operation, 1);
  action.target = call.substr(0, call.find("::"));
  action.arguments = call;
}

constexpr std::string_view kSystemCall = "system::call";

const PluginRow* PluginOf(const NsisOperation& operation) {
  const auto* row = std::ranges::find(
      kPlugins, base::AsciiLower(At(operation, 0)), &PluginRow::function);
  return row == kPlugins.end() ? nullptr : row;
}

void TakePlugin(const NsisOperation& operation, Action& action) {
  const PluginRow* row = PluginOf(operation);
  if (row == nullptr) {
    TakeSystemCall(operation, action);
    return;
  }
  action.name = At(operation, 0);
  action.kind = row->kind;
  action.persistence = row->persistence;
  // Options ("/TIMEOUT=2000", "/OEM") stand in front.
  size_t first = 1;
  while (At(operation, first).starts_with('/')) {
    ++first;
  }
  const std::string subject = At(operation, first + row->argument);
  switch (row->kind) {
    case ActionKind::kRunProgram:
      TakeCommandLine(subject, action);
      break;
    case ActionKind::kDownload: {
      const auto address = std::ranges::find_if(operation.arguments, IsAddress);
      action.target = address == operation.arguments.end() ? subject : *address;
      action.arguments = From(operation, first);
      break;
    }
    default:
      action.target = subject;
      action.arguments = From(operation, first + 1);
      break;
  }
}

struct OperationRow {
  std::string_view name;
  void (*take)(const NsisOperation& operation, Action& action);
  bool only_if_persistent = false;  // says nothing that is listed otherwise
};

constexpr std::array kOperations = {
    OperationRow{"Exec", TakeExec},
    OperationRow{"ExecWait", TakeExec},
    OperationRow{"ExecShell", TakeExecShell},
    OperationRow{"ExecShellWait", TakeExecShell},
    OperationRow{"RegDLL", TakeRegisterLibrary},
    OperationRow{"UnRegDLL", TakeRegisterLibrary},
    OperationRow{"CallInstDLL", TakeRegisterLibrary},
    OperationRow{"WriteRegStr", TakeRegistryWrite},
    OperationRow{"WriteRegExpandStr", TakeRegistryWrite},
    OperationRow{"WriteRegDWORD", TakeRegistryWrite},
    OperationRow{"WriteRegBin", TakeRegistryWrite},
    OperationRow{"WriteRegMultiStr", TakeRegistryWrite},
    OperationRow{"DeleteRegKey", TakeRegistryRemoval},
    OperationRow{"DeleteRegValue", TakeRegistryRemoval},
    OperationRow{"CreateShortCut", TakeShortcut},
    OperationRow{"CopyFiles", TakeFileCopy},
    OperationRow{"Delete", TakeFileChange},
    OperationRow{"RMDir", TakeFileChange},
    OperationRow{"Rename", TakeFileCopy},
    OperationRow{"SetFileAttributes", TakeFileChange},
    OperationRow{"WriteUninstaller", TakeFileChange},
    OperationRow{"WriteINIStr", TakeIni},
    OperationRow{"DeleteINIStr", TakeIni},
    OperationRow{"DeleteINISec", TakeIni},
    OperationRow{"File", TakeFile, true},
    OperationRow{"FileOpen", TakeFileOpen, true},
};

// "section Main", "function .onInit": what holds the operation.
std::string Holder(const NsisInstaller& installer,
                   const NsisOperation& operation) {
  if (operation.section && *operation.section < installer.sections.size()) {
    const std::string& name = installer.sections[*operation.section].code.name;
    return fmt::format("section {}{}", *operation.section,
                       name.empty() ? "" : fmt::format(" \"{}\"", name));
  }
  if (operation.function && *operation.function < installer.functions.size()) {
    return installer.functions[*operation.function].name;
  }
  return "";
}

const OperationRow* RowOfOperation(const NsisOperation& operation) {
  const auto* row =
      std::ranges::find(kOperations, operation.name, &OperationRow::name);
  return row == kOperations.end() ? nullptr : row;
}

bool IsReadPlugin(const NsisOperation& operation) {
  return operation.name == "Plugin" &&
         (PluginOf(operation) != nullptr ||
          base::AsciiLower(At(operation, 0)) == kSystemCall);
}

// The variable that an operation writes to is no text that it reads.
bool IsWrittenTo(const NsisOperation& operation, size_t argument) {
  return (operation.name == "ExecWait" && argument == 1) ||
         (operation.name == "FileOpen" && argument == 0);
}

// With the texts of variables in place of them. True where there were any.
bool PutVariablesIn(const NsisVariables& variables, NsisOperation& operation) {
  bool is_changed = false;
  for (size_t i = 0; i < operation.arguments.size(); ++i) {
    std::string& argument = operation.arguments[i];
    if (IsWrittenTo(operation, i) || argument.find('$') == std::string::npos) {
      continue;
    }
    std::optional<std::string> text = variables.Expand(argument);
    if (text && *text != argument) {
      argument = *std::move(text);
      is_changed = true;
    }
  }
  return is_changed;
}

std::optional<Action> ActionOf(const NsisOperation& written,
                               const NsisVariables& variables) {
  const OperationRow* row = RowOfOperation(written);
  if (row == nullptr && !IsReadPlugin(written)) {
    return std::nullopt;
  }
  NsisOperation operation = written;
  const bool is_changed = PutVariablesIn(variables, operation);
  Action action;
  action.statement = operation.name;
  // What it runs has its own rights: an administrator's where it asks for them.
  action.runs_as = RunsAs::kInstaller;
  if (row == nullptr) {
    TakePlugin(operation, action);
  } else {
    row->take(operation, action);
    if (row->only_if_persistent && action.persistence == Persistence::kNone) {
      return std::nullopt;
    }
  }
  if (is_changed) {
    action.parameters.push_back({"written", From(written, 0)});
  }
  return action;
}

}  // namespace

void ReadNsisOperations(const NsisInstaller& installer, base::Budget& budget,
                        ActionList& actions) {
  NsisVariables variables(installer.operations, budget);
  for (const NsisOperation& operation : installer.operations) {
    if (actions.IsFull()) {
      return;
    }
    std::optional<Action> action = ActionOf(operation, variables);
    variables.Pass(operation);
    if (!action) {
      continue;
    }
    const std::string holder = Holder(installer, operation);
    action->order = fmt::format("{}{}operation {}", holder,
                                holder.empty() ? "" : ", ", operation.index);
    action->phase =
        installer.uninstaller ? ActionPhase::kUninstall : ActionPhase::kInstall;
    action->evidence = installer.header;
    if (!installer.opcodes_certain) {
      action->parameters.push_back({"certain", int64_t{0}});
    }
    actions.Add(*std::move(action));
  }
}

base::Result<void> ReadNsis(const Place& /*place*/, const base::Blob& file,
                            base::Budget& budget, ActionList& actions) {
  const NsisInstaller installer =
      CS_TRY(formats::ParseNsis(file.View(), budget));
  ReadNsisOperations(installer, budget, actions);
  return {};
}

}  // namespace countersign::install
