// CertificateTrustList as in trust/certificate_trust_list.cc, with
//
//   subjectUsage      szOID_CATALOG_LIST
//   subjectAlgorithm  szOID_CATALOG_LIST_MEMBER or ..._MEMBER_V2
//   TrustedSubject    subjectIdentifier: the member's tag, which is its digest:
//                     raw (version 2) or in hexadecimal as UTF-16 (version 1)
//                     subjectAttributes:
//                       SPC_INDIRECT_DATA: what was hashed, how, the digest
//                       CAT_NAMEVALUE: { tag BMPString, flags INTEGER,
//                                        value OCTET STRING }
//                       CAT_MEMBERINFO: the class that hashed it
//   ctlExtensions     CAT_NAMEVALUE of the catalog
//
// Spec: wincrypt.h and mscat.h (CRYPTCATMEMBER, CRYPTCATATTRIBUTE), makecat's
// "Catalog Definition Files"; [MS-CAESO] (2009) on certificate trust lists.
// Quirk: a tag is free text to the tools, and only by convention the digest.
// What is signed of a member with SPC_INDIRECT_DATA is the digest in there.
#include "signing/catalog/catalog.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "signing/asn1/der.h"
#include "signing/asn1/oid.h"
#include "signing/authenticode/indirect_data.h"
#include "signing/x509/algorithm.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using base::Fault;
using base::Input;

// UTF-16 up to a terminating zero, or the bytes in hexadecimal.
std::string ValueText(Bytes value, uint64_t flags) {
  constexpr uint64_t kIsText = 0x00010000;  // CRYPTCAT_ATTR_DATAASCII
  if ((flags & kIsText) == 0 || value.size() % 2 != 0) {
    return base::ToHex(value);
  }
  if (value.size() >= 2 && value[value.size() - 1] == 0 &&
      value[value.size() - 2] == 0) {
    value = value.first(value.size() - 2);
  }
  return base::DisplaySafe(base::FromUtf16LittleEndian(value));
}

CatalogAttribute ReadNameValue(Input sequence, DerReader& errors) {
  DerReader reader(sequence, errors.SharedBudget());
  const Element name = reader.Expect(tag::kBmpString, "CAT_NAMEVALUE.tag");
  const Element flags = reader.Expect(tag::kInteger, "CAT_NAMEVALUE.flags");
  const Element value = reader.Expect(tag::kOctetString, "CAT_NAMEVALUE.value");
  if (reader.Failed()) {
    errors.Fail(reader.Finish(0).error());
    return {};
  }
  return {base::DisplaySafe(StringContent(name)),
          ValueText(value.value.bytes, IntegerContent(flags).value_or(0))};
}

std::optional<base::DigestAlgorithm> AlgorithmOfSize(size_t size) {
  switch (size) {
    case 20:
      return base::DigestAlgorithm::kSha1;
    case 32:
      return base::DigestAlgorithm::kSha256;
    default:
      return std::nullopt;
  }
}

void SetMemberDigest(Bytes bytes, base::DigestAlgorithm algorithm,
                     CatalogMember& member) {
  std::ranges::copy(bytes, member.digest.data.begin());
  member.digest.size = static_cast<uint8_t>(bytes.size());
  member.algorithm = algorithm;
}

// The digest that a tag is: raw, or hexadecimal in ASCII or UTF-16.
std::optional<std::vector<uint8_t>> DigestOfTag(Bytes tag) {
  if (AlgorithmOfSize(tag.size())) {
    return std::vector<uint8_t>(tag.begin(), tag.end());
  }
  std::string text(base::AsText(tag));
  if (tag.size() % 2 == 0 && tag.size() >= 2 && tag[1] == 0) {
    text = base::FromUtf16LittleEndian(tag);
  }
  if (!text.empty() && text.back() == '\0') {
    text.pop_back();
  }
  auto bytes = base::FromHex(text);
  return bytes && AlgorithmOfSize(bytes->size()) ? bytes : std::nullopt;
}

// Reads one TrustedSubject.
class CatalogMemberReader {
 public:
  CatalogMemberReader(DerReader& errors, Catalog& catalog)
      : errors_(errors), catalog_(catalog) {}

