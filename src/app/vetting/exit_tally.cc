#include "app/vetting/exit_tally.h"

#include <algorithm>

#include "app/command.h"

namespace countersign::app {

bool IsAtOrAbove(model::Decision verdict, FailOn fail_on) {
  switch (fail_on) {
    case FailOn::kAllow:
      return true;
    case FailOn::kHold:
      return verdict != model::Decision::kAllow;
    case FailOn::kBlock:
      return verdict == model::Decision::kBlock;
    case FailOn::kNever:
      break;
  }
  return false;
}

bool IsHeldAsIncompleteOnly(const model::Report& report) {
  if (report.verdict != model::Decision::kHold || report.complete) {
    return false;
  }
  const auto speaks_against = [&report](const model::Finding& finding) {
    return finding.id != "vet.incomplete" &&
           !finding.id.starts_with("vet.limit.") &&
           std::ranges::find(report.reasons, finding.message) !=
               report.reasons.end();
  };
  return std::ranges::none_of(report.findings, speaks_against);
}

void ExitTally::Add(const model::Report& report) {
  if (fail_on_ == FailOn::kNever) {
    return;
  }
  if (IsAtOrAbove(report.verdict, fail_on_) &&
      !IsHeldAsIncompleteOnly(report)) {
    found_ = true;
  } else if (!report.complete) {
    incomplete_ = true;
  }
}

int ExitTally::Code() const {
  return found_        ? kExitFound
         : unreadable_ ? kExitError
         : incomplete_ ? kExitIncomplete
                       : kExitSuccess;
}

}  // namespace countersign::app
