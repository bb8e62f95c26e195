// OCSPResponse ::= SEQUENCE {
//   responseStatus ENUMERATED,
//   responseBytes [0] EXPLICIT SEQUENCE { responseType OID,
//                                         response OCTET STRING } OPTIONAL }
// BasicOCSPResponse ::= SEQUENCE {
//   tbsResponseData ResponseData, signatureAlgorithm, signature BIT STRING,
//   certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
// ResponseData ::= SEQUENCE {
//   version [0] OPTIONAL, responderID CHOICE { [1], [2] }, producedAt Time,
//   responses SEQUENCE OF SingleResponse, extensions [1] OPTIONAL }
// SingleResponse ::= SEQUENCE {
//   certID SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serial },
//   certStatus CHOICE { good [0] NULL, revoked [1], unknown [2] },
//   thisUpdate Time, nextUpdate [0] EXPLICIT Time OPTIONAL, ... }
#include "signing/asn1/oid.h"
#include "signing/revocation/revocation.h"

namespace countersign::signing {
namespace {

using base::Input;
using model::Revocation;

void ReadStatus(DerReader& reader, OcspAnswer& answer) {
  const Element status = reader.Any("certStatus");
  if (status.identifier == tag::Context(0)) {
    answer.status = Revocation::kGood;
  } else if (status.identifier == tag::Explicit(1)) {
    answer.status = Revocation::kRevoked;
    DerReader info(status.value, reader.SharedBudget());
    const auto time = TimeContent(info.Any("revocationTime"));
    answer.revoked_at = time.value_or(base::Instant{});
    if (const auto wrapped = info.Optional(tag::Explicit(0), "reason")) {
      DerReader inner(wrapped->value, reader.SharedBudget());
      const auto bytes =
          inner.Expect(tag::kEnumerated, "revocationReason").value.bytes;
      answer.reason = bytes.size() == 1 ? bytes[0] : 0;
    }
  }
}

void ReadAnswer(DerReader& list, OcspResponse& response) {
  DerReader reader(list.Expect(tag::kSequence, "SingleResponse").value,
                   list.SharedBudget());
  DerReader id(reader.Expect(tag::kSequence, "certID").value,
               list.SharedBudget());
  OcspAnswer answer;
  answer.digest = DigestOf(ReadAlgorithm(id, "hashAlgorithm").oid.bytes);
  answer.issuer_name_hash =
      id.Expect(tag::kOctetString, "issuerNameHash").value.bytes;
  answer.issuer_key_hash =
      id.Expect(tag::kOctetString, "issuerKeyHash").value.bytes;
  answer.serial =
      ShortestInteger(id.Expect(tag::kInteger, "serialNumber").value.bytes);
  ReadStatus(reader, answer);
  const auto this_update = TimeContent(reader.Any("thisUpdate"));
  if (const auto wrapped = reader.Optional(tag::Explicit(0), "nextUpdate")) {
    DerReader inner(wrapped->value, list.SharedBudget());
    const auto next = TimeContent(inner.Any("nextUpdate"));
    answer.next_update = next ? std::optional(*next) : std::nullopt;
  }
  if (reader.Failed() || id.Failed() || !this_update) {
    list.Fail(base::Fault::kMalformed, "SingleResponse");
    return;
  }
  answer.this_update = *this_update;
  response.answers.push_back(answer);
}

base::Result<Input> BasicResponse(Input der, base::Budget& budget) {
  DerReader outer(der, budget);
  DerReader reader(outer.Expect(tag::kSequence, "OCSPResponse").value, budget);
  const Element status = reader.Expect(tag::kEnumerated, "responseStatus");
  DerReader wrapped(reader.Expect(tag::Explicit(0), "responseBytes").value,
                    budget);
  DerReader bytes(wrapped.Expect(tag::kSequence, "responseBytes").value,
                  budget);
  const Element type = bytes.Expect(tag::kOid, "responseType");
  const Element response = bytes.Expect(tag::kOctetString, "response");
  const bool successful =
      status.value.bytes.size() == 1 && status.value.bytes[0] == 0;
  if (outer.Failed() || reader.Failed() || wrapped.Failed() || bytes.Failed() ||
      !successful || !(oid::kOcspBasic == type.value.bytes)) {
    return base::Fail(base::Fault::kMalformed, der.offset, "OCSPResponse");
  }
  return response.value;
}

}  // namespace

base::Result<OcspResponse> ParseOcspResponse(Input der, base::Budget& budget) {
  OcspResponse response;
  DerReader outer(CS_TRY(BasicResponse(der, budget)), budget);
  DerReader reader(outer.Expect(tag::kSequence, "BasicOCSPResponse").value,
                   budget);
  const Element tbs = reader.Expect(tag::kSequence, "tbsResponseData");
  response.tbs = tbs.whole;
  response.signature_algorithm = ReadAlgorithm(reader, "signatureAlgorithm");
  const Element bits = reader.Expect(tag::kBitString, "signature");
  if (outer.Failed() || reader.Failed()) {
    return outer.Failed() ? outer.Finish(response) : reader.Finish(response);
  }
  response.signature = CS_TRY(BitStringContent(bits));
  if (const auto wrapped = reader.Optional(tag::Explicit(0), "certs")) {
    DerReader inner(wrapped->value, budget);
    DerReader list(inner.Expect(tag::kSequence, "certs").value, budget);
    while (!list.AtEnd()) {
      auto certificate =
          ParseCertificate(list.Any("Certificate").whole, budget);
      if (certificate) {
        response.certificates.push_back(*std::move(certificate));
      }
    }
  }
  DerReader data(tbs.value, budget);
  (void)data.Optional(tag::Explicit(0), "version");
  (void)data.Any("responderID");
  (void)data.Any("producedAt");
  DerReader list(data.Expect(tag::kSequence, "responses").value, budget);
  while (!list.AtEnd()) {
    ReadAnswer(list, response);
  }
  return data.Failed() ? data.Finish(response) : list.Finish(response);
}

}  // namespace countersign::signing
