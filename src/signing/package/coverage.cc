#include "signing/package/coverage.h"

#include <algorithm>
#include <utility>

#include "signing/package/archive.h"

namespace countersign::signing {

void PackageCoverage::AddCovered(const formats::ZipEntry& entry,
                                 const base::Digest& sha256) {
  covered_.push_back({entry.name, sha256});
}

void PackageCoverage::AddUncovered(const formats::ZipEntry& entry) {
  // Limit: 5 names; the members say of themselves that nobody covers them.
  constexpr size_t kMostNames = 5;
  if (uncovered_.names.size() < kMostNames) {
    uncovered_.names.push_back(QuoteName(entry.name));
  }
  if (uncovered_.count == 0) {
    uncovered_.range = EntryRange(entry);
  }
  ++uncovered_.count;
}

void PackageCoverage::Finish(bool holds, SigningFacts& facts) {
  std::ranges::sort(covered_);
  facts.covered_members = std::move(covered_);
  if (holds && uncovered_.count > 0) {
    facts.uncovered = std::move(uncovered_);
  }
}

}  // namespace countersign::signing
