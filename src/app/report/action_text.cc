#include "app/report/action_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "app/report/vocabulary.h"
#include "app/terminal/quantity.h"
#include "app/terminal/width.h"

namespace countersign::app {
namespace {

using model::Action;
using model::ActionKind;
using model::ActionPhase;
using model::Persistence;
using model::Report;

constexpr size_t kIndent = 2;
// Limit: 20 rows fill a screen; --verbose has all.
constexpr size_t kShownRows = 20;

// True of what starts something, now or later, or brings something in.
bool IsWeighty(const Action& action) {
  switch (action.kind) {
    case ActionKind::kWriteRegistry:
    case ActionKind::kCreateShortcut:
    case ActionKind::kRegisterExtension:
      return action.persistence != Persistence::kNone;
    case ActionKind::kRemoveRegistry:
    case ActionKind::kChangeFile:
    case ActionKind::kSetEnvironment:
    case ActionKind::kControlService:
      return false;
    default:
      return true;
  }
}

std::string VerbOf(const Action& action) {
  std::string verb(model::Name(action.kind));
  std::ranges::replace(verb, '-', ' ');
  return verb;
}

std::string AsWhom(const Action& action) {
  return action.runs_as == model::RunsAs::kAccount
             ? action.account
             : std::string(model::Name(action.runs_as));
}

const std::string* TextParameter(const Action& action, std::string_view name) {
  for (const model::Parameter& parameter : action.parameters) {
    if (parameter.name == name) {
      return std::get_if<std::string>(&parameter.value);
    }
  }
  return nullptr;
}

// Limit: of one text in a row, as long as a row has to be short; both ends say
// something, and --verbose has all.
constexpr size_t kShownColumns = 160;

// The texts of an action, safe and short enough for a row.
class Shown {
 public:
  explicit Shown(const Page& page) : page_(page) {}

  std::string operator()(std::string_view text) const {
    return CutMiddle(page_.Style().Safe(text), kShownColumns, page_.Ellipsis());
  }
  [[nodiscard]] bool Cuts(std::string_view text) const {
    return Width(page_.Style().Safe(text)) > kShownColumns;
  }

 private:
  const Page& page_;
};

bool ShowsValue(const Action& action) {
  return action.kind == ActionKind::kWriteRegistry ||
         action.kind == ActionKind::kSetEnvironment;
}

std::string StatedIn(const Action& action, const Shown& shown) {
  std::string what = shown(action.target);
  if (ShowsValue(action)) {
    const std::string* program = TextParameter(action, "program");
    return fmt::format(
        "{}{}{} = {}{}", what,
        action.target.empty() || action.name.empty() ? "" : "\\",
        shown(action.name), shown(action.value),
        program == nullptr ? "" : fmt::format(" ({})", shown(*program)));
  }
  if (action.kind == ActionKind::kChangeAccount) {
    return fmt::format("{}{}{}", shown(action.name), what.empty() ? "" : " in ",
                       what);
  }
  if (!action.arguments.empty()) {
    what += ' ' + shown(action.arguments);
  }
  return what.empty() ? shown(action.name) : what;
}

std::string WhatOf(const Action& action, const Shown& shown) {
  std::string what = StatedIn(action, shown);
  for (const model::Parameter& parameter : action.parameters) {
    const auto* text = std::get_if<std::string>(&parameter.value);
    if (parameter.name == "decoded_command" && text != nullptr) {
      what += fmt::format(" (decoded: {})", shown(*text));
    }
  }
  return what;
}

// `text` in lines of at most `columns`, broken behind blanks where there are
// any. Unlike Wrap it keeps every blank, and long words cost it no more than
// short ones.
std::vector<std::string> Fold(std::string_view text, size_t columns) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    size_t end = 0;
    size_t blank = 0;
    for (size_t used = 0; end < text.size();) {
      const size_t bytes = NextCodePoint(text, end).bytes;
      used += Width(text.substr(end, bytes));
      if (used > columns && end > 0) {
        break;
      }
      blank = text[end] == ' ' ? end + 1 : blank;
      end += bytes;
    }
    // Why half: a long word is broken rather than put below a short one.
    end = end < text.size() && blank > columns / 2 ? blank : end;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

std::string Padded(std::string text, size_t columns) {
  text.append(columns - std::min(columns, Width(text)), ' ');
  return text;
}

// What an action says that has no place in its row, in lines below it.
class ActionDetails {
 public:
  ActionDetails(Page& page, const Report& report)
      : page_(page), report_(report) {}

  void Write(const Action& action) {
    const Shown shown(page_);
    Say("said by ", action.artifact == 0 ? "" : Place(action.artifact));
    Say("said in ",
        action.statement +
            (action.statement.empty() || action.order.empty() ? "" : ", ") +
            action.order);
    Say("if ", action.condition);
    Say("account = ", action.account);
    if (!ShowsValue(action) || shown.Cuts(action.name)) {
      Say("name = ", action.name);
    }
    Say("target = ", shown.Cuts(action.target) ? action.target : "");
    Say("arguments = ", shown.Cuts(action.arguments) ? action.arguments : "");
    if (!ShowsValue(action) || shown.Cuts(action.value)) {
      SayLines("value =", action.value);
    }
    for (const model::Parameter& parameter : action.parameters) {
      const auto* text = std::get_if<std::string>(&parameter.value);
      Say(parameter.name + " = ",
          text != nullptr ? *text
                          : std::to_string(std::get<int64_t>(parameter.value)));
    }
    Say("member = ", action.member ? Place(*action.member) : "");
  }

