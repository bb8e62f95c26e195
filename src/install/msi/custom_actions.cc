#include "install/msi/custom_actions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "install/msi/condition.h"
#include "install/msi/formatted.h"
#include "install/windows/command_line.h"

namespace countersign::install {
namespace {

using formats::MsiActionKind;
using formats::MsiActions;
using formats::MsiActionSource;
using formats::MsiActionTime;
using formats::MsiCustomAction;
using formats::MsiDatabase;
using formats::MsiTable;
using model::Action;
using model::ActionKind;
using model::ActionPhase;
using model::RunsAs;

std::string_view TimeWord(MsiActionTime time) {
  constexpr std::array<std::string_view, 4> kWords = {"immediate", "deferred",
                                                      "rollback", "commit"};
  return kWords[static_cast<size_t>(time)];
}

// Functions of the WiX extensions that run the command line in a property.
bool RunsCommandLine(std::string_view entry_point) {
  constexpr std::array<std::string_view, 6> kNames = {
      "caquietexec",    "caquietexec64", "wixquietexec",
      "wixquietexec64", "wixsilentexec", "wixsilentexec64"};
  return std::ranges::find(kNames, base::AsciiLower(entry_point)) !=
         kNames.end();
}

class CustomActionReader {
 public:
  CustomActionReader(const MsiDatabase& database, const MsiActions& read,
                     const MsiPaths& paths, const MsiValues& given,
                     ActionList& actions)
      : database_(database),
        read_(read),
        paths_(paths),
        given_(given),
        actions_(actions),
        values_(given.Certain()) {}

  base::Result<void> Read(base::Budget& budget) {
    CS_TRY_VOID(FindCallers(budget));
    return AddCustomActions(budget);
  }

  base::Result<void> ReadChainer(base::Budget& budget) {
    const MsiTable* chainers = database_.Find("MsiEmbeddedChainer");
    for (size_t row = 0; chainers != nullptr && row < chainers->row_count;
         ++row) {
      CS_TRY_VOID(budget.ChargeSteps(1, chainers->Evidence(row).offset));
      MsiCustomAction custom = formats::DecodeMsiActionType(
          static_cast<uint32_t>(chainers->Number(row, "Type").value_or(0)));
      custom.source = chainers->Text(row, "Source");
      Action action;
      action.statement = "MsiEmbeddedChainer";
      action.name = chainers->Text(row, "MsiEmbeddedChainer");
      action.condition = chainers->Text(row, "Condition");
      action.runs_as = RunsAs::kUser;
      action.evidence = chainers->Evidence(row);
      TakeFormatted(custom, chainers->Text(row, "CommandLine"), action);
      actions_.Add(std::move(action));
    }
    return {};
  }

 private:
  struct Caller {
    std::string order;
    std::string_view condition;
  };

  // Which sequences and buttons call which custom action.
  base::Result<void> FindCallers(base::Budget& budget) {
    for (const formats::MsiSequenceStep& step : read_.sequences) {
      callers_.emplace(step.action,
                       Caller{fmt::format("{} {}", step.table, step.sequence),
                              step.condition});
    }
    const MsiTable* events = database_.Find("ControlEvent");
    for (size_t row = 0; events != nullptr && row < events->row_count; ++row) {
      CS_TRY_VOID(budget.ChargeSteps(1, events->Evidence(row).offset));
      if (events->Text(row, "Event") == "DoAction") {
        callers_.emplace(
            events->Text(row, "Argument"),
            Caller{fmt::format("{}.{}", events->Text(row, "Dialog_"),
                               events->Text(row, "Control_")),
                   events->Text(row, "Condition")});
      }
    }
    return {};
  }

  // The text that the property of that name is given.
  [[nodiscard]] std::string_view SetValue(std::string_view property) const {
    const auto value = values_.find(property);
    return value == values_.end() ? std::string_view() : value->second;
  }

  base::Result<void> AddCustomActions(base::Budget& budget) {
    for (const MsiCustomAction& custom : read_.custom_actions) {
      if (actions_.IsFull()) {
        break;
      }
      if (custom.kind != MsiActionKind::kSetProperty &&
          custom.kind != MsiActionKind::kSetDirectory &&
          custom.kind != MsiActionKind::kError) {
        CS_TRY_VOID(AddCustomAction(custom, budget));
      }
    }
    return {};
  }

