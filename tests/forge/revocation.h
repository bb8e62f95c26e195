// Makes certificate revocation lists (RFC 5280) and OCSP responses (RFC 6960).
#pragma once

#include <optional>
#include <vector>

#include "forge/certificate.h"

namespace countersign::forge {

// CRLReason values in use; -1 writes no reason.
inline constexpr int kNoReason = -1;
inline constexpr int kKeyCompromise = 1;
inline constexpr int kCessationOfOperation = 5;

struct RevokedEntry {
  Certificate certificate;
  int64_t revocation_date = 0;  // unix seconds
  int reason = kNoReason;
  std::optional<int64_t> invalidity_date;  // unix seconds
};

struct CrlRecipe {
  Certificate issuer;  // whose name the list bears
  Key signing_key;     // empty: the issuer's; else for instance a wrong one
  int64_t this_update = 0;  // unix seconds
  std::optional<int64_t> next_update;
  std::vector<RevokedEntry> entries;
  HashAlgorithm digest = HashAlgorithm::kSha256;
};

// CertificateList, DER.
ByteVector MakeCrl(const CrlRecipe& recipe);

enum class OcspStatus : uint8_t { kGood, kRevoked, kUnknown };

struct OcspRecipe {
  Certificate certificate;  // the one asked about
  Certificate issuer;       // of that certificate
  // Who signs: the issuer when absent, else a delegated responder whose
  // certificate (id-kp-OCSPSigning) goes into the response.
  std::optional<Certificate> responder;
  OcspStatus status = OcspStatus::kGood;
  int64_t revocation_date = 0;  // unix seconds
  int reason = kNoReason;
  int64_t this_update = 0;
  std::optional<int64_t> next_update;
  HashAlgorithm digest = HashAlgorithm::kSha256;
};

// OCSPResponse with a BasicOCSPResponse, DER.
ByteVector MakeOcspResponse(const OcspRecipe& recipe);

}  // namespace countersign::forge
