// Every statement of an installer, and what is concluded from it. The last byte
// tells which statement the bytes are taken for.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "install/actions.h"
#include "install/conclude.h"

namespace countersign::install {
namespace {

using model::Format;

constexpr std::array kPlaces = {
    Place{Format::kMsi, Format::kUnknown, ""},
    Place{Format::kNsis, Format::kUnknown, ""},
    Place{Format::kPe, Format::kUnknown, ""},
    Place{Format::kText, Format::kAsar, "package.json"},
    Place{Format::kText, Format::kZip, "app-update.yml"},
    Place{Format::kText, Format::kCab, "0"},
    Place{Format::kText, Format::kMsix, "AppxManifest.xml"},
    Place{Format::kText, Format::kMsix, "config.json"},
    Place{Format::kText, Format::kVsix, "extension.vsixmanifest"},
    Place{Format::kText, Format::kNupkg, "tools/install.ps1"},
    Place{Format::kText, Format::kZip, "task.xml"},
    Place{Format::kText, Format::kPe, "[overlay]/config.txt"},
    Place{Format::kText, Format::kRar, "[service]/CMT"},
    Place{Format::kText, Format::kPe, "[resources]/RCDATA/RUNPROGRAM/1033"},
    Place{Format::kText, Format::kZip, "RELEASES"},
    Place{Format::kMst, Format::kUnknown, ""},
};

constexpr size_t kLongestText = size_t{32} << 10;

// Two artifacts: a package, and a member that may be what is started.
model::Inspection InspectionOf(std::vector<model::Action> actions,
                               uint64_t size) {
  model::Inspection inspection;
  inspection.artifacts.resize(2);
  inspection.artifacts[0].size = size;
  inspection.artifacts[1].id = 1;
  inspection.artifacts[1].parent = 0;
  inspection.artifacts[1].path = "!a.exe";
  inspection.artifacts[1].format = Format::kPe;
  inspection.actions = std::move(actions);
  return inspection;
}

std::vector<model::Action> ActionsIn(const Place& place, base::Bytes bytes) {
  base::Limits limits;
  limits.steps = 200'000;
  base::Budget budget(limits);
  std::vector<model::Action> actions;
  const auto blob = base::Blob::Own({bytes.begin(), bytes.end()});
  const auto read = ReadActions(place, *blob, budget, actions);
  CS_CHECK(read || read.error().field != nullptr);
  return actions;
}

}  // namespace
}  // namespace countersign::install

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace countersign;  // NOLINT(google-build-using-namespace)
  if (size == 0) {
    return 0;
  }
  const install::Place& place =
      install::kPlaces[data[size - 1] % install::kPlaces.size()];
  const base::Bytes bytes(data, size - 1);
  CS_CHECK(install::MayTell(place));
  const auto actions = install::ActionsIn(place, bytes);
  const auto again = install::ActionsIn(place, bytes);
  CS_CHECK(actions.size() == again.size());
  for (size_t i = 0; i < actions.size(); ++i) {
    CS_CHECK(actions[i].evidence.Inside(bytes.size()));
    CS_CHECK(!actions[i].statement.empty());
    CS_CHECK(actions[i].arguments.size() <= install::kLongestText);
    CS_CHECK(actions[i].target == again[i].target);
  }
  model::Inspection inspection = install::InspectionOf(actions, bytes.size());
  install::Conclude(inspection);
  for (const model::Action& action : inspection.actions) {
    CS_CHECK(!action.member || *action.member == 1);
  }
  for (const model::Finding& finding : inspection.findings) {
    CS_CHECK(finding.evidence.size() == 1 && !finding.message.empty());
  }
  return 0;
}
