// An XML signature, read and not yet verified. Private to the VSIX folder.
//
// Spec: XML Signature Syntax and Processing (W3C, 2008); ECMA-376 part 2,
// section 13 for what packages use of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "formats/xml.h"
#include "signing/crypto.h"
#include "signing/vsix/canonical.h"
#include "signing/vsix/relationship_filter.h"

namespace countersign::signing {

inline constexpr std::string_view kXmlSignatureSpace =
    "http://www.w3.org/2000/09/xmldsig#";
inline constexpr std::string_view kXadesSpace =
    "http://uri.etsi.org/01903/v1.3.2#";
inline constexpr std::string_view kOpcSignatureSpace =
    "http://schemas.openxmlformats.org/package/2006/digital-signature";

struct XmlReference {
  std::string uri;
  std::optional<base::DigestAlgorithm> algorithm;  // nothing: not known
  std::vector<uint8_t> digest;
  std::optional<RelationshipFilter> relationships;
  std::optional<CanonicalForm> canonical;
  // Has transforms that are not known, or in another order.
  bool is_unsupported = false;
};

struct XmlSignature {
  uint32_t signed_info = 0;  // element
  CanonicalForm canonical;
  SignatureScheme scheme;
  std::vector<XmlReference> references;  // of SignedInfo
  uint32_t signature_value = 0;          // element
  std::vector<uint8_t> value;
  std::vector<std::vector<uint8_t>> certificates;  // in KeyInfo
  std::vector<uint32_t> objects;                   // elements
};

// The signature that is the outermost element of `xml`. Fails with kMalformed
// where it is none, kUnsupported for a way of canonicalization that is not
// known; other algorithms that are not known are left to the caller.
[[nodiscard]] base::Result<XmlSignature> ReadXmlSignature(
    const formats::XmlTree& xml);

// The references in the manifest of an Object element.
[[nodiscard]] std::vector<XmlReference> ReadManifest(
    const formats::XmlTree& xml, uint32_t object);

// The value of an ECDSA signature as DER: XML signatures have both numbers one
// after the other.
[[nodiscard]] std::vector<uint8_t> EcdsaToDer(base::Bytes value);

}  // namespace countersign::signing
