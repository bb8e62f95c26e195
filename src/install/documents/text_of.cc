#include "install/documents/text_of.h"

namespace countersign::install {

std::string AttributeText(const formats::XmlTree& tree, uint32_t element,
                          std::string_view local) {
  const std::string* value = tree.Attribute(element, local);
  return value == nullptr ? "" : *value;
}

std::string MemberText(const formats::JsonValue& object,
                       std::string_view name) {
  const auto member = object.Member(name);
  return member && member->Text() ? std::string(*member->Text()) : "";
}

}  // namespace countersign::install
