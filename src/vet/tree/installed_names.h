// What the members of an installer's cabinets are called where they are
// installed.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/blob.h"
#include "base/budget.h"

namespace countersign::vet {

// By the name that a member has in a cabinet.
using InstalledNames = std::map<std::string, std::string, std::less<>>;

// The names that the installer database `file` gives; none when it cannot be
// read, which its reader has said then.
[[nodiscard]] InstalledNames InstalledNamesOf(const base::Blob& file,
                                              base::Budget& budget);

}  // namespace countersign::vet
