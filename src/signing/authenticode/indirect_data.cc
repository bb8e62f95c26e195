// SpcIndirectDataContent ::= SEQUENCE {
//   data SEQUENCE { type OID, value [SpcPeImageData] OPTIONAL },
//   messageDigest SEQUENCE { digestAlgorithm AlgorithmIdentifier,
//                            digest OCTET STRING } }
// SpcPeImageData ::= SEQUENCE { flags BIT STRING,
//                               file [0] EXPLICIT SpcLink OPTIONAL }
// SpcLink ::= CHOICE { url [0] IMPLICIT IA5STRING,
//                      moniker [1] IMPLICIT SpcSerializedObject,
//                      file [2] EXPLICIT SpcString }
// SpcSerializedObject ::= SEQUENCE { classId OCTET STRING (16),
//                                    serializedData OCTET STRING }
// SpcString ::= CHOICE { unicode [0] IMPLICIT BMPSTRING,
//                        ascii [1] IMPLICIT IA5STRING }
// serializedData of page hashes: SET { SEQUENCE { OID, SET { OCTET STRING }}}
#include "signing/authenticode/indirect_data.h"

#include "base/text.h"
#include "signing/asn1/oid.h"

namespace countersign::signing {
namespace {

using base::Input;

// Page hashes are an optimisation for the loader; a moniker of another class,
// or one that cannot be read, says nothing about the image.
void ParsePageHashes(Input value, IndirectData& data, base::Budget& budget) {
  DerReader image_outer(value, budget);
  DerReader image(image_outer.Expect(tag::kSequence, "SpcPeImageData").value,
                  budget);
  (void)image.Optional(tag::kBitString, "flags");
  const auto file = image.Optional(tag::Explicit(0), "file");
  if (!file) {
    return;
  }
  DerReader link(file->value, budget);
  const auto moniker = link.Optional(tag::Explicit(1), "moniker");
  if (!moniker) {
    return;
  }
  DerReader object(moniker->value, budget);
  (void)object.Expect(tag::kOctetString, "classId");
  DerReader set(object.Expect(tag::kOctetString, "serializedData").value,
                budget);
  DerReader sequences(set.Expect(tag::kSet, "SpcPeImagePageHashes").value,
                      budget);
  DerReader hashes(
      sequences.Expect(tag::kSequence, "SpcPeImagePageHashes").value, budget);
  const base::Bytes version =
      hashes.Expect(tag::kOid, "SpcPeImagePageHashes.type").value.bytes;
  DerReader values(hashes.Expect(tag::kSet, "SpcPeImagePageHashes").value,
                   budget);
  const Input list =
      values.Expect(tag::kOctetString, "SpcPeImagePageHashes").value;
  if (values.Failed() || object.Failed()) {
    return;
  }
  if (oid::kPageHashesV1 == version) {
    data.page_algorithm = base::DigestAlgorithm::kSha1;
  } else if (oid::kPageHashesV2 == version) {
    data.page_algorithm = base::DigestAlgorithm::kSha256;
  }
  data.page_hashes = list;
}

// An SpcString inside an EXPLICIT tag.
std::optional<std::string> ReadString(Input value, base::Budget& budget) {
  DerReader reader(value, budget);
  const Element element = reader.Any("SpcString");
  if (reader.Failed()) {
    return std::nullopt;
  }
  if (element.identifier == tag::Context(0)) {
    return base::DisplaySafe(base::FromUtf16BigEndian(element.value.bytes));
  }
  return base::DisplaySafe(base::AsText(element.value.bytes));
}

}  // namespace

base::Result<IndirectData> ParseIndirectData(Input content,
                                             base::Budget& budget) {
  IndirectData data;
  // Quirk: signers built on CMS instead of PKCS #7 (SignedData version 3,
  // .NET) wrap the content in an OCTET STRING; its octets are then the whole
  // SEQUENCE.
  DerReader whole(content, budget);
  const Element first = whole.Any("SpcIndirectDataContent");
  if (first.identifier == tag::kSequence && whole.AtEnd()) {
    content = first.value;
  }
  DerReader reader(content, budget);
  DerReader value(
      reader.Expect(tag::kSequence, "SpcIndirectDataContent.data").value,
      budget);
  data.type =
      value.Expect(tag::kOid, "SpcIndirectDataContent.type").value.bytes;
  DerReader digest(
      reader.Expect(tag::kSequence, "SpcIndirectDataContent.messageDigest")
          .value,
      budget);
  data.algorithm_oid = ReadAlgorithm(digest, "digestAlgorithm").oid.bytes;
  data.algorithm = DigestOf(data.algorithm_oid);
  data.digest = digest.Expect(tag::kOctetString, "digest").value;
  if (value.Failed() || digest.Failed()) {
    return value.Failed() ? value.Finish(data) : digest.Finish(data);
  }
  if (oid::kPeImageData == data.type && !value.AtEnd()) {
    ParsePageHashes(value.Rest(), data, budget);
  }
  return reader.Finish(data);
}

OpusInfo ParseOpusInfo(const SignerInfo& signer, base::Budget& budget) {
  OpusInfo info;
  const auto value =
      FirstValue(signer.signed_attributes, oid::kOpusInfo, budget);
  if (!value) {
    return info;
  }
  DerReader reader(value->value, budget);
  if (const auto name = reader.Optional(tag::Explicit(0), "programName")) {
    info.program_name = ReadString(name->value, budget);
  }
  if (const auto link = reader.Optional(tag::Explicit(1), "moreInfo")) {
    DerReader inner(link->value, budget);
    const Element choice = inner.Any("SpcLink");
    if (!inner.Failed() && choice.identifier == tag::Context(0)) {
      info.url = base::DisplaySafe(base::AsText(choice.value.bytes));
    } else if (!inner.Failed() && choice.identifier == tag::Explicit(2)) {
      info.url = ReadString(choice.value, budget);
    }
  }
  return info;
}

std::string StatementType(const SignerInfo& signer, base::Budget& budget) {
  const auto value =
      FirstValue(signer.signed_attributes, oid::kStatementType, budget);
  if (!value) {
    return "";
  }
  DerReader reader(value->value, budget);
  const base::Bytes type =
      reader.Expect(tag::kOid, "statementType").value.bytes;
  if (oid::kIndividualSigning == type) {
    return "individual";
  }
  return oid::kCommercialSigning == type ? "commercial" : "";
}

}  // namespace countersign::signing
