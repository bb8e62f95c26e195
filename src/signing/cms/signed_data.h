// Cryptographic Message Syntax: SignedData, as views.
//
// Spec: RFC 5652 section 5; RFC 2315 (PKCS #7 1.5) section 9, which is what
// Authenticode uses; the two differ in how the content is wrapped and hashed.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "signing/asn1/der.h"
#include "signing/asn1/oid.h"
#include "signing/x509/algorithm.h"

namespace countersign::signing {

// Attribute ::= SEQUENCE { attrType OBJECT IDENTIFIER, attrValues SET }
struct CmsAttribute {
  base::Bytes oid;  // content octets
  base::Input whole;
  base::Input values;  // content of the SET
};

struct SignerInfo {
  base::Input whole;
  uint64_t version = 0;
  base::Input issuer;          // whole Name; empty when named by key id
  base::Bytes serial;          // content octets
  base::Bytes subject_key_id;  // empty when named by issuer and serial
  AlgorithmIdentifier digest_algorithm;
  // As encoded, [0] IMPLICIT; empty when absent.
  base::Input signed_attributes_whole;
  std::vector<CmsAttribute> signed_attributes;
  AlgorithmIdentifier signature_algorithm;
  base::Input signature;
  std::vector<CmsAttribute> unsigned_attributes;
  // Bytes inside it that the structure does not define and nobody signs.
  std::vector<base::Input> rest;
};

struct SignedData {
  base::Input whole;  // the ContentInfo
  uint64_t version = 0;
  base::Bytes content_type;  // OID content octets
  // What is hashed: the octets of an OCTET STRING, or of PKCS #7's inner
  // structure without its identifier and length. Empty when detached.
  base::Input content;
  base::Input content_whole;  // with identifier and length
  bool has_content = false;
  std::vector<base::Input> certificates;  // every choice, whole elements
  std::vector<base::Input> crls;
  std::vector<SignerInfo> signers;
  // Bytes inside the ContentInfo that the structures do not define. Decoders
  // skip them; nobody signs them.
  std::vector<base::Input> rest;
  // Bytes of a content that came in segments; `content` may view it.
  std::shared_ptr<std::vector<uint8_t>> storage;
};

// The SignedData in the ContentInfo at the start of `input`; bytes after it
// are left to the caller (`whole` says where it ends). Views `input`.
[[nodiscard]] base::Result<SignedData> ParseSignedData(base::Input input,
                                                       base::Budget& budget);

// The SignerInfo in `input`, whole element (also a PKCS #9 countersignature).
[[nodiscard]] base::Result<SignerInfo> ParseSignerInfo(base::Input input,
                                                       base::Budget& budget);

// The first value of the first attribute of this type, whole element.
[[nodiscard]] std::optional<Element> FirstValue(
    const std::vector<CmsAttribute>& attributes, const Oid& type,
    base::Budget& budget);

}  // namespace countersign::signing
