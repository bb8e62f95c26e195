// SignedData, its content of type szOID_CTL:
//
// CertificateTrustList ::= SEQUENCE {
//   version          INTEGER DEFAULT v1(0),
//   subjectUsage     SEQUENCE OF OBJECT IDENTIFIER,
//   listIdentifier   OCTET STRING OPTIONAL,
//   sequenceNumber   INTEGER OPTIONAL,
//   ctlThisUpdate    Time,
//   ctlNextUpdate    Time OPTIONAL,
//   subjectAlgorithm AlgorithmIdentifier,
//   trustedSubjects  SEQUENCE OF TrustedSubject OPTIONAL,
//   ctlExtensions    [0] EXPLICIT Extensions OPTIONAL }
//
// TrustedSubject ::= SEQUENCE {
//   subjectIdentifier OCTET STRING,         -- by subjectAlgorithm
//   subjectAttributes SET OF Attribute OPTIONAL }
//
// The attributes are read in list_entry.cc.
//
// Spec: [MS-CAESO] (2009) on certificate trust lists; CTL_INFO
// and CTL_ENTRY in wincrypt.h.
#include "base/text.h"
#include "signing/asn1/der.h"
#include "signing/asn1/oid.h"
#include "signing/cms/signed_data.h"
#include "signing/trust/list_entry.h"
#include "signing/trust_list.h"
#include "signing/x509/algorithm.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using base::Fault;
using base::Input;

constexpr Oid kRootListUsage{"1.3.6.1.4.1.311.10.3.9"};
constexpr Oid kDisallowedListUsage{"1.3.6.1.4.1.311.10.3.30"};
// szOID_DISALLOWED_HASH, which is szOID_CERT_SIGNATURE_HASH_PROP_ID.
constexpr Oid kDisallowedHash{"1.3.6.1.4.1.311.10.11.15"};

// How the identifiers of a list are made.
struct Naming {
  std::optional<base::DigestAlgorithm> digest;  // of the whole certificate
};

// The identifier, where `naming` says it belongs.
void SetIdentifier(const Element& identifier, const Naming& naming,
                   DerReader& errors, ListedCertificate& listed) {
  const size_t size = identifier.value.bytes.size();
  const bool fits = naming.digest ? size == base::DigestSize(*naming.digest)
                                  : size >= 16 && size <= 64;
  if (!fits && !errors.Failed()) {
    errors.Fail(
        {Fault::kMalformed, identifier.whole.offset, "subjectIdentifier"});
    return;
  }
  const std::string hex = base::ToHex(identifier.value.bytes);
  if (naming.digest == base::DigestAlgorithm::kSha1) {
    listed.entry.sha1 = hex;
  } else if (naming.digest == base::DigestAlgorithm::kSha256) {
    listed.entry.sha256 = hex;
  } else {
    listed.disallowed_hash = hex;
  }
}

void ReadSubject(const Element& subject, const Naming& naming,
                 DerReader& errors, TrustList& list) {
  ListedCertificate& listed = list.entries.emplace_back();
  listed.range = subject.whole.Range();
  DerReader reader(subject.value, errors.SharedBudget());
  const Element identifier =
      reader.Expect(tag::kOctetString, "subjectIdentifier");
  const auto attributes = reader.Optional(tag::kSet, "subjectAttributes");
  reader.ExpectEnd("TrustedSubject");
  if (reader.Failed()) {
    errors.Fail(reader.Finish(0).error());
    return;
  }
  if (attributes && !ReadProperties(attributes->value, errors, listed.entry)) {
    ++list.unusable_entries;
  }
  const std::string by_property = listed.entry.sha256;
  SetIdentifier(identifier, naming, errors, listed);
  if (!by_property.empty() && by_property != listed.entry.sha256) {
    errors.Fail({Fault::kMalformed, subject.whole.offset, "SHA-256"});
  }
  if (list.kind == TrustListKind::kDisallowed) {
    listed.entry.anchor = false;
    if (!listed.entry.disallowed_after) {
      listed.entry.disallowed_after = kSinceEver;
    }
  }
}

void ReadUsage(DerReader& reader, TrustList& list) {
  const Element sequence = reader.Expect(tag::kSequence, "subjectUsage");
  DerReader usages(sequence.value, reader.SharedBudget());
  bool known = false;
  while (!usages.AtEnd()) {
    const Bytes usage = usages.Expect(tag::kOid, "subjectUsage").value.bytes;
    if (kDisallowedListUsage == usage) {
      list.kind = TrustListKind::kDisallowed;
      known = true;
    }
    known |= kRootListUsage == usage;
  }
  if (usages.Failed()) {
    reader.Fail(usages.Finish(0).error());
  } else if (!known && !reader.Failed()) {
    reader.Fail({Fault::kUnsupported, sequence.whole.offset, "subjectUsage"});
  }
}

