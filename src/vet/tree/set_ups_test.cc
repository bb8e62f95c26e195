// Set-ups of several makers, whole: what is in them, and what they start.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "forge/cfb.h"
#include "forge/msi.h"
#include "forge/mutations.h"
#include "forge/recipes.h"
#include "formats/7z/sample/archive.h"
#include "formats/cab/sample/cab_builder.h"
#include "formats/installshield/sample/installshield_builder.h"
#include "formats/msi/sample/msi_sample.h"
#include "formats/pe/sample/pe_writer.h"
#include "formats/rar/sample/rar_writer.h"
#include "formats/sample/zip_writer.h"
#include "signing/sample/forged_stores.h"
#include "vet/inspect.h"

namespace countersign::vet {
namespace {

using formats::DeflatedEntry;
using formats::SampleProgram;
using formats::ZipOf;
using model::Action;
using model::ActionKind;
using model::Inspection;

Inspection Vet(const std::string& file) {
  signing::Verifier verifier(
      {signing::ForgedStore({forge::TestAuthorities().root})}, {});
  InspectOptions options;
  options.at = base::FromUnixSeconds(forge::kEvaluationTime);
  return Inspect(base::Blob::Own({file.begin(), file.end()}), verifier,
                 options);
}

std::string Program(const char* name) {
  const auto bytes = forge::FindCase(name)->build();
  return {bytes.begin(), bytes.end()};
}

std::string PathOf(const Inspection& inspection,
                   const std::optional<uint32_t>& artifact) {
  return artifact ? inspection.artifacts[*artifact].path : "(none)";
}

// The only action of that kind.
const Action& Only(const Inspection& inspection, ActionKind kind) {
  EXPECT_EQ(std::ranges::count(inspection.actions, kind, &Action::kind), 1);
  static const Action kNone;
  const auto found = std::ranges::find(inspection.actions, kind, &Action::kind);
  return found == inspection.actions.end() ? kNone : *found;
}

bool IsSignedAt(const Inspection& inspection, const std::string& path) {
  const auto found =
      std::ranges::find(inspection.artifacts, path, &model::Artifact::path);
  return found != inspection.artifacts.end() &&
         found->is_signed == model::Signed::kPresent;
}

TEST(SetUps, OfSquirrelAreOpenedDownToTheProgram) {
  const std::string package =
      ZipOf({DeflatedEntry("Trade.nuspec", "<package/>"),
             DeflatedEntry("lib/net45/Trader.exe", Program("valid"))})
          .Write();
  SampleProgram set_up;
  set_up.resources = {
      {"#24", "#1", "#1033",
       "<assembly><requestedExecutionLevel level='requireAdministrator'/>"
       "</assembly>"},
      {"DATA", "#131", "#1033",
       ZipOf({DeflatedEntry("Update.exe", Program("expired")),
              DeflatedEntry("RELEASES", std::string(40, 'A') +
                                            " Trade-1.0-full.nupkg " +
                                            std::to_string(package.size())),
              DeflatedEntry("Trade-1.0-full.nupkg", package)})
           .Write()}};
  const Inspection inspection = Vet(set_up.Write());
  const std::string archive = "![resources]/DATA/131/1033";
  EXPECT_TRUE(IsSignedAt(inspection, archive + "!Update.exe"));
  EXPECT_TRUE(IsSignedAt(
      inspection, archive + "!Trade-1.0-full.nupkg!lib/net45/Trader.exe"));
  const Action& install = Only(inspection, ActionKind::kInstallPackage);
  EXPECT_EQ(PathOf(inspection, install.member),
            archive + "!Trade-1.0-full.nupkg");
  const Action& start = Only(inspection, ActionKind::kRunProgram);
  EXPECT_EQ(start.arguments, "--install .");
  EXPECT_EQ(start.runs_as, model::RunsAs::kAdministrator);
  EXPECT_EQ(PathOf(inspection, start.member), archive + "!Update.exe");
}

TEST(SetUps, ASelfExtractorOf7zStartsItsMember) {
  const std::string updater = Program("valid");
  formats::sample::SevenZipRecipe recipe;
  recipe.packed = {updater};
  recipe.folders = {
      {std::string("\x01\x01\0", 3), {updater.size()}, {updater}}};
  recipe.files = {{.name = "Updater.exe"}};
  SampleProgram set_up;
  set_up.sections = {{".text", std::string(100, 'x')}};
  set_up.overlay =
      ";!@Install@!UTF-8!\r\nRunProgram=\"Updater.exe CheckUpdate\"\r\n"
      ";!@InstallEnd@!" +
      formats::sample::SevenZip(recipe);
  const Inspection inspection = Vet(set_up.Write());
  EXPECT_TRUE(IsSignedAt(inspection, "![overlay]/archive!Updater.exe"));
  const Action& run = Only(inspection, ActionKind::kRunProgram);
  EXPECT_EQ(run.arguments, "CheckUpdate");
  EXPECT_EQ(PathOf(inspection, run.member), "![overlay]/archive!Updater.exe");
}

TEST(SetUps, ASelfExtractorOfZipIsOpened) {
  SampleProgram set_up;
  set_up.sections = {{".text", std::string(100, 'x')}};
  set_up.overlay = ZipOf({DeflatedEntry("a.exe", Program("valid"))}).Write();
  EXPECT_TRUE(IsSignedAt(Vet(set_up.Write()), "![overlay]!a.exe"));
  // Offsets may count from the start of the program, too.
  formats::SampleZip zip = ZipOf({DeflatedEntry("a.exe", Program("valid"))});
  set_up.overlay.clear();
  zip.prefix = set_up.Write();
  EXPECT_TRUE(IsSignedAt(Vet(zip.Write()), "![overlay]!a.exe"));
}

TEST(SetUps, ASelfExtractorOfRarStartsItsMember) {
  formats::SampleRar rar;
  rar.files = {{.name = "CMT",
                .content = "Path=%temp%\r\nSetup=Updater.exe CheckUpdate\r\n",
                .is_service = true},
               {.name = "Updater.exe", .content = Program("valid")}};
  SampleProgram set_up;
  set_up.sections = {{".text", std::string(100, 'x')}};
  set_up.overlay = rar.Write();
  const Inspection inspection = Vet(set_up.Write());
  EXPECT_TRUE(IsSignedAt(inspection, "![overlay]!Updater.exe"));
  const Action& run = Only(inspection, ActionKind::kRunProgram);
  EXPECT_EQ(run.statement, "Setup");
  EXPECT_EQ(PathOf(inspection, run.member), "![overlay]!Updater.exe");
}

TEST(SetUps, OneOfIexpressStartsItsMember) {
  formats::sample::CabBuilder cabinet;
  cabinet.folders = {{.files = {{"Updater.exe", Program("valid")}}}};
  const auto packed = cabinet.Build();
  SampleProgram set_up;
  set_up.resources = {
      {"#10", "CABINET", "#1033", std::string(packed.begin(), packed.end())},
      {"#10", "RUNPROGRAM", "#1033",
       std::string("Updater.exe CheckUpdate\0", 24)},
      {"#10", "POSTRUNPROGRAM", "#1033", std::string("<None>\0", 7)},
      {"#10", "TITLE", "#1033", std::string("Trade\0", 6)}};
  const Inspection inspection = Vet(set_up.Write());
  const std::string member = "![resources]/RCDATA/CABINET/1033!Updater.exe";
  EXPECT_TRUE(IsSignedAt(inspection, member));
  const Action& run = Only(inspection, ActionKind::kRunProgram);
  EXPECT_EQ(run.statement, "RUNPROGRAM");
  EXPECT_EQ(run.arguments, "CheckUpdate");
  EXPECT_EQ(PathOf(inspection, run.member), member);
}

TEST(SetUps, OfInstallshieldAreReadFromVolumesBesideEachOther) {
  formats::sample::ShieldBuilder builder;
  builder.version = 9;
  builder.is_one_file = false;
  builder.split_at = 20;
  builder.items = {
      {.name = "Trader.exe", .content = Program("valid"), .flags = 4},
      {.name = "last.txt", .content = std::string(5000, 'x')}};
  builder.Build();
  const auto disk = [&](bool whole) {
    std::vector<formats::SampleZipEntry> entries = {
        DeflatedEntry("disk/Data1.cab", builder.volumes[0]),
        DeflatedEntry("disk/data1.hdr", builder.header)};
    if (whole) {
      entries.push_back(DeflatedEntry("disk/data2.cab", builder.volumes[1]));
    }
    return Vet(ZipOf(entries).Write());
  };
  const Inspection inspection = disk(true);
  EXPECT_TRUE(IsSignedAt(inspection, "!disk/data1.hdr!Trader.exe"));
  EXPECT_TRUE(inspection.complete);
  const auto& volume = inspection.artifacts[1];
  EXPECT_EQ(volume.path, "!disk/Data1.cab");
  EXPECT_EQ(volume.detail, "volume 1 of \"!disk/data1.hdr\"");
  // What is split and whose end is not there is not inspected.
  EXPECT_FALSE(disk(false).complete);
}

// An installer database, with its files in `cabinet`.
std::string Database(const std::string& cabinet) {
  forge::MsiRecipe recipe = formats::MsiSample();
  for (forge::MsiTableRecipe& table : recipe.tables) {
    if (table.name == "Media") {
      table.rows = {{1, 5, std::monostate(), cabinet, std::monostate(),
                     std::monostate()}};
    }
  }
  const auto bytes = WriteCompoundFile(MakeMsi(recipe)).bytes;
  return {bytes.begin(), bytes.end()};
}

std::vector<std::string> NotInspected(const Inspection& inspection) {
  std::vector<std::string> what;
  for (const model::Finding& finding : inspection.findings) {
    if (finding.id == "vet.incomplete" &&
        finding.message.ends_with("did not come along.")) {
      what.push_back(finding.message);
    }
  }
  return what;
}

TEST(SetUps, WhatLiesBesideAnInstallerAndIsNotHereIsSaid) {
  using What = std::vector<std::string>;
  constexpr const char* kNotHere =
      " was not inspected: it lies beside the installer and did not come "
      "along.";
  EXPECT_EQ(NotInspected(Vet(Database("data.cab"))),
            What{std::string("The cabinet \"data.cab\"") + kNotHere});
  EXPECT_EQ(NotInspected(Vet(Database(""))),
            What{std::string("What 2 files of it hold") + kNotHere});
  EXPECT_FALSE(Vet(Database("")).complete);
  // Beside it, all is well.
  formats::sample::CabBuilder cabinet;
  cabinet.folders = {{0, {{"App", "MZ"}, {"Readme", "text"}}}};
  const auto packed = cabinet.Build();
  const std::string bytes(packed.begin(), packed.end());
  EXPECT_EQ(
      NotInspected(Vet(ZipOf({DeflatedEntry("x/a.msi", Database("data.cab")),
                              DeflatedEntry("x/DATA.cab", bytes)})
                           .Write()))
          .size(),
      0U);
  const Inspection loose =
      Vet(ZipOf({DeflatedEntry("x/a.msi", Database("")),
                 DeflatedEntry("x/Application.exe", "text"),
                 DeflatedEntry("x/readme.txt", "text")})
              .Write());
  EXPECT_EQ(NotInspected(loose), What{});
}

// A name alone does not keep a cabinet from being opened.
TEST(SetUps, ACabinetCalledAVolumeOfAnotherIsOpened) {
  formats::sample::ShieldBuilder leader;
  leader.is_one_file = false;
  leader.items = {{.name = "readme.txt", .content = "text"}};
  leader.Build();
  formats::sample::ShieldBuilder other;
  other.items = {{.name = "Updater.exe", .content = Program("valid")}};
  other.Build();
  const Inspection inspection =
      Vet(ZipOf({DeflatedEntry("data1.hdr", leader.header),
                 DeflatedEntry("data1.cab", leader.volumes[0]),
                 DeflatedEntry("data2.cab", other.header)})
              .Write());
  EXPECT_TRUE(IsSignedAt(inspection, "!data2.cab!Updater.exe"));
}

}  // namespace
}  // namespace countersign::vet
