// What `countersign trust` does. Each function prints, and yields the exit code
// of the program.
#pragma once

#include <string>
#include <vector>

#include "app/trust_directory.h"
#include "base/instant.h"
#include "model/trust.h"

namespace countersign::app {

struct TrustImportRequest {
  std::vector<std::string> files;
  std::string name;
  std::vector<model::Purpose> purposes;  // empty: the default
  bool anchor = false;
  bool unverified = false;
  bool allow_weak_sandbox = false;
};
int RunTrustImport(const TrustImportRequest& request,
                   const TrustDirectory& directory, base::Instant now);

struct TrustUpdateRequest {
  std::string mirror;  // empty: the publishers' own addresses
  bool dry_run = false;
  bool allow_weak_sandbox = false;
};
int RunTrustUpdate(const TrustUpdateRequest& request,
                   const TrustDirectory& directory, base::Instant now);

int RunTrustList(bool json, const TrustDirectory& directory);
// Prints the names of the stores, a line each, without reading them.
int RunTrustNames(const TrustDirectory& directory);
int RunTrustShow(const std::string& what, bool json,
                 const TrustDirectory& directory);
int RunTrustRemove(const std::string& name, const TrustDirectory& directory);

}  // namespace countersign::app