bool NextIsTime(const DerReader& reader) {
  return reader.NextIs(tag::kUtcTime) || reader.NextIs(tag::kGeneralizedTime);
}

base::Instant ReadTime(DerReader& reader, const char* field) {
  const auto time = TimeContent(reader.Any(field));
  if (!time) {
    reader.Fail(time.error());
  }
  return time.value_or(base::Instant{});
}

Naming ReadNaming(DerReader& reader, const TrustList& list) {
  const AlgorithmIdentifier algorithm =
      ReadAlgorithm(reader, "subjectAlgorithm");
  Naming naming;
  naming.digest = DigestOf(algorithm.oid.bytes);
  const bool by_certificate = naming.digest == base::DigestAlgorithm::kSha1 ||
                              naming.digest == base::DigestAlgorithm::kSha256;
  const bool by_other_hash = list.kind == TrustListKind::kDisallowed &&
                             kDisallowedHash == algorithm.oid.bytes;
  if (!by_certificate && !by_other_hash && !reader.Failed()) {
    reader.Fail(
        {Fault::kUnsupported, algorithm.whole.offset, "subjectAlgorithm"});
  }
  return naming;
}

// Extensions of the list: none is known, so none may be critical.
void ReadExtensions(DerReader& reader) {
  const auto wrapped = reader.Optional(tag::Explicit(0), "ctlExtensions");
  if (!wrapped) {
    return;
  }
  DerReader outer(wrapped->value, reader.SharedBudget());
  DerReader list(outer.Expect(tag::kSequence, "ctlExtensions").value,
                 reader.SharedBudget());
  while (!list.AtEnd()) {
    const Element whole = list.Expect(tag::kSequence, "Extension");
    DerReader extension(whole.value, reader.SharedBudget());
    (void)extension.Expect(tag::kOid, "extnID");
    const auto critical = extension.Optional(tag::kBoolean, "critical");
    if (extension.Failed()) {
      list.Fail(extension.Finish(0).error());
    } else if (critical && (critical->value.bytes.empty() ||
                            critical->value.bytes[0] != 0)) {
      list.Fail({Fault::kUnsupported, whole.whole.offset, "Extension"});
    }
  }
  for (const DerReader* part : {&outer, &list}) {
    if (part->Failed()) {
      reader.Fail(part->Finish(0).error());
    }
  }
}

void ReadList(DerReader& reader, TrustList& list) {
  (void)reader.Optional(tag::kInteger, "version");
  ReadUsage(reader, list);
  if (const auto id = reader.Optional(tag::kOctetString, "listIdentifier")) {
    list.identifier = ListText(id->value.bytes);
  }
  if (const auto number = reader.Optional(tag::kInteger, "sequenceNumber")) {
    list.sequence = base::ToHex(number->value.bytes);
  }
  list.this_update = ReadTime(reader, "ctlThisUpdate");
  if (NextIsTime(reader)) {
    list.next_update = ReadTime(reader, "ctlNextUpdate");
  }
  const Naming naming = ReadNaming(reader, list);
  if (const auto subjects =
          reader.Optional(tag::kSequence, "trustedSubjects")) {
    DerReader entries(subjects->value, reader.SharedBudget());
    while (!entries.AtEnd()) {
      const Element subject = entries.Expect(tag::kSequence, "TrustedSubject");
      if (!entries.Failed()) {
        ReadSubject(subject, naming, entries, list);
      }
    }
    if (entries.Failed()) {
      reader.Fail(entries.Finish(0).error());
    }
  }
  ReadExtensions(reader);
  reader.ExpectEnd("CertificateTrustList");
}

}  // namespace

base::Result<TrustList> ParseTrustList(Input file, base::Budget& budget) {
  const SignedData signed_data = CS_TRY(ParseSignedData(file, budget));
  if (!(oid::kCertificateTrustList == signed_data.content_type)) {
    return base::Fail(Fault::kUnsupported, file.offset, "eContentType");
  }
  if (!signed_data.has_content) {
    return base::Fail(Fault::kTruncated, file.offset, "eContent");
  }
  TrustList list;
  DerReader reader(signed_data.content, budget);
  ReadList(reader, list);
  return reader.Finish(std::move(list));
}

}  // namespace countersign::signing
