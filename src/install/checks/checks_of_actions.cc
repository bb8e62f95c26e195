#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "install/checks/check.h"
#include "install/checks/commands.h"
#include "install/windows/command_line.h"
#include "install/windows/encoded.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::ActionPhase;
using model::Persistence;
using model::RunsAs;

// Text for a sentence: safe to show, and not longer than one likes to read.
std::string Quoted(std::string_view text) {
  constexpr size_t kShown = 200;
  const bool is_long = text.size() > kShown;
  return fmt::format("\"{}{}\"", base::DisplaySafe(text.substr(0, kShown)),
                     is_long ? "..." : "");
}

std::string WithArguments(const Action& action) {
  return action.arguments.empty()
             ? ""
             : fmt::format(" with the arguments {}", Quoted(action.arguments));
}

std::string_view AsWhom(const Action& action) {
  switch (action.runs_as) {
    case RunsAs::kSystem:
      return ", as LocalSystem";
    case RunsAs::kAdministrator:
      return ", as an administrator";
    default:
      return "";
  }
}

// What encoded commands in an action read; "" without one.
std::string Decoded(const Action& action) {
  std::string texts;
  for (const std::string_view text : DecodedCommandsOf(action)) {
    texts += (texts.empty() ? "" : ", ") + Quoted(text);
  }
  return texts.empty() ? "" : fmt::format(" Decoded it reads: {}.", texts);
}

bool IsWhenInstalled(const Action& action) {
  return action.phase == ActionPhase::kInstall ||
         action.phase == ActionPhase::kUnknown;
}

// All that an action says, in lower case, for words that are looked for.
std::string AllWords(const Action& action) {
  std::string words = action.target + ' ' + action.name + ' ' +
                      action.arguments + ' ' + action.value;
  for (const std::string_view decoded : DecodedCommandsOf(action)) {
    words += ' ';
    words += decoded;
  }
  return base::AsciiLower(words);
}

