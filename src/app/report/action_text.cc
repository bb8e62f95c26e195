#include "app/report/action_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/report/vocabulary.h"
#include "app/terminal/quantity.h"

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

std::string WhatOf(const Action& action) {
  std::string what = action.target;
  if (action.kind == ActionKind::kWriteRegistry) {
    return fmt::format("{}\\{} = {}", what, action.name, action.value);
  }
  if (action.kind == ActionKind::kChangeAccount) {
    return fmt::format("{}{}{}", action.name, what.empty() ? "" : " in ", what);
  }
  if (!action.arguments.empty()) {
    what += ' ' + action.arguments;
  }
  return what.empty() ? action.name : what;
}

Line RowOf(const Action& action) {
  return {
      {std::string(model::Name(action.phase)),
       action.phase == ActionPhase::kInstall ? Ink::kPlain : Ink::kQuiet},
      {VerbOf(action),
       action.persistence == Persistence::kNone ? Ink::kPlain : Ink::kStrong},
      {AsWhom(action)},
      {WhatOf(action)}};
}

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

std::string SignersOf(const model::CoverageRow& row) {
  return row.signers.empty() ? std::string(model::Name(row.is_signed))
                             : Joined(row.signers);
}

std::string_view SameWord(const model::CoverageRow& row) {
  if (row.same_signer_as_package) {
    return *row.same_signer_as_package ? "same" : "other";
  }
  return row.covered_by ? "covered" : "";
}

}  // namespace

void WriteActions(Page& page, const Report& report, bool verbose) {
  if (report.actions.empty()) {
    return;
  }
  page.Heading("What it does", Count(report.actions.size(), "action"));
  std::vector<Line> rows;
  std::vector<const Action*> rest;
  for (const Action& action : report.actions) {
    if (verbose || (IsWeighty(action) && rows.size() < kShownRows)) {
      rows.push_back(RowOf(action));
    } else {
      rest.push_back(&action);
    }
  }
  if (!rows.empty()) {
    page.Table(kIndent, {{"when"}, {"what"}, {"as"}, {"which"}}, rows);
  }
  if (!rest.empty()) {
    page.Paragraph(kIndent, {fmt::format("and {}: --verbose", CountsOf(rest)),
                             Ink::kQuiet});
  }
}

void WriteCoverage(Page& page, const Report& report, bool verbose) {
  if (report.artifacts.size() < 2 || report.coverage.empty()) {
    return;
  }
  page.Heading("Programs", Count(report.coverage.size(), "program"));
  std::vector<Line> rows;
  for (const model::CoverageRow& row : report.coverage) {
    if (rows.size() == kShownRows && !verbose) {
      break;
    }
    const model::Artifact& artifact = report.artifacts[row.artifact];
    rows.push_back(
        {{artifact.role ? std::string(model::Name(*artifact.role)) : ""},
         {SignersOf(row), row.signers.empty() ? Ink::kWarning : Ink::kPlain},
         {std::string(SameWord(row))},
         {row.actions.empty() ? "" : "yes"},
         {PlaceWords(report, artifact)}});
  }
  page.Table(kIndent,
             {{"role"}, {"signed by"}, {"signer"}, {"started"}, {"name"}},
             rows);
  if (rows.size() < report.coverage.size()) {
    page.Paragraph(kIndent, {fmt::format("and {} more: --verbose",
                                         report.coverage.size() - rows.size()),
                             Ink::kQuiet});
  }
}

}  // namespace countersign::app
