#include "install/self_extractor/self_extractor.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "install/windows/command_line.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::Persistence;

// "Name=value" or "Name="value"" of a line, and where it stands.
struct Setting {
  std::string_view name;
  std::string value;
  base::ByteRange evidence;
};

struct SettingRow {
  std::string_view name;  // in lower case
  ActionKind kind;
  bool is_command;  // else `value` is the target
};

// "AutoInstall2" and the like are AutoInstall for other command lines.
constexpr std::array kSevenZipSettings = {
    SettingRow{"runprogram", ActionKind::kRunProgram, true},
    SettingRow{"executefile", ActionKind::kRunProgram, true},
    SettingRow{"autoinstall", ActionKind::kRunProgram, true},
    SettingRow{"delete", ActionKind::kChangeFile, false},
    SettingRow{"shortcut", ActionKind::kCreateShortcut, false},
    SettingRow{"setenvironment", ActionKind::kSetEnvironment, false},
};
constexpr std::array kRarSettings = {
    SettingRow{"setup", ActionKind::kRunProgram, true},
    SettingRow{"presetup", ActionKind::kRunProgram, true},
    SettingRow{"delete", ActionKind::kChangeFile, false},
    SettingRow{"shortcut", ActionKind::kCreateShortcut, false},
};

std::string_view WithoutBlanks(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos
             ? ""
             : text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
}

// The text of a value in quotes, escapes undone; `end` is behind it.
std::string Unquoted(std::string_view text, size_t start, size_t& end) {
  std::string value;
  size_t at = start;
  for (; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) {
      ++at;
      const char c = text[at];
      value += c == 'n' ? '\n' : c == 't' ? '\t' : c;
    } else {
      value += text[at];
    }
  }
  end = std::min(at + 1, text.size());
  return value;
}

// The next setting from `at` on, which is moved behind it; nothing at the end.
// Comments begin with ";". With `has_quotes` a value may be in quotes, over
// several lines.
std::optional<Setting> NextSetting(std::string_view text, bool has_quotes,
                                   size_t& at) {
  while (at < text.size()) {
    const size_t line_end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, line_end - at);
    const size_t equals = line.find('=');
    const std::string_view name = WithoutBlanks(line.substr(0, equals));
    if (equals == std::string_view::npos || name.starts_with(';')) {
      at = line_end + 1;
      continue;
    }
    Setting setting;
    setting.name = name;
    const size_t value = text.find_first_not_of(" \t", at + equals + 1);
    size_t end = line_end;
    if (has_quotes && value < line_end && text[value] == '"' &&
        text.substr(value, 2) != "\"\"") {
      setting.value = Unquoted(text, value + 1, end);
    } else {
      setting.value = WithoutBlanks(line.substr(equals + 1));
    }
    setting.evidence = {at, end - at};
    at = std::max(std::min(text.find('\n', end), text.size()) + 1, end);
    return setting;
  }
  return std::nullopt;
}

// "hidcon:nowait:setup.exe": how the window is shown and the like.
std::string WithoutPrefixes(std::string command, Action& action) {
  constexpr std::array<std::string_view, 7> kPrefixes = {
      "hidcon:", "nowait:", "forcenowait:", "waitall:",
      "x86:",    "x64:",    "shexec:"};
  // Limit: 16; each makes sense once.
  constexpr int kMostPrefixes = 16;
  std::string taken;
  for (int i = 0; i < kMostPrefixes; ++i) {
    const std::string lower = base::AsciiLower(command.substr(0, 16));
    const auto prefix = std::ranges::find_if(
        kPrefixes,
        [&](std::string_view each) { return lower.starts_with(each); });
    size_t size = prefix == kPrefixes.end() ? 0 : prefix->size();
    if (size == 0 && lower.size() > 3 && lower.starts_with("fm") &&
        lower[3] == ':') {
      size = 4;  // how far the progress is shown
    }
    if (size == 0) {
      break;
    }
    taken += command.substr(0, size);
    command.erase(0, size);
  }
  if (!taken.empty()) {
    action.parameters.push_back({"prefixes", taken});
  }
  return command;
}

