// XML documents.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/budget.h"
#include "base/result.h"
#include "formats/xml.h"

namespace countersign::formats {
namespace {

void CheckNode(const XmlTree& tree, uint32_t index, uint64_t size) {
  const XmlNode& node = tree[index];
  const uint64_t count = tree.Nodes().size();
  CS_CHECK(node.offset <= size && node.end > index && node.end <= count);
  CS_CHECK(node.parent <= index);
  if (node.parent != index) {
    CS_CHECK(tree[node.parent].kind == XmlKind::kElement);
    CS_CHECK(node.end <= tree[node.parent].end);
  }
  CS_CHECK(node.kind == XmlKind::kElement ||
           (node.end == index + 1 && node.attributes.empty()));
  // A prefix is of some namespace.
  CS_CHECK(node.name.Prefix().empty() || !node.name.Space().empty());
  for (const XmlAttribute& attribute : node.attributes) {
    CS_CHECK(attribute.name.Prefix().empty() !=
             !attribute.name.Space().empty());
  }
}

void Check(base::Bytes document) {
  base::Budget budget({.steps = 10'000});
  const auto tree = ParseXml({document, 0}, budget);
  if (!tree) {
    CS_CHECK(tree.error().offset <= document.size());
    return;
  }
  CS_CHECK(!budget.Reached());
  CS_CHECK((*tree)[tree->Root()].kind == XmlKind::kElement);
  uint64_t elements = 0;
  for (uint32_t i = 0; i < tree->Nodes().size(); ++i) {
    CheckNode(*tree, i, document.size());
    elements += (*tree)[i].kind == XmlKind::kElement ? 1 : 0;
  }
  // One outermost element, and each other is the child of one.
  uint64_t children = 1;
  for (uint32_t i = 0; i < tree->Nodes().size(); ++i) {
    if ((*tree)[i].kind == XmlKind::kElement) {
      children += tree->Children(i).size();
    }
  }
  CS_CHECK(children == elements);
}

}  // namespace
}  // namespace countersign::formats

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  countersign::formats::Check({data, size});
  return 0;
}
