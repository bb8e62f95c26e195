// What stands in an XML signature beside what it signs. Private to the VSIX
// folder.
#pragma once

#include <cstdint>
#include <set>

#include "formats/xml.h"

namespace countersign::signing {

// True when `xml`, a signature, holds anything that neither lies in one of the
// `signed_elements` nor is what every signature consists of: elements that are
// not known here, attributes, texts where there are none, comments (which a
// signature never covers).
[[nodiscard]] bool HasUnsignedNodes(const formats::XmlTree& xml,
                                    const std::set<uint32_t>& signed_elements);

}  // namespace countersign::signing