  // Once for each text of a property that it takes its command from, and each
  // combination of those of several: which it is given, conditions decide.
  base::Result<void> AddCustomAction(const MsiCustomAction& custom,
                                     base::Budget& budget) {
    // Limit: one may be assembled from many.
    constexpr size_t kMostVariants = 8;
    const std::vector<std::string_view> uncertain =
        CS_TRY(given_.Uncertain(UseOf(custom), budget));
    size_t variants = 1;
    for (const std::string_view name : uncertain) {
      variants =
          std::min(variants * given_.TextsOf(name).size(), kMostVariants + 1);
    }
    for (size_t i = 0; i < std::min(variants, kMostVariants); ++i) {
      std::string assumed;
      size_t rest = i;
      for (const std::string_view name : uncertain) {
        const auto& given = given_.TextsOf(name);
        const std::string_view text = given[rest % given.size()];
        rest /= given.size();
        values_[name] = text;
        assumed +=
            fmt::format("{}{} = {}", assumed.empty() ? "" : "; ", name, text);
      }
      Action action = Describe(custom);
      Schedule(custom, action);
      if (!assumed.empty()) {
        action.parameters.push_back({"assuming", std::move(assumed)});
      }
      if (variants > kMostVariants) {
        action.parameters.push_back({"more_texts", int64_t{1}});
      }
      actions_.Add(std::move(action));
    }
    for (const std::string_view name : uncertain) {
      values_.erase(name);
    }
    return {};
  }

  // What Describe takes from properties.
  static MsiValues::Use UseOf(const MsiCustomAction& custom) {
    MsiValues::Use use;
    if (custom.source_kind == MsiActionSource::kProperty) {
      use.names.push_back(custom.source);
    }
    if (custom.kind == MsiActionKind::kExe) {
      use.texts.push_back(custom.target);
    } else if (custom.kind == MsiActionKind::kDll) {
      if (custom.time != MsiActionTime::kImmediate) {
        use.names.push_back(custom.action);
      } else if (RunsCommandLine(custom.target)) {
        use.names.push_back(CommandProperty(custom));
      }
    }
    return use;
  }

  // The property that holds the command line of a library's function, when the
  // action runs at once.
  static std::string_view CommandProperty(const MsiCustomAction& custom) {
    return custom.target.starts_with("CA") ? "QtExecCmdLine"
           : base::AsciiLower(custom.target).starts_with("wixsilent")
               ? "WixSilentExecCmdLine"
               : "WixQuietExecCmdLine";
  }

  [[nodiscard]] Action Describe(const MsiCustomAction& custom) const {
    Action action;
    action.statement = "CustomAction";
    action.name = custom.action;
    action.evidence = custom.evidence;
    switch (custom.kind) {
      case MsiActionKind::kExe:
        DescribeProgram(custom, action);
        break;
      case MsiActionKind::kDll:
        DescribeLibrary(custom, action);
        break;
      case MsiActionKind::kInstall:
        action.kind = ActionKind::kInstallPackage;
        action.target = custom.source;
        action.arguments = custom.target;
        break;
      case MsiActionKind::kJscript:
      case MsiActionKind::kVbscript:
        action.kind = ActionKind::kRunScript;
        action.target = SourceOf(custom);
        (custom.source_kind == MsiActionSource::kText ? action.value
                                                      : action.arguments) =
            custom.target;
        action.parameters.push_back(
            {"language", custom.kind == MsiActionKind::kJscript
                             ? std::string("JScript")
                             : std::string("VBScript")});
        break;
      default:
        action.kind = ActionKind::kCallLibrary;
        action.target = custom.source;
        action.arguments = custom.target;
        break;
    }
    return action;
  }

  // The member or text that a custom action takes its program from, as it is
  // written.
  [[nodiscard]] std::string WrittenSourceOf(
      const MsiCustomAction& custom) const {
    switch (custom.source_kind) {
      case MsiActionSource::kBinary:
        return fmt::format("Binary.{}", custom.source);
      case MsiActionSource::kFile:
        return paths_.OfFile(custom.source);
      case MsiActionSource::kProperty: {
        const std::string_view value = SetValue(custom.source);
        return value.empty() ? fmt::format("[{}]", custom.source)
                             : std::string(value);
      }
      default:
        return std::string(custom.source);
    }
  }

