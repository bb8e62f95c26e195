#include "install/inno/inno.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "formats/inno/sample/inno_writer.h"

namespace countersign::install {
namespace {

using model::Action;
using model::ActionKind;
using model::Format;
using model::RunsAs;

TEST(InnoActions, WhatASetupForAdministratorsStartsHasTheirRights) {
  for (const int version : {557, 600, 630, 670}) {
    formats::SampleInno setup;
    setup.version = version;
    const std::string program = setup.Write();
    const auto blob = base::Blob::Own({program.begin(), program.end()});
    base::Budget budget(base::Limits{});
    std::vector<Action> actions;
    ASSERT_TRUE(ReadActions({Format::kPe, Format::kUnknown, ""}, *blob, budget,
                            actions))
        << version;
    ASSERT_FALSE(actions.empty());
    EXPECT_EQ(actions[0].kind, ActionKind::kRequestCapability);
    EXPECT_EQ(actions[0].statement, "[Setup] PrivilegesRequired");
    EXPECT_EQ(actions[0].target, "admin");
    size_t started = 0;
    for (const Action& action : actions) {
      if (action.statement == "[UninstallRun]") {
        ++started;
        EXPECT_EQ(action.runs_as, RunsAs::kAdministrator) << version;
      } else if (action.statement == "[Run]") {
        // With the flag runasoriginaluser.
        ++started;
        EXPECT_EQ(action.runs_as, RunsAs::kUser) << version;
      }
    }
    EXPECT_EQ(started, 2U) << version;
  }
}

}  // namespace
}  // namespace countersign::install
