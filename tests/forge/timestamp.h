// Makes time stamps over a signature value: RFC 3161 tokens and the older
// PKCS#9 countersignatures. The time is the recipe's, not the clock's.
#pragma once

#include <vector>

#include "forge/signed_data.h"

namespace countersign::forge {

enum class TimestampKind : uint8_t {
  kRfc3161,           // in attribute 1.3.6.1.4.1.311.3.3.1
  kCountersignature,  // PKCS#9, in attribute 1.2.840.113549.1.9.6
};

struct TimestampRecipe {
  TimestampKind kind = TimestampKind::kRfc3161;
  Certificate authority;  // signs; its usages are not checked here
  // Go into the token; for a countersignature into the bag of the signature.
  std::vector<Certificate> certificates;
  int64_t time = 0;  // unix seconds; genTime or signingTime
  HashAlgorithm digest = HashAlgorithm::kSha256;   // of the authority
  HashAlgorithm imprint = HashAlgorithm::kSha256;  // of the signature value
  bool wrong_imprint = false;
  bool corrupt_signature = false;
  bool signing_certificate_v2 = true;  // ESSCertIDv2, RFC 3161 only
  bool full_response = false;          // TimeStampResp around the token
  bool raw_content = false;            // TSTInfo not wrapped in an OCTET STRING
  bool bare_digest = false;            // RSA block without DigestInfo
};

// The unsigned attribute that holds the time stamp of a signature value.
Attribute MakeTimestamp(const TimestampRecipe& recipe,
                        ByteSpan signature_value);

}  // namespace countersign::forge
