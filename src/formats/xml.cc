// The parser is expat without its namespace mode, because canonical XML needs
// prefixes and declarations as they were written; they are resolved here.
//
// What expat could do and must not: read a document type declaration (internal
// entities multiply, external ones reach outside), and ask the system for
// random numbers.
#include "formats/xml.h"

#include <expat.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/digest.h"

namespace countersign::formats {

using base::Budget;
using base::Error;
using base::Fault;
using base::Input;
using base::Result;

namespace {

constexpr std::string_view kXmlSpace = "http://www.w3.org/XML/1998/namespace";
constexpr std::string_view kXmlnsSpace = "http://www.w3.org/2000/xmlns/";
constexpr std::string_view kXmlDeclarationPrefix = "xmlns:";

const char* XmlErrorField(XML_Error code) {
  switch (code) {
    case XML_ERROR_UNKNOWN_ENCODING:
    case XML_ERROR_INCORRECT_ENCODING:
      return "XML encoding";
    case XML_ERROR_NO_ELEMENTS:
      return "XML root element";
    case XML_ERROR_TAG_MISMATCH:
      return "XML end tag";
    case XML_ERROR_DUPLICATE_ATTRIBUTE:
      return "XML attribute";
    case XML_ERROR_UNDEFINED_ENTITY:
      return "XML entity";
    default:
      return "XML document";
  }
}

}  // namespace

// Takes the events of expat and keeps what they tell.
class XmlTreeBuilder {
 public:
  XmlTreeBuilder(Input document, Budget& budget, const XmlLimits& limits)
      : document_(document), budget_(budget), limits_(limits) {
    spaces_["xml"].push_back(Shared(kXmlSpace));
  }

  Result<XmlTree> Run() {
    if (document_.bytes.size() > limits_.bytes) {
      return base::Fail(Fault::kLimit, document_.offset, "size of XML");
    }
    parser_ = XML_ParserCreate(nullptr);
    CS_CHECK(parser_ != nullptr);
    SetUp();
    const XML_Status status = Feed();
    const XML_Error code = XML_GetErrorCode(parser_);
    const uint64_t offset = Offset();
    XML_ParserFree(parser_);
    parser_ = nullptr;
    if (error_) {
      return std::unexpected(*error_);
    }
    if (status != XML_STATUS_OK) {
      return base::Fail(code == XML_ERROR_UNKNOWN_ENCODING ? Fault::kUnsupported
                                                           : Fault::kMalformed,
                        offset, XmlErrorField(code));
    }
    return std::move(tree_);
  }

 private:
  using Space = std::shared_ptr<const std::string>;

  void SetUp() {
    // Why: expat's tables are hashed with a salt against names that collide.
    // One that depends on the whole document is as hard to prepare for, and the
    // same every time.
    const base::Digest digest =
        base::Hash(base::DigestAlgorithm::kSha256, document_.bytes);
    unsigned long salt = 0;
    for (size_t i = 0; i < sizeof salt; ++i) {
      salt = salt << 8 | digest.data.at(i);
    }
    XML_SetHashSalt(parser_, salt == 0 ? 1 : salt);
    XML_SetParamEntityParsing(parser_, XML_PARAM_ENTITY_PARSING_NEVER);
    XML_SetUserData(parser_, this);
    XML_SetElementHandler(parser_, OnStart, OnEnd);
    XML_SetCharacterDataHandler(parser_, OnText);
    XML_SetCommentHandler(parser_, OnComment);
    XML_SetProcessingInstructionHandler(parser_, OnInstruction);
    XML_SetStartDoctypeDeclHandler(parser_, OnDoctype);
  }

  // In pieces, so that a document that is refused early costs little and the
  // sizes fit what expat takes.
  XML_Status Feed() {
    constexpr size_t kPiece = size_t{64} << 10;
    base::Bytes rest = document_.bytes;
    XML_Status status = XML_STATUS_OK;
    do {
      const std::string_view piece =
          base::AsText(rest.first(std::min(rest.size(), kPiece)));
      rest = rest.subspan(piece.size());
      status = XML_Parse(parser_, piece.data(), static_cast<int>(piece.size()),
                         rest.empty() ? XML_TRUE : XML_FALSE);
    } while (status == XML_STATUS_OK && !rest.empty() && !error_);
    return status;
  }

