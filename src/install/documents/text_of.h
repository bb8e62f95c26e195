// Text in documents, "" where there is none. Private to the module.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "formats/json.h"
#include "formats/xml.h"

namespace countersign::install {

// The value of an attribute without a namespace.
[[nodiscard]] std::string AttributeText(const formats::XmlTree& tree,
                                        uint32_t element,
                                        std::string_view local);

// The text of a member of a JSON object.
[[nodiscard]] std::string MemberText(const formats::JsonValue& object,
                                     std::string_view name);

}  // namespace countersign::install
