// Who vouches for what: which artifacts somebody trusted has signed, themselves
// or through a package around them.
#pragma once

#include <vector>

#include "model/report.h"

namespace countersign::vet {

// Fills in `covered_by` of every artifact, lowers findings that say only that
// nobody stands behind a member where the package's publisher does, and notes
// the members that nobody trusted has signed.
void JudgeCoverage(model::Inspection& inspection);

// A row for each program, library and script, for whatever else Windows runs by
// its name, and for whatever an action names; copies have rows of their own. As
// the report has them. `covered_by` must be filled in.
[[nodiscard]] std::vector<model::CoverageRow> CoverageOf(
    const model::Inspection& inspection);

// True when the artifact has signatures, and all of them hold and are trusted.
[[nodiscard]] bool IsVouchedForByItself(const model::Artifact& artifact);

// True of a finding which says no more than that nobody can be held to a
// member, where the publisher of the package around it can.
[[nodiscard]] bool IsForgivenByCoverage(
    const model::Finding& finding,
    const std::vector<model::Artifact>& artifacts);

// The artifacts that nobody trusted has signed: neither themselves, nor a
// package around them, nor (for an archive that does nothing by itself)
// everything in them. `covered_by` must be filled in.
[[nodiscard]] std::vector<uint32_t> NotVouchedFor(
    const std::vector<model::Artifact>& artifacts);

}  // namespace countersign::vet
