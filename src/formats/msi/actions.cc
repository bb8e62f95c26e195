// The tables that make the installer do something, as structs.
#include "formats/msi_actions.h"

#include <algorithm>

namespace countersign::formats {
namespace {

// CustomAction.Type, "Custom Action Types" and the options' pages.
constexpr uint32_t kActionKindMask = 0x07;
constexpr uint32_t kActionSourceMask = 0x30;
constexpr uint32_t kActionContinue = 0x0040;
constexpr uint32_t kActionAsync = 0x0080;
constexpr uint32_t kActionRollback = 0x0100;
constexpr uint32_t kActionCommit = 0x0200;
constexpr uint32_t kActionInScript = 0x0400;
constexpr uint32_t kActionNoImpersonate = 0x0800;
constexpr uint32_t kAction64Bit = 0x1000;
constexpr uint32_t kActionHideTarget = 0x2000;
constexpr uint32_t kActionTerminalServer = 0x4000;

// Row by row through the table `name`, when there is one.
template <typename Take>
base::Result<void> EachMsiRow(const MsiDatabase& database,
                              std::string_view name, base::Budget& budget,
                              Take take) {
  const MsiTable* table = database.Find(name);
  if (table == nullptr) {
    return {};
  }
  for (size_t row = 0; row < table->row_count; ++row) {
    const base::ByteRange evidence = table->Evidence(row);
    CS_TRY_VOID(budget.ChargeSteps(1, evidence.offset));
    take(*table, row, evidence);
  }
  return {};
}

uint32_t MsiBits(const MsiTable& table, size_t row, std::string_view column) {
  return static_cast<uint32_t>(table.Number(row, column).value_or(0));
}

size_t CountMsiRows(const MsiDatabase& database, std::string_view name) {
  const MsiTable* table = database.Find(name);
  return table == nullptr ? 0 : table->row_count;
}

std::string_view RegistryRootName(int32_t root) {
  constexpr std::string_view kRoots[] = {"HKLM or HKCU", "HKCR", "HKCU", "HKLM",
                                         "HKU"};
  return root >= -1 && root <= 3 ? kRoots[root + 1] : "?";
}

// Where a package that is installed by another comes from: types 7, 23, 39.
MsiActionSource SourceOfMsiInstall(uint32_t source) {
  return source == 0x00   ? MsiActionSource::kStorage
         : source == 0x10 ? MsiActionSource::kSourceTree
         : source == 0x20 ? MsiActionSource::kProduct
                          : MsiActionSource::kNone;
}

void SetMsiActionKind(MsiCustomAction& action, uint32_t type) {
  const uint32_t source = type & kActionSourceMask;
  constexpr MsiActionSource kSources[] = {
      MsiActionSource::kBinary, MsiActionSource::kFile,
      MsiActionSource::kDirectory, MsiActionSource::kProperty};
  action.source_kind = kSources[source >> 4];
  const bool is_text = source == 0x20;  // of scripts
  switch (type & kActionKindMask) {
    case 1:
      action.kind = MsiActionKind::kDll;
      break;
    case 2:
      action.kind = MsiActionKind::kExe;
      break;
    case 3:
      action.kind = source == 0x10   ? MsiActionKind::kError
                    : source == 0x20 ? MsiActionKind::kSetDirectory
                    : source == 0x30 ? MsiActionKind::kSetProperty
                                     : MsiActionKind::kUnknown;
      if (source == 0x00 || source == 0x10) {
        action.source_kind = MsiActionSource::kNone;
      }
      break;
    case 5:
    case 6:
      action.kind = (type & kActionKindMask) == 5 ? MsiActionKind::kJscript
                                                  : MsiActionKind::kVbscript;
      if (is_text) {
        action.source_kind = MsiActionSource::kText;
      }
      break;
    case 7:
      action.kind = MsiActionKind::kInstall;
      action.source_kind = SourceOfMsiInstall(source);
      break;
    default:
      action.source_kind = MsiActionSource::kNone;
      break;
  }
}

base::Result<void> ReadMsiSequences(const MsiDatabase& database,
                                    base::Budget& budget, MsiActions& out) {
  for (const char* name :
       {"InstallUISequence", "InstallExecuteSequence", "AdminUISequence",
        "AdminExecuteSequence", "AdvtExecuteSequence"}) {
    const size_t first = out.sequences.size();
    CS_TRY_VOID(EachMsiRow(
        database, name, budget,
        [&](const MsiTable& table, size_t row, base::ByteRange evidence) {
          out.sequences.push_back(
              {name, table.Text(row, "Action"), table.Text(row, "Condition"),
               table.Number(row, "Sequence").value_or(0), evidence});
        }));
    std::ranges::stable_sort(
        out.sequences.begin() + static_cast<std::ptrdiff_t>(first),
        out.sequences.end(), {}, &MsiSequenceStep::sequence);
  }
  return {};
}

base::Result<void> ReadMsiServices(const MsiDatabase& database,
                                   base::Budget& budget, MsiActions& out) {
  CS_TRY_VOID(EachMsiRow(
      database, "ServiceInstall", budget,
      [&](const MsiTable& table, size_t row, base::ByteRange evidence) {
        MsiService service;
        service.id = table.Text(row, "ServiceInstall");
        service.name = table.Text(row, "Name");
        service.display_name = table.Text(row, "DisplayName");
        service.type = MsiBits(table, row, "ServiceType");
        service.start = MsiBits(table, row, "StartType");
        service.dependencies = table.Text(row, "Dependencies");
        service.account = table.Text(row, "StartName");
        service.arguments = table.Text(row, "Arguments");
        service.component = table.Text(row, "Component_");
        service.description = table.Text(row, "Description");
        service.evidence = evidence;
        out.services.push_back(service);
      }));
  return EachMsiRow(
      database, "ServiceControl", budget,
      [&](const MsiTable& table, size_t row, base::ByteRange evidence) {
        out.service_controls.push_back(
            {table.Text(row, "Name"), MsiBits(table, row, "Event"),
             table.Text(row, "Arguments"), evidence});
      });
}

base::Result<void> ReadMsiRegistry(const MsiDatabase& database,
                                   base::Budget& budget, MsiActions& out) {
  for (const bool removes : {false, true}) {
    CS_TRY_VOID(EachMsiRow(
        database, removes ? "RemoveRegistry" : "Registry", budget,
        [&](const MsiTable& table, size_t row, base::ByteRange evidence) {
          MsiRegistryValue value;
          value.removes = removes;
          value.root = table.Number(row, "Root").value_or(-2);
          value.root_name = RegistryRootName(value.root);
          value.key = table.Text(row, "Key");
          value.name = table.Text(row, "Name");
          value.value = table.Text(row, "Value");
          value.component = table.Text(row, "Component_");
          value.evidence = evidence;
          out.registry.push_back(value);
        }));
  }
  return {};
}

// Which column of each table goes where; "" for none.
struct MsiChangeTable {
  const char* table;
  MsiChangeKind kind;
  const char* name;
  const char* directory;
  const char* target;
};
constexpr MsiChangeTable kMsiChangeTables[] = {
    {"RemoveFile", MsiChangeKind::kRemove, "FileName", "DirProperty", ""},
    {"MoveFile", MsiChangeKind::kMove, "SourceName", "SourceFolder",
     "DestFolder"},
    {"DuplicateFile", MsiChangeKind::kDuplicate, "File_", "DestFolder",
     "DestName"},
    {"Environment", MsiChangeKind::kEnvironment, "Name", "", ""},
    {"IniFile", MsiChangeKind::kIniFile, "FileName", "DirProperty", ""}};

base::Result<void> ReadMsiChanges(const MsiDatabase& database,
                                  base::Budget& budget, MsiActions& out) {
  for (const MsiChangeTable& what : kMsiChangeTables) {
    CS_TRY_VOID(EachMsiRow(
        database, what.table, budget,
        [&](const MsiTable& table, size_t row, base::ByteRange evidence) {
          MsiSystemChange change;
          change.kind = what.kind;
          change.name = table.Text(row, what.name);
          change.directory = table.Text(row, what.directory);
          change.target = table.Text(row, what.target);
          change.section = table.Text(row, "Section");
          change.key = table.Text(row, "Key");
          change.value = table.Text(row, "Value");
          change.component = table.Text(row, "Component_");
          change.evidence = evidence;
          out.changes.push_back(change);
        }));
  }
  return {};
}

base::Result<void> ReadMsiConditions(const MsiDatabase& database,
                                     base::Budget& budget, MsiActions& out) {
  CS_TRY_VOID(EachMsiRow(
      database, "LaunchCondition", budget,
      [&](const MsiTable& table, size_t row, base::ByteRange evidence) {
        out.launch_conditions.push_back({table.Text(row, "Condition"),
                                         table.Text(row, "Description"),
                                         evidence});
      }));
  CS_TRY_VOID(EachMsiRow(
      database, "Upgrade", budget,
      [&](const MsiTable& table, size_t row, base::ByteRange evidence) {
        out.upgrades.push_back(
            {table.Text(row, "UpgradeCode"), table.Text(row, "VersionMin"),
             table.Text(row, "VersionMax"), MsiBits(table, row, "Attributes"),
             table.Text(row, "ActionProperty"), evidence});
      }));
  return EachMsiRow(
      database, "Property", budget,
      [&](const MsiTable& table, size_t row, base::ByteRange evidence) {
        out.properties.push_back(
            {table.Text(row, "Property"), table.Text(row, "Value"), evidence});
      });
}

}  // namespace

MsiCustomAction DecodeMsiActionType(uint32_t type) {
  MsiCustomAction action;
  action.type = type;
  SetMsiActionKind(action, type);
  if ((type & kActionInScript) != 0) {
    action.time = (type & kActionRollback) != 0 ? MsiActionTime::kRollback
                  : (type & kActionCommit) != 0 ? MsiActionTime::kCommit
                                                : MsiActionTime::kDeferred;
    action.runs_as_system = (type & kActionNoImpersonate) != 0;
  }
  action.ignores_failure = (type & kActionContinue) != 0;
  action.is_asynchronous = (type & kActionAsync) != 0;
  action.is_64_bit_script = (type & kAction64Bit) != 0;
  action.hides_target = (type & kActionHideTarget) != 0;
  action.is_terminal_server_aware = (type & kActionTerminalServer) != 0;
  return action;
}

base::Result<MsiActions> ReadMsiActions(const MsiDatabase& database,
                                        base::Budget& budget) {
  MsiActions out;
  CS_TRY_VOID(EachMsiRow(
      database, "CustomAction", budget,
      [&](const MsiTable& table, size_t row, base::ByteRange evidence) {
        MsiCustomAction action =
            DecodeMsiActionType(MsiBits(table, row, "Type"));
        action.action = table.Text(row, "Action");
        action.source = table.Text(row, "Source");
        action.target = table.Text(row, "Target");
        action.evidence = evidence;
        out.custom_actions.push_back(action);
      }));
  CS_TRY_VOID(ReadMsiSequences(database, budget, out));
  CS_TRY_VOID(ReadMsiServices(database, budget, out));
  CS_TRY_VOID(ReadMsiRegistry(database, budget, out));
  CS_TRY_VOID(EachMsiRow(
      database, "Shortcut", budget,
      [&](const MsiTable& table, size_t row, base::ByteRange evidence) {
        out.shortcuts.push_back(
            {table.Text(row, "Name"), table.Text(row, "Directory_"),
             table.Text(row, "Target"), table.Text(row, "Arguments"),
             table.Text(row, "WkDir"), table.Text(row, "Component_"),
             evidence});
      }));
  CS_TRY_VOID(ReadMsiChanges(database, budget, out));
  CS_TRY_VOID(ReadMsiConditions(database, budget, out));
  out.extensions = CountMsiRows(database, "Extension");
  out.classes = CountMsiRows(database, "Class");
  out.mime_types = CountMsiRows(database, "MIME");
  return out;
}

}  // namespace countersign::formats
