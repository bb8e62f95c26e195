// What says what an installer does: one row each. Adding one is a folder with
// its reader, a row here, a section in docs/actions.md, and a test that makes
// the installer and finds what was put in.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "install/action_list.h"
#include "install/actions.h"
#include "install/burn/burn.h"
#include "install/electron/electron.h"
#include "install/inno/inno.h"
#include "install/msi/msi.h"
#include "install/msix/msix.h"
#include "install/nsis/nsis.h"
#include "install/nuget/nuget.h"
#include "install/rights/rights.h"
#include "install/self_extractor/self_extractor.h"
#include "install/squirrel/squirrel.h"
#include "install/task/task.h"
#include "install/vsix/vsix.h"
#include "install/windows/command_line.h"

namespace countersign::install {
namespace {

using model::Format;

// A statement that is a package itself, known by its format.
struct PackageRow {
  Format format;
  base::Result<void> (*read)(const Place& place, const base::Blob& file,
                             base::Budget& budget, ActionList& actions);
};

constexpr std::array kPackages = {
    PackageRow{Format::kMsi, ReadMsi},
    PackageRow{Format::kMsp, ReadMsiTransforms},
    PackageRow{Format::kMst, ReadMsiTransforms},
    PackageRow{Format::kNsis, ReadNsis},
    PackageRow{Format::kPe, ReadInno},
    PackageRow{Format::kPe, ReadExecutionLevel},
};

// A statement that is a member, known by where it lies and what it is called.
struct MemberRow {
  Format container;  // kUnknown for any
  bool (*matches)(std::string_view name);
  base::Result<void> (*read)(const Place& place, const base::Blob& file,
                             base::Budget& budget, ActionList& actions);
};

bool IsCalled(std::string_view name, std::string_view wanted) {
  return name.size() == wanted.size() && base::AsciiLower(name) == wanted;
}

std::string_view LastName(std::string_view name) {
  return name.substr(name.rfind('/') + 1);  // all of it without a slash
}

constexpr std::array kMembers = {
    MemberRow{Format::kCab,
              [](std::string_view name) { return IsCalled(name, "0"); },
              ReadBurn},
    MemberRow{Format::kMsix,
              [](std::string_view name) {
                return IsCalled(name, "appxmanifest.xml");
              },
              ReadMsixManifest},
    MemberRow{
        Format::kMsix,
        [](std::string_view name) { return IsCalled(name, "config.json"); },
        ReadPackageSupport},
    MemberRow{Format::kVsix,
              [](std::string_view name) {
                return IsCalled(name, "extension.vsixmanifest");
              },
              ReadVsixManifest},
    MemberRow{Format::kVsix,
              [](std::string_view name) {
                return IsCalled(name, "extension/package.json");
              },
              ReadPackageJson},
    MemberRow{Format::kNupkg, IsNugetScript, ReadNugetScript},
    MemberRow{
        Format::kAsar,
        [](std::string_view name) { return IsCalled(name, "package.json"); },
        ReadPackageJson},
    MemberRow{Format::kTar, IsNpmManifest, ReadPackageJson},
    MemberRow{Format::kUnknown, IsPackageJson, ReadPackageJson},
    MemberRow{Format::kPe, IsSquirrelArchive, ReadSquirrelArchive},
    MemberRow{Format::kPe,
              [](std::string_view name) {
                return IsCalled(name, "[overlay]/config.txt");
              },
              ReadSevenZipConfig},
    MemberRow{
        Format::kRar,
        [](std::string_view name) { return IsCalled(name, "[service]/cmt"); },
        ReadRarComment},
    MemberRow{Format::kPe, IsIexpressCommand, ReadIexpressCommand},
    MemberRow{Format::kUnknown,
              [](std::string_view name) {
                return IsCalled(LastName(name), "releases");
              },
              ReadSquirrelReleases},
    MemberRow{Format::kUnknown,
              [](std::string_view name) {
                return IsCalled(LastName(name), "app-update.yml");
              },
              ReadUpdateFeed},
    MemberRow{Format::kUnknown,
              [](std::string_view name) {
                return base::AsciiLower(LastName(name)).ends_with(".xml");
              },
              ReadTask},
};

bool Fits(const MemberRow& row, const Place& place) {
  return !place.name.empty() &&
         (row.container == Format::kUnknown ||
          row.container == place.container) &&
         row.matches(place.name);
}

base::Result<void> ReadAll(const Place& place, const base::Blob& file,
                           base::Budget& budget, ActionList& list) {
  for (const PackageRow& row : kPackages) {
    if (row.format == place.format) {
      CS_TRY_VOID(row.read(place, file, budget, list));
    }
  }
  for (const MemberRow& row : kMembers) {
    if (Fits(row, place)) {
      CS_TRY_VOID(row.read(place, file, budget, list));
    }
  }
  return {};
}

}  // namespace

bool MayTell(const Place& place) {
  return std::ranges::find(kPackages, place.format, &PackageRow::format) !=
             kPackages.end() ||
         std::ranges::any_of(
             kMembers, [&](const MemberRow& row) { return Fits(row, place); });
}

base::Result<void> ReadActions(const Place& place, const base::Blob& file,
                               base::Budget& budget,
                               std::vector<model::Action>& actions) {
  ActionList list(actions, budget);
  const auto read = ReadAll(place, file, budget, list);
  list.Close();
  return read && budget.Reached()
             ? base::Result<void>(std::unexpected(*budget.Reached()))
             : read;
}

}  // namespace countersign::install
