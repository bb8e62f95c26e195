// XML documents as a flat tree, for the parts of packages that say what is
// signed.
//
// Spec: Extensible Markup Language (XML) 1.0 (Fifth Edition); Namespaces in
// XML 1.0 (Third Edition).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"

namespace countersign::formats {

// A name as written, "ds:Reference", and the namespace it belongs to.
struct XmlName {
  std::string qualified;
  // Null and "" are the same: no namespace. Shared by all names of one.
  std::shared_ptr<const std::string> space;

  [[nodiscard]] std::string_view Prefix() const {
    const std::string_view name = qualified;
    const size_t colon = name.find(':');
    return colon == std::string_view::npos ? "" : name.substr(0, colon);
  }
  [[nodiscard]] std::string_view Local() const {
    const std::string_view name = qualified;
    return name.substr(name.find(':') + 1);  // all of it without a colon
  }
  [[nodiscard]] std::string_view Space() const {
    return space == nullptr ? std::string_view() : std::string_view(*space);
  }
  [[nodiscard]] bool Is(std::string_view space_name,
                        std::string_view local) const {
    return Local() == local && Space() == space_name;
  }
};

struct XmlAttribute {
  XmlName name;
  std::string value;  // normalised as the specification demands
};

// xmlns or xmlns:prefix.
struct XmlDeclaration {
  std::string prefix;  // empty for the default namespace
  std::shared_ptr<const std::string> space;
};

enum class XmlKind : uint8_t { kElement, kText, kComment, kInstruction };

struct XmlNode {
  XmlKind kind = XmlKind::kElement;
  uint32_t parent = 0;  // of the root, and of what stands beside it: itself
  // One behind the last node inside: those are [index + 1, end).
  uint32_t end = 0;
  uint64_t offset = 0;  // in the artifact, of the first byte
  XmlName name;         // of an element; of an instruction, its target
  // UTF-8: of text (line ends are "\n"), a comment, or an instruction's data.
  std::string text;
  std::vector<XmlAttribute> attributes;  // without declarations, as written
  std::vector<XmlDeclaration> declared;
};

// The nodes in the order of the document. Never empty.
class XmlTree {
 public:
  [[nodiscard]] const std::vector<XmlNode>& Nodes() const { return nodes_; }
  [[nodiscard]] const XmlNode& operator[](uint32_t index) const {
    return nodes_[index];
  }
  // Index of the outermost element.
  [[nodiscard]] uint32_t Root() const { return root_; }

  // The elements right inside `parent`, in order.
  [[nodiscard]] std::vector<uint32_t> Children(uint32_t parent) const;
  // The first of them with this name, or nothing.
  [[nodiscard]] std::optional<uint32_t> Child(uint32_t parent,
                                              std::string_view space,
                                              std::string_view local) const;
  // The text inside an element, that of elements in it included.
  [[nodiscard]] std::string Text(uint32_t element) const;
  // The value of an attribute without a namespace; null when absent.
  [[nodiscard]] const std::string* Attribute(uint32_t element,
                                             std::string_view local) const;

 private:
  friend class XmlTreeBuilder;
  std::vector<XmlNode> nodes_;
  uint32_t root_ = 0;
};

// Limits of a document.
struct XmlLimits {
  // Limit: the block map of a package of 30 GiB has half a million blocks.
  uint32_t nodes = 1'000'000;
  // Limit: signatures and manifests nest 10 to 20 deep.
  uint32_t depth = 64;
  // Limit: a block map of the size above has 40 MB.
  uint64_t bytes = uint64_t{48} << 20;
};

// The document in `document`, which is all of it. Charges a step for every node
// and attribute. Encodings: UTF-8, UTF-16, ISO 8859-1, ASCII; any other is
// kUnsupported. A document type declaration is kMalformed, so that there are no
// entities but the predefined ones and nothing outside is ever read; so are
// prefixes that nothing declares. Over a limit: kLimit.
[[nodiscard]] base::Result<XmlTree> ParseXml(base::Input document,
                                             base::Budget& budget,
                                             const XmlLimits& limits = {});

}  // namespace countersign::formats
