// Authenticode signatures of a PE image.
//
// Spec: Windows Authenticode Portable Executable Signature Format (2008);
// WIN_CERTIFICATE: Microsoft PE Format, "The Attribute Certificate Table".
#pragma once

#include "base/blob.h"
#include "signing/context.h"
#include "signing/verify.h"

namespace countersign::signing {

// The facts on every entry of the certificate table and every signature
// nested in one, each with its own answer.
[[nodiscard]] SigningFacts ExaminePe(const base::Blob& file,
                                     const Context& context);

}  // namespace countersign::signing
