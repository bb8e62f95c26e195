// What the examinations of packages in ZIP archives begin with. Private to the
// module.
#pragma once

#include "base/blob.h"
#include "signing/context.h"
#include "signing/package/archive.h"
#include "signing/package/faults.h"
#include "signing/signer/answer.h"
#include "signing/verify.h"

namespace countersign::signing {

// The facts that an `Examination`, made of archive, context and facts, finds by
// its Run, which notes a limit that was reached. An archive that cannot be read
// is a fault, and nothing else is known of it.
template <class Examination>
SigningFacts ExaminePackage(const base::Blob& file, const Context& context) {
  SigningFacts facts;
  facts.signed_place = "signature of the package";
  PackageFaults faults(facts);
  const auto archive = PackageArchive::Open(file, context.budget);
  if (!archive) {
    faults.AddUnreadable("its directory cannot be read", archive.error(),
                         {archive.error().offset, 0}, context.budget);
    facts.limit = context.budget.Reached();
    return facts;
  }
  if (const auto& damage = archive->Zip().damage) {
    faults.Add(FaultClause(*damage), archive->Zip().central_directory);
  }
  Examination(*archive, context, facts).Run();
  return facts;
}

}  // namespace countersign::signing
