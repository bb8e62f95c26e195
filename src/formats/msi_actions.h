// What a Windows Installer database does when it is installed, row by row and
// word for word. Nothing is evaluated: conditions and formatted text
// ("[ProgramFilesFolder]") are as written.
//
// Spec: Windows Installer reference, the pages of the tables named below and
// "Summary List of All Custom Action Types".
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/msi.h"

namespace countersign::formats {

enum class MsiActionKind : uint8_t {
  kUnknown,
  kDll,
  kExe,
  kJscript,
  kVbscript,
  kInstall,  // another package
  kError,    // shows its target and ends the installation
  kSetDirectory,
  kSetProperty,
};
enum class MsiActionSource : uint8_t {
  kNone,
  kBinary,      // stream "Binary.<source>"
  kFile,        // a row of File
  kDirectory,   // a row of Directory: where an exe is run
  kProperty,    // the value of a property
  kText,        // a script: `target` itself
  kStorage,     // a package inside the package
  kSourceTree,  // a package beside the package
  kProduct,     // a package that is advertised, by its product code
};
enum class MsiActionTime : uint8_t {
  kImmediate,  // while the script is made, as the user
  kDeferred,   // when the script is run
  kRollback,   // when the installation fails
  kCommit,     // when it succeeded
};

// CustomAction: Action, Type, Source, Target, ExtendedType.
struct MsiCustomAction {
  std::string_view action;
  uint32_t type = 0;  // as stored
  MsiActionKind kind = MsiActionKind::kUnknown;
  MsiActionSource source_kind = MsiActionSource::kNone;
  MsiActionTime time = MsiActionTime::kImmediate;
  std::string_view source;
  std::string_view target;        // entry point, command line, text, value
  bool ignores_failure = false;   // 0x0040
  bool is_asynchronous = false;   // 0x0080
  bool runs_as_system = false;    // 0x0800, not impersonated
  bool is_64_bit_script = false;  // 0x1000
  bool hides_target = false;      // 0x2000, not logged
  bool is_terminal_server_aware = false;  // 0x4000
  base::ByteRange evidence;
};

// InstallExecuteSequence and its siblings: Action, Condition, Sequence.
struct MsiSequenceStep {
  std::string_view table;
  std::string_view action;
  std::string_view condition;
  int32_t sequence = 0;
  base::ByteRange evidence;
};

// ServiceInstall.
struct MsiService {
  std::string_view id;
  std::string_view name;
  std::string_view display_name;
  uint32_t type = 0;   // 0x10 own process, 0x20 shared, 0x100 interactive
  uint32_t start = 0;  // 0 boot, 1 system, 2 automatic, 3 on demand, 4 disabled
  std::string_view dependencies;  // separated by "[~]"
  std::string_view account;       // "" is LocalSystem
  std::string_view arguments;
  std::string_view component;
  std::string_view description;
  base::ByteRange evidence;
};

// ServiceControl.
struct MsiServiceControl {
  std::string_view name;
  // 1 start, 2 stop, 8 delete; the same * 0x10 when it is removed.
  uint32_t event = 0;
  std::string_view arguments;
  base::ByteRange evidence;
};

// Registry and RemoveRegistry.
struct MsiRegistryValue {
  bool removes = false;
  int32_t root = -1;           // -1: HKLM for all users, else HKCU
  std::string_view root_name;  // "HKLM", ..., or "HKLM or HKCU"
  std::string_view key;
  std::string_view name;   // "+", "-" and "*" without a value: the key itself
  std::string_view value;  // with its type in front: "#1", "#x00", "#%..."
  std::string_view component;
  base::ByteRange evidence;
};

// Shortcut.
struct MsiShortcut {
  std::string_view name;
  std::string_view directory;
  std::string_view target;
  std::string_view arguments;
  std::string_view working_directory;
  std::string_view component;
  base::ByteRange evidence;
};

enum class MsiChangeKind : uint8_t {
  kRemove,
  kMove,
  kDuplicate,
  kEnvironment,
  kIniFile,
};
// RemoveFile, MoveFile, DuplicateFile, Environment and IniFile: what is changed
// beside files and registry.
struct MsiSystemChange {
  MsiChangeKind kind = MsiChangeKind::kRemove;
  std::string_view name;       // file or variable; of an .ini file, the file
  std::string_view directory;  // where, or from where
  std::string_view target;     // where to
  std::string_view section;    // of an .ini file
  std::string_view key;        // of an .ini file
  std::string_view value;      // of a variable or an .ini file
  std::string_view component;
  base::ByteRange evidence;
};

// LaunchCondition: Condition, Description.
struct MsiLaunchCondition {
  std::string_view condition;
  std::string_view description;
  base::ByteRange evidence;
};

// Upgrade: which products are replaced.
struct MsiUpgrade {
  std::string_view upgrade_code;
  std::string_view version_min;
  std::string_view version_max;
  uint32_t attributes = 0;
  std::string_view property;
  base::ByteRange evidence;
};

// Property: Property, Value.
struct MsiPropertyValue {
  std::string_view name;
  std::string_view value;
  base::ByteRange evidence;
};

struct MsiActions {
  std::vector<MsiCustomAction> custom_actions;
  std::vector<MsiSequenceStep> sequences;  // by table, then by number
  std::vector<MsiService> services;
  std::vector<MsiServiceControl> service_controls;
  std::vector<MsiRegistryValue> registry;
  std::vector<MsiShortcut> shortcuts;
  std::vector<MsiSystemChange> changes;
  std::vector<MsiLaunchCondition> launch_conditions;
  std::vector<MsiUpgrade> upgrades;
  std::vector<MsiPropertyValue> properties;
  size_t extensions = 0;  // rows of Extension
  size_t classes = 0;     // rows of Class
  size_t mime_types = 0;  // rows of MIME
};

// All of it; tables that there are not yield nothing. Views are valid as long
// as `database`. Fails only when `budget` is spent.
[[nodiscard]] base::Result<MsiActions> ReadMsiActions(
    const MsiDatabase& database, base::Budget& budget);

// `type` of a custom action taken apart; names, texts and evidence are left.
[[nodiscard]] MsiCustomAction DecodeMsiActionType(uint32_t type);

}  // namespace countersign::formats
