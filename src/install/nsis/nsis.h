// What the script of an NSIS installer does. Private to the module.
//
// Spec: NSIS Users Manual 3, chapter 4 "Scripting Reference"; the plug-ins'
// own documentation for what their functions take.
#pragma once

#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "base/result.h"
#include "formats/nsis.h"
#include "install/action_list.h"
#include "install/actions.h"
#include "model/action.h"

namespace countersign::install {

// What the operations of `installer` do, with the texts of variables in place
// of them as far as they are known; the parameter `written` keeps what is
// written there.
void ReadNsisOperations(const formats::NsisInstaller& installer,
                        base::Budget& budget, ActionList& actions);

// See ReadActions.
[[nodiscard]] base::Result<void> ReadNsis(const Place& place,
                                          const base::Blob& file,
                                          base::Budget& budget,
                                          ActionList& actions);

}  // namespace countersign::install
