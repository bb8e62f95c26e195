// Tells what a file is by its first bytes and reads the certificates in it.
//
//   30 .. 06 09 <signedData>   PKCS #7: a bundle, or a trust list
//   30 .. 30                   a certificate, or several
//   00 00 00 00 "CERT"         a serialized Windows store
//   ... -----BEGIN             PEM
//
// A serialized store, as certutil -generateSSTFromWU writes it:
// +---------+--------+----------------------------------------------+------+
// | version | "CERT" | id, encoding, size (4 bytes each), value ... | 12 x |
// | = 0     |        | id 32: a certificate; else a property        | 00   |
// +---------+--------+----------------------------------------------+------+
//
// Spec: RFC 7468 (PEM); RFC 2315 section 9 (a bundle is SignedData without
// signers); [MS-OSHARED] section 2.3.9.1 (serialized store).
#include <algorithm>

#include "base/reader.h"
#include "base/text.h"
#include "signing/asn1/pem.h"
#include "signing/cms/signed_data.h"
#include "signing/trust_list.h"
#include "signing/x509/certificate.h"
#include "signing/x509/name.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using base::Fault;
using base::Input;
using base::Result;

constexpr uint32_t kStoreMagic = 0x54524543;  // "CERT"
constexpr uint32_t kCertificateElement = 32;

// What a person calls the certificate.
std::string NameOf(const Certificate& certificate, base::Budget& budget) {
  const NameAttributes subject = ParseName(certificate.subject, budget);
  std::string name = First(subject, oid::kCommonName);
  return !name.empty() ? name : ToText(subject);
}

void AddCertificate(Input der, base::Budget& budget,
                    TrustFileContents& contents) {
  const auto certificate = ParseCertificate(der, budget);
  if (!certificate) {
    ++contents.unreadable;
    return;
  }
  model::TrustEntry& entry = contents.certificates.emplace_back();
  entry.sha1 = certificate->sha1.Hex();
  entry.sha256 = certificate->sha256.Hex();
  entry.name = NameOf(*certificate, budget);
  entry.certificate.assign(certificate->der.bytes.begin(),
                           certificate->der.bytes.end());
  entry.anchor = certificate->IsSelfIssued();
}

bool IsStore(Bytes bytes) {
  base::Reader reader({bytes, 0});
  const uint32_t version = reader.U32("version");
  const uint32_t magic = reader.U32("fileType");
  return !reader.Failed() && version == 0 && magic == kStoreMagic;
}

Result<void> ReadStore(Input input, base::Budget& budget,
                       TrustFileContents& contents) {
  base::Reader reader(input);
  reader.Skip(8, "version");
  while (!reader.Failed()) {
    CS_TRY_VOID(budget.ChargeSteps(1, reader.Offset()));
    const uint32_t id = reader.U32("id");
    reader.Skip(4, "encodingType");
    const uint32_t size = reader.U32("length");
    if (id == 0) {
      break;
    }
    const uint64_t offset = reader.Offset();
    const Bytes value = reader.Take(size, "value");
    if (id == kCertificateElement && !reader.Failed()) {
      AddCertificate({value, offset}, budget, contents);
    }
  }
  if (const auto finished = reader.Finish(true); !finished) {
    return std::unexpected(finished.error());
  }
  return {};
}

enum class DerKind : uint8_t { kUnknown, kCertificate, kSignedData };

DerKind Sniff(Input input, base::Budget& budget) {
  DerReader outer(input, budget);
  DerReader inner(outer.Expect(tag::kSequence, "file").value, budget);
  if (inner.NextIs(tag::kOid)) {
    const Element type = inner.Any("contentType");
    return oid::kSignedData == type.value.bytes ? DerKind::kSignedData
                                                : DerKind::kUnknown;
  }
  return inner.NextIs(tag::kSequence) ? DerKind::kCertificate
                                      : DerKind::kUnknown;
}

Result<void> ReadSignedData(Input input, base::Budget& budget,
                            TrustFileContents& contents) {
  const SignedData bundle = CS_TRY(ParseSignedData(input, budget));
  if (oid::kCertificateTrustList == bundle.content_type) {
    if (contents.list) {
      return base::Fail(Fault::kUnsupported, input.offset, "second list");
    }
    contents.list = CS_TRY(ParseTrustList(input, budget));
    contents.list_bytes.assign(input.bytes.begin(), input.bytes.end());
    return {};
  }
  for (const Input& der : bundle.certificates) {
    AddCertificate(der, budget, contents);
  }
  return {};
}

Result<void> ReadPem(Input input, base::Budget& budget,
                     TrustFileContents& contents) {
  for (const std::vector<uint8_t>& block :
       DecodePem(base::AsText(input.bytes))) {
    // Offsets inside a block mean nothing in the file around it.
    const Input der{block, 0};
    if (Sniff(der, budget) == DerKind::kSignedData) {
      CS_TRY_VOID(ReadSignedData(der, budget, contents));
    } else {
      AddCertificate(der, budget, contents);
    }
  }
  return {};
}

// Certificates in DER, one behind the other.
//
// Quirk: Apple's AppleTimestampCA.cer and two others are the certificate in
// DER and then the same again in PEM.
Result<void> ReadCertificates(Input input, base::Budget& budget,
                              TrustFileContents& contents) {
  DerReader reader(input, budget);
  while (reader.NextIs(tag::kSequence)) {
    const Element certificate = reader.Any("Certificate");
    if (!reader.Failed()) {
      AddCertificate(certificate.whole, budget, contents);
    }
  }
  if (const auto finished = reader.Finish(true); !finished) {
    return std::unexpected(finished.error());
  }
  return ReadPem(reader.Rest(), budget, contents);
}

}  // namespace

Result<TrustFileContents> ReadTrustFile(Input file, base::Budget& budget) {
  TrustFileContents contents;
  const DerKind kind = Sniff(file, budget);
  if (kind == DerKind::kSignedData) {
    CS_TRY_VOID(ReadSignedData(file, budget, contents));
  } else if (kind == DerKind::kCertificate) {
    CS_TRY_VOID(ReadCertificates(file, budget, contents));
  } else if (IsStore(file.bytes)) {
    CS_TRY_VOID(ReadStore(file, budget, contents));
  } else if (base::AsText(file.bytes).find("-----BEGIN ") !=
             std::string_view::npos) {
    CS_TRY_VOID(ReadPem(file, budget, contents));
  }
  if (contents.certificates.empty() && !contents.list) {
    return base::Fail(
        contents.unreadable > 0 ? Fault::kMalformed : Fault::kUnsupported,
        file.offset, "file");
  }
  return contents;
}

std::vector<std::string> DisallowedHashes(Bytes der) {
  base::Budget budget;
  const auto certificate = ParseCertificate({der, 0}, budget);
  std::vector<std::string> hashes;
  if (!certificate) {
    return hashes;
  }
  if (certificate->scheme.digest) {
    hashes.push_back(
        base::Hash(*certificate->scheme.digest, certificate->tbs.bytes).Hex());
  }
  DerReader outer(certificate->spki, budget);
  DerReader key(outer.Expect(tag::kSequence, "spki").value, budget);
  (void)key.Expect(tag::kSequence, "algorithm");
  if (const auto bits =
          BitStringContent(key.Expect(tag::kBitString, "subjectPublicKey"))) {
    hashes.push_back(
        base::Hash(base::DigestAlgorithm::kMd5, bits->bytes).Hex());
  }
  return hashes;
}

}  // namespace countersign::signing
