// Commands that share an instruction.
//
// Spec: NSIS 3.08, Source/script.cpp, for what each command is made into;
// Source/exehead/api.h, exec_flags_t, for the flags.
#include "formats/nsis/forms.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace countersign::formats {
namespace {

// A flag of the runtime: the commands that set it, jump on it and read it, and
// the words for its values 0 and others.
struct NsisFlag {
  std::string_view set;
  std::string_view zero;
  std::string_view other;
  std::string_view jump;
  std::string_view get;
};
constexpr std::array<NsisFlag, 14> kNsisFlags = {{
    {"SetAutoClose", "false", "true", "", ""},
    {"SetShellVarContext", "current", "all", "IfShellVarContextAll",
     "GetShellVarContext"},
    {"SetErrors", "", "", "IfErrors", ""},
    {"", "", "", "IfAbort", ""},
    {"SetRebootFlag", "false", "true", "IfRebootFlag", ""},
    {},
    {},
    {},
    {"SetSilent", "normal", "silent", "IfSilent", ""},
    {"", "", "", "", "GetInstDirError"},
    {"", "", "", "IfRtlLanguage", ""},
    {"SetErrorLevel", "", "", "", "GetErrorLevel"},
    {"SetRegView", "", "", "IfAltRegView", "GetRegView"},
    {"SetDetailsPrint", "", "", "", ""},
}};
constexpr size_t kErrorsFlag = 2;
constexpr size_t kViewFlag = 12;
constexpr size_t kDetailsFlag = 13;

const NsisFlag& FlagAt(int32_t number) {
  static constexpr NsisFlag kNoFlag{};
  const auto index = static_cast<size_t>(number);
  return index < kNsisFlags.size() ? kNsisFlags[index] : kNoFlag;
}

// The value of a flag, which may come from a variable.
std::string WordFor(size_t flag, const std::string& value, bool is_64) {
  constexpr std::array<std::string_view, 4> kDetails = {"both", "textonly",
                                                        "listonly", "none"};
  const bool is_zero = value.empty() || value == "0";
  if (flag == kDetailsFlag && value.size() == 1 && value[0] >= '0' &&
      value[0] <= '6' && value[0] % 2 == 0) {
    return std::string(kDetails[static_cast<size_t>(value[0] - '0') / 2]);
  }
  if (flag == kViewFlag) {
    // KEY_WOW64_64KEY, KEY_WOW64_32KEY, or that of the program.
    return value == "256"   ? "64"
           : value == "512" ? "32"
           : is_zero        ? (is_64 ? "64" : "32")
                            : value;
  }
  const NsisFlag& row = kNsisFlags[flag];
  const bool is_number =
      value.find_first_not_of("0123456789") == std::string::npos;
  if (row.zero.empty() || !is_number) {
    return value;
  }
  return std::string(is_zero ? row.zero : row.other);
}

void FormSetFlag(int32_t number, bool last_used, bool is_64,
                 NsisOperation& operation) {
  const NsisFlag& flag = FlagAt(number);
  std::string value = operation.arguments[1];
  if (static_cast<size_t>(number) == kErrorsFlag) {
    const bool clears = value.empty() || value == "0";
    operation.name = clears ? "ClearErrors" : "SetErrors";
    operation.arguments.clear();
    return;
  }
  if (flag.set.empty()) {
    operation.arguments = {fmt::format("{}", number), value};
    return;
  }
  operation.name = flag.set;
  operation.arguments = {
      last_used ? "lastused"
                : WordFor(static_cast<size_t>(number), value, is_64)};
}

// Its two jumps, or the variable, alone, where a command says which flag.
void FormFlag(std::string_view name, size_t kept, NsisOperation& operation) {
  if (!name.empty()) {
    operation.name = name;
    operation.arguments.resize(kept);
  } else {
    operation.arguments.resize(kept + 1);
  }
}

void FormIntOp(int32_t number, NsisOperation& operation) {
  constexpr std::array<std::string_view, 14> kOperators = {
      "+", "-",  "*",  "/", "|",  "&",  "^",
      "!", "||", "&&", "%", "<<", ">>", ">>>"};
  auto& arguments = operation.arguments;
  const auto index = static_cast<size_t>(number);
  if (index < kOperators.size()) {
    arguments[3] = kOperators[index];
  }
  std::swap(arguments[2], arguments[3]);
}

// Link, target, arguments, icon, its index, how the window is shown, key,
// description. Quirk: NSIS 3 took four bits from the window for the icon.
void FormShortcut(int32_t number, NsisVersion version,
                  NsisOperation& operation) {
  const auto packed = static_cast<uint32_t>(number);
  const bool is_3 = version == NsisVersion::k3;
  auto& arguments = operation.arguments;
  arguments[4] = fmt::format("{}", packed & (is_3 ? 0xFFF : 0xFF));
  arguments.insert(
      arguments.begin() + 5,
      {fmt::format("{}", is_3 ? packed >> 12 & 7 : packed >> 8 & 0x7F),
       fmt::format("{:#x}", packed >> 16)});
}

// DEL_RECURSE and DEL_REBOOT.
void FormDelete(int32_t flags, NsisOperation& operation) {
  operation.arguments.resize(1);
  if ((flags & 2) != 0) {
    operation.arguments.emplace_back("/r");
  }
  if ((flags & 4) != 0) {
    operation.arguments.emplace_back("/REBOOTOK");
  }
}

void FormIni(const NsisEntry& entry, NsisOperation& operation) {
  const auto& p = entry.parameters;
  auto& arguments = operation.arguments;
  // Section, name, value, file -> file, section, name, value.
  std::rotate(arguments.begin(), arguments.begin() + 3, arguments.begin() + 4);
  size_t kept = 4;
  if (p[4] == 0) {
    kept = p[0] == 0 ? 1 : p[1] == 0 ? 2 : 3;
    operation.name = kept == 1   ? "FlushINI"
                     : kept == 2 ? "DeleteINISec"
                                 : "DeleteINIStr";
  }
  arguments.resize(kept);
}

void FormDeleteReg(int32_t flags, NsisOperation& operation) {
  constexpr int32_t kOnlyIfEmpty = 2;
  if (flags == 0) {
    operation.name = "DeleteRegValue";
    operation.arguments.resize(3);
    return;
  }
  operation.arguments.resize(2);
  if ((flags & kOnlyIfEmpty) != 0) {
    operation.arguments.emplace_back("/ifempty");
  }
}

}  // namespace

