// The checks of this module: one row each, most weighty first. Adding one is a
// function in checks/, a row here, a page in docs/findings/, and a case where
// it fires and one where it must not.
#include <algorithm>
#include <array>

#include "install/checks/check.h"
#include "install/conclude.h"
#include "install/members/link.h"
#include "install/members/roles.h"
#include "install/rights/rights.h"

namespace countersign::install {
namespace {

using model::Severity;

constexpr std::array kChecks = {
    Check{"install.weakens_protection", Severity::kHigh, "T1562.001",
          "the publisher explains why the protection has to be weakened, or "
          "supplies an installer that does without",
          CheckWeakensProtection},
    Check{"install.injects", Severity::kMedium, "T1546",
          "the publisher explains what is loaded into other programs and why",
          CheckInjects},
    Check{"install.downloads", Severity::kMedium, "T1105",
          "what is fetched is obtained and inspected as well, or a complete "
          "installer is used instead",
          CheckDownloads},
    Check{"install.obscured_command", Severity::kMedium, "T1027.010",
          "the command is decoded and understood", CheckObscuredCommand},
    Check{"install.starts_helper", Severity::kLow, "T1204.002",
          "it is known what the member is for, and who made it",
          CheckStartsHelper},
    Check{"install.persists", Severity::kInfo, "T1543",
          "it is wanted that it is started again", CheckPersists},
};

constexpr auto kFindingIds = [] {
  std::array<std::string_view, kChecks.size()> ids;
  std::ranges::transform(kChecks, ids.begin(), &Check::id);
  return ids;
}();

}  // namespace

void Conclude(model::Inspection& inspection) {
  LinkMembers(inspection);
  RaiseRights(inspection);
  GiveRoles(inspection);
  const Facts facts{inspection, MainProgramOf(inspection)};
  std::vector<model::Finding> findings;
  for (const Check& check : kChecks) {
    Sink sink(check, findings);
    for (const model::Action& action : inspection.actions) {
      check.run(action, facts, sink);
    }
  }
  std::ranges::move(findings, std::back_inserter(inspection.findings));
}

std::span<const std::string_view> FindingIds() { return kFindingIds; }

}  // namespace countersign::install
