// From instructions to readable operations.
//
// Each operation has the name of the command that makes it, and its parameters
// in the order in which they are stored. Several commands share an instruction
// (Exec and ExecWait), see forms.h. Others mean something for those that follow
// (SetOutPath, Push), or name data: see `Special`.
//
// Spec: NSIS 3.08, Source/exehead/exec.c, for what parameters mean.
#include "formats/nsis/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "formats/nsis/forms.h"
#include "formats/nsis/opcodes.h"

namespace countersign::formats {
namespace {

using base::Result;

// Limit: as the default for names of members; Windows has 260 or 32,767.
constexpr size_t kMaxNsisPath = 4096;
// Limit: arguments of a plug-in; System::Call has one, inetc::get a dozen.
constexpr size_t kMaxPushed = 32;
constexpr size_t kBytesOfAStep = 16;

std::string Hexadecimal(int32_t value) {
  return fmt::format("{:#x}", static_cast<uint32_t>(value));
}

std::string RegistryRoot(int32_t value) {
  constexpr std::array<std::string_view, 7> kRoots = {
      "HKCR", "HKCU", "HKLM", "HKU", "HKPD", "HKCC", "HKDD"};
  if (value == 0) {
    return "SHCTX";
  }
  const uint32_t index = static_cast<uint32_t>(value) - 0x8000'0000;
  return index < kRoots.size() ? std::string(kRoots[index])
                               : Hexadecimal(value);
}

// True for what does not depend on the directory set: "C:\a", "\\host\a",
// "$TEMP\a". Quirk: a variable may hold a relative path; most do not.
bool IsAbsolute(std::string_view path) {
  return path.starts_with("\\\\") || (path.size() > 1 && path[1] == ':') ||
         (path.starts_with("$") && !path.starts_with("$$") &&
          !path.starts_with("$("));
}

std::string MemberName(std::string path) {
  std::ranges::replace(path, '\\', '/');
  return path;
}

class NsisScriptReader {
 public:
  NsisScriptReader(const NsisHeader& header, uint64_t offset,
                   base::Budget& budget)
      : header_(header),
        offset_(offset),
        budget_(budget),
        numbering_(FindNumbering(header)) {}

  Result<NsisScriptReading> Read() {
    reading_.opcodes_certain = numbering_.certain;
    FindFunctions();
    for (uint32_t i = 0; i < header_.entries.size(); ++i) {
      NsisOperation operation = ReadOperation(i);
      size_t bytes = 0;
      for (const std::string& argument : operation.arguments) {
        bytes += argument.size();
      }
      CS_TRY_VOID(budget_.ChargeSteps(1 + bytes / kBytesOfAStep, offset_));
      reading_.operations.push_back(std::move(operation));
    }
    Place();
    return std::move(reading_);
  }

 private:
  using Arguments = std::vector<std::string>;

  // ---- Parts ---------------------------------------------------------------

  [[nodiscard]] std::string Text(int32_t reference) const {
    return header_.strings.Expand(reference);
  }
  [[nodiscard]] std::string Variable(int32_t index) const {
    return header_.strings.Variable(static_cast<uint32_t>(index));
  }
  // Addresses are stored plus one; below zero, a variable holds them.
  [[nodiscard]] std::string Jump(int32_t address) const {
    return address == 0  ? "@next"
           : address > 0 ? fmt::format("@{}", address - 1)
                         : "@" + Variable(-(address + 1));
  }
  [[nodiscard]] Arguments Plain(const NsisEntry& entry,
                                std::string_view kinds) const {
    Arguments arguments;
    for (size_t i = 0; i < entry.parameters.size(); ++i) {
      const int32_t value = entry.parameters[i];
      switch (kinds[i]) {
        case 's':
          arguments.push_back(Text(value));
          break;
        case 'o':
          arguments.push_back(value < 0 ? "" : Variable(value));
          break;
        case 'v':
          arguments.push_back(Variable(value));
          break;
        case 'i':
        case 'b':
          arguments.push_back(fmt::format("{}", value));
          break;
        case 'x':
          arguments.push_back(Hexadecimal(value));
          break;
        case 'j':
          arguments.push_back(Jump(value));
          break;
        case 'k':
          arguments.push_back(RegistryRoot(value));
          break;
        default:
          break;
      }
    }
    return arguments;
  }

  void Use(int32_t offset, NsisDataUse::Kind kind, std::string path) {
    reading_.uses.push_back({static_cast<uint32_t>(offset), kind,
                             MemberName(path.substr(0, kMaxNsisPath))});
  }

  // ---- Operations ----------------------------------------------------------

