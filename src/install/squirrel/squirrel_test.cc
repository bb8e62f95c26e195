#include "install/squirrel/squirrel.h"

#include <gtest/gtest.h>

#include <string>

#include "formats/sample/zip_writer.h"
#include "install/sample/reading.h"

namespace countersign::install {
namespace {

using model::ActionKind;
using model::Format;
using model::RunsAs;

TEST(Squirrel, ReleasesAreRead) {
  const std::string digest(40, 'A');
  const Reading reading = Read(
      {Format::kText, Format::kZip, "RELEASES"},
      "\xEF\xBB\xBF" + digest + " Trade-1.0.0-full.nupkg 1234\r\n" + digest +
          " Trade-1.0.0-delta.nupkg 99 # 5%\n" + "short Trade.nupkg 1\n" +
          digest + " readme.txt 1\n" + digest + " Trade.nupkg many\n");
  ASSERT_FALSE(reading.failed);
  ASSERT_EQ(reading.actions.size(), 2U);
  EXPECT_EQ(reading.actions[0].kind, ActionKind::kInstallPackage);
  EXPECT_EQ(reading.actions[0].target, "Trade-1.0.0-full.nupkg");
  EXPECT_EQ(Parameter(reading.actions[0], "sha1"), std::string(40, 'a'));
  EXPECT_EQ(Parameter(reading.actions[0], "bytes"), "1234");
  EXPECT_EQ(reading.actions[1].target, "Trade-1.0.0-delta.nupkg");
}

TEST(Squirrel, SetupStartsTheProgramOfItsArchive) {
  const Place place{Format::kUnknown, Format::kPe, "[resources]/DATA/131/1033"};
  formats::SampleZip zip;
  zip.entries = {formats::StoredEntry("RELEASES", "x"),
                 formats::StoredEntry("UPDATE.exe", "MZ")};
  zip.comment = std::string(65'000, 'x');
  const std::string archive = zip.Write();
  const Reading reading = Read(place, archive);
  ASSERT_FALSE(reading.failed);
  ASSERT_EQ(reading.actions.size(), 1U);
  EXPECT_EQ(reading.actions[0].kind, ActionKind::kRunProgram);
  EXPECT_EQ(reading.actions[0].statement, "Squirrel Setup");
  EXPECT_EQ(reading.actions[0].target, "UPDATE.exe");
  EXPECT_EQ(reading.actions[0].arguments, "--install .");
  EXPECT_EQ(reading.actions[0].runs_as, RunsAs::kInstaller);
  zip.entries.pop_back();
  for (const std::string& other :
       {std::string(), zip.Write(), archive.substr(0, 60),
        std::string("MSCF Update.exe")}) {
    const Reading nothing = Read(place, other);
    EXPECT_TRUE(nothing.actions.empty());
    EXPECT_FALSE(nothing.failed);
  }
  EXPECT_FALSE(
      MayTell({Format::kUnknown, Format::kPe, "[resources]/DATA/132/1033"}));
}

}  // namespace
}  // namespace countersign::install