  [[nodiscard]] std::string SourceOf(const MsiCustomAction& custom) const {
    return custom.source_kind == MsiActionSource::kProperty
               ? Formatted(fmt::format("[{}]", custom.source))
               : WrittenSourceOf(custom);
  }

  [[nodiscard]] std::string Formatted(std::string_view text) const {
    return paths_.Formatted(text, values_);
  }

  // Takes apart what a command line stands for.
  void TakeLine(std::string_view text, Action& action) const {
    TakeFormattedLine(text, paths_, values_, action);
  }

  // The same of a program that a custom action has by itself.
  void TakeFormatted(const MsiCustomAction& custom, std::string_view arguments,
                     Action& action) const {
    const std::string program = SourceOf(custom);
    const std::string formatted = Formatted(arguments);
    TakeCommand(program, formatted, action);
    KeepWritten(ProgramAndArguments(WrittenSourceOf(custom), arguments),
                ProgramAndArguments(program, formatted), action);
  }

  void DescribeProgram(const MsiCustomAction& custom, Action& action) const {
    if (custom.source_kind == MsiActionSource::kDirectory) {
      TakeLine(custom.target, action);
      action.parameters.push_back({"directory", std::string(custom.source)});
      return;
    }
    // A property may hold all of the command line.
    if (custom.source_kind == MsiActionSource::kProperty &&
        custom.target.empty()) {
      TakeLine(WrittenSourceOf(custom), action);
      return;
    }
    TakeFormatted(custom, custom.target, action);
  }

  void DescribeLibrary(const MsiCustomAction& custom, Action& action) const {
    const bool is_deferred = custom.time != MsiActionTime::kImmediate;
    if (RunsCommandLine(custom.target)) {
      TakeLine(SetValue(is_deferred ? custom.action : CommandProperty(custom)),
               action);
      action.parameters.push_back({"function", std::string(custom.target)});
      return;
    }
    action.kind = ActionKind::kCallLibrary;
    action.target = SourceOf(custom);
    action.arguments = custom.target;
    if (is_deferred) {
      action.value = SetValue(custom.action);  // CustomActionData
    }
  }

  void Schedule(const MsiCustomAction& custom, Action& action) const {
    const auto caller = callers_.find(custom.action);
    if (caller == callers_.end()) {
      action.phase = ActionPhase::kUnknown;
    } else {
      action.order = caller->second.order;
      action.condition = caller->second.condition;
      action.phase = IsOnlyForRemoval(action.condition)
                         ? ActionPhase::kUninstall
                         : ActionPhase::kInstall;
    }
    if (custom.time == MsiActionTime::kRollback) {
      action.phase = ActionPhase::kFailure;
    }
    // Why not "installer": even when an administrator installs, the script is
    // run by the service as LocalSystem, which takes the user's rights on.
    action.runs_as =
        custom.time != MsiActionTime::kImmediate && custom.runs_as_system
            ? RunsAs::kSystem
            : RunsAs::kUser;
    auto& parameters = action.parameters;
    parameters.push_back({"type", static_cast<int64_t>(custom.type)});
    parameters.push_back({"execution", std::string(TimeWord(custom.time))});
    parameters.push_back(
        {"waits", custom.is_asynchronous ? int64_t{0} : int64_t{1}});
    if (custom.ignores_failure) {
      parameters.push_back({"ignores_failure", int64_t{1}});
    }
    if (custom.hides_target) {
      parameters.push_back({"hides_target", int64_t{1}});
    }
  }

  const MsiDatabase& database_;
  const MsiActions& read_;
  const MsiPaths& paths_;
  const MsiValues& given_;
  ActionList& actions_;
  MsiTextMap values_;  // of properties, those that are looked at just now
  std::multimap<std::string_view, Caller, std::less<>> callers_;
};

}  // namespace

base::Result<void> ReadMsiCustomActions(
    const MsiDatabase& database, const MsiActions& read, const MsiPaths& paths,
    const MsiValues& given, base::Budget& budget, ActionList& actions) {
  return CustomActionReader(database, read, paths, given, actions).Read(budget);
}

base::Result<void> ReadMsiEmbeddedChainer(
    const MsiDatabase& database, const MsiActions& read, const MsiPaths& paths,
    const MsiValues& given, base::Budget& budget, ActionList& actions) {
  return CustomActionReader(database, read, paths, given, actions)
      .ReadChainer(budget);
}

}  // namespace countersign::install