bool HasAny(std::string_view text, auto&& words) {
  return std::ranges::any_of(words, [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

}  // namespace

std::string Facts::NameOf(uint32_t artifact) const {
  const std::string& path = inspection.artifacts[artifact].path;
  return Quoted(path.starts_with('!') ? std::string_view(path).substr(1)
                                      : std::string_view(path));
}

void Sink::Give(const Action& action, std::string message) {
  // Limit: 100 of a kind; a row of the report's actions has each of them.
  constexpr size_t kMostOfARow = 100;
  if (given_++ >= kMostOfARow) {
    return;
  }
  model::Finding finding;
  finding.id = check_.id;
  finding.severity = check_.severity;
  finding.artifact = action.artifact;
  finding.message = std::move(message);
  finding.evidence = {action.evidence};
  finding.attack = {std::string(check_.attack)};
  finding.clears_if = check_.clears_if;
  // Limit: 300 bytes of each; the action has more.
  const auto start = [](const std::string& text) {
    constexpr size_t kShown = 300;
    return base::DisplaySafe(std::string_view(text).substr(0, kShown));
  };
  finding.parameters = {{"statement", start(action.statement)},
                        {"target", start(action.target)},
                        {"arguments", start(action.arguments)}};
  if (action.member) {
    finding.parameters.push_back({"member", int64_t{*action.member}});
  }
  out_.push_back(std::move(finding));
}

void CheckStartsHelper(const Action& action, const Facts& facts, Sink& sink) {
  if (action.kind != ActionKind::kRunProgram || !IsWhenInstalled(action) ||
      !action.member || action.arguments.empty() ||
      action.member == facts.main_program || !sink.IsFirstOf(*action.member)) {
    return;
  }
  const std::string main =
      facts.main_program ? fmt::format("the main program is {}",
                                       facts.NameOf(*facts.main_program))
                         : "which member is the main program is not known";
  sink.Give(action, fmt::format("The installer starts the member {}{}{}; {}.",
                                facts.NameOf(*action.member),
                                WithArguments(action), AsWhom(action), main));
}

void CheckPersists(const Action& action, const Facts& /*facts*/, Sink& sink) {
  struct Words {
    Persistence persistence;
    std::string_view words;
  };
  constexpr std::array kWays = {
      Words{Persistence::kService, "as a service"},
      Words{Persistence::kDriver, "as a driver"},
      Words{Persistence::kScheduledTask, "as a scheduled task"},
      Words{Persistence::kLogon, "whenever a user logs on"}};
  const auto* way =
      std::ranges::find(kWays, action.persistence, &Words::persistence);
  if (way == kWays.end() || !IsWhenInstalled(action)) {
    return;
  }
  const bool is_registry = action.kind == ActionKind::kWriteRegistry;
  sink.Give(
      action,
      fmt::format("What it installs is started again {}: {}{}.", way->words,
                  Quoted(is_registry ? action.value : action.target),
                  is_registry ? "" : WithArguments(action)));
}

void CheckInjects(const Action& action, const Facts& /*facts*/, Sink& sink) {
  if (action.persistence == Persistence::kInjection &&
      IsWhenInstalled(action)) {
    sink.Give(action,
              fmt::format("It has Windows load or start {} with programs of "
                          "others: the value {} of {}.",
                          Quoted(action.value), Quoted(action.name),
                          Quoted(action.target)));
  }
}

void CheckDownloads(const Action& action, const Facts& /*facts*/, Sink& sink) {
  constexpr std::array<std::string_view, 8> kWords = {
      "downloadfile",       "downloadstring", "invoke-webrequest", "iwr http",
      "start-bitstransfer", "urlcache",       "msxml2.xmlhttp",    "curl "};
  // Programs that run what they fetch.
  constexpr std::array kCommands = {CommandRow{{"mshta", "http*"}},
                                    CommandRow{{"regsvr32", "/i:http*"}}};
  const bool runs_text = action.kind == ActionKind::kRunScript ||
                         (action.kind == ActionKind::kWriteRegistry &&
                          action.persistence != Persistence::kNone);
  const bool fetches = action.kind == ActionKind::kDownload ||
                       (runs_text && HasAny(AllWords(action), kWords)) ||
                       SaysAny(action, kCommands);
  if (fetches && action.phase != ActionPhase::kUninstall) {
    sink.Give(action, fmt::format("It fetches something that is not in it, and "
                                  "so was not inspected: {}{}.{}",
                                  Quoted(action.target), WithArguments(action),
                                  Decoded(action)));
  }
}

void CheckObscuredCommand(const Action& action, const Facts& /*facts*/,
                          Sink& sink) {
  constexpr std::array<std::string_view, 7> kWords = {
      "-encodedcommand",  "-enc ", "-ec ",           "-e jab",
      "frombase64string", "-enco", "/encodedcommand"};
  const bool runs = action.kind == ActionKind::kRunScript ||
                    action.kind == ActionKind::kRunProgram ||
                    action.kind == ActionKind::kScheduleTask ||
                    action.persistence != Persistence::kNone;
  if (runs &&
      (HasAny(AllWords(action), kWords) || SaysEncodedCommand(action))) {
    const bool is_registry = action.kind == ActionKind::kWriteRegistry;
    const std::string what =
        Quoted(is_registry ? action.value : action.target) +
        (is_registry ? "" : WithArguments(action));
    const std::string decoded = Decoded(action);
    sink.Give(
        action,
        fmt::format("It runs a command that is encoded, {}: {}.{}",
                    decoded.empty() ? "so that what it does cannot be read"
                                    : "which hides what it does",
                    what, decoded));
  }
}

void CheckWeakensProtection(const Action& action, const Facts& /*facts*/,
                            Sink& sink) {
  constexpr std::array<std::string_view, 11> kWords = {
      "add-mppreference",
      "set-mppreference -disable",
      "windows defender\\exclusions",
      "disableantispyware",
      "disablerealtimemonitoring",
      "stop windefend",
      "allprofiles state off",
      "testsigning on",
      "nointegritychecks on",
      "policies\\system enablelua",
      "delete shadows"};
  constexpr std::array kCommands = {
      CommandRow{{"certutil", "/addstore", "root"}},
      CommandRow{{"vboxcertutil", "add-*"}},
      CommandRow{{"import-certificate", "root"}},
      CommandRow{{"import-pfxcertificate", "root"}},
      CommandRow{{"net", "user", "/add"}},
      CommandRow{{"net1", "user", "/add"}},
      CommandRow{{"net", "localgroup", "administrators", "/add"}},
      CommandRow{{"net1", "localgroup", "administrators", "/add"}}};
  if (action.phase != ActionPhase::kUninstall &&
      (HasAny(AllWords(action), kWords) || SaysAny(action, kCommands))) {
    sink.Give(action,
              fmt::format("It weakens the protection of the system: "
                          "{}{}.",
                          Quoted(action.target), WithArguments(action)));
  }
}

}  // namespace countersign::install
