// CertificateList ::= SEQUENCE {
//   tbsCertList SEQUENCE {
//     version INTEGER OPTIONAL, signature AlgorithmIdentifier, issuer Name,
//     thisUpdate Time, nextUpdate Time OPTIONAL,
//     revokedCertificates SEQUENCE OF SEQUENCE {
//       userCertificate INTEGER, revocationDate Time,
//       crlEntryExtensions Extensions OPTIONAL } OPTIONAL,
//     crlExtensions [0] EXPLICIT Extensions OPTIONAL },
//   signatureAlgorithm AlgorithmIdentifier, signature BIT STRING }
#include <algorithm>

#include "signing/asn1/oid.h"
#include "signing/revocation/revocation.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using base::Input;

bool SerialBefore(const RevokedEntry& a, const RevokedEntry& b) {
  return std::ranges::lexicographical_compare(a.serial, b.serial);
}

void ReadEntryExtensions(Input sequence, RevokedEntry& entry,
                         base::Budget& budget) {
  DerReader list(sequence, budget);
  while (!list.AtEnd()) {
    DerReader reader(list.Expect(tag::kSequence, "Extension").value, budget);
    const Bytes id = reader.Expect(tag::kOid, "extnID").value.bytes;
    (void)reader.Optional(tag::kBoolean, "critical");
    DerReader value(reader.Expect(tag::kOctetString, "extnValue").value,
                    budget);
    if (oid::kReasonCode == id) {
      const Bytes reason =
          value.Expect(tag::kEnumerated, "CRLReason").value.bytes;
      entry.reason = reason.size() == 1 ? reason[0] : 0;
    } else if (oid::kInvalidityDate == id) {
      const auto date = TimeContent(value.Any("invalidityDate"));
      entry.invalidity = date ? std::optional(*date) : std::nullopt;
    }
  }
}

void ReadEntries(Input sequence, DerReader& errors, RevocationList& crl) {
  DerReader list(sequence, errors.SharedBudget());
  while (!list.AtEnd()) {
    DerReader reader(list.Expect(tag::kSequence, "revokedCertificate").value,
                     errors.SharedBudget());
    RevokedEntry entry;
    entry.serial = ShortestInteger(
        reader.Expect(tag::kInteger, "userCertificate").value.bytes);
    const auto date = TimeContent(reader.Any("revocationDate"));
    if (reader.Failed() || !date) {
      errors.Fail(
          {base::Fault::kMalformed, sequence.offset, "revokedCertificates"});
      return;
    }
    entry.date = *date;
    if (const auto extensions =
            reader.Optional(tag::kSequence, "crlEntryExtensions")) {
      ReadEntryExtensions(extensions->value, entry, errors.SharedBudget());
    }
    crl.entries.push_back(entry);
  }
  if (list.Failed()) {
    errors.Fail(list.Finish(0).error());
  }
}

// A delta, or what cannot be read, cannot clear a certificate.
void ReadExtensions(Input wrapped, RevocationList& crl, base::Budget& budget) {
  DerReader outer(wrapped, budget);
  DerReader list(outer.Expect(tag::kSequence, "crlExtensions").value, budget);
  while (!list.AtEnd()) {
    DerReader reader(list.Expect(tag::kSequence, "Extension").value, budget);
    const Bytes id = reader.Expect(tag::kOid, "extnID").value.bytes;
    const auto critical = reader.Optional(tag::kBoolean, "critical");
    const Input value = reader.Expect(tag::kOctetString, "extnValue").value;
    const bool scope = oid::kIssuingDistributionPoint == id;
    if (scope) {
      crl.scope = ReadListScope(value, budget);
    }
    // RFC 5280 section 5.2: a list with a critical extension that is not
    // understood must not be used to clear a certificate.
    crl.partial |= reader.Failed() || oid::kDeltaCrlIndicator == id ||
                   (critical && !scope);
  }
  crl.partial |= outer.Failed() || list.Failed();
}

}  // namespace

base::Result<RevocationList> ParseRevocationList(Input der,
                                                 base::Budget& budget) {
  RevocationList crl;
  DerReader outer(der, budget);
  DerReader reader(outer.Expect(tag::kSequence, "CertificateList").value,
                   budget);
  const Element tbs = reader.Expect(tag::kSequence, "tbsCertList");
  crl.tbs = tbs.whole;
  crl.signature_algorithm = ReadAlgorithm(reader, "signatureAlgorithm");
  const Element bits = reader.Expect(tag::kBitString, "signature");
  if (outer.Failed() || reader.Failed()) {
    return outer.Failed() ? outer.Finish(crl) : reader.Finish(crl);
  }
  crl.signature = CS_TRY(BitStringContent(bits));
  DerReader list(tbs.value, budget);
  (void)list.Optional(tag::kInteger, "version");
  (void)ReadAlgorithm(list, "signature");
  crl.issuer = list.Expect(tag::kSequence, "issuer").whole;
  const Element this_update = list.Any("thisUpdate");
  if (list.Failed()) {
    return list.Finish(crl);
  }
  crl.this_update = CS_TRY(TimeContent(this_update));
  if (list.NextIs(tag::kUtcTime) || list.NextIs(tag::kGeneralizedTime)) {
    crl.next_update = CS_TRY(TimeContent(list.Any("nextUpdate")));
  }
  if (const auto entries =
          list.Optional(tag::kSequence, "revokedCertificates")) {
    ReadEntries(entries->value, list, crl);
  }
  if (const auto wrapped = list.Optional(tag::Explicit(0), "crlExtensions")) {
    ReadExtensions(wrapped->value, crl, budget);
  }
  std::ranges::sort(crl.entries, SerialBefore);
  return list.Finish(std::move(crl));
}

}  // namespace countersign::signing
