// Which certificates a CRL speaks about.
//
// Spec: RFC 5280 sections 5.2.5 (issuingDistributionPoint), 4.2.1.13 (cRL
// distribution points) and 6.3.3 (b)(2).
#pragma once

#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "signing/x509/certificate.h"

namespace countersign::signing {

// IssuingDistributionPoint of a CRL; by default a list about everything that
// its issuer issued.
struct ListScope {
  // The GeneralNames of its distribution point, whole elements; a list without
  // a name is not restricted to one.
  bool has_name = false;
  std::vector<base::Bytes> names;
  bool user_certificates_only = false;
  bool authorities_only = false;
  bool indirect = false;  // may be about other issuers
  // For some reasons or attribute certificates only, named in a way that is
  // not compared, or damaged.
  bool undetermined = false;
};

// The scope in an issuingDistributionPoint; views `value`, the extnValue's
// content. Damage makes it undetermined.
[[nodiscard]] ListScope ReadListScope(base::Input value, base::Budget& budget);

// Whether a list of this scope, of the certificate's issuer, would name the
// certificate if it were revoked. A named list does so when the certificate
// points to one of its names, for all reasons and without another cRLIssuer.
// Names are compared byte by byte.
[[nodiscard]] bool Covers(const ListScope& scope,
                          const Certificate& certificate, base::Budget& budget);

}  // namespace countersign::signing