  NsisOperation ReadOperation(uint32_t index) {
    const NsisEntry& entry = header_.entries[index];
    const NsisOpcode opcode = numbering_.Of(entry.which);
    const NsisOpcodeRow& row = RowOf(opcode);
    NsisOperation operation;
    operation.index = index;
    operation.opcode = entry.which;
    operation.header_offset = header_.entries_offset + index * kNsisEntryBytes;
    operation.name = opcode == NsisOpcode::kUnknown
                         ? fmt::format("opcode {}", entry.which)
                         : std::string(row.name);
    operation.arguments = Plain(entry, row.kinds);
    Special(opcode, entry, operation);
    if (opcode != NsisOpcode::kPushPop || operation.name != "Push") {
      pushed_.clear();
    } else if (pushed_.size() < kMaxPushed) {
      pushed_.push_back(operation.arguments[0]);
    }
    return operation;
  }

  // What depends on other instructions, or says where data go.
  void Special(NsisOpcode opcode, const NsisEntry& entry,
               NsisOperation& operation) {
    const auto& p = entry.parameters;
    switch (opcode) {
      case NsisOpcode::kCall:
        operation.arguments = {Callee(p[0])};
        break;
      case NsisOpcode::kCreateDirectory:
        SetDirectory(entry, operation);
        break;
      case NsisOpcode::kFile:
        File(entry, operation);
        break;
      case NsisOpcode::kStrCpy:
        KeepDirectory(entry, operation);
        break;
      case NsisOpcode::kPushPop:
        Stack(entry, operation);
        break;
      case NsisOpcode::kRegisterDll:
        Library(entry, operation);
        break;
      case NsisOpcode::kWriteReg:
        WriteRegistry(entry, operation);
        break;
      case NsisOpcode::kWriteUninstaller:
        Uninstaller(entry, operation);
        break;
      case NsisOpcode::kLog:
        operation.name = p[0] != 0 ? "LogSet" : "LogText";
        operation.arguments = {p[0] != 0 ? fmt::format("{}", p[1])
                                         : Text(p[1])};
        break;
      default:
        FormCommand(opcode, entry, header_, operation);
        break;
    }
  }

  [[nodiscard]] std::string Callee(int32_t address) const {
    const auto found = address > 0
                           ? starts_.find(static_cast<uint32_t>(address) - 1)
                           : starts_.end();
    return found == starts_.end() ? Jump(address) : found->second;
  }

  // What "$OUTDIR" and "$_OUTDIR" at the start of `path` stand for.
  [[nodiscard]] std::string InDirectory(std::string path) const {
    for (const auto& [variable, value] :
         {std::pair<std::string_view, const std::string&>{"$OUTDIR",
                                                          directory_},
          {"$_OUTDIR", kept_directory_}}) {
      if (path == variable || path.starts_with(fmt::format("{}\\", variable))) {
        path.replace(0, variable.size(), value);
        break;
      }
    }
    return path.substr(0, kMaxNsisPath);
  }

  void SetDirectory(const NsisEntry& entry, NsisOperation& operation) {
    if (entry.parameters[1] == 0) {
      return;
    }
    operation.name = "SetOutPath";
    directory_ = InDirectory(operation.arguments[0]);
  }

  // Quirk: "File /r" keeps the directory in a variable of its own.
  void KeepDirectory(const NsisEntry& entry, const NsisOperation& operation) {
    if (Variable(entry.parameters[0]) == "$_OUTDIR" &&
        operation.arguments[1] == "$OUTDIR") {
      kept_directory_ = directory_;
    }
  }

  void File(const NsisEntry& entry, NsisOperation& operation) {
    constexpr std::array<std::string_view, 8> kOverwrite = {
        "on", "off", "try", "ifnewer", "ifdiff", "5", "6", "7"};
    const auto& p = entry.parameters;
    std::string path = Text(p[1]);
    if (!IsAbsolute(path)) {
      path = fmt::format("{}\\{}", directory_, path);
    } else {
      path = InDirectory(path);
    }
    operation.arguments = {
        path, fmt::format("data {}", static_cast<uint32_t>(p[2])),
        fmt::format("overwrite {}", kOverwrite[static_cast<size_t>(p[0] & 7)])};
    Use(p[2], NsisDataUse::Kind::kFile, std::move(path));
  }

  void Stack(const NsisEntry& entry, NsisOperation& operation) const {
    const auto& p = entry.parameters;
    if (p[2] != 0) {
      operation.name = "Exch";
      operation.arguments = {fmt::format("{}", p[2])};
    } else if (p[1] != 0) {
      operation.name = "Pop";
      operation.arguments = {Variable(p[0])};
    } else {
      operation.arguments = {Text(p[0])};
    }
  }

