// In canonical form, attributes and declarations are sorted, written with
// double quotes and a few fixed references; empty elements have an end tag;
// declarations that say nothing new are left out. Of a part of a document, the
// outermost element also declares the namespaces that are in scope there (the
// exclusive form: those only that are used, where they are used).
#include "signing/vsix/canonical.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace countersign::signing {
namespace {

using formats::XmlAttribute;
using formats::XmlDeclaration;
using formats::XmlKind;
using formats::XmlNode;
using formats::XmlTree;

// Prefix to name of a namespace; no entry and "" are the same.
using XmlScope = std::map<std::string, std::string, std::less<>>;

std::string EscapeText(std::string_view value) {
  std::string text;
  for (const char c : value) {
    switch (c) {
      case '&':
        text += "&amp;";
        break;
      case '<':
        text += "&lt;";
        break;
      case '>':
        text += "&gt;";
        break;
      case '\r':
        text += "&#xD;";
        break;
      default:
        text += c;
    }
  }
  return text;
}

class CanonicalWriter {
 public:
  CanonicalWriter(const XmlTree& xml, const CanonicalForm& form,
                  base::Budget& budget)
      : xml_(xml), form_(form), budget_(budget) {}

  base::Result<std::string> Write(uint32_t apex) {
    Inherit(apex);
    const uint32_t end = xml_[apex].end;
    for (uint32_t i = apex; i < end; ++i) {
      CloseBefore(i);
      CS_TRY_VOID(budget_.ChargeSteps(1 + open_.back().in_scope.size(),
                                      xml_[i].offset));
      WriteNode(i, i == apex);
    }
    CloseBefore(end);
    return std::move(out_);
  }

 private:
  struct Open {
    uint32_t element = 0;
    XmlScope in_scope;
    XmlScope rendered;
  };

  // What is in scope above the apex.
  void Inherit(uint32_t apex) {
    Open& outside = open_.emplace_back();
    std::vector<uint32_t> ancestors;
    for (uint32_t i = apex; xml_[i].parent != i;) {
      i = xml_[i].parent;
      ancestors.push_back(i);
    }
    std::ranges::reverse(ancestors);
    for (const uint32_t ancestor : ancestors) {
      Declare(xml_[ancestor], outside.in_scope);
      for (const XmlAttribute& attribute : xml_[ancestor].attributes) {
        if (attribute.name.Prefix() == "xml") {
          inherited_[std::string(attribute.name.Local())] = &attribute;
        }
      }
    }
  }

  static void Declare(const XmlNode& node, XmlScope& scope) {
    for (const XmlDeclaration& declaration : node.declared) {
      scope[declaration.prefix] = *declaration.space;
    }
  }

  void CloseBefore(uint32_t index) {
    while (open_.size() > 1 && xml_[open_.back().element].end <= index) {
      out_ += "</" + xml_[open_.back().element].name.qualified + ">";
      open_.pop_back();
    }
  }

  void WriteNode(uint32_t index, bool is_apex) {
    const XmlNode& node = xml_[index];
    switch (node.kind) {
      case XmlKind::kElement:
        WriteStart(index, node, is_apex);
        break;
      case XmlKind::kText:
        out_ += EscapeText(node.text);
        break;
      case XmlKind::kComment:
        out_ += form_.with_comments ? "<!--" + node.text + "-->" : "";
        break;
      case XmlKind::kInstruction:
        out_ += "<?" + node.name.qualified +
                (node.text.empty() ? "" : " " + node.text) + "?>";
        break;
    }
  }

  void WriteStart(uint32_t index, const XmlNode& node, bool is_apex) {
    Open next;
    next.element = index;
    next.in_scope = open_.back().in_scope;
    next.rendered = open_.back().rendered;
    Declare(node, next.in_scope);
    out_ += "<" + node.name.qualified;
    // The map is sorted as declarations are.
    for (const auto& [prefix, space] : ToRender(node, next)) {
      out_ += prefix.empty() ? " xmlns" : " xmlns:" + prefix;
      out_ += "=\"" + EscapeAttribute(space) + "\"";
      next.rendered[prefix] = space;
    }
    WriteAttributes(node, is_apex);
    out_ += ">";
    open_.push_back(std::move(next));
  }

