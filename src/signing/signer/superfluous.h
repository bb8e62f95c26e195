// What came along with the signatures of a file and no signature needs.
// Private to the module.
#pragma once

#include <span>

#include "signing/cms/signer_check.h"
#include "signing/context.h"
#include "signing/verify.h"

namespace countersign::signing {

// Adds to `facts.unsigned_data` every certificate and list of the bags that
// could hold anything: it stands in no chain of `facts`, and no key of a chain
// or store vouches for it (see the top of superfluous.cc).
void NoteSuperfluous(std::span<const Bag> bags, const Context& context,
                     SigningFacts& facts);

}  // namespace countersign::signing
