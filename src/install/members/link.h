// Which member an action is about. Private to the module.
#pragma once

#include "model/report.h"

namespace countersign::install {

// Fills in `member` of every action whose program, library or script is in the
// tree beyond doubt: of several members of that name, the one whose folders
// agree best, if there is one. Where names would be compared without end, the
// rest is left, and the inspection is not complete: limit "links".
void LinkMembers(model::Inspection& inspection);

// The name of an artifact without folders, in lower case.
[[nodiscard]] std::string LowerName(const model::Artifact& artifact);

}  // namespace countersign::install