  [[nodiscard]] XmlScope ToRender(const XmlNode& node, const Open& next) const {
    XmlScope candidates = next.in_scope;
    if (form_.is_exclusive) {
      candidates.clear();
      const auto use = [&](std::string_view prefix) {
        const auto found = next.in_scope.find(prefix);
        candidates[std::string(prefix)] =
            found == next.in_scope.end() ? "" : found->second;
      };
      use(node.name.Prefix());
      for (const XmlAttribute& attribute : node.attributes) {
        if (!attribute.name.Prefix().empty()) {
          use(attribute.name.Prefix());
        }
      }
    }
    candidates.erase("xml");
    std::erase_if(candidates, [&](const auto& candidate) {
      const auto found = next.rendered.find(candidate.first);
      const std::string_view before =
          found == next.rendered.end() ? std::string_view() : found->second;
      return before == candidate.second;
    });
    return candidates;
  }

  void WriteAttributes(const XmlNode& node, bool is_apex) {
    std::vector<const XmlAttribute*> attributes;
    for (const XmlAttribute& attribute : node.attributes) {
      attributes.push_back(&attribute);
    }
    if (is_apex && !form_.is_exclusive) {
      for (const auto& [name, attribute] : inherited_) {
        if (std::ranges::none_of(node.attributes, [&](const auto& own) {
              return own.name.qualified == attribute->name.qualified;
            })) {
          attributes.push_back(attribute);
        }
      }
    }
    std::ranges::sort(attributes, [](const auto* a, const auto* b) {
      return std::pair(a->name.Space(), a->name.Local()) <
             std::pair(b->name.Space(), b->name.Local());
    });
    for (const XmlAttribute* attribute : attributes) {
      out_ += " " + attribute->name.qualified + "=\"" +
              EscapeAttribute(attribute->value) + "\"";
    }
  }

  const XmlTree& xml_;
  CanonicalForm form_;
  base::Budget& budget_;
  std::string out_;
  std::vector<Open> open_;  // the first is what is outside
  std::map<std::string, const XmlAttribute*> inherited_;  // xml:...
};

}  // namespace

std::optional<CanonicalForm> CanonicalFormOf(std::string_view algorithm) {
  struct Named {
    std::string_view name;
    CanonicalForm form;
  };
  constexpr Named kForms[] = {
      {"http://www.w3.org/TR/2001/REC-xml-c14n-20010315", {false, false}},
      {"http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
       {false, true}},
      {"http://www.w3.org/2001/10/xml-exc-c14n#", {true, false}},
      {"http://www.w3.org/2001/10/xml-exc-c14n#WithComments", {true, true}}};
  const auto* found = std::ranges::find(kForms, algorithm, &Named::name);
  return found == std::end(kForms) ? std::nullopt : std::optional(found->form);
}

base::Result<std::string> Canonicalize(const XmlTree& xml, uint32_t apex,
                                       const CanonicalForm& form,
                                       base::Budget& budget) {
  return CanonicalWriter(xml, form, budget).Write(apex);
}

base::Result<std::string> CanonicalizeDocument(const XmlTree& xml,
                                               const CanonicalForm& form,
                                               base::Budget& budget) {
  std::string before;
  std::string behind;
  for (uint32_t i = 0; i < xml.Nodes().size(); i = xml[i].end) {
    const XmlNode& node = xml[i];
    std::string text;
    if (node.kind == XmlKind::kInstruction) {
      text = "<?" + node.name.qualified +
             (node.text.empty() ? "" : " " + node.text) + "?>";
    } else if (node.kind == XmlKind::kComment && form.with_comments) {
      text = "<!--" + node.text + "-->";
    }
    if (!text.empty()) {
      (i < xml.Root() ? before : behind) +=
          i < xml.Root() ? text + "\n" : "\n" + text;
    }
  }
  return before + CS_TRY(Canonicalize(xml, xml.Root(), form, budget)) + behind;
}

std::string EscapeAttribute(std::string_view value) {
  std::string text;
  for (const char c : value) {
    switch (c) {
      case '&':
        text += "&amp;";
        break;
      case '<':
        text += "&lt;";
        break;
      case '"':
        text += "&quot;";
        break;
      case '\t':
        text += "&#x9;";
        break;
      case '\n':
        text += "&#xA;";
        break;
      case '\r':
        text += "&#xD;";
        break;
      default:
        text += c;
    }
  }
  return text;
}

}  // namespace countersign::signing
