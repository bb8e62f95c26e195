// Object identifiers: compared as encoded, written as dotted text.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace countersign::signing {

// An object identifier in its DER content octets, known at compile time.
struct Oid {
  std::array<uint8_t, 16> data{};
  uint8_t size = 0;

  // Encodes dotted decimal text, "1.2.840.113549.1.7.2".
  consteval explicit Oid(std::string_view dotted) {
    uint64_t first = 0;
    uint64_t arc = 0;
    size_t index = 0;
    for (size_t i = 0; i <= dotted.size(); ++i) {
      if (i < dotted.size() && dotted[i] != '.') {
        arc = arc * 10 + static_cast<uint64_t>(dotted[i] - '0');
        continue;
      }
      if (index == 0) {
        first = arc;
      } else {
        Append(index == 1 ? first * 40 + arc : arc);
      }
      ++index;
      arc = 0;
    }
  }

  [[nodiscard]] constexpr base::Bytes View() const {
    return {data.data(), size};
  }
  friend bool operator==(const Oid& oid, base::Bytes bytes) {
    return base::Equal(oid.View(), bytes);
  }

 private:
  consteval void Append(uint64_t arc) {
    int groups = 1;
    for (uint64_t rest = arc >> 7; rest != 0; rest >>= 7) {
      ++groups;
    }
    while (groups-- > 0) {
      const uint64_t seven = arc >> (7 * groups) & 0x7F;
      data.at(size++) = static_cast<uint8_t>(seven | (groups > 0 ? 0x80U : 0U));
    }
  }
};

// Dotted decimal text of the content octets of an OBJECT IDENTIFIER; what
// cannot be read becomes "invalid:" and its hexadecimal.
[[nodiscard]] std::string DottedOid(base::Bytes content);

// The name that a standard gives a CMS attribute or extended key usage, or "".
[[nodiscard]] std::string_view AttributeName(base::Bytes content);

