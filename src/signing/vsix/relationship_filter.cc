#include "signing/vsix/relationship_filter.h"

#include <algorithm>

#include "signing/vsix/canonical.h"

namespace countersign::signing {

std::string TransformRelationships(std::vector<OpcRelationship> relationships,
                                   const RelationshipFilter& filter) {
  const auto is_in = [](const std::vector<std::string>& list,
                        const std::string& value) {
    return std::ranges::find(list, value) != list.end();
  };
  std::erase_if(relationships, [&](const OpcRelationship& each) {
    return !is_in(filter.ids, each.id) && !is_in(filter.types, each.type);
  });
  std::ranges::sort(relationships, {}, &OpcRelationship::id);
  std::string text =
      "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/"
      "relationships\">";
  for (const OpcRelationship& each : relationships) {
    text += "<Relationship Id=\"" + EscapeAttribute(each.id) + "\" Target=\"" +
            EscapeAttribute(each.target) + "\" TargetMode=\"" +
            EscapeAttribute(each.mode) + "\" Type=\"" +
            EscapeAttribute(each.type) + "\"></Relationship>";
  }
  return text + "</Relationships>";
}

bool CoversAll(const std::vector<OpcRelationship>& relationships,
               const RelationshipFilter& filter) {
  return std::ranges::all_of(relationships, [&](const OpcRelationship& each) {
    return std::ranges::find(filter.ids, each.id) != filter.ids.end() ||
           std::ranges::find(filter.types, each.type) != filter.types.end() ||
           each.type.starts_with(kOpcSignatureRelations);
  });
}

}  // namespace countersign::signing
