// Timestamps on a signature: RFC 3161 tokens and Authenticode's legacy
// countersignatures, each with its own chain and usage.
//
// Spec: RFC 3161; PKCS #9 (RFC 2985) section 5.3.6; Windows Authenticode
// Portable Executable Signature Format, "Timestamps".
#pragma once

#include <span>
#include <vector>

#include "model/signature.h"
#include "signing/cms/signed_data.h"
#include "signing/context.h"
#include "signing/x509/certificate.h"

namespace countersign::signing {

// The facts on every timestamp of `signer`, in encoded order. `pool` holds
// the certificates of the signature that carries them. Which one is used is
// left open.
//
// The chain of a timestamp is judged at the time it states: what counts is
// that the authority was good then.
[[nodiscard]] std::vector<model::TimestampFacts> ExamineTimestamps(
    const SignerInfo& signer, std::span<const Certificate> pool,
    const Context& context);

}  // namespace countersign::signing
