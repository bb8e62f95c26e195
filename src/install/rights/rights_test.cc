#include "install/rights/rights.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "formats/pe/sample/pe_writer.h"

namespace countersign::install {
namespace {

using formats::SampleProgram;
using model::Action;
using model::ActionKind;
using model::Artifact;
using model::Format;
using model::RunsAs;

constexpr std::string_view kAdministrator =
    "\xEF\xBB\xBF<?xml version=\"1.0\"?>\r\n<!-- <requestedExecutionLevel "
    "level='asInvoker'/> -->\n<assembly "
    "xmlns='urn:schemas-microsoft-com:asm.v1'>"
    "<a:trustInfo xmlns:a='urn:schemas-microsoft-com:asm.v3'><a:security>"
    "<a:requestedPrivileges><a:requestedExecutionLevel\r\n level = "
    "\"requireAdministrator\" uiAccess='false'/></a:requestedPrivileges>"
    "</a:security></a:trustInfo></assembly>";

std::string WithManifest(std::string_view text, std::string name = "#1") {
  SampleProgram program;
  program.resources = {{"#24", std::move(name), "#1033", std::string(text)}};
  return program.Write();
}

std::vector<Action> ActionsOf(const std::string& program) {
  base::Budget budget(base::Limits{});
  std::vector<Action> actions;
  const auto blob = base::Blob::Own({program.begin(), program.end()});
  EXPECT_TRUE(
      ReadActions({Format::kPe, Format::kUnknown, ""}, *blob, budget, actions));
  return actions;
}

TEST(ExecutionLevel, IsWhatTheManifestAsksForAndNoComment) {
  const std::string program = WithManifest(kAdministrator);
  const auto actions = ActionsOf(program);
  ASSERT_EQ(actions.size(), 1U);
  EXPECT_EQ(actions[0].kind, ActionKind::kRequestCapability);
  EXPECT_EQ(actions[0].statement, "requestedExecutionLevel");
  EXPECT_EQ(actions[0].target, "requireAdministrator");
  EXPECT_EQ(actions[0].evidence.offset,
            program.find("<a:requestedExecutionLevel"));
  EXPECT_TRUE(actions[0].parameters.empty());
}

TEST(ExecutionLevel, OfItsUserNeedsNoWord) {
  for (const std::string_view text :
       {"<assembly/>", "<a><requestedExecutionLevel level='AsInvoker'/></a>",
        "<a><requestedExecutionLevel level='asInvoker' "
        "uiAccess='false'/></a>"}) {
    EXPECT_TRUE(ActionsOf(WithManifest(text)).empty()) << text;
  }
  // Windows takes no level from the manifest of a library.
  EXPECT_TRUE(ActionsOf(WithManifest(kAdministrator, "#2")).empty());
}

TEST(ExecutionLevel, OtherRightsThanAnAdministratorsAreSaidAsWritten) {
  for (const auto& [text, level, has_windows] :
       {std::tuple{"<a><requestedExecutionLevel level='highestAvailable'/></a>",
                   "highestAvailable", false},
        {"<a><requestedExecutionLevel level='odd'/></a>", "odd", false},
        {"<requestedExecutionLevel/>", "", false},
        {"<requestedExecutionLevel level='asInvoker' uiAccess='TRUE'/>",
         "asInvoker", true}}) {
    const auto actions = ActionsOf(WithManifest(text));
    ASSERT_EQ(actions.size(), 1U) << text;
    EXPECT_EQ(actions[0].target, level);
    EXPECT_EQ(actions[0].parameters.size(), has_windows ? 1U : 0U);
  }
}

TEST(ExecutionLevel, AManifestThatIsNoXmlIsNoProgramWithoutWishes) {
  for (const std::string_view text :
       {"", "requireAdministrator", "<a><b></a>"}) {
    const std::string program = WithManifest(text);
    const auto actions = ActionsOf(program);
    ASSERT_EQ(actions.size(), 1U) << text;
    EXPECT_EQ(actions[0].target, "");
    ASSERT_EQ(actions[0].parameters.size(), 1U);
    EXPECT_EQ(actions[0].parameters[0].name, "unreadable");
    EXPECT_TRUE(actions[0].evidence.Inside(program.size()));
  }
}

model::Inspection TreeOf(const std::vector<Format>& formats) {
  model::Inspection inspection;
  for (const Format format : formats) {
    Artifact artifact;
    artifact.id = static_cast<uint32_t>(inspection.artifacts.size());
    if (artifact.id > 0) {
      artifact.parent = artifact.id - 1;
    }
    artifact.format = format;
    inspection.artifacts.push_back(artifact);
  }
  return inspection;
}

Action ActionOf(uint32_t artifact, ActionKind kind, RunsAs runs_as) {
  Action action;
  action.artifact = artifact;
  action.kind = kind;
  action.runs_as = runs_as;
  return action;
}

TEST(RaiseRights, GoToWhatTheProgramSaysAndToNothingElse) {
  for (const auto& [formats, teller, is_raised] :
       {std::tuple{std::vector{Format::kPe}, 0U, true},
        // The manifest of a bundle, and what steers a self-extractor.
        {std::vector{Format::kPe, Format::kCab, Format::kText}, 2U, true},
        // A package that somebody else installs.
        {std::vector{Format::kPe, Format::kZip, Format::kNupkg, Format::kText},
         3U, false},
        {std::vector{Format::kPe, Format::kNsis}, 1U, true},
        // A program in it has rights of its own.
        {std::vector{Format::kPe, Format::kPe}, 1U, false}}) {
    auto inspection = TreeOf(formats);
    Action asks = ActionOf(0, ActionKind::kRequestCapability, RunsAs::kUser);
    asks.statement = "requestedExecutionLevel";
    asks.target = "RequireAdministrator";
    inspection.actions = {
        asks, ActionOf(teller, ActionKind::kRunProgram, RunsAs::kInstaller),
        ActionOf(teller, ActionKind::kRunProgram, RunsAs::kUser)};
    RaiseRights(inspection);
    EXPECT_EQ(inspection.actions[1].runs_as,
              is_raised ? RunsAs::kAdministrator : RunsAs::kInstaller);
    EXPECT_EQ(inspection.actions[2].runs_as, RunsAs::kUser);
    inspection.actions[0].target = "highestAvailable";
    inspection.actions[1].runs_as = RunsAs::kInstaller;
    RaiseRights(inspection);
    EXPECT_EQ(inspection.actions[1].runs_as, RunsAs::kInstaller);
  }
}

}  // namespace
}  // namespace countersign::install
