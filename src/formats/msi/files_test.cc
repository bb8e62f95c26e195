// Where files go: the paths of the table Directory, cabinets of Media.
#include <gtest/gtest.h>

#include <string>

#include "forge/cfb.h"
#include "forge/msi.h"
#include "formats/msi.h"
#include "formats/msi/sample/msi_sample.h"

namespace countersign::formats {
namespace {

using forge::MsiRecipe;
using std::string;

// The files of `recipe`, with the database that they view.
struct ReadFiles {
  forge::ByteVector bytes;
  MsiDatabase database;
  std::vector<MsiFile> files;
  uint64_t steps = 0;  // that they took
};

ReadFiles Read(const MsiRecipe& recipe) {
  ReadFiles read;
  read.bytes = WriteCompoundFile(MakeMsi(recipe)).bytes;
  base::Budget budget;
  const auto compound = ParseCompoundFile(read.bytes, budget);
  read.database = *ParseMsi(*compound, read.bytes, budget);
  const uint64_t before = budget.Left().steps;
  read.files = *MsiFiles(read.database, budget);
  read.steps = before - budget.Left().steps;
  return read;
}

TEST(MsiFiles, HavePathCabinetAndVersion) {
  const ReadFiles read = Read(MsiSample());
  ASSERT_EQ(read.files.size(), 2U);
  const MsiFile& app = read.files[0];
  EXPECT_EQ(app.key, "App");
  EXPECT_EQ(app.short_name, "applic~1.exe");
  EXPECT_EQ(app.long_name, "application.exe");
  EXPECT_EQ(app.path, "[ProgramFilesFolder]/Example Product/application.exe");
  EXPECT_FALSE(app.path_is_damaged);
  EXPECT_EQ(app.component, "Main");
  EXPECT_EQ(app.size, 204800);
  EXPECT_EQ(app.version, "1.2.3.4");
  EXPECT_EQ(app.language, "1033");
  EXPECT_EQ(app.attributes, 512);
  EXPECT_EQ(app.sequence, 1);
  EXPECT_EQ(app.disk, 1);
  EXPECT_EQ(app.cabinet, "");
  EXPECT_EQ(app.evidence, read.database.Find("File")->Evidence(0));
  const MsiFile& readme = read.files[1];
  EXPECT_EQ(readme.path,
            "[ProgramFilesFolder]/Example Product/data/readme.txt");
  EXPECT_EQ(readme.disk, 2);
  EXPECT_EQ(readme.cabinet, "#product.cab");
  EXPECT_EQ(readme.version, "");
}

// The path of the second file when its directory, "Sub", is changed.
std::pair<string, bool> PathWith(std::vector<std::vector<forge::MsiCell>> rows,
                                 const string& name = "readme.txt") {
  MsiRecipe recipe = MsiSample();
  recipe.tables[1].rows = std::move(rows);
  recipe.tables[3].rows[1][2] = name;
  const ReadFiles read = Read(recipe);
  return {read.files[1].path, read.files[1].path_is_damaged};
}

TEST(MsiFiles, ADirectoryThatIsNotThereIsAQuestionMark) {
  using Answer = std::pair<string, bool>;
  EXPECT_EQ(PathWith({}), Answer("?/readme.txt", true));
  EXPECT_EQ(PathWith({{string("Sub"), string("gone"), string("data")}}),
            Answer("?/data/readme.txt", true));
}

TEST(MsiFiles, RootsAreProperties) {
  using Answer = std::pair<string, bool>;
  EXPECT_EQ(PathWith({{string("Sub"), {}, string("data")}}),
            Answer("[Sub]/readme.txt", false));
  // A directory that is its own parent is a root, too.
  EXPECT_EQ(PathWith({{string("Sub"), string("Sub"), string("data")}}),
            Answer("[Sub]/readme.txt", false));
}

TEST(MsiFiles, LoopsEnd) {
  const auto [path, damaged] =
      PathWith({{string("Sub"), string("Other"), string("a")},
                {string("Other"), string("Sub"), string("b")}});
  EXPECT_TRUE(damaged);
  EXPECT_TRUE(path.starts_with("?/"));
  EXPECT_LT(path.size(), 300U);
}

TEST(MsiFiles, PathsHaveAnEnd) {
  const string longest(2000, 'n');
  const auto [path, damaged] =
      PathWith({{string("TARGETDIR"), {}, string("x")},
                {string("A"), string("TARGETDIR"), longest},
                {string("B"), string("A"), longest},
                {string("Sub"), string("B"), longest}});
  EXPECT_TRUE(damaged);
  EXPECT_EQ(path, "?/readme.txt");
  EXPECT_EQ(PathWith({{string("Sub"), {}, string("x")}}, string(9000, 'f')),
            std::pair(string("?"), true));
}

TEST(MsiFiles, AnUncompressedFileIsInNoCabinet) {
  MsiRecipe recipe = MsiSample();
  recipe.tables[3].rows[1][6] = 0x2000;
  EXPECT_EQ(Read(recipe).files[1].cabinet, "");
  recipe.tables[3].rows[1][6] = 0;
  recipe.tables[3].rows[1][7] = 6;  // behind the last of Media
  const ReadFiles read = Read(recipe);
  EXPECT_EQ(read.files[1].cabinet, "");
  EXPECT_EQ(read.files[1].disk, std::nullopt);
}

TEST(MsiFiles, LongPathsArePaidFor) {
  MsiRecipe recipe = MsiSample();
  recipe.tables[1].rows = {{string("Sub"), {}, string("x")}};
  auto& files = recipe.tables[3].rows;
  const auto row = files[1];
  const uint64_t few = Read(recipe).steps;
  for (int i = 0; i < 200; ++i) {
    files.push_back(row);
    files.back()[0] = "F" + std::to_string(i);
    files.back()[2] = string(4000, 'n');
  }
  const ReadFiles read = Read(recipe);
  EXPECT_GT(read.steps, few + 200 * 4000 / 64);
  base::Limits limits;
  limits.steps = 5000;
  base::Budget budget(limits);
  const auto stopped = MsiFiles(read.database, budget);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().fault, base::Fault::kLimit);
}

TEST(MsiFiles, WithoutTheTableThereAreNone) {
  MsiRecipe recipe = MsiSample();
  recipe.tables.erase(recipe.tables.begin() + 3);
  EXPECT_TRUE(Read(recipe).files.empty());
}

}  // namespace
}  // namespace countersign::formats
