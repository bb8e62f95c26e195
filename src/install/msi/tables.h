// Tables whose rows say in columns what is done. Private to msi/.
//
// Spec: Windows Installer reference, the pages of the tables; those of the
// extensions of WiX: their table definitions (wixtoolset.org, "util",
// "firewall"), which WiX 4 and later prefix with "Wix4" or "Wix5".
#pragma once

#include <vector>

#include "base/budget.h"
#include "base/result.h"
#include "formats/msi.h"
#include "install/action_list.h"
#include "install/msi/paths.h"
#include "model/action.h"

namespace countersign::install {

// Appends what the tables of tables.cc say. Fails when `budget` is spent.
[[nodiscard]] base::Result<void> ReadMsiTables(
    const formats::MsiDatabase& database, const MsiPaths& paths,
    base::Budget& budget, ActionList& actions);

}  // namespace countersign::install
