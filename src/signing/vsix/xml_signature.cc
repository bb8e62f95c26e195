// <Signature>
//   <SignedInfo>
//     <CanonicalizationMethod Algorithm=/><SignatureMethod Algorithm=/>
//     <Reference URI="#id">
//       <Transforms><Transform Algorithm=/>...</Transforms>
//       <DigestMethod Algorithm=/><DigestValue/>
//     </Reference>...
//   </SignedInfo>
//   <SignatureValue/>
//   <KeyInfo><X509Data><X509Certificate/>...</X509Data></KeyInfo>
//   <Object Id=><Manifest><Reference URI="/part?ContentType="/>...</Manifest>
//     <SignatureProperties/></Object>
// </Signature>
#include "signing/vsix/xml_signature.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64.h"

namespace countersign::signing {
namespace {

using base::DigestAlgorithm;
using base::Fault;
using base::Result;
using formats::XmlTree;

constexpr std::string_view kRelationshipTransform =
    "http://schemas.openxmlformats.org/package/2006/RelationshipTransform";

struct XmlDigestName {
  std::string_view name;
  DigestAlgorithm algorithm;
};

constexpr std::array kXmlDigests = {
    XmlDigestName{"http://www.w3.org/2000/09/xmldsig#sha1",
                  DigestAlgorithm::kSha1},
    XmlDigestName{"http://www.w3.org/2001/04/xmlenc#sha256",
                  DigestAlgorithm::kSha256},
    XmlDigestName{"http://www.w3.org/2001/04/xmldsig-more#sha384",
                  DigestAlgorithm::kSha384},
    XmlDigestName{"http://www.w3.org/2001/04/xmlenc#sha512",
                  DigestAlgorithm::kSha512},
};

struct XmlSchemeName {
  std::string_view name;
  SignatureScheme::Kind kind;
  DigestAlgorithm digest;
};

constexpr std::array kXmlSchemes = {
    XmlSchemeName{"http://www.w3.org/2000/09/xmldsig#rsa-sha1",
                  SignatureScheme::Kind::kRsaPkcs1, DigestAlgorithm::kSha1},
    XmlSchemeName{"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                  SignatureScheme::Kind::kRsaPkcs1, DigestAlgorithm::kSha256},
    XmlSchemeName{"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
                  SignatureScheme::Kind::kRsaPkcs1, DigestAlgorithm::kSha384},
    XmlSchemeName{"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
                  SignatureScheme::Kind::kRsaPkcs1, DigestAlgorithm::kSha512},
    XmlSchemeName{"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
                  SignatureScheme::Kind::kEcdsa, DigestAlgorithm::kSha1},
    XmlSchemeName{"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
                  SignatureScheme::Kind::kEcdsa, DigestAlgorithm::kSha256},
    XmlSchemeName{"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
                  SignatureScheme::Kind::kEcdsa, DigestAlgorithm::kSha384},
    XmlSchemeName{"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
                  SignatureScheme::Kind::kEcdsa, DigestAlgorithm::kSha512},
};

// The child element of that name, or nothing.
std::optional<uint32_t> DsChild(const XmlTree& xml, uint32_t parent,
                                std::string_view name) {
  return xml.Child(parent, kXmlSignatureSpace, name);
}

// The attribute Algorithm of a child, or "".
std::string AlgorithmOf(const XmlTree& xml, uint32_t parent,
                        std::string_view name) {
  const auto child = DsChild(xml, parent, name);
  const std::string* value =
      child ? xml.Attribute(*child, "Algorithm") : nullptr;
  return value == nullptr ? "" : *value;
}

RelationshipFilter ReadFilter(const XmlTree& xml, uint32_t transform) {
  RelationshipFilter filter;
  for (const uint32_t element : xml.Children(transform)) {
    const std::string* id = xml.Attribute(element, "SourceId");
    const std::string* type = xml.Attribute(element, "SourceType");
    const auto& name = xml[element].name;
    if (name.Is(kOpcSignatureSpace, "RelationshipReference") && id != nullptr) {
      filter.ids.push_back(*id);
    } else if (name.Is(kOpcSignatureSpace, "RelationshipsGroupReference") &&
               type != nullptr) {
      filter.types.push_back(*type);
    }
  }
  return filter;
}

// At most one transform of relationships, then at most one way of
// canonicalization: what packages may have.
void ReadTransforms(const XmlTree& xml, uint32_t element,
                    XmlReference& reference) {
  const auto transforms = DsChild(xml, element, "Transforms");
  if (!transforms) {
    return;
  }
  for (const uint32_t transform : xml.Children(*transforms)) {
    const std::string* algorithm = xml.Attribute(transform, "Algorithm");
    const std::string name = algorithm == nullptr ? "" : *algorithm;
    const auto form = CanonicalFormOf(name);
    if (name == kRelationshipTransform && !reference.relationships &&
        !reference.canonical) {
      reference.relationships = ReadFilter(xml, transform);
    } else if (form && !reference.canonical &&
               xml.Children(transform).empty()) {
      reference.canonical = form;
    } else {
      reference.is_unsupported = true;
    }
  }
}

XmlReference ReadReference(const XmlTree& xml, uint32_t element) {
  XmlReference reference;
  const std::string* uri = xml.Attribute(element, "URI");
  reference.uri = uri == nullptr ? "" : *uri;
  const std::string method = AlgorithmOf(xml, element, "DigestMethod");
  for (const XmlDigestName& each : kXmlDigests) {
    if (each.name == method) {
      reference.algorithm = each.algorithm;
    }
  }
  if (const auto value = DsChild(xml, element, "DigestValue")) {
    reference.digest =
        base::DecodeBase64(xml.Text(*value)).value_or(std::vector<uint8_t>());
  }
  ReadTransforms(xml, element, reference);
  return reference;
}

std::vector<XmlReference> ReadReferences(const XmlTree& xml, uint32_t parent) {
  std::vector<XmlReference> references;
  for (const uint32_t child : xml.Children(parent)) {
    if (xml[child].name.Is(kXmlSignatureSpace, "Reference")) {
      references.push_back(ReadReference(xml, child));
    }
  }
  return references;
}

void ReadKeyInfo(const XmlTree& xml, uint32_t key_info, XmlSignature& out) {
  for (const uint32_t data : xml.Children(key_info)) {
    if (!xml[data].name.Is(kXmlSignatureSpace, "X509Data")) {
      continue;
    }
    for (const uint32_t child : xml.Children(data)) {
      if (xml[child].name.Is(kXmlSignatureSpace, "X509Certificate")) {
        if (auto der = base::DecodeBase64(xml.Text(child))) {
          out.certificates.push_back(*std::move(der));
        }
      }
    }
  }
}

}  // namespace

Result<XmlSignature> ReadXmlSignature(const XmlTree& xml) {
  const uint32_t root = xml.Root();
  const auto fail = [&](Fault fault, const char* field) {
    return base::Fail(fault, xml[root].offset, field);
  };
  if (!xml[root].name.Is(kXmlSignatureSpace, "Signature")) {
    return fail(Fault::kMalformed, "Signature");
  }
  XmlSignature out;
  const auto info = DsChild(xml, root, "SignedInfo");
  const auto value = DsChild(xml, root, "SignatureValue");
  if (!info || !value) {
    return fail(Fault::kMalformed, info ? "SignatureValue" : "SignedInfo");
  }
  out.signed_info = *info;
  out.signature_value = *value;
  auto bytes = base::DecodeBase64(xml.Text(*value));
  if (!bytes) {
    return fail(Fault::kMalformed, "SignatureValue");
  }
  out.value = *std::move(bytes);
  const auto form =
      CanonicalFormOf(AlgorithmOf(xml, *info, "CanonicalizationMethod"));
  const auto method = DsChild(xml, *info, "CanonicalizationMethod");
  if (!form || !xml.Children(*method).empty()) {
    return fail(Fault::kUnsupported, "CanonicalizationMethod");
  }
  out.canonical = *form;
  const std::string scheme = AlgorithmOf(xml, *info, "SignatureMethod");
  for (const XmlSchemeName& each : kXmlSchemes) {
    if (each.name == scheme) {
      out.scheme.kind = each.kind;
      out.scheme.digest = each.digest;
    }
  }
  out.references = ReadReferences(xml, *info);
  for (const uint32_t child : xml.Children(root)) {
    if (xml[child].name.Is(kXmlSignatureSpace, "KeyInfo")) {
      ReadKeyInfo(xml, child, out);
    } else if (xml[child].name.Is(kXmlSignatureSpace, "Object")) {
      out.objects.push_back(child);
    }
  }
  return out;
}

std::vector<XmlReference> ReadManifest(const XmlTree& xml, uint32_t object) {
  std::vector<XmlReference> references;
  for (const uint32_t child : xml.Children(object)) {
    if (xml[child].name.Is(kXmlSignatureSpace, "Manifest")) {
      auto read = ReadReferences(xml, child);
      std::ranges::move(read, std::back_inserter(references));
    }
  }
  return references;
}

std::vector<uint8_t> EcdsaToDer(base::Bytes value) {
  const auto integer = [](base::Bytes number) {
    while (number.size() > 1 && number[0] == 0) {
      number = number.subspan(1);
    }
    std::vector<uint8_t> der = {0x02};
    const bool is_padded = !number.empty() && number[0] >= 0x80;
    der.push_back(static_cast<uint8_t>(number.size() + (is_padded ? 1 : 0)));
    if (is_padded) {
      der.push_back(0);
    }
    der.insert(der.end(), number.begin(), number.end());
    return der;
  };
  // Limit: two numbers of 66 bytes, of the largest curve.
  constexpr size_t kMostBytes = 132;
  if (value.empty() || value.size() % 2 != 0 || value.size() > kMostBytes) {
    return {};
  }
  std::vector<uint8_t> content = integer(value.first(value.size() / 2));
  const std::vector<uint8_t> second = integer(value.last(value.size() / 2));
  content.insert(content.end(), second.begin(), second.end());
  std::vector<uint8_t> der = {0x30};
  if (content.size() >= 0x80) {
    der.push_back(0x81);
  }
  der.push_back(static_cast<uint8_t>(content.size()));
  der.insert(der.end(), content.begin(), content.end());
  return der;
}

}  // namespace countersign::signing
