// What the members of an installer's cabinets are called where they are
// installed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/blob.h"
#include "base/budget.h"
#include "model/report.h"

namespace countersign::vet {

// Of one installer database.
struct InstalledNames {
  // By the name that a member has in a cabinet.
  std::map<std::string, std::string, std::less<>> names;
  // Cabinets that lie beside the database, in lower case.
  std::set<std::string, std::less<>> beside;
  // Files that lie there as they are: their names and short names.
  std::vector<std::pair<std::string, std::string>> loose;
};

// The names that the installer database `file` gives; none when it cannot be
// read, which its reader has said then.
[[nodiscard]] InstalledNames InstalledNamesOf(const base::Blob& file,
                                              base::Budget& budget);

// Of all databases that were opened.
class InstallerNames {
 public:
  // What `names` says of cabinets in `installer` and beside it.
  void Add(const model::Artifact& installer, InstalledNames names);
  // What member `name` of `cabinet` is called; null when nobody says so. Valid
  // until the next Add.
  [[nodiscard]] const std::string* Find(const model::Artifact& cabinet,
                                        std::string_view name) const;

  // Content that an installer has beside it, and that did not come along.
  struct Missing {
    uint32_t installer = 0;
    std::string what;
  };
  [[nodiscard]] std::vector<Missing> FindMissing(
      const std::vector<model::Artifact>& artifacts) const;

 private:
  std::map<uint32_t, InstalledNames> by_installer_;
  // Container and name in lower case of a cabinet beside, to the installer.
  std::map<std::pair<uint32_t, std::string>, uint32_t> beside_;
};

}  // namespace countersign::vet