 private:
  static constexpr size_t kDetailIndent = 6;
  static constexpr size_t kFoldedIndent = kDetailIndent + 2;

  [[nodiscard]] std::string Place(uint32_t artifact) const {
    return artifact < report_.artifacts.size()
               ? PlaceWords(report_, report_.artifacts[artifact])
               : "";
  }

  void Say(const std::string& label, const std::string& text) {
    if (!text.empty()) {
      Put(label + text);
    }
  }

  // Line by line, as a script is written. Why the mark: nobody can take such a
  // line for one of the report's.
  void SayLines(const std::string& label, std::string_view text) {
    if (text.find('\n') == std::string_view::npos) {
      Say(label + ' ', std::string(text));
      return;
    }
    Put(label);
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      line.remove_suffix(line.ends_with('\r') ? 1 : 0);
      Put("| " + std::string(line));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  void Put(const std::string& text) {
    const size_t room =
        std::max<size_t>(page_.Style().columns, kFoldedIndent + 20) -
        kFoldedIndent;
    size_t indent = kDetailIndent;
    for (const std::string& line : Fold(page_.Style().Safe(text), room)) {
      // Blanks alone would leave a line that is empty.
      if (line.find_first_not_of(' ') != std::string::npos) {
        page_.Put(indent, {{line, Ink::kQuiet}});
      }
      indent = kFoldedIndent;
    }
  }

  Page& page_;
  const Report& report_;
};

// Actions under headings, a row each. What does not fit into the last column
// goes on below itself.
class ActionTable {
 public:
  ActionTable(Page& page, const std::vector<const Action*>& actions)
      : page_(page) {
    for (const Action* action : actions) {
      const std::array<std::string, 3> cells = CellsOf(*action);
      for (size_t i = 0; i < cells.size(); ++i) {
        widths_.at(i) = std::max(widths_.at(i), Width(cells.at(i)));
      }
    }
  }

  void Headings() {
    Put({"when", "what", "as"}, {Ink::kQuiet, Ink::kQuiet, Ink::kQuiet},
        {"which", Ink::kQuiet});
  }

  void Row(const Action& action) {
    size_t at = kIndent;
    for (const size_t width : widths_) {
      at += width + kGap;
    }
    const size_t room = std::max(page_.Style().columns, at + 20) - at;
    std::array<std::string, 3> cells = CellsOf(action);
    for (const std::string& line : Fold(WhatOf(action, Shown(page_)), room)) {
      if (line.find_first_not_of(' ') != std::string::npos ||
          !cells[0].empty()) {
        Put(cells, InksOf(action), {line});
      }
      cells = {};
    }
    if (!cells[0].empty()) {
      Put(cells, InksOf(action), {""});  // it names nothing
    }
  }

 private:
  static constexpr size_t kGap = 2;

  [[nodiscard]] std::array<std::string, 3> CellsOf(const Action& action) const {
    // Limit: an account's name that is longer is not worth the room.
    constexpr size_t kLongestAccount = 20;
    return {std::string(model::Name(action.phase)), VerbOf(action),
            CutEnd(page_.Style().Safe(AsWhom(action)), kLongestAccount,
                   page_.Ellipsis())};
  }

  static std::array<Ink, 3> InksOf(const Action& action) {
    return {
        action.phase == ActionPhase::kInstall ? Ink::kPlain : Ink::kQuiet,
        action.persistence == Persistence::kNone ? Ink::kPlain : Ink::kStrong,
        Ink::kPlain};
  }

  void Put(const std::array<std::string, 3>& cells,
           const std::array<Ink, 3>& inks, const Span& last) {
    Line line;
    for (size_t i = 0; i < cells.size(); ++i) {
      line.push_back({Padded(cells.at(i), widths_.at(i) + kGap), inks.at(i)});
    }
    line.push_back(last);
    page_.Put(kIndent, line);
  }

  Page& page_;
  std::array<size_t, 3> widths_ = {4, 4, 2};  // those of the headings
};

// "12 write-registry, 3 create-shortcut".
std::string CountsOf(const std::vector<const Action*>& actions) {
  std::array<size_t, model::kNames<ActionKind>.size()> counts{};
  for (const Action* action : actions) {
    ++counts.at(static_cast<size_t>(action->kind));
  }
  std::string text;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts.at(i) != 0) {
      std::string verb(model::kNames<ActionKind>.at(i));
      std::ranges::replace(verb, '-', ' ');
      text += fmt::format("{}{} x {}", text.empty() ? "" : ", ", counts.at(i),
                          verb);
    }
  }
  return text;
}

void WriteTable(Page& page, const Report& report,
                const std::vector<const Action*>& actions, bool verbose) {
  ActionTable table(page, actions);
  ActionDetails details(page, report);
  for (const Action* action : actions) {
    if (action == actions.front()) {
      table.Headings();
    }
    table.Row(*action);
    if (verbose) {
      details.Write(*action);
    }
  }
}

}  // namespace

void WriteActions(Page& page, const Report& report, bool verbose) {
  if (report.actions.empty()) {
    return;
  }
  page.Heading("What it does", Count(report.actions.size(), "action"));
  std::vector<const Action*> shown;
  std::vector<const Action*> rest;
  for (const Action& action : report.actions) {
    const bool is_shown =
        verbose || (IsWeighty(action) && shown.size() < kShownRows);
    (is_shown ? shown : rest).push_back(&action);
  }
  WriteTable(page, report, shown, verbose);
  if (!rest.empty()) {
    page.Paragraph(kIndent, {fmt::format("and {}: --verbose", CountsOf(rest)),
                             Ink::kQuiet});
  }
}

}  // namespace countersign::app
