// The answer to every collected signature of one file. Private to the
// Authenticode folder.
#pragma once

#include "signing/authenticode/collect.h"
#include "signing/authenticode/subject.h"
#include "signing/context.h"
#include "signing/verify.h"

namespace countersign::signing {

// Adds to `facts` what is to be said of each signature of `collection` over
// `subject`, of certificates that nobody needs, of limits, and whether the file
// is signed.
void ExamineSignatures(const Subject& subject, const Collection& collection,
                       const Context& context, SigningFacts& facts);

}  // namespace countersign::signing
