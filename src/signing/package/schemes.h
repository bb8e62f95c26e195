// The packages in ZIP archives that are signed: one function each, from the
// bytes of a file to the facts on every signature in it. Rows of
// signing/table.cc.
#pragma once

#include "base/blob.h"
#include "signing/context.h"
#include "signing/verify.h"

namespace countersign::signing {

// MSIX and APPX packages and bundles of them: AppxSignature.p7x, the block map
// and what the manifest says of the publisher.
[[nodiscard]] SigningFacts ExamineMsix(const base::Blob& file,
                                       const Context& context);

// NuGet packages: .signature.p7s, of an author or a repository, and what a
// repository signs besides.
[[nodiscard]] SigningFacts ExamineNuget(const base::Blob& file,
                                        const Context& context);

// JARs: META-INF/*.SF, their blocks and the manifest.
[[nodiscard]] SigningFacts ExamineJar(const base::Blob& file,
                                      const Context& context);

// Visual Studio extensions: digital signatures of the Open Packaging
// Conventions.
[[nodiscard]] SigningFacts ExamineVsix(const base::Blob& file,
                                       const Context& context);

}  // namespace countersign::signing
