// The data of an NSIS installer, as members.
#pragma once

#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "formats/nsis/container.h"
#include "formats/nsis/script.h"
#include "formats/unpack.h"

namespace countersign::formats {

// Hands over what `uses` names and what is there besides, in order of the data.
// Fails as UnpackNsis does.
[[nodiscard]] base::Result<void> HandOverMembers(
    base::Bytes bytes, const NsisContainer& container,
    const std::vector<NsisDataUse>& uses, bool opcodes_certain,
    base::Budget& budget, MemberSink& sink);

}  // namespace countersign::formats
