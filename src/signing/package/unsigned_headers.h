// What stands in the headers of a package whose scheme signs content only.
// Private to the module.
#pragma once

#include "signing/package/archive.h"
#include "signing/verify.h"

namespace countersign::signing {

// Adds to `facts` the comments of the archive and its entries, and extra fields
// other than those that every packer writes: times, owners, alignment.
void NoteUnsignedHeaders(const PackageArchive& archive, SigningFacts& facts);

}  // namespace countersign::signing
