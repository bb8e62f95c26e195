// Certificate  ::=  SEQUENCE {
//   tbsCertificate       TBSCertificate,
//   signatureAlgorithm   AlgorithmIdentifier,
//   signatureValue       BIT STRING }
//
// TBSCertificate  ::=  SEQUENCE {
//   version         [0] EXPLICIT Version DEFAULT v1,
//   serialNumber         INTEGER,
//   signature            AlgorithmIdentifier,
//   issuer               Name,
//   validity             SEQUENCE { notBefore Time, notAfter Time },
//   subject              Name,
//   subjectPublicKeyInfo SubjectPublicKeyInfo,
//   issuerUniqueID  [1] IMPLICIT UniqueIdentifier OPTIONAL,
//   subjectUniqueID [2] IMPLICIT UniqueIdentifier OPTIONAL,
//   extensions      [3] EXPLICIT Extensions OPTIONAL }
#include "signing/x509/certificate.h"

#include <algorithm>

#include "base/text.h"
#include "signing/asn1/oid.h"
#include "signing/x509/name.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using base::Fault;
using base::Input;

// BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE,
//                                 pathLenConstraint INTEGER OPTIONAL }
void ParseBasicConstraints(Input value, Certificate& certificate,
                           DerReader& errors) {
  DerReader outer(value, errors.SharedBudget());
  DerReader reader(outer.Expect(tag::kSequence, "basicConstraints").value,
                   errors.SharedBudget());
  certificate.has_basic_constraints = true;
  if (const auto ca = reader.Optional(tag::kBoolean, "cA")) {
    certificate.is_ca = ca->value.bytes.size() == 1 && ca->value.bytes[0] != 0;
  }
  if (const auto length = reader.Optional(tag::kInteger, "pathLenConstraint")) {
    const auto number = IntegerContent(*length);
    certificate.path_length =
        number && *number < 1000 ? static_cast<uint32_t>(*number) : 0;
  }
  if (outer.Failed() || reader.Failed()) {
    errors.Fail({Fault::kMalformed, value.offset, "basicConstraints"});
  }
}

void ParseKeyUsage(Input value, Certificate& certificate, DerReader& errors) {
  DerReader reader(value, errors.SharedBudget());
  const auto bits =
      BitStringContent(reader.Expect(tag::kBitString, "keyUsage"));
  if (reader.Failed() || !bits) {
    errors.Fail({Fault::kMalformed, value.offset, "keyUsage"});
    return;
  }
  uint16_t usage = 0;
  for (size_t i = 0; i < 16 && i / 8 < bits->bytes.size(); ++i) {
    if ((bits->bytes[i / 8] >> (7 - i % 8) & 1) != 0) {
      usage = static_cast<uint16_t>(usage | 1U << i);
    }
  }
  certificate.usage = usage;
}

void ParseExtendedKeyUsage(Input value, Certificate& certificate,
                           DerReader& errors) {
  DerReader outer(value, errors.SharedBudget());
  DerReader reader(outer.Expect(tag::kSequence, "extKeyUsage").value,
                   errors.SharedBudget());
  auto& usages = certificate.extended_usages.emplace();
  while (!reader.AtEnd()) {
    usages.push_back(reader.Expect(tag::kOid, "KeyPurposeId").value.bytes);
  }
  if (outer.Failed() || reader.Failed()) {
    errors.Fail({Fault::kMalformed, value.offset, "extKeyUsage"});
  }
}

void ParsePolicies(Input value, Certificate& certificate, DerReader& errors) {
  DerReader outer(value, errors.SharedBudget());
  DerReader reader(outer.Expect(tag::kSequence, "certificatePolicies").value,
                   errors.SharedBudget());
  while (!reader.AtEnd()) {
    DerReader policy(reader.Expect(tag::kSequence, "PolicyInformation").value,
                     errors.SharedBudget());
    const Bytes oid = policy.Expect(tag::kOid, "policyIdentifier").value.bytes;
    if (!policy.Failed()) {
      certificate.policies.push_back(oid);
    }
  }
}

// AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] IMPLICIT ... }
void ParseAuthorityKeyId(Input value, Certificate& certificate,
                         DerReader& errors) {
  DerReader outer(value, errors.SharedBudget());
  DerReader reader(outer.Expect(tag::kSequence, "authorityKeyIdentifier").value,
                   errors.SharedBudget());
  if (const auto id = reader.Optional(tag::Context(0), "keyIdentifier")) {
    certificate.authority_key_id = id->value.bytes;
  }
}

void ParseSubjectKeyId(Input value, Certificate& certificate,
                       DerReader& errors) {
  DerReader reader(value, errors.SharedBudget());
  certificate.subject_key_id =
      reader.Expect(tag::kOctetString, "subjectKeyIdentifier").value.bytes;
}

struct ExtensionRow {
  Oid oid;
  void (*parse)(Input value, Certificate& certificate,
                DerReader& errors) = nullptr;
};

