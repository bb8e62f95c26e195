#include "install/msi/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "install/msi/formatted.h"

namespace countersign::install {
namespace {

using formats::MsiDatabase;
using formats::MsiTable;
using model::Action;
using model::ActionKind;
using model::ActionPhase;
using model::Persistence;
using model::RunsAs;

// What the column `target` holds.
enum class TargetIs : uint8_t {
  kText,
  kFile,         // a row of File
  kComponent,    // a row of Component, whose key file is meant
  kCommandLine,  // a program and its arguments; the row says nothing without
  kExtension,    // a row of Extension, whose component is meant
};

struct TableRow {
  std::string_view table;
  ActionKind kind;
  ActionPhase phase = ActionPhase::kInstall;
  RunsAs runs_as = RunsAs::kSystem;
  Persistence persistence = Persistence::kNone;
  // Columns; "" for what the table does not say.
  std::string_view name = {};
  std::string_view target = {};
  TargetIs target_is = TargetIs::kText;
  std::string_view arguments = {};
  std::string_view value = {};
  std::array<std::string_view, 6> parameters = {};
  bool is_of_wix = false;  // also with the prefix of a later version
};

constexpr std::array kTables = {
    TableRow{.table = "SelfReg",
             .kind = ActionKind::kCallLibrary,
             .target = "File_",
             .target_is = TargetIs::kFile},
    TableRow{.table = "MsiEmbeddedUI",
             .kind = ActionKind::kCallLibrary,
             .runs_as = RunsAs::kUser,
             .name = "MsiEmbeddedUI",
             .target = "FileName",
             .parameters = {"Attributes", "MessageFilter"}},
    TableRow{.table = "MsiServiceConfigFailureActions",
             .kind = ActionKind::kRunProgram,
             .phase = ActionPhase::kUse,
             .persistence = Persistence::kService,
             .name = "Name",
             .target = "Command",
             .target_is = TargetIs::kCommandLine,
             .parameters = {"Event", "Actions", "DelayActions"}},
    TableRow{.table = "ServiceConfig",
             .kind = ActionKind::kRunProgram,
             .phase = ActionPhase::kUse,
             .persistence = Persistence::kService,
             .name = "ServiceName",
             .target = "ProgramCommandLine",
             .target_is = TargetIs::kCommandLine,
             .parameters = {"FirstFailureActionType", "SecondFailureActionType",
                            "ThirdFailureActionType"},
             .is_of_wix = true},
    TableRow{.table = "Verb",
             .kind = ActionKind::kRegisterExtension,
             .phase = ActionPhase::kUse,
             .runs_as = RunsAs::kUser,
             .name = "Verb",
             .target = "Extension_",
             .target_is = TargetIs::kExtension,
             .arguments = "Argument",
             .value = "Command",
             .parameters = {"Extension_"}},
    TableRow{.table = "Class",
             .kind = ActionKind::kRegisterExtension,
             .phase = ActionPhase::kUse,
             .runs_as = RunsAs::kUser,
             .name = "CLSID",
             .target = "Component_",
             .target_is = TargetIs::kComponent,
             .arguments = "Argument",
             .value = "Context",
             .parameters = {"ProgId_Default", "Description", "AppId_"}},
    TableRow{.table = "WixFirewallException",
             .kind = ActionKind::kRequestCapability,
             .name = "Name",
             .target = "Program",
             .value = "RemoteAddresses",
             .parameters = {"Port", "Protocol", "Profile", "Direction",
                            "Attributes"},
             .is_of_wix = true},
    TableRow{.table = "FileShare",
             .kind = ActionKind::kRequestCapability,
             .name = "ShareName",
             .target = "Directory_",
             .parameters = {"Description"},
             .is_of_wix = true},
    TableRow{.table = "User",
             .kind = ActionKind::kChangeAccount,
             .name = "Name",
             .target = "Domain",
             .parameters = {"Attributes"},
             .is_of_wix = true},
    TableRow{.table = "UserGroup",
             .kind = ActionKind::kChangeAccount,
             .name = "User_",
             .target = "Group_",
             .is_of_wix = true},
    TableRow{.table = "WixInternetShortcut",
             .kind = ActionKind::kCreateShortcut,
             .runs_as = RunsAs::kUser,
             .name = "Name",
             .target = "Target",
             .parameters = {"Directory_"},
             .is_of_wix = true},
    TableRow{.table = "XmlFile",
             .kind = ActionKind::kChangeFile,
             .name = "Name",
             .target = "File",
             .arguments = "ElementPath",
             .value = "Value",
             .is_of_wix = true},
    TableRow{.table = "XmlConfig",
             .kind = ActionKind::kChangeFile,
             .name = "Name",
             .target = "File",
             .arguments = "ElementPath",
             .value = "Value",
             .is_of_wix = true},
};

// "WixFirewallException" and "User" are "Wix4FirewallException" and "Wix4User"
// in later versions.
bool IsCalledSo(const TableRow& row, std::string_view table) {
  if (table == row.table) {
    return true;
  }
  if (!row.is_of_wix || table.size() < 5 || !table.starts_with("Wix") ||
      table[3] < '4' || table[3] > '9') {
    return false;
  }
  const std::string_view plain =
      row.table.starts_with("Wix") ? row.table.substr(3) : row.table;
  return table.substr(4) == plain;
}

std::string TextOrNumber(const MsiTable& table, size_t row,
                         std::string_view column) {
  if (const auto number = table.Number(row, column)) {
    return fmt::format("{}", *number);
  }
  return std::string(table.Text(row, column));
}

class TableReader {
 public:
  TableReader(const MsiPaths& paths, MsiTextMap extensions, ActionList& actions)
      : paths_(paths), extensions_(std::move(extensions)), actions_(actions) {}

