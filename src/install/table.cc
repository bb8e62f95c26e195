// What says what an installer does: one row each. Adding one is a folder with
// its reader, a row here, a page in docs/actions.md, and a test that makes the
// installer and finds what was put in.
#include <algorithm>
#include <array>

#include "install/actions.h"
#include "install/electron/electron.h"
#include "install/inno/inno.h"
#include "install/msi/msi.h"
#include "install/nsis/nsis.h"

namespace countersign::install {
namespace {

using model::Format;

struct StatementRow {
  // The format of the statement itself, or kUnknown where its name tells.
  Format format;
  // What it is a member of, kUnknown for anything, and what it is called there:
  // the whole name, or of members of anything the part behind the last "/".
  Format container;
  std::string_view name;
  base::Result<void> (*read)(const base::Blob& file, base::Budget& budget,
                             std::vector<model::Action>& actions);
};

constexpr std::array kStatements = {
    StatementRow{Format::kMsi, Format::kUnknown, "", ReadMsi},
    StatementRow{Format::kNsis, Format::kUnknown, "", ReadNsis},
    StatementRow{Format::kPe, Format::kUnknown, "", ReadInno},
    StatementRow{Format::kUnknown, Format::kAsar, "package.json",
                 ReadPackageJson},
    StatementRow{Format::kUnknown, Format::kUnknown, "app-update.yml",
                 ReadUpdateFeed},
};

bool Fits(const StatementRow& row, const Place& place, bool by_name_only) {
  if (row.name.empty()) {
    return !by_name_only && row.format == place.format;
  }
  const size_t slash = place.name.rfind('/');
  const std::string_view last = slash == std::string_view::npos
                                    ? place.name
                                    : place.name.substr(slash + 1);
  return row.container == Format::kUnknown
             ? row.name == last
             : row.container == place.container && row.name == place.name;
}

}  // namespace

bool MayTell(const Place& place, bool by_name_only) {
  return std::ranges::any_of(kStatements, [&](const StatementRow& row) {
    return Fits(row, place, by_name_only);
  });
}

base::Result<void> ReadActions(const Place& place, const base::Blob& file,
                               base::Budget& budget,
                               std::vector<model::Action>& actions) {
  for (const StatementRow& row : kStatements) {
    if (Fits(row, place, false)) {
      CS_TRY_VOID(row.read(file, budget, actions));
    }
  }
  return {};
}

}  // namespace countersign::install
