// What transforms add and change, in files and in databases made here.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "forge/cfb.h"
#include "forge/msi.h"
#include "formats/cfb.h"
#include "formats/msi.h"
#include "formats/msi/sample/msi_sample.h"
#include "formats/msi_transform.h"
#include "install/actions.h"

namespace countersign::install {
namespace {

using forge::MsiRowFate;
using forge::MsiTransformTable;
using model::Action;
using model::ActionKind;
using model::Format;
using std::string;
using std::string_view;

constexpr std::monostate kNull;

MsiTransformTable CustomActions(std::vector<forge::MsiRowRecipe> rows) {
  return {"CustomAction",
          {{"Action", "s72", true},
           {"Type", "i2"},
           {"Source", "S72"},
           {"Target", "S255"}},
          std::move(rows)};
}

struct Told {
  std::vector<Action> actions;
  std::optional<base::Error> error;

  // The action called so; it is missing when its statement is empty.
  [[nodiscard]] Action Named(const string& name) const {
    const auto found = std::ranges::find(actions, name, &Action::name);
    return found == actions.end() ? Action{} : *found;
  }
};

Told Tell(Format format, const forge::CompoundNode& root) {
  const forge::ByteVector bytes = WriteCompoundFile(root).bytes;
  base::Budget budget(base::Limits{});
  Told told;
  const auto blob = base::Blob::Own({bytes.begin(), bytes.end()});
  const auto read =
      ReadActions({format, Format::kUnknown, ""}, *blob, budget, told.actions);
  if (!read) {
    told.error = read.error();
  }
  for (const Action& action : told.actions) {
    EXPECT_TRUE(action.evidence.Inside(bytes.size()));
    EXPECT_GT(action.evidence.size, 0U);
  }
  return told;
}

string TransformOf(const Action& action) {
  for (const model::Parameter& parameter : action.parameters) {
    if (parameter.name == "transform") {
      return std::get<string>(parameter.value);
    }
  }
  return "(none)";
}

std::vector<MsiTransformTable> AddedUpdater() {
  return {
      CustomActions({{MsiRowFate::kAdded,
                      {string("Evil"), 50 + 0x400 + 0x800, string("PROG"),
                       string("CheckUpdate")}}}),
      {"Property",
       {{"Property", "s72", true}, {"Value", "l0"}},
       {{MsiRowFate::kAdded, {string("PROG"), string("C:\\u.exe")}},
        {MsiRowFate::kRemoved, {string("ARPNOMODIFY"), kNull}}}},
      {"InstallExecuteSequence",
       {{"Action", "s72", true}, {"Condition", "S255"}, {"Sequence", "I2"}},
       {{MsiRowFate::kAdded, {string("Evil"), string("NOT REMOVE"), 6599}}}}};
}

TEST(MsiTransforms, AFileSaysWhatItAdds) {
  for (const bool is_long : {false, true}) {
    const Told told = Tell(
        Format::kMst, forge::MakeMsiTransform(u"", AddedUpdater(), is_long));
    EXPECT_FALSE(told.error.has_value());
    ASSERT_EQ(told.actions.size(), 1U);
    const Action& added = told.actions[0];
    EXPECT_EQ(added.kind, ActionKind::kRunProgram);
    EXPECT_EQ(added.name, "Evil");
    EXPECT_EQ(added.target, "C:\\u.exe");
    EXPECT_EQ(added.arguments, "CheckUpdate");
    EXPECT_EQ(added.condition, "NOT REMOVE");
    EXPECT_EQ(added.order, "InstallExecuteSequence 6599");
    EXPECT_EQ(added.runs_as, model::RunsAs::kSystem);
    EXPECT_EQ(TransformOf(added), "(none)");
  }
}

TEST(MsiTransforms, ThoseOfAPatchAreNamed) {
  forge::CompoundNode root;
  root.is_storage = true;
  root.class_id = forge::InstallerClassId(0x86);
  root.children = {forge::MakeMsiTransform(
                       forge::PackMsiName("Old.To.New", false), AddedUpdater()),
                   forge::MakeMsiTransform(u"other", {})};
  root.children[1].class_id = {};
  const Told told = Tell(Format::kMsp, root);
  EXPECT_FALSE(told.error.has_value());
  ASSERT_EQ(told.actions.size(), 1U);
  EXPECT_EQ(TransformOf(told.actions[0]), "Old.To.New");
}

TEST(MsiTransforms, InADatabaseAChangedRowIsCompleted) {
  forge::CompoundNode root = MakeMsi(formats::MsiSample());
  root.children.push_back(forge::MakeMsiTransform(
      u"t", {CustomActions({{MsiRowFate::kChanged,
                             {string("RunExe"), kNull, kNull,
                              string("/quiet CheckUpdate")}}})}));
  const Told told = Tell(Format::kMsi, root);
  EXPECT_FALSE(told.error.has_value());
  std::vector<Action> of_name;
  for (const Action& action : told.actions) {
    if (action.name == "RunExe") {
      of_name.push_back(action);
    }
  }
  ASSERT_EQ(of_name.size(), 2U);
  EXPECT_EQ(of_name[0].arguments, "/s");
  EXPECT_EQ(TransformOf(of_name[0]), "(none)");
  EXPECT_EQ(of_name[1].kind, ActionKind::kRunProgram);
  EXPECT_EQ(of_name[1].target, of_name[0].target);
  EXPECT_EQ(of_name[1].arguments, "/quiet CheckUpdate");
  EXPECT_EQ(TransformOf(of_name[1]), "t");
}

// Many rows may be completed from one long string.
TEST(MsiTransforms, AStringOfTheDatabaseIsTakenOnce) {
  forge::CompoundNode root = MakeMsi(formats::MsiSample());
  const forge::MsiRowRecipe change{
      MsiRowFate::kChanged, {string("RunExe"), kNull, kNull, string("/quiet")}};
  root.children.push_back(
      forge::MakeMsiTransform(u"t", {CustomActions({change, change})}));
  const forge::ByteVector bytes = WriteCompoundFile(root).bytes;
  base::Budget budget(base::Limits{});
  const auto compound = formats::ParseCompoundFile(bytes, budget);
  ASSERT_TRUE(compound);
  const auto database = formats::ParseMsi(*compound, bytes, budget);
  ASSERT_TRUE(database);
  const auto transform = formats::ReadMsiTransform(
      *compound, bytes, formats::FindMsiTransforms(*compound).at(0), &*database,
      budget);
  ASSERT_TRUE(transform);
  const formats::MsiTable* table = transform->rows.Find("CustomAction");
  ASSERT_TRUE(table != nullptr && table->row_count == 2);
  const size_t source = table->Column("Source").value();
  const string_view first = std::get<string_view>(table->Cell(0, source));
  const string_view second = std::get<string_view>(table->Cell(1, source));
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(first.data(), second.data());
}

TEST(MsiTransforms, ColumnsAndTablesThatItAddsAreKnown) {
  std::vector<MsiTransformTable> tables = {
      {"Wix4User",
       {{"User", "s72", true}, {"Name", "l255"}, {"Domain", "S255"}},
       {{MsiRowFate::kAdded, {string("u"), string("support"), kNull}}},
       3},
      {"Property",
       {{"Property", "s72", true}, {"Value", "l0"}, {"Extra", "I4"}},
       {{MsiRowFate::kAdded, {string("a"), string("b"), 7}},
        {MsiRowFate::kChanged, {string("c"), kNull, 8}}},
       1}};
  const Told told = Tell(Format::kMst, forge::MakeMsiTransform(u"", tables));
  EXPECT_FALSE(told.error.has_value());
  ASSERT_EQ(told.actions.size(), 1U);
  EXPECT_EQ(told.actions[0].kind, ActionKind::kChangeAccount);
  EXPECT_EQ(told.actions[0].name, "support");
}

TEST(MsiTransforms, FilesAreReadInBothWaysTheyAreWritten) {
  for (const char* width : {"i2", "i4"}) {
    std::vector<MsiTransformTable> tables = {
        {"File",
         {{"File", "s72", true},
          {"Component_", "s72"},
          {"FileName", "l255"},
          {"FileSize", "i4"},
          {"Version", "S72"},
          {"Language", "S20"},
          {"Attributes", "I2"},
          {"Sequence", width}},
         {{MsiRowFate::kAdded,
           {string("F1"), string("C"), string("u.exe"), 5, kNull, kNull, 512,
            70}},
          {MsiRowFate::kAdded,
           {string("F2"), string("C"), string("v.exe"), 5, kNull, kNull, 512,
            71}}}},
        CustomActions({{MsiRowFate::kAdded,
                        {string("Run"), 18, string("F2"), string("-x")}}})};
    const Told told = Tell(Format::kMst, forge::MakeMsiTransform(u"", tables));
    EXPECT_FALSE(told.error.has_value()) << width;
    ASSERT_EQ(told.actions.size(), 1U);
    EXPECT_TRUE(told.actions[0].target.ends_with("v.exe"))
        << told.actions[0].target;
  }
}

TEST(MsiTransforms, DamagedRowsAreSaid) {
  std::vector<MsiTransformTable> tables = AddedUpdater();
  // A cell more than the table has.
  tables[0].columns.push_back({"Extended", "I4"});
  tables[0].columns.push_back({"Sixth", "I4"});
  tables[0].rows[0].cells.insert(tables[0].rows[0].cells.end(), {1, 2});
  const Told told = Tell(Format::kMst, forge::MakeMsiTransform(u"", tables));
  ASSERT_TRUE(told.error.has_value());
  EXPECT_EQ(told.error->fault, base::Fault::kMalformed);
  // A row that ends early.
  forge::CompoundNode cut = forge::MakeMsiTransform(u"", AddedUpdater());
  cut.children[0].content.pop_back();
  EXPECT_TRUE(Tell(Format::kMst, cut).error.has_value());
  // Tables that nobody knows say nothing that is known.
  tables = AddedUpdater();
  tables[0].name = "Something";
  EXPECT_FALSE(Tell(Format::kMst, forge::MakeMsiTransform(u"", tables))
                   .error.has_value());
}

TEST(MsiTransforms, NoChangedByteStopsIt) {
  const forge::ByteVector image =
      WriteCompoundFile(forge::MakeMsiTransform(u"", AddedUpdater())).bytes;
  for (size_t i = 0; i < image.size(); i += 3) {
    std::vector<uint8_t> bytes(image.begin(), image.end());
    bytes[i] = static_cast<uint8_t>(bytes[i] ^ (1U << i % 8));
    base::Budget budget(base::Limits{});
    std::vector<Action> actions;
    const auto blob = base::Blob::Own(std::move(bytes));
    (void)ReadActions({Format::kMst, Format::kUnknown, ""}, *blob, budget,
                      actions);
    for (const Action& action : actions) {
      EXPECT_TRUE(action.evidence.Inside(image.size()));
    }
  }
}

}  // namespace
}  // namespace countersign::install