void Ignore(Input, Certificate&, DerReader&) {}

// Extensions that are honoured here or elsewhere, or whose being critical
// changes nothing for signed code: policies are not constrained by us.
constexpr ExtensionRow kExtensions[] = {
    {oid::kBasicConstraints, ParseBasicConstraints},
    {oid::kKeyUsage, ParseKeyUsage},
    {oid::kExtendedKeyUsage, ParseExtendedKeyUsage},
    {oid::kCertificatePolicies, ParsePolicies},
    {oid::kAuthorityKeyIdentifier, ParseAuthorityKeyId},
    {oid::kSubjectKeyIdentifier, ParseSubjectKeyId},
    {oid::kNameConstraints, [](Input value, Certificate& c,
                               DerReader&) { c.name_constraints = value; }},
    {oid::kSubjectAltName, [](Input value, Certificate& c,
                              DerReader&) { c.subject_alt_name = value; }},
    {oid::kPolicyMappings, Ignore},
    {oid::kPolicyConstraints, Ignore},
    {oid::kInhibitAnyPolicy, Ignore},
    {oid::kCrlDistributionPoints,
     [](Input value, Certificate& c, DerReader&) {
       c.crl_distribution_points = value;
     }},
    {oid::kNetscapeCertType, Ignore},
};

// Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER,
//                          critical BOOLEAN DEFAULT FALSE,
//                          extnValue OCTET STRING }
void ParseExtension(DerReader& list, Certificate& certificate) {
  DerReader reader(list.Expect(tag::kSequence, "Extension").value,
                   list.SharedBudget());
  const Bytes id = reader.Expect(tag::kOid, "extnID").value.bytes;
  const auto flag = reader.Optional(tag::kBoolean, "critical");
  const Input value = reader.Expect(tag::kOctetString, "extnValue").value;
  if (reader.Failed()) {
    list.Fail({Fault::kMalformed, value.offset, "Extension"});
    return;
  }
  for (const ExtensionRow& row : kExtensions) {
    if (row.oid == id) {
      row.parse(value, certificate, list);
      return;
    }
  }
  const bool critical =
      flag && !flag->value.bytes.empty() && flag->value.bytes[0] != 0;
  if (critical && certificate.unknown_critical.empty()) {
    certificate.unknown_critical = id;
  }
}

void ParseExtensions(DerReader& tbs, Certificate& certificate) {
  const auto wrapped = tbs.Optional(tag::Explicit(3), "extensions");
  if (!wrapped) {
    return;
  }
  DerReader outer(wrapped->value, tbs.SharedBudget());
  DerReader list(outer.Expect(tag::kSequence, "Extensions").value,
                 tbs.SharedBudget());
  while (!list.AtEnd()) {
    ParseExtension(list, certificate);
  }
  if (outer.Failed()) {
    tbs.Fail({Fault::kMalformed, wrapped->whole.offset, "extensions"});
  }
  if (list.Failed()) {
    tbs.Fail(list.Finish(0).error());
  }
}

// The wrapper around the signed part is not itself signed. Lists name
// certificates by the digest of the whole, so it must have one form only:
// definite, shortest lengths (X.690 section 10.1), no unused bits in the
// signature, and the same algorithm twice (RFC 5280 section 4.1.1.2).
bool IsShortestForm(const Element& element) {
  size_t header = 2;
  if (element.value.bytes.size() > 0x7F) {
    for (size_t rest = element.value.bytes.size(); rest != 0; rest >>= 8) {
      ++header;
    }
  }
  return !element.indefinite &&
         element.whole.bytes.size() == header + element.value.bytes.size();
}

// Appends identifier and shortest length for `size` bytes of content.
void AppendHeader(uint8_t identifier, size_t size, std::vector<uint8_t>& der) {
  der.push_back(identifier);
  if (size <= 0x7F) {
    der.push_back(static_cast<uint8_t>(size));
    return;
  }
  uint8_t octets = 0;
  for (size_t rest = size; rest != 0; rest >>= 8) {
    ++octets;
  }
  der.push_back(0x80 | octets);
  while (octets != 0) {
    --octets;
    der.push_back(static_cast<uint8_t>(size >> (8 * octets)));
  }
}

void Append(Bytes bytes, std::vector<uint8_t>& der) {
  der.insert(der.end(), bytes.begin(), bytes.end());
}

