// The scheme of security catalogs. Row of signing/table.cc.
#pragma once

#include "base/blob.h"
#include "signing/context.h"
#include "signing/verify.h"

namespace countersign::signing {

// The signatures over a catalog, and what each of them lists. "Absent" for a
// catalog that nobody has signed yet.
//
// Spec: docs/formats/cat.md.
[[nodiscard]] SigningFacts ExamineCatalog(const base::Blob& file,
                                          const Context& context);

}  // namespace countersign::signing
