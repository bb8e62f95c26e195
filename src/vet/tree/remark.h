// From what a reader remarks on a container to findings.
#pragma once

#include <cstdint>

#include "formats/unpack.h"
#include "model/finding.h"

namespace countersign::vet {

// The finding on `remark`, made by the reader of container `artifact`.
[[nodiscard]] model::Finding FindingOn(const formats::Remark& remark,
                                       uint32_t artifact);

// True when the remark says that something was left unread.
[[nodiscard]] bool MeansIncomplete(formats::RemarkKind kind);

}  // namespace countersign::vet
