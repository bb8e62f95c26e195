// ContentInfo ::= SEQUENCE { contentType OID, content [0] EXPLICIT ANY }
//
// SignedData ::= SEQUENCE {
//   version          INTEGER,
//   digestAlgorithms SET OF AlgorithmIdentifier,
//   encapContentInfo SEQUENCE { eContentType OID,
//                               eContent [0] EXPLICIT ANY OPTIONAL },
//   certificates [0] IMPLICIT SET OPTIONAL,
//   crls         [1] IMPLICIT SET OPTIONAL,
//   signerInfos      SET OF SignerInfo }
//
// SignerInfo ::= SEQUENCE {
//   version            INTEGER,
//   sid                CHOICE { SEQUENCE { Name, INTEGER }, [0] OCTET STRING },
//   digestAlgorithm    AlgorithmIdentifier,
//   signedAttrs    [0] IMPLICIT SET OPTIONAL,
//   signatureAlgorithm AlgorithmIdentifier,
//   signature          OCTET STRING,
//   unsignedAttrs  [1] IMPLICIT SET OPTIONAL }
//
// Quirk: versions are read and not judged; SignerInfo version 0 and SignedData
// version 3 with issuer names exist in files that Windows accepts.
#include "signing/cms/signed_data.h"

namespace countersign::signing {
namespace {

using base::Fault;
using base::Input;

void ReadAttributes(Input set, DerReader& errors,
                    std::vector<CmsAttribute>& attributes) {
  DerReader reader(set, errors.SharedBudget());
  while (!reader.AtEnd()) {
    const Element sequence = reader.Expect(tag::kSequence, "Attribute");
    DerReader inner(sequence.value, errors.SharedBudget());
    CmsAttribute attribute;
    attribute.whole = sequence.whole;
    attribute.oid = inner.Expect(tag::kOid, "attrType").value.bytes;
    attribute.values = inner.Expect(tag::kSet, "attrValues").value;
    if (inner.Failed()) {
      errors.Fail(inner.Finish(0).error());
      return;
    }
    attributes.push_back(attribute);
  }
  if (reader.Failed()) {
    errors.Fail(reader.Finish(0).error());
  }
}

void ReadSignerIdentifier(DerReader& reader, SignerInfo& signer) {
  if (const auto key_id = reader.Optional(tag::Context(0), "sid")) {
    signer.subject_key_id = key_id->value.bytes;
    return;
  }
  DerReader sid(reader.Expect(tag::kSequence, "sid").value,
                reader.SharedBudget());
  signer.issuer = sid.Expect(tag::kSequence, "sid.issuer").whole;
  signer.serial = sid.Expect(tag::kInteger, "sid.serialNumber").value.bytes;
  if (sid.Failed()) {
    reader.Fail(sid.Finish(0).error());
  }
}

// The elements of an implicit SET, whole.
void ReadSet(Input set, DerReader& errors, std::vector<Input>& elements) {
  DerReader reader(set, errors.SharedBudget());
  while (!reader.AtEnd()) {
    const Element element = reader.Any("CertificateSet");
    if (!reader.Failed()) {
      elements.push_back(element.whole);
    }
  }
  if (reader.Failed()) {
    errors.Fail(reader.Finish(0).error());
  }
}

void ReadContent(DerReader& reader, SignedData& data) {
  DerReader info(reader.Expect(tag::kSequence, "encapContentInfo").value,
                 reader.SharedBudget());
  data.content_type = info.Expect(tag::kOid, "eContentType").value.bytes;
  const auto wrapped = info.Optional(tag::Explicit(0), "eContent");
  if (wrapped) {
    DerReader inner(wrapped->value, reader.SharedBudget());
    const Element content = inner.Any("eContent");
    data.has_content = !inner.Failed();
    data.content = content.value;
    // Why: the identifier is not hashed, so it must be one that is expected.
    constexpr uint8_t kSegmented = tag::kOctetString | 0x20;
    if (!inner.Failed() && content.identifier != tag::kSequence &&
        content.identifier != tag::kOctetString &&
        content.identifier != kSegmented) {
      reader.Fail({Fault::kMalformed, content.whole.offset, "eContent"});
      return;
    }
    if (content.identifier == kSegmented) {
      data.storage = std::make_shared<std::vector<uint8_t>>();
      const auto joined =
          OctetStringContent(content, reader.SharedBudget(), *data.storage);
      if (!joined) {
        reader.Fail(joined.error());
        return;
      }
      data.content = *joined;
    }
    if (inner.Failed()) {
      reader.Fail(inner.Finish(0).error());
    }
  }
  if (info.Failed()) {
    reader.Fail(info.Finish(0).error());
  }
}

// What stands among the digest algorithms and is none.
// Limit: 64 bytes; the longest AlgorithmIdentifier of a digest has 15.
std::vector<Input> OddAlgorithms(Input set, base::Budget& budget) {
  constexpr size_t kLongestAlgorithm = 64;
  std::vector<Input> odd;
  DerReader reader(set, budget);
  while (!reader.AtEnd()) {
    const Element element = reader.Any("digestAlgorithms");
    if (!reader.Failed() && (element.identifier != tag::kSequence ||
                             element.whole.bytes.size() > kLongestAlgorithm)) {
      odd.push_back(element.whole);
    }
  }
  if (reader.Failed()) {
    odd.push_back(set);
  }
  return odd;
}

void ReadSigners(Input set, DerReader& errors, SignedData& data) {
  DerReader reader(set, errors.SharedBudget());
  while (!reader.AtEnd()) {
    const Element element = reader.Expect(tag::kSequence, "SignerInfo");
    if (reader.Failed()) {
      break;
    }
    auto signer = ParseSignerInfo(element.whole, errors.SharedBudget());
    if (!signer) {
      errors.Fail(signer.error());
      return;
    }
    data.signers.push_back(*std::move(signer));
  }
  if (reader.Failed()) {
    errors.Fail(reader.Finish(0).error());
  }
}

}  // namespace

base::Result<SignerInfo> ParseSignerInfo(Input input, base::Budget& budget) {
  SignerInfo signer;
  DerReader outer(input, budget);
  const Element whole = outer.Expect(tag::kSequence, "SignerInfo");
  if (outer.Failed()) {
    return outer.Finish(signer);
  }
  signer.whole = whole.whole;
  DerReader reader(whole.value, budget);
  const auto version =
      IntegerContent(reader.Expect(tag::kInteger, "SignerInfo.version"));
  signer.version = version.value_or(0);
  ReadSignerIdentifier(reader, signer);
  signer.digest_algorithm = ReadAlgorithm(reader, "digestAlgorithm");
  if (const auto set = reader.Optional(tag::Explicit(0), "signedAttrs")) {
    signer.signed_attributes_whole = set->whole;
    ReadAttributes(set->value, reader, signer.signed_attributes);
  }
  signer.signature_algorithm = ReadAlgorithm(reader, "signatureAlgorithm");
  signer.signature = reader.Expect(tag::kOctetString, "signature").value;
  if (const auto set = reader.Optional(tag::Explicit(1), "unsignedAttrs")) {
    ReadAttributes(set->value, reader, signer.unsigned_attributes);
  }
  signer.rest = reader.Rest();
  return reader.Finish(std::move(signer));
}

base::Result<SignedData> ParseSignedData(Input input, base::Budget& budget) {
  SignedData data;
  DerReader outer(input, budget);
  const Element info = outer.Expect(tag::kSequence, "ContentInfo");
  DerReader content(info.value, budget);
  const Element type = content.Expect(tag::kOid, "contentType");
  if (!outer.Failed() && !content.Failed() &&
      !(oid::kSignedData == type.value.bytes)) {
    return base::Fail(Fault::kUnsupported, type.whole.offset, "contentType");
  }
  const Element wrapped = content.Expect(tag::Explicit(0), "content");
  if (outer.Failed() || content.Failed()) {
    return outer.Failed() ? outer.Finish(data) : content.Finish(data);
  }
  data.whole = info.whole;
  DerReader sequence(wrapped.value, budget);
  DerReader reader(sequence.Expect(tag::kSequence, "SignedData").value, budget);
  if (sequence.Failed()) {
    return sequence.Finish(data);
  }
  data.version =
      IntegerContent(reader.Expect(tag::kInteger, "version")).value_or(0);
  const std::vector<Input> odd_algorithms =
      OddAlgorithms(reader.Expect(tag::kSet, "digestAlgorithms").value, budget);
  ReadContent(reader, data);
  if (const auto set = reader.Optional(tag::Explicit(0), "certificates")) {
    ReadSet(set->value, reader, data.certificates);
  }
  if (const auto set = reader.Optional(tag::Explicit(1), "crls")) {
    ReadSet(set->value, reader, data.crls);
  }
  ReadSigners(reader.Expect(tag::kSet, "signerInfos").value, reader, data);
  data.rest = {content.Rest(), sequence.Rest(), reader.Rest()};
  data.rest.insert(data.rest.end(), odd_algorithms.begin(),
                   odd_algorithms.end());
  for (const Input certificate : data.certificates) {
    // Attribute certificates and "other" choices, which nothing here uses.
    if (certificate.bytes[0] != tag::kSequence) {
      data.rest.push_back(certificate);
    }
  }
  for (const SignerInfo& signer : data.signers) {
    data.rest.push_back(signer.rest);
  }
  std::erase_if(data.rest,
                [](const Input& rest) { return rest.bytes.empty(); });
  return reader.Finish(std::move(data));
}

std::optional<Element> FirstValue(const std::vector<CmsAttribute>& attributes,
                                  const Oid& type, base::Budget& budget) {
  for (const CmsAttribute& attribute : attributes) {
    if (type == attribute.oid) {
      DerReader reader(attribute.values, budget);
      if (reader.AtEnd()) {
        return std::nullopt;
      }
      const Element value = reader.Any("attrValues");
      return reader.Failed() ? std::nullopt : std::optional(value);
    }
  }
  return std::nullopt;
}

}  // namespace countersign::signing
