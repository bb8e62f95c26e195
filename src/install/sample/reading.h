// What a text says that is done, as a test looks at it. For the tests of
// formats whose statements are text, which write them as their makers do.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "install/actions.h"
#include "model/action.h"

namespace countersign::install {

struct Reading {
  std::vector<model::Action> actions;
  bool failed = false;
};

// Of `text` at `place`, which must be one that may tell something. Expects
// evidence inside the text.
inline Reading Read(const Place& place, std::string_view text) {
  base::Budget budget(base::Limits{});
  Reading reading;
  const auto blob = base::Blob::Own({text.begin(), text.end()});
  EXPECT_TRUE(MayTell(place));
  reading.failed = !ReadActions(place, *blob, budget, reading.actions);
  for (const model::Action& action : reading.actions) {
    EXPECT_TRUE(action.evidence.Inside(text.size()));
  }
  return reading;
}

// The parameter of that name as text, "(absent)" without one.
inline std::string Parameter(const model::Action& action,
                             std::string_view name) {
  for (const model::Parameter& parameter : action.parameters) {
    if (parameter.name == name) {
      const auto* text = std::get_if<std::string>(&parameter.value);
      return text != nullptr
                 ? *text
                 : std::to_string(std::get<int64_t>(parameter.value));
    }
  }
  return "(absent)";
}

}  // namespace countersign::install