  void Read(const Element& subject) {
    CatalogMember member;
    member.range = subject.whole.Range();
    DerReader reader(subject.value, errors_.SharedBudget());
    const Element identifier =
        reader.Expect(tag::kOctetString, "subjectIdentifier");
    const auto attributes = reader.Optional(tag::kSet, "subjectAttributes");
    reader.ExpectEnd("TrustedSubject");
    Adopt(reader);
    if (attributes) {
      ReadAttributes(attributes->value, member);
    }
    if (errors_.Failed()) {
      return;
    }
    if (member.digest.Empty()) {
      const auto digest = DigestOfTag(identifier.value.bytes);
      if (!digest) {
        ++catalog_.members_without_digest;
        return;
      }
      SetMemberDigest(*digest, *AlgorithmOfSize(digest->size()), member);
    }
    catalog_.members.push_back(std::move(member));
  }

 private:
  void Adopt(const DerReader& reader) {
    if (reader.Failed()) {
      errors_.Fail(reader.Finish(0).error());
    }
  }

  void ReadAttributes(Input set, CatalogMember& member) {
    DerReader list(set, errors_.SharedBudget());
    while (!list.AtEnd()) {
      const Element attribute = list.Expect(tag::kSequence, "Attribute");
      DerReader reader(attribute.value, errors_.SharedBudget());
      const Bytes type = reader.Expect(tag::kOid, "attrType").value.bytes;
      const Element values = reader.Expect(tag::kSet, "attrValues");
      Adopt(reader);
      if (!errors_.Failed()) {
        ReadAttribute(type, values.value, member);
      }
    }
    Adopt(list);
  }

  void ReadAttribute(Bytes type, Input values, CatalogMember& member) {
    if (oid::kCatalogNameValue == type) {
      DerReader reader(values, errors_.SharedBudget());
      const Element value = reader.Expect(tag::kSequence, "CAT_NAMEVALUE");
      Adopt(reader);
      member.attributes.push_back(ReadNameValue(value.value, errors_));
    } else if (oid::kSpcIndirectData == type) {
      ReadIndirectData(values, member);
    }
  }

  void ReadIndirectData(Input values, CatalogMember& member) {
    DerReader reader(values, errors_.SharedBudget());
    const Element value = reader.Expect(tag::kSequence, "SpcIndirectData");
    // Why: of two values either could be the one that counts elsewhere.
    reader.ExpectEnd("SpcIndirectData");
    Adopt(reader);
    if (errors_.Failed()) {
      return;
    }
    const auto data = ParseIndirectData(value.value, errors_.SharedBudget());
    if (!data) {
      errors_.Fail(data.error());
      return;
    }
    const Bytes digest = data->digest.bytes;
    const bool fits =
        !data->algorithm || base::DigestSize(*data->algorithm) == digest.size();
    if (!member.digest.Empty() || !fits) {
      errors_.Fail({Fault::kMalformed, value.whole.offset, "SpcIndirectData"});
      return;
    }
    if (data->algorithm) {
      SetMemberDigest(digest, *data->algorithm, member);
    }
    member.content_type = DottedOid(data->type);
  }

  DerReader& errors_;
  Catalog& catalog_;
};

void ReadCatalogUsage(DerReader& reader) {
  const Element sequence = reader.Expect(tag::kSequence, "subjectUsage");
  DerReader usages(sequence.value, reader.SharedBudget());
  bool known = false;
  while (!usages.AtEnd()) {
    known |= oid::kCatalogList ==
             usages.Expect(tag::kOid, "subjectUsage").value.bytes;
  }
  if (usages.Failed()) {
    reader.Fail(usages.Finish(0).error());
  } else if (!known && !reader.Failed()) {
    reader.Fail({Fault::kUnsupported, sequence.whole.offset, "subjectUsage"});
  }
}

base::Instant ReadCatalogTime(DerReader& reader, const char* field) {
  const auto time = TimeContent(reader.Any(field));
  if (!time) {
    reader.Fail(time.error());
  }
  return time.value_or(base::Instant{});
}