  void Add(const TableRow& what, const MsiTable& table, size_t row) {
    Action action;
    action.kind = what.kind;
    action.phase = what.phase;
    action.statement = table.name;
    action.runs_as = what.runs_as;
    action.persistence = what.persistence;
    action.name = TextOrNumber(table, row, what.name);
    action.arguments = TextOrNumber(table, row, what.arguments);
    action.value = TextOrNumber(table, row, what.value);
    action.evidence = table.Evidence(row);
    const std::string_view target = table.Text(row, what.target);
    switch (what.target_is) {
      case TargetIs::kCommandLine:
        if (target.empty()) {
          return;
        }
        TakeFormattedLine(target, paths_, {}, action);
        action.persistence = what.persistence;
        break;
      case TargetIs::kFile:
        action.target = paths_.OfFile(target);
        break;
      case TargetIs::kComponent:
        action.target = paths_.OfComponent(target);
        break;
      case TargetIs::kExtension: {
        const auto component = extensions_.find(target);
        action.target = component == extensions_.end()
                            ? ""
                            : paths_.OfComponent(component->second);
        break;
      }
      case TargetIs::kText:
        action.target = paths_.Formatted(target);
        break;
    }
    for (const std::string_view column : what.parameters) {
      if (std::string text = TextOrNumber(table, row, column); !text.empty()) {
        action.parameters.push_back(
            {base::AsciiLower(column), std::move(text)});
      }
    }
    actions_.Add(std::move(action));
  }

 private:
  const MsiPaths& paths_;
  MsiTextMap extensions_;  // extension to component
  ActionList& actions_;
};

}  // namespace

base::Result<void> ReadMsiTables(const MsiDatabase& database,
                                 const MsiPaths& paths, base::Budget& budget,
                                 ActionList& actions) {
  TableReader reader(paths,
                     CS_TRY(MsiMapOf(database, "Extension", "Extension",
                                     "Component_", budget)),
                     actions);
  for (const MsiTable& table : database.tables) {
    const auto* what = std::ranges::find_if(kTables, [&](const TableRow& each) {
      return IsCalledSo(each, table.name);
    });
    for (size_t row = 0; what != kTables.end() && row < table.row_count;
         ++row) {
      CS_TRY_VOID(budget.ChargeSteps(1, table.Evidence(row).offset));
      reader.Add(*what, table, row);
    }
  }
  return {};
}

}  // namespace countersign::install
