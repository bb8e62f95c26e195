// What becomes of more than anybody reads.
#include "install/action_list.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "forge/cfb.h"
#include "forge/msi.h"
#include "formats/msi/sample/msi_sample.h"
#include "install/actions.h"
#include "model/size.h"

namespace countersign::install {
namespace {

using model::Action;

TEST(ActionList, LongTextsAreCutAndSaidToBe) {
  std::vector<Action> actions;
  base::Budget budget;
  ActionList list(actions, budget);
  Action& open = list.Open();
  open.value = std::string(100'000, 'x');
  open.parameters.push_back({"p", std::string(100'000, 'y')});
  list.Open().name = "short";
  ASSERT_EQ(list.Count(), 2U);
  EXPECT_EQ(actions[0].value, std::string(32'768, 'x'));
  ASSERT_EQ(actions[0].parameters.size(), 2U);
  EXPECT_EQ(std::get<std::string>(actions[0].parameters[0].value).size(),
            32'768U);
  EXPECT_EQ(actions[0].parameters[1].name, "shortened");
  EXPECT_TRUE(actions[1].parameters.empty());
  list.Describe(1, {"transform", std::string("t")});
  EXPECT_EQ(actions[0].parameters.size(), 2U);
  EXPECT_EQ(actions[1].parameters.size(), 1U);
  EXPECT_FALSE(list.IsFull());
}

TEST(ActionList, CommandsOfAShellArePartedWhereTheyAreAdded) {
  std::vector<Action> actions;
  base::Budget budget;
  ActionList list(actions, budget);
  Action& shell = list.Open();
  shell.target = "cmd.exe";
  shell.arguments = "/c a.exe & b.exe";
  ASSERT_EQ(list.Count(), 2U);
  EXPECT_EQ(actions[0].target, "a.exe");
  EXPECT_EQ(actions[1].target, "b.exe");
}

TEST(ActionList, ThereIsAnEndToWhatIsKept) {
  std::vector<Action> actions;
  base::Budget budget;
  ActionList list(actions, budget);
  uint64_t bytes = 0;
  for (int i = 0; i < 1'000; ++i) {
    list.Open().value = std::string(30'000, 'x');
  }
  EXPECT_TRUE(list.IsFull());
  for (const Action& action : actions) {
    bytes += model::BytesOf(action);
  }
  EXPECT_GT(bytes, model::kMostActionBytes);
  EXPECT_LT(bytes, model::kMostActionBytes + 31'000);

  std::vector<Action> many;
  base::Budget other;
  ActionList small(many, other);
  for (size_t i = 0; i < model::kMostActions + 10; ++i) {
    small.Add({});
  }
  EXPECT_EQ(small.Count(), model::kMostActions + 1);
}

// A database in which many rows share one long text, which is copied for each.
TEST(ActionList, LongTextsArePaidFor) {
  forge::MsiRecipe recipe = formats::MsiSample();
  forge::MsiTableRecipe* table = nullptr;
  for (auto& each : recipe.tables) {
    table = each.name == "CustomAction" ? &each : table;
  }
  ASSERT_NE(table, nullptr);
  const std::string text(100'000, 'x');
  for (int i = 0; i < 300; ++i) {
    table->rows.push_back(
        {"A" + std::to_string(i), 50, std::string("PROG"), text});
  }
  const auto bytes = WriteCompoundFile(MakeMsi(recipe)).bytes;
  const auto blob = base::Blob::Own({bytes.begin(), bytes.end()});
  base::Limits limits;
  limits.steps = 50'000;
  base::Budget budget(limits);
  std::vector<Action> actions;
  const auto read =
      ReadActions({model::Format::kMsi, model::Format::kUnknown, ""}, *blob,
                  budget, actions);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().fault, base::Fault::kLimit);
  EXPECT_STREQ(read.error().field, "steps");
  EXPECT_GT(actions.size(), 50U);
  EXPECT_LT(actions.size(), 200U);
}

}  // namespace
}  // namespace countersign::install