void ReadCatalogVersion(DerReader& reader, Catalog& catalog) {
  const AlgorithmIdentifier algorithm =
      ReadAlgorithm(reader, "subjectAlgorithm");
  if (oid::kCatalogMemberV2 == algorithm.oid.bytes) {
    catalog.version = 2;
  } else if (!(oid::kCatalogMemberV1 == algorithm.oid.bytes) &&
             !reader.Failed()) {
    reader.Fail(
        {Fault::kUnsupported, algorithm.whole.offset, "subjectAlgorithm"});
  }
}

void ReadCatalogExtension(const Element& whole, DerReader& errors,
                          Catalog& catalog) {
  DerReader reader(whole.value, errors.SharedBudget());
  const Bytes type = reader.Expect(tag::kOid, "extnID").value.bytes;
  const auto critical = reader.Optional(tag::kBoolean, "critical");
  const Element value = reader.Expect(tag::kOctetString, "extnValue");
  if (reader.Failed()) {
    errors.Fail(reader.Finish(0).error());
    return;
  }
  if (oid::kCatalogNameValue == type) {
    DerReader inner(value.value, errors.SharedBudget());
    const Element pair = inner.Expect(tag::kSequence, "CAT_NAMEVALUE");
    if (!inner.Failed()) {
      catalog.attributes.push_back(ReadNameValue(pair.value, errors));
    }
  } else if (critical && !(critical->value.bytes.size() == 1 &&
                           critical->value.bytes[0] == 0)) {
    errors.Fail({Fault::kUnsupported, whole.whole.offset, "Extension"});
  }
}

void ReadCatalogExtensions(DerReader& reader, Catalog& catalog) {
  const auto wrapped = reader.Optional(tag::Explicit(0), "ctlExtensions");
  if (!wrapped) {
    return;
  }
  DerReader outer(wrapped->value, reader.SharedBudget());
  DerReader list(outer.Expect(tag::kSequence, "ctlExtensions").value,
                 reader.SharedBudget());
  while (!list.AtEnd()) {
    const Element extension = list.Expect(tag::kSequence, "Extension");
    if (!list.Failed()) {
      ReadCatalogExtension(extension, list, catalog);
    }
  }
  for (const DerReader* part : {&outer, &list}) {
    if (part->Failed()) {
      reader.Fail(part->Finish(0).error());
    }
  }
}

void ReadCatalogMembers(DerReader& reader, Catalog& catalog) {
  const auto subjects = reader.Optional(tag::kSequence, "trustedSubjects");
  if (!subjects) {
    return;
  }
  DerReader entries(subjects->value, reader.SharedBudget());
  CatalogMemberReader member(entries, catalog);
  while (!entries.AtEnd()) {
    const Element subject = entries.Expect(tag::kSequence, "TrustedSubject");
    if (!entries.Failed()) {
      member.Read(subject);
    }
  }
  if (entries.Failed()) {
    reader.Fail(entries.Finish(0).error());
  }
}

}  // namespace

base::Result<Catalog> ParseCatalog(Input content, base::Budget& budget) {
  Catalog catalog;
  DerReader reader(content, budget);
  (void)reader.Optional(tag::kInteger, "version");
  ReadCatalogUsage(reader);
  if (const auto id = reader.Optional(tag::kOctetString, "listIdentifier")) {
    catalog.identifier = base::ToHex(id->value.bytes);
  }
  (void)reader.Optional(tag::kInteger, "sequenceNumber");
  catalog.effective = ReadCatalogTime(reader, "ctlThisUpdate");
  if (reader.NextIs(tag::kUtcTime) || reader.NextIs(tag::kGeneralizedTime)) {
    catalog.next_update = ReadCatalogTime(reader, "ctlNextUpdate");
  }
  ReadCatalogVersion(reader, catalog);
  ReadCatalogMembers(reader, catalog);
  ReadCatalogExtensions(reader, catalog);
  reader.ExpectEnd("CertificateTrustList");
  return reader.Finish(std::move(catalog));
}

}  // namespace countersign::signing
