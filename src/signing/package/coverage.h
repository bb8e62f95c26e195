// Which members of a package its signatures cover, for schemes that need not
// cover all of them. Private to the module.
#pragma once

#include <vector>

#include "base/digest.h"
#include "formats/zip.h"
#include "signing/verify.h"

namespace countersign::signing {

class PackageCoverage {
 public:
  void AddCovered(const formats::ZipEntry& entry, const base::Digest& sha256);
  void AddUncovered(const formats::ZipEntry& entry);

  // Adds what was added to `facts`; without a signature that `holds` there is
  // no more to say of what is not covered.
  void Finish(bool holds, SigningFacts& facts);

 private:
  std::vector<CoveredMember> covered_;
  UncoveredMembers uncovered_;
};

}  // namespace countersign::signing
