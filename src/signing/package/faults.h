// How faults of a package are kept. Private to the module.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/result.h"
#include "signing/verify.h"

namespace countersign::signing {

// Keeps package faults.
// Limit: 100 of them; more tell nothing new, and names can be long.
class PackageFaults {
 public:
  explicit PackageFaults(SigningFacts& facts) : faults_(facts.package_faults) {}

  // Something could not be read, which `what` says without why. A limit of
  // ours is no fault of the package.
  void AddUnreadable(std::string what, const base::Error& error,
                     base::ByteRange range, base::Budget& budget) {
    if (error.fault == base::Fault::kLimit) {
      budget.NoteReached(range.offset, error.field);
      return;
    }
    Add(std::move(what) + ": " + error.field + " " +
            base::Describe(error.fault),
        range);
  }

  void Add(std::string what, base::ByteRange range) {
    constexpr size_t kMost = 100;
    if (faults_.size() < kMost) {
      faults_.push_back({std::move(what), range});
    }
  }

 private:
  std::vector<PackageFault>& faults_;
};

}  // namespace countersign::signing