void FormCommand(NsisOpcode opcode, const NsisEntry& entry,
                 const NsisHeader& header, NsisOperation& operation) {
  constexpr int32_t kWaits = 0x40;  // SEE_MASK_NOCLOSEPROCESS
  const auto& p = entry.parameters;
  switch (opcode) {
    case NsisOpcode::kSetFlag:
      FormSetFlag(p[0], p[2] != 0, header.is_64, operation);
      break;
    case NsisOpcode::kIfFlag:
      FormFlag(FlagAt(p[2]).jump, 2, operation);
      break;
    case NsisOpcode::kGetFlag:
      FormFlag(FlagAt(p[1]).get, 1, operation);
      break;
    case NsisOpcode::kIntOp:
      FormIntOp(p[3], operation);
      break;
    case NsisOpcode::kExecShell:
      operation.name = (p[4] & kWaits) != 0 ? "ExecShellWait" : "ExecShell";
      operation.arguments.resize(4);
      break;
    case NsisOpcode::kExec:
      operation.name = p[2] != 0 ? "ExecWait" : "Exec";
      operation.arguments.resize(p[2] != 0 && p[1] >= 0 ? 2 : 1);
      break;
    case NsisOpcode::kCreateShortcut:
      FormShortcut(p[4], header.version, operation);
      break;
    case NsisOpcode::kDelete:
    case NsisOpcode::kRmDir:
      FormDelete(p[1], operation);
      break;
    case NsisOpcode::kRename:
      operation.arguments.resize(2);
      if (p[2] != 0) {
        operation.arguments.emplace_back("/REBOOTOK");
      }
      break;
    case NsisOpcode::kWriteIni:
      FormIni(entry, operation);
      break;
    case NsisOpcode::kDeleteReg:
      FormDeleteReg(p[4], operation);
      break;
    case NsisOpcode::kReadReg:
      operation.name = p[4] == 1 ? "ReadRegDWORD" : "ReadRegStr";
      operation.arguments.resize(4);
      break;
    case NsisOpcode::kEnumReg:
      operation.name = p[4] != 0 ? "EnumRegKey" : "EnumRegValue";
      operation.arguments.resize(4);
      break;
    default:
      break;
  }
}

}  // namespace countersign::formats