namespace oid {
// CMS content types (RFC 5652) and Microsoft's.
inline constexpr Oid kData{"1.2.840.113549.1.7.1"};
inline constexpr Oid kSignedData{"1.2.840.113549.1.7.2"};
inline constexpr Oid kTstInfo{"1.2.840.113549.1.9.16.1.4"};
inline constexpr Oid kSpcIndirectData{"1.3.6.1.4.1.311.2.1.4"};
inline constexpr Oid kCertificateTrustList{"1.3.6.1.4.1.311.10.1"};
// Attributes.
inline constexpr Oid kContentType{"1.2.840.113549.1.9.3"};
inline constexpr Oid kMessageDigest{"1.2.840.113549.1.9.4"};
inline constexpr Oid kSigningTime{"1.2.840.113549.1.9.5"};
inline constexpr Oid kCounterSignature{"1.2.840.113549.1.9.6"};
inline constexpr Oid kTimeStampToken{"1.2.840.113549.1.9.16.2.14"};
inline constexpr Oid kMicrosoftTimeStampToken{"1.3.6.1.4.1.311.3.3.1"};
inline constexpr Oid kNestedSignature{"1.3.6.1.4.1.311.2.4.1"};
inline constexpr Oid kStatementType{"1.3.6.1.4.1.311.2.1.11"};
inline constexpr Oid kOpusInfo{"1.3.6.1.4.1.311.2.1.12"};
inline constexpr Oid kIndividualSigning{"1.3.6.1.4.1.311.2.1.21"};
inline constexpr Oid kCommercialSigning{"1.3.6.1.4.1.311.2.1.22"};
// Authenticode content.
inline constexpr Oid kCabinetData{"1.3.6.1.4.1.311.2.1.25"};
inline constexpr Oid kSipInfo{"1.3.6.1.4.1.311.2.1.30"};
inline constexpr Oid kPeImageData{"1.3.6.1.4.1.311.2.1.15"};
inline constexpr Oid kPageHashesV1{"1.3.6.1.4.1.311.2.3.1"};
inline constexpr Oid kPageHashesV2{"1.3.6.1.4.1.311.2.3.2"};
// Catalogs.
inline constexpr Oid kCatalogList{"1.3.6.1.4.1.311.12.1.1"};
inline constexpr Oid kCatalogMemberV1{"1.3.6.1.4.1.311.12.1.2"};
inline constexpr Oid kCatalogMemberV2{"1.3.6.1.4.1.311.12.1.3"};
inline constexpr Oid kCatalogNameValue{"1.3.6.1.4.1.311.12.2.1"};
// Names (RFC 4519, RFC 2985; EV Guidelines section 9.2.4).
inline constexpr Oid kCommonName{"2.5.4.3"};
inline constexpr Oid kSerialNumber{"2.5.4.5"};
inline constexpr Oid kOrganization{"2.5.4.10"};
inline constexpr Oid kBusinessCategory{"2.5.4.15"};
inline constexpr Oid kJurisdictionLocality{"1.3.6.1.4.1.311.60.2.1.1"};
inline constexpr Oid kJurisdictionState{"1.3.6.1.4.1.311.60.2.1.2"};
inline constexpr Oid kJurisdictionCountry{"1.3.6.1.4.1.311.60.2.1.3"};
// Certificate extensions (RFC 5280 section 4.2).
inline constexpr Oid kSubjectKeyIdentifier{"2.5.29.14"};
inline constexpr Oid kKeyUsage{"2.5.29.15"};
inline constexpr Oid kSubjectAltName{"2.5.29.17"};
inline constexpr Oid kBasicConstraints{"2.5.29.19"};
inline constexpr Oid kNameConstraints{"2.5.29.30"};
inline constexpr Oid kCertificatePolicies{"2.5.29.32"};
inline constexpr Oid kPolicyMappings{"2.5.29.33"};
inline constexpr Oid kAuthorityKeyIdentifier{"2.5.29.35"};
inline constexpr Oid kPolicyConstraints{"2.5.29.36"};
inline constexpr Oid kExtendedKeyUsage{"2.5.29.37"};
inline constexpr Oid kCrlDistributionPoints{"2.5.29.31"};
inline constexpr Oid kInhibitAnyPolicy{"2.5.29.54"};
inline constexpr Oid kNetscapeCertType{"2.16.840.1.113730.1.1"};
// Extended key usages.
inline constexpr Oid kAnyExtendedKeyUsage{"2.5.29.37.0"};
inline constexpr Oid kCodeSigning{"1.3.6.1.5.5.7.3.3"};
inline constexpr Oid kTimeStamping{"1.3.6.1.5.5.7.3.8"};
inline constexpr Oid kOcspSigning{"1.3.6.1.5.5.7.3.9"};
inline constexpr Oid kTrustListSigning{"1.3.6.1.4.1.311.10.3.1"};
inline constexpr Oid kRootListSigner{"1.3.6.1.4.1.311.10.3.9"};
inline constexpr Oid kLifetimeSigning{"1.3.6.1.4.1.311.10.3.13"};
// Certificate policies (CA/Browser Forum).
inline constexpr Oid kPolicyEv{"2.23.140.1.3"};
inline constexpr Oid kPolicyCodeSigningOv{"2.23.140.1.4.1"};
inline constexpr Oid kPolicyOv{"2.23.140.1.2.2"};
inline constexpr Oid kPolicyIv{"2.23.140.1.2.3"};
// Keys and named curves (RFC 5480).
inline constexpr Oid kRsaEncryption{"1.2.840.113549.1.1.1"};
inline constexpr Oid kRsaPss{"1.2.840.113549.1.1.10"};
inline constexpr Oid kMgf1{"1.2.840.113549.1.1.8"};
inline constexpr Oid kEcPublicKey{"1.2.840.10045.2.1"};
inline constexpr Oid kP256{"1.2.840.10045.3.1.7"};
inline constexpr Oid kP384{"1.3.132.0.34"};
inline constexpr Oid kP521{"1.3.132.0.35"};
// Revocation (RFC 5280 section 5.3, RFC 6960).
inline constexpr Oid kReasonCode{"2.5.29.21"};
inline constexpr Oid kInvalidityDate{"2.5.29.24"};
inline constexpr Oid kIssuingDistributionPoint{"2.5.29.28"};
inline constexpr Oid kDeltaCrlIndicator{"2.5.29.27"};
inline constexpr Oid kOcspBasic{"1.3.6.1.5.5.7.48.1.1"};
}  // namespace oid

}  // namespace countersign::signing
