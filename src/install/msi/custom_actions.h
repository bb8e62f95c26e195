// Custom actions, and when they are called. Private to msi/.
//
// Spec: "Custom Action Types", "Custom Action Execution Scheduling Options",
// "Custom Action Security", "MsiEmbeddedChainer Table" (Windows Installer
// reference).
#pragma once

#include "base/budget.h"
#include "base/result.h"
#include "formats/msi.h"
#include "formats/msi_actions.h"
#include "install/action_list.h"
#include "install/msi/paths.h"
#include "install/msi/values.h"

namespace countersign::install {

// Appends each custom action that does something but give a text to a property:
// several times when its command is made of properties whose text depends on
// conditions, with parameter "assuming", and "more_texts" when there are more
// than 8. Fails when `budget` is spent.
[[nodiscard]] base::Result<void> ReadMsiCustomActions(
    const formats::MsiDatabase& database, const formats::MsiActions& read,
    const MsiPaths& paths, const MsiValues& given, base::Budget& budget,
    ActionList& actions);

// Appends the program that installs further packages: its place is said as that
// of a custom action. Fails as above.
[[nodiscard]] base::Result<void> ReadMsiEmbeddedChainer(
    const formats::MsiDatabase& database, const formats::MsiActions& read,
    const MsiPaths& paths, const MsiValues& given, base::Budget& budget,
    ActionList& actions);

}  // namespace countersign::install