base::Result<void> ReadSettings(std::string_view text,
                                std::span<const SettingRow> rows,
                                bool has_quotes, base::Budget& budget,
                                ActionList& actions) {
  CS_TRY_VOID(budget.ChargeSteps(1 + text.size() / 64, 0));
  size_t at = 0;
  while (std::optional<Setting> setting = NextSetting(text, has_quotes, at)) {
    CS_TRY_VOID(budget.ChargeSteps(1, setting->evidence.offset));
    std::string name = base::AsciiLower(setting->name);
    if (name.starts_with("autoinstall")) {
      name.resize(std::string_view("autoinstall").size());
    }
    const auto row = std::ranges::find(rows, name, &SettingRow::name);
    if (row == rows.end() || setting->value.empty()) {
      continue;
    }
    Action action;
    action.kind = row->kind;
    action.runs_as = model::RunsAs::kInstaller;
    action.statement = setting->name;
    action.evidence = setting->evidence;
    if (row->is_command) {
      TakeCommandLine(WithoutPrefixes(setting->value, action), action);
    } else if (row->kind == ActionKind::kCreateShortcut) {
      // Place, program, ...: "D" desktop, "P" menu, "T" start-up folder.
      const size_t comma = setting->value.find(',');
      action.name = WithoutBlanks(setting->value.substr(0, comma));
      const std::string rest =
          comma == std::string::npos ? "" : setting->value.substr(comma + 1);
      const size_t end = std::min(rest.find(','), rest.size());
      action.target = WithoutBlanks(std::string_view(rest).substr(0, end));
      action.arguments = WithoutBlanks(
          std::string_view(rest).substr(std::min(end + 1, rest.size())));
      action.persistence = base::AsciiLower(action.name).starts_with('t')
                               ? Persistence::kLogon
                               : Persistence::kNone;
    } else {
      action.target = setting->value;
    }
    actions.Add(std::move(action));
  }
  return {};
}

constexpr std::string_view kIexpressFolder = "[resources]/RCDATA/";

// The name of the resource: "[resources]/RCDATA/NAME/LANGUAGE".
std::string_view IexpressName(std::string_view name) {
  if (!name.starts_with(kIexpressFolder)) {
    return "";
  }
  name.remove_prefix(kIexpressFolder.size());
  return name.substr(0, name.find('/'));
}

}  // namespace

base::Result<void> ReadSevenZipConfig(const Place& /*place*/,
                                      const base::Blob& file,
                                      base::Budget& budget,
                                      ActionList& actions) {
  return ReadSettings(base::AsText(file.View()), kSevenZipSettings, true,
                      budget, actions);
}

base::Result<void> ReadRarComment(const Place& /*place*/,
                                  const base::Blob& file, base::Budget& budget,
                                  ActionList& actions) {
  return ReadSettings(base::AsText(file.View()), kRarSettings, false, budget,
                      actions);
}

bool IsIexpressCommand(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames = {
      "RUNPROGRAM", "POSTRUNPROGRAM", "ADMQCMD", "USRQCMD"};
  return std::ranges::find(kNames, IexpressName(name)) != kNames.end();
}

base::Result<void> ReadIexpressCommand(const Place& place,
                                       const base::Blob& file,
                                       base::Budget& budget,
                                       ActionList& actions) {
  CS_TRY_VOID(budget.ChargeSteps(1, 0));
  std::string_view text = base::AsText(file.View());
  text = WithoutBlanks(text.substr(0, text.find('\0')));
  // Quirk: that is how it says that nothing is to be run.
  if (text.empty() || text == "<None>") {
    return {};
  }
  Action action;
  action.runs_as = model::RunsAs::kInstaller;
  action.statement = IexpressName(place.name);
  action.evidence = {0, text.size()};
  TakeCommandLine(text, action);
  actions.Add(std::move(action));
  return {};
}

}  // namespace countersign::install