  static XmlTreeBuilder& Self(void* data) {
    return *static_cast<XmlTreeBuilder*>(data);
  }
  static void XMLCALL OnStart(void* data, const XML_Char* name,
                              const XML_Char** attributes) {
    Self(data).Start(name, attributes);
  }
  static void XMLCALL OnEnd(void* data, const XML_Char* /*name*/) {
    Self(data).End();
  }
  static void XMLCALL OnText(void* data, const XML_Char* text, int size) {
    Self(data).Text({text, static_cast<size_t>(size)});
  }
  static void XMLCALL OnComment(void* data, const XML_Char* text) {
    Self(data).Leaf(XmlKind::kComment, "", text);
  }
  static void XMLCALL OnInstruction(void* data, const XML_Char* target,
                                    const XML_Char* text) {
    Self(data).Leaf(XmlKind::kInstruction, target, text);
  }
  static void XMLCALL OnDoctype(void* data, const XML_Char* /*name*/,
                                const XML_Char* /*system*/,
                                const XML_Char* /*identifier*/,
                                int /*has_internal_subset*/) {
    Self(data).Stop(Fault::kMalformed, "document type declaration");
  }

  [[nodiscard]] uint64_t Offset() const {
    const XML_Index index = XML_GetCurrentByteIndex(parser_);
    const uint64_t size = document_.bytes.size();
    return document_.offset +
           (index < 0 ? size : std::min(static_cast<uint64_t>(index), size));
  }

  void Stop(Fault fault, const char* field) {
    if (!error_) {
      error_ = Error{fault, Offset(), field};
      XML_StopParser(parser_, XML_FALSE);
    }
  }

  // Makes a node inside the element that is open; null after an error.
  XmlNode* Add(XmlKind kind, uint64_t steps) {
    if (error_) {
      return nullptr;
    }
    if (const auto paid = budget_.ChargeSteps(steps, Offset()); !paid) {
      Stop(Fault::kLimit, paid.error().field);
      return nullptr;
    }
    if (tree_.nodes_.size() >= limits_.nodes) {
      Stop(Fault::kLimit, "nodes of XML");
      return nullptr;
    }
    const auto index = static_cast<uint32_t>(tree_.nodes_.size());
    XmlNode& node = tree_.nodes_.emplace_back();
    node.kind = kind;
    node.parent = open_.empty() ? index : open_.back();
    node.end = index + 1;
    node.offset = Offset();
    return &node;
  }

  void Start(std::string_view name, const XML_Char** attributes) {
    uint64_t count = 0;
    while (attributes[2 * count] != nullptr) {
      ++count;
    }
    if (open_.size() >= limits_.depth) {
      Stop(Fault::kLimit, "depth of XML");
    }
    XmlNode* node = Add(XmlKind::kElement, 1 + count);
    if (node == nullptr) {
      return;
    }
    const auto index = static_cast<uint32_t>(tree_.nodes_.size() - 1);
    if (open_.empty()) {
      tree_.root_ = index;
    }
    node->name.qualified = name;
    for (size_t i = 0; i < count; ++i) {
      TakeAttribute(attributes[2 * i], attributes[2 * i + 1], *node);
    }
    Resolve(*node);
    open_.push_back(index);
  }

  void TakeAttribute(std::string_view name, std::string_view value,
                     XmlNode& node) {
    const bool is_default = name == "xmlns";
    if (!is_default && !name.starts_with(kXmlDeclarationPrefix)) {
      node.attributes.push_back(
          {{std::string(name), nullptr}, std::string(value)});
      return;
    }
    const std::string prefix(
        is_default ? "" : name.substr(kXmlDeclarationPrefix.size()));
    // Spec: Namespaces 1.0, section 3, the constraints on "xml" and "xmlns",
    // and on prefixes that are undeclared.
    const bool is_xml = prefix == "xml";
    if ((!is_default && (value.empty() || prefix.empty())) ||
        prefix == "xmlns" || is_xml != (value == kXmlSpace) ||
        value == kXmlnsSpace || prefix.find(':') != std::string::npos) {
      Stop(Fault::kMalformed, "XML namespace declaration");
      return;
    }
    Space space = Shared(value);
    spaces_[prefix].push_back(space);
    node.declared.push_back({prefix, std::move(space)});
  }

