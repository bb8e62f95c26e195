// What installers say they would do: facts, word for word.
//
// A statement is what says it: an installer's tables or script, a manifest in a
// package, the definition of a task. What can be read of it is a row of the
// table in table.cc. Nothing is evaluated, and nothing is ever run.
#pragma once

#include <string_view>
#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "model/action.h"
#include "model/report.h"

namespace countersign::install {

// What an artifact is, and where it was found.
struct Place {
  // kUnknown where it does not matter, or is not known yet: a member's format
  // shows only once its bytes are there.
  model::Format format = model::Format::kUnknown;
  // Of what it is a member; kUnknown for the input itself.
  model::Format container = model::Format::kUnknown;
  std::string_view name;  // in the container, as stored; "/" between names
};

// True when an artifact may be a statement, so that its bytes are needed.
[[nodiscard]] bool MayTell(const Place& place);

// Appends what `file` says to `actions`, in the order in which it says it;
// their `artifact` is left to the caller. Charges a step for every row or
// operation. Fails where the statement is damaged, unsupported or over a limit;
// what was read before stays.
[[nodiscard]] base::Result<void> ReadActions(
    const Place& place, const base::Blob& file, base::Budget& budget,
    std::vector<model::Action>& actions);

}  // namespace countersign::install