  // RegDLL with a text for the status line; else a plug-in that takes its
  // arguments from the stack, first one on top.
  void Library(const NsisEntry& entry, NsisOperation& operation) const {
    constexpr std::string_view kPlugins = "$PLUGINSDIR\\";
    if (entry.parameters[2] != 0) {
      operation.name = operation.arguments[1] == "DllUnregisterServer"
                           ? "UnRegDLL"
                           : "RegDLL";
      operation.arguments.resize(2);
      return;
    }
    const std::string& path = operation.arguments[0];
    const bool is_plugin = path.starts_with(kPlugins) && path.ends_with(".dll");
    operation.name = is_plugin ? "Plugin" : "CallInstDLL";
    if (is_plugin) {
      operation.arguments = {fmt::format(
          "{}::{}",
          path.substr(kPlugins.size(), path.size() - kPlugins.size() - 4),
          operation.arguments[1])};
    } else {
      operation.arguments.resize(2);
    }
    operation.arguments.insert(operation.arguments.end(), pushed_.rbegin(),
                               pushed_.rend());
  }

  void WriteRegistry(const NsisEntry& entry, NsisOperation& operation) {
    constexpr int32_t kText = 1;
    constexpr int32_t kExpandText = 2;
    constexpr int32_t kBinary = 3;
    constexpr int32_t kNumber = 4;
    constexpr int32_t kTexts = 7;
    const auto& p = entry.parameters;
    operation.arguments.resize(3);
    Arguments& arguments = operation.arguments;
    switch (p[4]) {
      case kText:
        operation.name =
            p[5] == kExpandText ? "WriteRegExpandStr" : "WriteRegStr";
        arguments.push_back(Text(p[3]));
        break;
      case kBinary:
        operation.name = p[5] == kTexts ? "WriteRegMultiStr" : "WriteRegBin";
        Use(p[3], NsisDataUse::Kind::kRegistry,
            fmt::format("{}\\{}\\{}", arguments[0], arguments[1],
                        arguments[2]));
        arguments.push_back(
            fmt::format("data {}", static_cast<uint32_t>(p[3])));
        break;
      case kNumber:
        operation.name = "WriteRegDWORD";
        arguments.push_back(Text(p[3]));
        break;
      default:
        operation.name = "WriteReg";
        arguments.push_back(fmt::format("{}", p[3]));
        arguments.push_back(fmt::format("{}", p[4]));
        break;
    }
  }

  void Uninstaller(const NsisEntry& entry, NsisOperation& operation) {
    const auto& p = entry.parameters;
    std::string path = operation.arguments[0];
    const std::string alternative = Text(p[3]);
    if (!IsAbsolute(path) && !alternative.empty()) {
      path = alternative;
    }
    operation.arguments = {path,
                           fmt::format("data {}", static_cast<uint32_t>(p[1]))};
    Use(p[1],
        p[2] == 0 ? NsisDataUse::Kind::kProgram : NsisDataUse::Kind::kPatch,
        std::move(path));
  }

  // ---- Functions -----------------------------------------------------------

  void FindFunctions() {
    for (const NsisCode& code : header_.named_code) {
      starts_.emplace(code.first, code.name);
    }
    for (const NsisEntry& entry : header_.entries) {
      const int32_t address = entry.parameters[0];
      if (numbering_.Of(entry.which) == NsisOpcode::kCall && address > 0 &&
          static_cast<size_t>(address) <= header_.entries.size()) {
        const auto first = static_cast<uint32_t>(address) - 1;
        starts_.emplace(first, fmt::format("function {}", first));
      }
    }
  }

  // Says what holds each operation: the first section that has it, or else the
  // last function that begins before it. A function ends where the next one or
  // a section begins, which is behind its last Return.
  void Place() {
    auto& operations = reading_.operations;
    for (uint32_t s = 0; s < header_.sections.size(); ++s) {
      const NsisCode& code = header_.sections[s].code;
      for (uint32_t i = code.first;
           i < code.first + code.count && !operations[i].section; ++i) {
        operations[i].section = s;
      }
    }
    std::optional<uint32_t> current;
    for (uint32_t i = 0; i < operations.size(); ++i) {
      const auto start = starts_.find(i);
      if (operations[i].section) {
        current.reset();
        continue;
      }
      if (start != starts_.end()) {
        current = static_cast<uint32_t>(reading_.functions.size());
        reading_.functions.push_back({start->second, i, 0});
      }
      operations[i].function = current;
      if (current) {
        ++reading_.functions[*current].count;
      }
    }
  }

  const NsisHeader& header_;
  uint64_t offset_;
  base::Budget& budget_;
  NsisNumbering numbering_;
  NsisScriptReading reading_;

  std::map<uint32_t, std::string> starts_;  // of functions, by operation
  std::vector<std::string> pushed_;         // by the operations right before
  std::string directory_ = "$OUTDIR";
  std::string kept_directory_ = "$_OUTDIR";
};

}  // namespace

Result<NsisScriptReading> ReadNsisScript(const NsisHeader& header,
                                         uint64_t offset,
                                         base::Budget& budget) {
  return NsisScriptReader(header, offset, budget).Read();
}

}  // namespace countersign::formats
