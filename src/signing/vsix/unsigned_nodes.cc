// An honest signature has, besides SignedInfo and what that refers to: the
// value, the key or certificates, and timestamps, in one of two forms.
//
// Spec: XML Signature Syntax and Processing, section 4; XAdES 1.3.2 section 7
// for QualifyingProperties.
#include "signing/vsix/unsigned_nodes.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "signing/vsix/xml_signature.h"

namespace countersign::signing {
namespace {

using formats::XmlKind;
using formats::XmlNode;
using formats::XmlTree;

// How much text an element may have: none; a number or a name; something that
// is decoded and verified or reported by itself.
enum class Holds : uint8_t { kElements, kValue, kContent };

struct KnownElement {
  std::string_view space;
  std::string_view name;
  Holds holds = Holds::kElements;
};

constexpr std::array kKnownElements = {
    KnownElement{kXmlSignatureSpace, "Signature"},
    KnownElement{kXmlSignatureSpace, "SignatureValue", Holds::kContent},
    KnownElement{kXmlSignatureSpace, "KeyInfo"},
    KnownElement{kXmlSignatureSpace, "KeyName", Holds::kValue},
    KnownElement{kXmlSignatureSpace, "KeyValue"},
    KnownElement{kXmlSignatureSpace, "RSAKeyValue"},
    KnownElement{kXmlSignatureSpace, "Modulus", Holds::kValue},
    KnownElement{kXmlSignatureSpace, "Exponent", Holds::kValue},
    KnownElement{kXmlSignatureSpace, "X509Data"},
    KnownElement{kXmlSignatureSpace, "X509Certificate", Holds::kContent},
    KnownElement{kXmlSignatureSpace, "X509SubjectName", Holds::kValue},
    KnownElement{kXmlSignatureSpace, "X509IssuerSerial"},
    KnownElement{kXmlSignatureSpace, "X509IssuerName", Holds::kValue},
    KnownElement{kXmlSignatureSpace, "X509SerialNumber", Holds::kValue},
    KnownElement{kXmlSignatureSpace, "Object"},
    KnownElement{kXmlSignatureSpace, "CanonicalizationMethod"},
    KnownElement{kOpcSignatureSpace, "TimeStamp"},
    KnownElement{kOpcSignatureSpace, "Comment", Holds::kValue},
    KnownElement{kOpcSignatureSpace, "EncodedTime", Holds::kContent},
    KnownElement{kXadesSpace, "QualifyingProperties"},
    KnownElement{kXadesSpace, "UnsignedProperties"},
    KnownElement{kXadesSpace, "UnsignedSignatureProperties"},
    KnownElement{kXadesSpace, "SignatureTimeStamp"},
    KnownElement{kXadesSpace, "EncapsulatedTimeStamp", Holds::kContent},
};

// Limit: names of publishers and keys of 4096 bits stay far below.
constexpr size_t kMostValueBytes = 2048;

const KnownElement* FindKnown(const XmlNode& element) {
  const auto* found =
      std::ranges::find_if(kKnownElements, [&](const KnownElement& each) {
        return element.name.Is(each.space, each.name);
      });
  return found == kKnownElements.end() ? nullptr : found;
}

bool IsKnownElement(const XmlNode& element) {
  constexpr std::array<std::string_view, 5> kAttributes = {
      "Id", "Algorithm", "Target", "Encoding", "MimeType"};
  return FindKnown(element) != nullptr &&
         std::ranges::all_of(element.attributes, [&](const auto& attribute) {
           return attribute.name.Space().empty() &&
                  std::ranges::find(kAttributes, attribute.name.Local()) !=
                      kAttributes.end() &&
                  attribute.value.size() <= kMostValueBytes;
         });
}

bool IsKnownText(const XmlNode& text, const XmlNode& around) {
  const KnownElement* known = FindKnown(around);
  const Holds holds = known == nullptr ? Holds::kElements : known->holds;
  return holds == Holds::kContent ||
         (holds == Holds::kValue && text.text.size() <= kMostValueBytes) ||
         text.text.find_first_not_of(" \t\r\n") == std::string::npos;
}

}  // namespace

bool HasUnsignedNodes(const XmlTree& xml,
                      const std::set<uint32_t>& signed_elements) {
  uint32_t signed_until = 0;
  for (uint32_t i = 0; i < xml.Nodes().size(); ++i) {
    const XmlNode& node = xml[i];
    if (node.kind == XmlKind::kComment) {
      return true;
    }
    if (signed_elements.contains(i)) {
      signed_until = std::max(signed_until, node.end);
    }
    if (i < signed_until) {
      continue;
    }
    const bool is_known = node.kind == XmlKind::kElement
                              ? IsKnownElement(node)
                              : node.kind == XmlKind::kText &&
                                    IsKnownText(node, xml[node.parent]);
    if (!is_known) {
      return true;
    }
  }
  return false;
}

}  // namespace countersign::signing
