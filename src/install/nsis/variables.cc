#include "install/nsis/variables.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace countersign::install {
namespace {

using formats::NsisOperation;

// Limit: a text with variables in it. A command line has up to 32,767
// characters.
constexpr size_t kLongestExpanded = size_t{32} << 10;
// Limit: all texts of variables at a time. A script has some dozen variables
// with a path in each.
constexpr size_t kMostHeld = size_t{4} << 20;
constexpr uint64_t kExpandedBytesPerStep = 256;

// Operations that write to no variable, whatever their arguments.
constexpr std::array<std::string_view, 58> kReadingOperations = {
    "Abort",
    "BringToFront",
    "Call",
    "CallInstDLL",
    "CopyFiles",
    "CreateDirectory",
    "CreateShortCut",
    "Delete",
    "DeleteINISec",
    "DeleteINIStr",
    "DeleteRegKey",
    "DeleteRegValue",
    "DetailPrint",
    "Exch",
    "Exec",
    "ExecShell",
    "ExecShellWait",
    "File",
    "FileClose",
    "FileWrite",
    "FileWriteUTF16LE",
    "FindClose",
    "FlushINI",
    "Goto",
    "IfFileExists",
    "IntCmp",
    "IsWindow",
    "LoadAndSetImage",
    "LogSet",
    "LogText",
    "MessageBox",
    "Plugin",
    "Push",
    "Quit",
    "RMDir",
    "Reboot",
    "RegDLL",
    "Rename",
    "Return",
    "SetCtlColors",
    "SetDetailsPrint",
    "SetErrorLevel",
    "SetFileAttributes",
    "SetOutPath",
    "SetRegView",
    "SetShellVarContext",
    "ShowWindow",
    "Sleep",
    "StrCmp",
    "UnRegDLL",
    "WriteINIStr",
    "WriteReg",
    "WriteRegBin",
    "WriteRegDWORD",
    "WriteRegExpandStr",
    "WriteRegMultiStr",
    "WriteRegStr",
    "WriteUninstaller",
};

// Operations that write to the variable in front only.
constexpr std::array<std::string_view, 20> kWritingOperations = {
    "CreateFont",   "EnumRegKey", "EnumRegValue",   "FileOpen",
    "FindProc",     "FindWindow", "GetDlgItem",     "GetFullPathName",
    "GetFontName",  "IntFmt",     "GetFontVersion", "GetTempFileName",
    "IntOp",        "Pop",        "ReadEnvStr",     "ReadINIStr",
    "ReadRegDWORD", "ReadRegStr", "SearchPath",     "SendMessage",
};

bool IsAmong(const auto& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool IsNumeral(char c) { return c >= '0' && c <= '9'; }

std::string ArgumentOf(const NsisOperation& operation, size_t index) {
  return index < operation.arguments.size() ? operation.arguments[index] : "";
}

// True for "StrCpy $0 text", all of it.
bool IsAssignment(const NsisOperation& operation) {
  return operation.name == "StrCpy" && ArgumentOf(operation, 2).empty() &&
         ArgumentOf(operation, 3).empty();
}

// System::Call puts results where the call says: ".r0", ".R9", "ir0r1". What it
// only reads may be among them, and then is not known any more.
std::vector<std::string> WrittenByCall(const std::string& call) {
  std::vector<std::string> written;
  for (size_t at = 1; at + 1 < call.size(); ++at) {
    const char before = call[at - 1];
    const bool is_letter = (before >= 'a' && before <= 'z') ||
                           (before >= 'A' && before <= 'Z') || before == '_';
    if ((call[at] == 'r' || call[at] == 'R') && IsNumeral(call[at + 1]) &&
        !is_letter) {
      written.push_back(std::string(call[at] == 'r' ? "$" : "$R") +
                        call[at + 1]);
    }
  }
  return written;
}

// The variables that `operation` writes to.
std::vector<std::string> WrittenBy(const NsisOperation& operation) {
  std::vector<std::string> written;
  if (operation.name == "Plugin" &&
      base::AsciiLower(ArgumentOf(operation, 0)) == "system::call") {
    return WrittenByCall(ArgumentOf(operation, 1));
  }
  if (IsAmong(kReadingOperations, operation.name)) {
    return written;
  }
  const bool is_first_only = operation.name == "StrCpy" ||
                             operation.name == "StrLen" ||
                             IsAmong(kWritingOperations, operation.name);
  const size_t first = operation.name == "ExecWait" ? 1 : 0;
  const size_t end = is_first_only
                         ? std::min<size_t>(1, operation.arguments.size())
                         : operation.arguments.size();
  for (size_t i = first; i < end; ++i) {
    const std::string& argument = operation.arguments[i];
    if (!argument.empty() && NsisVariableAt(argument) == argument) {
      written.push_back(argument);
    }
  }
  return written;
}

}  // namespace

std::string_view NsisVariableAt(std::string_view text) {
  if (text.size() < 2 || text[0] != '$') {
    return "";
  }
  if (IsNumeral(text[1])) {
    return text.substr(0, 2);
  }
  if (text[1] == 'R' && text.size() > 2 && IsNumeral(text[2])) {
    return text.substr(0, 3);
  }
  size_t end = 2;
  while (end < text.size() && IsNumeral(text[end])) {
    ++end;
  }
  return text[1] == '_' && end > 2 && end < text.size() && text[end] == '_'
             ? text.substr(0, end + 1)
             : "";
}

NsisVariables::NsisVariables(const std::vector<NsisOperation>& operations,
                             base::Budget& budget)
    : budget_(budget) {
  std::map<std::string, size_t, std::less<>> writes;
  for (const NsisOperation& operation : operations) {
    for (const std::string& variable : WrittenBy(operation)) {
      ++writes[variable];
    }
    Pass(operation);
  }
  only_ = std::exchange(texts_, {});
  held_ = 0;
  std::erase_if(only_, [&](const auto& row) { return writes[row.first] != 1; });
}

void NsisVariables::Pass(const NsisOperation& operation) {
  for (const std::string& variable : WrittenBy(operation)) {
    Put(variable, IsAssignment(operation) ? Expand(ArgumentOf(operation, 1))
                                          : std::nullopt);
  }
}

std::optional<std::string> NsisVariables::Expand(std::string_view text) const {
  std::string expanded;
  size_t at = 0;
  while (at < text.size() && expanded.size() <= kLongestExpanded) {
    const size_t dollar = std::min(text.find('$', at), text.size());
    expanded += text.substr(at, dollar - at);
    at = dollar;
    const std::string_view rest = text.substr(at);
    const std::string_view variable = NsisVariableAt(rest);
    const std::string* known = variable.empty() ? nullptr : Find(variable);
    // "$$" is a dollar, behind which there is no variable.
    const size_t size = rest.starts_with("$$") ? 2
                        : variable.empty() ? std::min<size_t>(1, rest.size())
                                           : variable.size();
    expanded += known != nullptr ? *known : rest.substr(0, size);
    at += size;
  }
  const auto paid =
      budget_.ChargeSteps(expanded.size() / kExpandedBytesPerStep, 0);
  return expanded.size() > kLongestExpanded || !paid || budget_.Reached()
             ? std::nullopt
             : std::optional(std::move(expanded));
}

void NsisVariables::Put(const std::string& variable,
                        std::optional<std::string> text) {
  std::optional<std::string>& place = texts_[variable];
  held_ -= place ? place->size() : 0;
  if (text && text->size() > kMostHeld - held_) {
    text.reset();
  }
  held_ += text ? text->size() : 0;
  place = std::move(text);
}

const std::string* NsisVariables::Find(std::string_view variable) const {
  auto found = texts_.find(variable);
  if (found == texts_.end()) {
    found = only_.find(variable);
    if (found == only_.end()) {
      return nullptr;
    }
  }
  return found->second ? &*found->second : nullptr;
}

}  // namespace countersign::install
