#include "signing/asn1/oid.h"

#include <fmt/format.h>

#include "base/text.h"

namespace countersign::signing {
namespace {

struct NamedOid {
  Oid oid;
  std::string_view name;
};

// Attributes that a standard or Microsoft's documentation names. Whatever is
// unsigned and not in here is data that nobody vouches for.
constexpr std::array<NamedOid, 24> kAttributeNames = {{
    {oid::kContentType, "contentType"},
    {oid::kMessageDigest, "messageDigest"},
    {oid::kSigningTime, "signingTime"},
    {oid::kCounterSignature, "countersignature"},
    {oid::kTimeStampToken, "timeStampToken"},
    {oid::kMicrosoftTimeStampToken, "microsoftTimeStampToken"},
    {oid::kNestedSignature, "nestedSignature"},
    {oid::kStatementType, "spcStatementType"},
    {oid::kOpusInfo, "spcSpOpusInfo"},
    {Oid("1.3.6.1.4.1.311.2.4.3"), "sealingSignature"},
    {Oid("1.3.6.1.4.1.311.2.4.4"), "sealingTimestamp"},
    {Oid("1.3.6.1.4.1.311.2.6.1"), "spcRelaxedPeMarkerCheck"},
    {Oid("1.3.6.1.4.1.311.2.6.2"), "spcEncryptedDigestRetryCount"},
    {Oid("1.3.6.1.4.1.311.10.3.28"), "platformManifestBinaryId"},
    {Oid("1.3.6.1.4.1.311.2.1.10"), "spcAgencyInfo"},
    {Oid("1.3.6.1.4.1.311.2.1.27"), "spcFinancialCriteria"},
    {Oid("1.2.840.113549.1.9.15"), "smimeCapabilities"},
    {Oid("1.2.840.113549.1.9.25.4"), "sequenceNumber"},
    {Oid("1.2.840.113549.1.9.52"), "cmsAlgorithmProtection"},
    {Oid("1.2.840.113549.1.9.16.2.12"), "signingCertificate"},
    {Oid("1.2.840.113549.1.9.16.2.47"), "signingCertificateV2"},
    {Oid("1.2.840.113549.1.9.16.2.4"), "contentHint"},
    {Oid("1.2.840.113549.1.9.16.2.15"), "signaturePolicyIdentifier"},
    {Oid("1.2.840.113583.1.1.8"), "revocationInfoArchival"},
}};

}  // namespace

std::string DottedOid(base::Bytes content) {
  if (content.empty() || (content.back() & 0x80) != 0) {
    return "invalid:" + base::ToHex(content);
  }
  std::string text;
  uint64_t arc = 0;
  for (const uint8_t byte : content) {
    if (arc > (UINT64_MAX >> 7)) {
      return "invalid:" + base::ToHex(content);
    }
    arc = arc << 7 | (byte & 0x7FU);
    if ((byte & 0x80) != 0) {
      continue;
    }
    if (text.empty()) {
      const uint64_t first = arc < 40 ? 0 : arc < 80 ? 1 : 2;
      text = fmt::format("{}.{}", first, arc - first * 40);
    } else {
      text += fmt::format(".{}", arc);
    }
    arc = 0;
  }
  return text;
}

std::string_view AttributeName(base::Bytes content) {
  for (const NamedOid& row : kAttributeNames) {
    if (row.oid == content) {
      return row.name;
    }
  }
  return "";
}

}  // namespace countersign::signing