void ParseTbs(DerReader& tbs, Certificate& certificate) {
  (void)tbs.Optional(tag::Explicit(0), "version");
  certificate.serial =
      ShortestInteger(tbs.Expect(tag::kInteger, "serialNumber").value.bytes);
  const AlgorithmIdentifier inner = ReadAlgorithm(tbs, "signature");
  if (!base::Equal(inner.whole.bytes,
                   certificate.signature_algorithm.whole.bytes)) {
    tbs.Fail(Fault::kMalformed, "signatureAlgorithm");
  }
  certificate.issuer = tbs.Expect(tag::kSequence, "issuer").whole;
  DerReader validity(tbs.Expect(tag::kSequence, "validity").value,
                     tbs.SharedBudget());
  const auto not_before = TimeContent(validity.Any("notBefore"));
  const auto not_after = TimeContent(validity.Any("notAfter"));
  if (!validity.Failed() && not_before && not_after) {
    certificate.not_before = *not_before;
    certificate.not_after = *not_after;
  } else if (!tbs.Failed()) {
    tbs.Fail(Fault::kMalformed, "validity");
  }
  certificate.subject = tbs.Expect(tag::kSequence, "subject").whole;
  certificate.spki = tbs.Expect(tag::kSequence, "subjectPublicKeyInfo").whole;
  (void)tbs.Optional(tag::Context(1), "issuerUniqueID");
  (void)tbs.Optional(tag::Context(2), "subjectUniqueID");
  ParseExtensions(tbs, certificate);
}

}  // namespace

bool Certificate::ListsUsage(const Oid& oid) const {
  return extended_usages &&
         std::ranges::any_of(*extended_usages,
                             [&](Bytes listed) { return oid == listed; });
}

bool Certificate::AllowsUsage(const Oid& oid) const {
  return !extended_usages || ListsUsage(oid) ||
         ListsUsage(oid::kAnyExtendedKeyUsage);
}

base::Result<Certificate> ParseCertificate(Input der, base::Budget& budget) {
  // Limit: 256 KiB, because its digest is computed for every issuer that is
  // tried; the largest that authorities issue have some tens of KiB.
  constexpr size_t kLargestCertificate = size_t{256} << 10;
  Certificate certificate;
  if (der.bytes.size() > kLargestCertificate) {
    return base::Fail(Fault::kLimit, der.offset, "Certificate");
  }
  DerReader outer(der, budget);
  const Element whole = outer.Expect(tag::kSequence, "Certificate");
  outer.ExpectEnd("Certificate");
  DerReader reader(whole.value, budget);
  const Element tbs = reader.Expect(tag::kSequence, "tbsCertificate");
  certificate.signature_algorithm = ReadAlgorithm(reader, "signatureAlgorithm");
  const Element bits = reader.Expect(tag::kBitString, "signatureValue");
  reader.ExpectEnd("Certificate");
  if (outer.Failed() || reader.Failed()) {
    return outer.Failed() ? outer.Finish(certificate)
                          : reader.Finish(certificate);
  }
  const bool whole_bytes =
      !bits.value.bytes.empty() && bits.value.bytes[0] == 0;
  if (!IsShortestForm(whole) || !IsShortestForm(bits) || !whole_bytes) {
    return base::Fail(Fault::kMalformed, whole.whole.offset, "Certificate");
  }
  certificate.der = whole.whole;
  certificate.tbs = tbs.whole;
  certificate.signature = CS_TRY(BitStringContent(bits));
  DerReader tbs_reader(tbs.value, budget);
  ParseTbs(tbs_reader, certificate);
  if (tbs_reader.Failed()) {
    return tbs_reader.Finish(certificate);
  }
  certificate.key = CS_TRY(ParseKey(certificate.spki, budget));
  certificate.scheme =
      SchemeOf(certificate.signature_algorithm, std::nullopt, budget);
  certificate.sha256 =
      base::Hash(base::DigestAlgorithm::kSha256, certificate.der.bytes);
  certificate.sha1 =
      base::Hash(base::DigestAlgorithm::kSha1, certificate.der.bytes);
  return certificate;
}

std::vector<std::vector<uint8_t>> Twins(const Certificate& certificate) {
  std::vector<std::vector<uint8_t>> twins;
  if (certificate.scheme.kind != SignatureScheme::Kind::kEcdsa) {
    return twins;
  }
  for (const std::vector<uint8_t>& signature :
       EcdsaTwins(certificate.signature.bytes)) {
    std::vector<uint8_t> content;
    Append(certificate.tbs.bytes, content);
    Append(certificate.signature_algorithm.whole.bytes, content);
    AppendHeader(tag::kBitString, signature.size() + 1, content);
    content.push_back(0);
    Append(signature, content);
    std::vector<uint8_t>& der = twins.emplace_back();
    AppendHeader(tag::kSequence, content.size(), der);
    Append(content, der);
  }
  return twins;
}

std::string SubjectText(const Certificate& certificate) {
  base::Budget budget;
  return ToText(ParseName(certificate.subject, budget));
}

std::string SerialText(Bytes content) {
  while (content.size() > 1 && content[0] == 0) {
    content = content.subspan(1);
  }
  std::string text = base::ToHex(content);
  if (text.size() > 1 && text[0] == '0') {
    text.erase(0, 1);
  }
  return text;
}

}  // namespace countersign::signing
