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

#include <set>
#include <string_view>

namespace countersign::signing {
namespace {

using base::Fault;
using base::Input;

// Adds bytes that are left over, if any are.
void AddRest(Input left, std::vector<Input>& rest) {
  if (!left.bytes.empty()) {
    rest.push_back(left);
  }
}

// The number. Versions have one octet; what is longer says something else.
uint64_t ReadVersion(DerReader& reader, const char* field,
                     std::vector<Input>& rest) {
  const Element version = reader.Expect(tag::kInteger, field);
  if (version.value.bytes.size() > 1) {
    rest.push_back(version.value);
  }
  return IntegerContent(version).value_or(0);
}

void ReadAttributes(Input set, DerReader& errors,
                    std::vector<CmsAttribute>& attributes,
                    std::vector<Input>& rest) {
  // Limit: 256 attributes in a set; signers write fewer than ten.
  constexpr size_t kMostAttributes = 256;
  DerReader reader(set, errors.SharedBudget());
  while (!reader.AtEnd()) {
    if (attributes.size() == kMostAttributes) {
      errors.Fail({Fault::kLimit, reader.Offset(), "attributes"});
      return;
    }
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
    AddRest(inner.Rest(), rest);
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
  signer.serial = ShortestInteger(
      sid.Expect(tag::kInteger, "sid.serialNumber").value.bytes);
  if (sid.Failed()) {
    reader.Fail(sid.Finish(0).error());
  }
  AddRest(sid.Rest(), signer.rest);
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
    data.content_whole = content.whole;
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
    AddRest(inner.Rest(), data.rest);
  }
  if (info.Failed()) {
    reader.Fail(info.Finish(0).error());
  }
  AddRest(info.Rest(), data.rest);
}

// The set that nothing depends on: notes what stands among the digest
// algorithms and is none, neither known nor a signer's, or stands there
// already.
void NoteOddAlgorithms(Input set, const std::vector<SignerInfo>& signers,
                       base::Budget& budget, std::vector<Input>& rest) {
  std::set<std::string_view> used;
  for (const SignerInfo& signer : signers) {
    used.insert(base::AsText(signer.digest_algorithm.oid.bytes));
  }
  std::set<std::string_view> seen;
  DerReader reader(set, budget);
  while (reader.NextIs(tag::kSequence)) {
    const AlgorithmIdentifier algorithm =
        ReadAlgorithm(reader, "digestAlgorithms");
    if (reader.Failed()) {
      break;
    }
    const std::string_view oid = base::AsText(algorithm.oid.bytes);
    const bool known = used.contains(oid) || DigestOf(algorithm.oid.bytes);
    if (!known || !seen.insert(oid).second) {
      rest.push_back(algorithm.whole);
    } else {
      AddSurplus(algorithm, rest);
    }
  }
  if (reader.Failed()) {
    rest.push_back(set);
  } else {
    AddRest(reader.Rest(), rest);
  }
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
  signer.version = ReadVersion(reader, "SignerInfo.version", signer.rest);
  ReadSignerIdentifier(reader, signer);
  signer.digest_algorithm = ReadAlgorithm(reader, "digestAlgorithm");
  AddSurplus(signer.digest_algorithm, signer.rest);
  if (const auto set = reader.Optional(tag::Explicit(0), "signedAttrs")) {
    signer.signed_attributes_whole = set->whole;
    std::vector<Input> signed_rest;
    ReadAttributes(set->value, reader, signer.signed_attributes, signed_rest);
  }
  signer.signature_algorithm = ReadAlgorithm(reader, "signatureAlgorithm");
  AddSurplus(signer.signature_algorithm, signer.rest);
  signer.signature = reader.Expect(tag::kOctetString, "signature").value;
  if (const auto set = reader.Optional(tag::Explicit(1), "unsignedAttrs")) {
    ReadAttributes(set->value, reader, signer.unsigned_attributes, signer.rest);
  }
  AddRest(reader.Rest(), signer.rest);
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
  data.version = ReadVersion(reader, "SignedData.version", data.rest);
  const Input digests = reader.Expect(tag::kSet, "digestAlgorithms").value;
  ReadContent(reader, data);
  if (const auto set = reader.Optional(tag::Explicit(0), "certificates")) {
    ReadSet(set->value, reader, data.certificates);
  }
  if (const auto set = reader.Optional(tag::Explicit(1), "crls")) {
    ReadSet(set->value, reader, data.crls);
  }
  ReadSigners(reader.Expect(tag::kSet, "signerInfos").value, reader, data);
  NoteOddAlgorithms(digests, data.signers, budget, data.rest);
  AddRest(content.Rest(), data.rest);
  AddRest(sequence.Rest(), data.rest);
  AddRest(reader.Rest(), data.rest);
  for (const SignerInfo& signer : data.signers) {
    data.rest.insert(data.rest.end(), signer.rest.begin(), signer.rest.end());
  }
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
