#include "app/report/coverage_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/report/vocabulary.h"
#include "app/terminal/quantity.h"
#include "app/terminal/width.h"
#include "base/text.h"

namespace countersign::app {
namespace {

using model::Action;
using model::ActionKind;
using model::Persistence;
using model::Report;

constexpr size_t kIndent = 2;
// Limit: 20 rows fill a screen; --verbose has all.
constexpr size_t kShownRows = 20;

// What is wrong with a signature: " (invalid, expired)"; "" when it holds.
std::string ResultWords(const model::CoverageSignature& signature) {
  const bool holds = signature.integrity == model::Integrity::kValid;
  std::string words(holds ? "" : model::Name(signature.integrity));
  // What was not judged says no more than that it does not hold.
  if (signature.trust != model::Trust::kTrusted &&
      (holds || signature.trust != model::Trust::kUnchecked)) {
    std::string trust(signature.trust == model::Trust::kUntrusted
                          ? "not trusted"
                          : model::Name(signature.trust));
    std::ranges::replace(trust, '-', ' ');
    words += (words.empty() ? "" : ", ") + trust;
  }
  return words.empty() ? "" : fmt::format(" ({})", words);
}

std::string SignersOf(const model::CoverageRow& row) {
  std::vector<std::string> signers;
  for (const model::CoverageSignature& signature : row.signatures) {
    std::string words = signature.signer + ResultWords(signature);
    if (std::ranges::find(signers, words) == signers.end()) {
      signers.push_back(std::move(words));
    }
  }
  return signers.empty() ? std::string(model::Name(row.is_signed))
                         : Joined(signers);
}

Ink InkOfSigners(const model::CoverageRow& row) {
  const bool all_intact =
      std::ranges::all_of(row.signatures, [](const auto& signature) {
        return signature.integrity == model::Integrity::kValid ||
               signature.integrity == model::Integrity::kUnsupported;
      });
  return !all_intact           ? Ink::kBad
         : row.signers.empty() ? Ink::kWarning
                               : Ink::kPlain;
}

std::string_view SameWord(const model::CoverageRow& row) {
  if (row.same_signer_as_package) {
    return *row.same_signer_as_package ? "same" : "other";
  }
  return row.covered_by ? "covered" : "";
}

// What the action says that it starts: not the key of a value, but the value.
const std::string& SubjectOf(const Action& action) {
  return action.kind == ActionKind::kWriteRegistry ? action.value
                                                   : action.target;
}

// True when it stands in a variable what is started. What lies in a folder of
// Windows is no member, whatever the folder is called.
bool IsLeftToAVariable(std::string_view subject) {
  constexpr std::array<std::string_view, 9> kFoldersOfWindows = {
      "$sysdir",          "$windir",  "[systemfolder]",  "{sys}",       "{win}",
      "[system64folder]", "%windir%", "[windowsfolder]", "%systemroot%"};
  const std::string lower = base::AsciiLower(subject.substr(0, 32));
  for (const std::string_view folder : kFoldersOfWindows) {
    if (lower.starts_with(folder)) {
      subject.remove_prefix(folder.size());
      break;
    }
  }
  return subject.find_first_of("$[%{") != std::string_view::npos;
}

bool RunsSomething(const Action& action) {
  switch (action.kind) {
    case ActionKind::kRunProgram:
    case ActionKind::kCallLibrary:
    case ActionKind::kRunScript:
    case ActionKind::kInstallPackage:
    case ActionKind::kInstallService:
    case ActionKind::kScheduleTask:
      return true;
    default:
      return action.persistence != Persistence::kNone;
  }
}

// The containers whose installers start something that only they know, because
// it stands in a variable.
std::vector<bool> StartingTheUnknown(const Report& report) {
  std::vector<bool> starting(report.artifacts.size());
  for (const Action& action : report.actions) {
    if (!RunsSomething(action) || action.member ||
        action.artifact >= report.artifacts.size() ||
        !IsLeftToAVariable(SubjectOf(action))) {
      continue;
    }
    // A manifest speaks of its siblings.
    const model::Artifact& teller = report.artifacts[action.artifact];
    starting[teller.contents == model::Contents::kNone && teller.parent
                 ? *teller.parent
                 : action.artifact] = true;
  }
  return starting;
}

std::string StartedWord(const Report& report, const model::CoverageRow& row,
                        const std::vector<bool>& starting) {
  if (!row.actions.empty()) {
    return "yes";
  }
  for (auto place = report.artifacts[row.artifact].parent; place;
       place = report.artifacts[*place].parent) {
    if (starting[*place]) {
      return "not said";
    }
  }
  return "";
}

}  // namespace

void WriteCoverage(Page& page, const Report& report, bool verbose) {
  if (report.artifacts.size() < 2 || report.coverage.empty()) {
    return;
  }
  page.Heading("Programs", Count(report.coverage.size(), "program"));
  // Limit: names longer than this leave too little room for the program's;
  // --verbose has them below the row.
  const size_t signer_columns = std::max<size_t>(page.Style().columns / 3, 24);
  const std::vector<bool> starting = StartingTheUnknown(report);
  std::vector<Line> rows;
  size_t shown = 0;
  for (const model::CoverageRow& row : report.coverage) {
    if (shown == kShownRows && !verbose) {
      break;
    }
    ++shown;
    const std::string signers = page.Style().Safe(SignersOf(row));
    const model::Artifact& artifact = report.artifacts[row.artifact];
    const std::string place = PlaceWords(report, artifact);
    rows.push_back(
        {{artifact.role ? std::string(model::Name(*artifact.role)) : ""},
         {CutMiddle(signers, signer_columns, page.Ellipsis()),
          InkOfSigners(row)},
         {std::string(SameWord(row))},
         {StartedWord(report, row, starting)},
         {place}});
    // A row has room for about a third of a line here, too.
    if (verbose && Width(page.Style().Safe(place)) > signer_columns) {
      rows.push_back({{place, Ink::kQuiet}});
    }
    if (verbose && Width(signers) > signer_columns) {
      rows.push_back({{"signed by " + signers, Ink::kQuiet}});
    }
  }
  page.Table(kIndent,
             {{"role"}, {"signed by"}, {"signer"}, {"started"}, {"name"}},
             rows);
  if (shown < report.coverage.size()) {
    page.Paragraph(kIndent, {fmt::format("and {} more: --verbose",
                                         report.coverage.size() - shown),
                             Ink::kQuiet});
  }
}

}  // namespace countersign::app
