// The cast of the tests: who certifies, who signs, who stamps times, and the
// fixed instants of the story. Everything is derived from labels and constants,
// so that a recipe gives the same bytes on every run.
//
//   Forge Root -> Code Signing CA -> publishers
//   Forge EC Root (P-384)            the victim of CurveBall
//   Forge Time Stamping Root -> Time Stamp 1
//   Private Root, Private Stamper    trusted by nobody
#pragma once

#include <chrono>

#include "forge/certificate.h"

namespace countersign::forge {

// Unix seconds of a UTC date and time.
constexpr int64_t UtcSeconds(int year, unsigned month, unsigned day,
                             int hour = 0, int minute = 0, int second = 0) {
  const std::chrono::sys_days date{std::chrono::year(year) /
                                   std::chrono::month(month) /
                                   std::chrono::day(day)};
  return int64_t{date.time_since_epoch().count()} * 86400 + hour * 3600 +
         minute * 60 + second;
}

// When every sample is to be judged.
inline constexpr int64_t kEvaluationTime = UtcSeconds(2026, 1, 15, 12);
// When the programs were linked and signed.
inline constexpr int64_t kBuildTime = UtcSeconds(2025, 5, 30, 8, 15, 30);
inline constexpr int64_t kSigningTime = UtcSeconds(2025, 6, 1, 10);
// The same for the publisher whose certificate has expired since.
inline constexpr int64_t kOldBuildTime = UtcSeconds(2023, 5, 30, 8, 15, 30);
inline constexpr int64_t kOldSigningTime = UtcSeconds(2023, 6, 1, 10);

struct Authorities {
  Certificate root;
  Certificate elliptic_root;
  Certificate intermediate;
  Certificate time_root;
  Certificate time_stamper;
  Certificate private_root;   // trusted by nobody
  Certificate publisher;      // valid at kSigningTime and kEvaluationTime
  Certificate old_publisher;  // valid at kOldSigningTime, since expired
};

// The cast, made once per process.
const Authorities& TestAuthorities();

// A recipe for a code signing certificate of the intermediate, valid from
// 2025-01-01 to 2027-01-01, for cases to alter.
CertificateRecipe PublisherRecipe();

// The same for a time stamper of the time stamping root, 2016 to 2036.
CertificateRecipe TimeStamperRecipe();

// A self-signed CA, 2015 to 2045.
CertificateRecipe RootRecipe(std::string_view common_name);

// The lists of the revoked certificates: one of the intermediate, DER.
ByteVector IntermediateCrl();

// Publishers that the list names, by when they were revoked.
Certificate PublisherRevokedBeforeSigning();
Certificate PublisherRevokedAfterSigning();

}  // namespace countersign::forge
