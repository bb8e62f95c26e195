// The signed attribute that names the certificate a signer meant.
//
// Spec: RFC 5035 (ESSCertIDv2), RFC 2634 section 5.4 (ESSCertID).
#pragma once

#include "base/budget.h"
#include "signing/cms/signed_data.h"
#include "signing/x509/certificate.h"

namespace countersign::signing {

inline constexpr Oid kSigningCertificate{"1.2.840.113549.1.9.16.2.12"};
inline constexpr Oid kSigningCertificateV2{"1.2.840.113549.1.9.16.2.47"};

// True when the signer has either attribute.
[[nodiscard]] bool NamesItsCertificate(const SignerInfo& signer,
                                       base::Budget& budget);

// True when an attribute names another certificate than `certificate`: another
// one of the same issuer and serial must not stand in for it (RFC 5035 section
// 3). False without the attribute, or when its digest is of an unknown kind.
[[nodiscard]] bool NamesAnotherCertificate(const SignerInfo& signer,
                                           const Certificate& certificate,
                                           base::Budget& budget);

}  // namespace countersign::signing
