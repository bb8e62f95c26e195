// What an installer would do, as it says itself: a fact, word for word, with
// the place where it stands. Nothing is evaluated or run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/enumeration.h"
#include "model/finding.h"

namespace countersign::model {

enum class ActionKind : uint8_t {
  kRunProgram,
  kCallLibrary,     // calls a function of a library, or registers it
  kRunScript,       // runs text in some language
  kInstallPackage,  // hands over to another package
  kInstallService,
  kControlService,
  kScheduleTask,
  kWriteRegistry,
  kRemoveRegistry,
  kCreateShortcut,
  kChangeFile,  // anything that happens to files but being installed
  kSetEnvironment,
  kDownload,
  kUpdateFeed,         // where it looks for its next version
  kEntryPoint,         // what is started when a user starts the product
  kRequestCapability,  // what it asks the system to be allowed
  kRegisterExtension,  // what it offers to the system: protocols, handlers, ...
  kChangeAccount,      // makes or changes accounts and their groups
};
template <>
inline constexpr std::array kNames<ActionKind> = {
    std::string_view("run-program"),
    std::string_view("call-library"),
    std::string_view("run-script"),
    std::string_view("install-package"),
    std::string_view("install-service"),
    std::string_view("control-service"),
    std::string_view("schedule-task"),
    std::string_view("write-registry"),
    std::string_view("remove-registry"),
    std::string_view("create-shortcut"),
    std::string_view("change-file"),
    std::string_view("set-environment"),
    std::string_view("download"),
    std::string_view("update-feed"),
    std::string_view("entry-point"),
    std::string_view("request-capability"),
    std::string_view("register-extension"),
    std::string_view("change-account")};

// When it happens. "unknown": the installer has code for it that nothing in
// what was read calls.
enum class ActionPhase : uint8_t {
  kInstall,
  kUninstall,
  kFailure,  // when installing fails
  kUse,      // later, when the product or the system is used
  kUnknown,
};
template <>
inline constexpr std::array kNames<ActionPhase> = {
    std::string_view("install"), std::string_view("uninstall"),
    std::string_view("failure"), std::string_view("use"),
    std::string_view("unknown")};

// With whose rights. "installer": those of whoever runs the installer;
// "administrator": the same, raised, because the installer asks for that;
// "unknown": the installer does not tell.
enum class RunsAs : uint8_t {
  kUnknown,
  kSystem,
  kInstaller,
  kUser,
  kAccount,
  kAdministrator,
};
template <>
inline constexpr std::array kNames<RunsAs> = {
    std::string_view("unknown"),   std::string_view("system"),
    std::string_view("installer"), std::string_view("user"),
    std::string_view("account"),   std::string_view("administrator")};

// Why something is started again after the installer has ended.
enum class Persistence : uint8_t {
  kNone,
  kService,
  kDriver,
  kScheduledTask,
  kLogon,      // Run keys, start-up folder, Winlogon, Active Setup
  kInjection,  // loaded into other programs: AppInit, IFEO, COM, print, LSA
};
template <>
inline constexpr std::array kNames<Persistence> = {
    std::string_view("none"),   std::string_view("service"),
    std::string_view("driver"), std::string_view("scheduled-task"),
    std::string_view("logon"),  std::string_view("injection")};

struct Action {
  uint32_t artifact = 0;  // the package, script or manifest that says so
  ActionKind kind = ActionKind::kRunProgram;
  ActionPhase phase = ActionPhase::kInstall;
  // Where it is said: "CustomAction", "ExecWait", "[Run]", "ExePackage".
  std::string statement;
  std::string name;  // what it is called there; may be empty
  // Program, library, service, registry key, file, address: as written, with
  // placeholders such as "[INSTALLDIR]", "$INSTDIR" or "{app}".
  std::string target;
  std::string arguments;  // as written
  std::string value;      // of a registry value or variable, as written
  std::string condition;  // as written; empty: always
  // Where in the sequence, "InstallExecuteSequence 6601"; may be empty.
  std::string order;
  RunsAs runs_as = RunsAs::kUnknown;
  std::string account;  // for RunsAs::kAccount
  Persistence persistence = Persistence::kNone;
  // The member that is started, loaded or pointed at, when it is in the tree.
  std::optional<uint32_t> member;
  std::vector<Parameter> parameters;  // all else that it says, decoded
  base::ByteRange evidence;           // inside the artifact

  static void Fields(auto& self, auto&& visit) {
    visit("artifact", self.artifact);
    visit("kind", self.kind);
    visit("phase", self.phase);
    visit("statement", self.statement);
    visit("name", self.name);
    visit("target", self.target);
    visit("arguments", self.arguments);
    visit("value", self.value);
    visit("condition", self.condition);
    visit("order", self.order);
    visit("runs_as", self.runs_as);
    visit("account", self.account);
    visit("persistence", self.persistence);
    visit("member", self.member);
    visit("parameters", self.parameters);
    visit("evidence", self.evidence);
  }
};

}  // namespace countersign::model