  // One copy of each name, because elements by the thousand share it.
  Space Shared(std::string_view text) {
    auto& shared = pool_[std::string(text)];
    if (shared == nullptr) {
      shared = std::make_shared<const std::string>(text);
    }
    return shared;
  }

  void Resolve(XmlNode& node) {
    Resolve(node.name, /*is_attribute=*/false);
    std::set<std::pair<std::string_view, std::string_view>> seen;
    for (XmlAttribute& attribute : node.attributes) {
      Resolve(attribute.name, /*is_attribute=*/true);
      if (!seen.emplace(attribute.name.Space(), attribute.name.Local())
               .second) {
        Stop(Fault::kMalformed, "XML attribute");
      }
    }
  }

  void Resolve(XmlName& name, bool is_attribute) {
    const std::string_view prefix = name.Prefix();
    const std::string_view local = name.Local();
    if (local.empty() || local.find(':') != std::string_view::npos ||
        name.qualified.starts_with(':')) {
      Stop(Fault::kMalformed, "XML name");
      return;
    }
    if (prefix.empty() && is_attribute) {
      return;
    }
    const auto found = spaces_.find(prefix);
    if (found != spaces_.end() && !found->second.empty()) {
      name.space = found->second.back();
    } else if (!prefix.empty()) {
      Stop(Fault::kMalformed, "XML namespace prefix");
    }
  }

  void End() {
    if (error_ || open_.empty()) {
      return;
    }
    XmlNode& node = tree_.nodes_[open_.back()];
    node.end = static_cast<uint32_t>(tree_.nodes_.size());
    for (const XmlDeclaration& declaration : node.declared) {
      spaces_[declaration.prefix].pop_back();
    }
    open_.pop_back();
  }

  // expat hands over text in pieces.
  void Text(std::string_view text) {
    if (error_ || open_.empty()) {
      return;
    }
    XmlNode& last = tree_.nodes_.back();
    if (last.kind == XmlKind::kText && last.parent == open_.back()) {
      last.text += text;
      return;
    }
    if (XmlNode* node = Add(XmlKind::kText, 1)) {
      node->text = text;
    }
  }

  // Spec: Namespaces 1.0, section 7: targets have no colon.
  void Leaf(XmlKind kind, std::string_view target, std::string_view text) {
    if (target.find(':') != std::string_view::npos) {
      Stop(Fault::kMalformed, "XML name");
    }
    if (XmlNode* node = Add(kind, 1)) {
      node->name.qualified = target;
      node->text = text;
    }
  }

  Input document_;
  Budget& budget_;
  XmlLimits limits_;
  XML_Parser parser_ = nullptr;
  XmlTree tree_;
  std::vector<uint32_t> open_;
  std::map<std::string, std::vector<Space>, std::less<>> spaces_;
  std::map<std::string, Space> pool_;
  std::optional<Error> error_;
};

std::vector<uint32_t> XmlTree::Children(uint32_t parent) const {
  std::vector<uint32_t> children;
  for (uint32_t i = parent + 1; i < nodes_[parent].end; i = nodes_[i].end) {
    if (nodes_[i].kind == XmlKind::kElement) {
      children.push_back(i);
    }
  }
  return children;
}

std::optional<uint32_t> XmlTree::Child(uint32_t parent, std::string_view space,
                                       std::string_view local) const {
  for (uint32_t i = parent + 1; i < nodes_[parent].end; i = nodes_[i].end) {
    if (nodes_[i].kind == XmlKind::kElement &&
        nodes_[i].name.Is(space, local)) {
      return i;
    }
  }
  return std::nullopt;
}

std::string XmlTree::Text(uint32_t element) const {
  std::string text;
  for (uint32_t i = element + 1; i < nodes_[element].end; ++i) {
    if (nodes_[i].kind == XmlKind::kText) {
      text += nodes_[i].text;
    }
  }
  return text;
}

const std::string* XmlTree::Attribute(uint32_t element,
                                      std::string_view local) const {
  for (const XmlAttribute& attribute : nodes_[element].attributes) {
    if (attribute.name.Is("", local)) {
      return &attribute.value;
    }
  }
  return nullptr;
}

Result<XmlTree> ParseXml(Input document, Budget& budget,
                         const XmlLimits& limits) {
  return XmlTreeBuilder(document, budget, limits).Run();
}

}  // namespace countersign::formats
