// Which relationships of a part are signed. Private to the VSIX folder.
//
// Spec: ECMA-376 part 2, section 13.2.4.24 (relationships transform).
#pragma once

#include <string>
#include <vector>

#include "signing/vsix/parts.h"

namespace countersign::signing {

struct RelationshipFilter {
  std::vector<std::string> ids;
  std::vector<std::string> types;
};

// Those that the filter names, in the form in which they are signed: sorted by
// id, every attribute there, nothing between them.
[[nodiscard]] std::string TransformRelationships(
    std::vector<OpcRelationship> relationships,
    const RelationshipFilter& filter);

// True when all that the filter leaves out leads to signatures.
[[nodiscard]] bool CoversAll(const std::vector<OpcRelationship>& relationships,
                             const RelationshipFilter& filter);

}  // namespace countersign::signing
