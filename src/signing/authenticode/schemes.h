// The file formats that are signed by Authenticode: one function each, from the
// bytes of a file to the facts on every signature in it, each with its own
// answer. Rows of signing/table.cc.
#pragma once

#include "base/blob.h"
#include "signing/context.h"
#include "signing/verify.h"

namespace countersign::signing {

// Every entry of the certificate table and every signature nested in one.
//
// Spec: Windows Authenticode Portable Executable Signature Format (2008);
// WIN_CERTIFICATE: Microsoft PE Format, "The Attribute Certificate Table".
[[nodiscard]] SigningFacts ExaminePe(const base::Blob& file,
                                     const Context& context);

// The signature behind a cabinet.
[[nodiscard]] SigningFacts ExamineCabinet(const base::Blob& file,
                                          const Context& context);

// The signature in an OLE compound file: a Windows Installer database, patch or
// transform.
[[nodiscard]] SigningFacts ExamineMsi(const base::Blob& file,
                                      const Context& context);

// The signature block of a script. "Absent" for text without one.
//
// Spec: docs/formats/powershell.md, docs/formats/script.md.
[[nodiscard]] SigningFacts ExamineScript(const base::Blob& file,
                                         const Context& context);

}  // namespace countersign::signing
