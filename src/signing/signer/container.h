// One SignedData with what came along in it. Private to the module.
#pragma once

#include <cstdint>
#include <vector>

#include "base/budget.h"
#include "signing/cms/signed_data.h"
#include "signing/revocation/revocation.h"
#include "signing/verify.h"
#include "signing/x509/certificate.h"

namespace countersign::signing {

// Several signatures (one a SignerInfo) may share it.
struct CmsContainer {
  SignedData data;
  std::vector<Certificate> certificates;
  RevocationSet revocation;  // from the SignedData's `crls`
};

// Fills in `certificates` and `revocation` from `data`. What is damaged in
// them, and bytes of `data` that no structure defines, goes to `facts` as of
// signature number `signature`.
void ReadBag(CmsContainer& container, uint32_t signature, base::Budget& budget,
             SigningFacts& facts);

// Adds to `facts` the unsigned attribute of signature number `signature`, as
// one that nobody vouches for.
void NoteUnsignedAttribute(const CmsAttribute& attribute, uint32_t signature,
                           base::Budget& budget, SigningFacts& facts);

}  // namespace countersign::signing
