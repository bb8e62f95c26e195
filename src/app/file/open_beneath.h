// Opening what lies in a directory, and nothing that links lead to.
#pragma once

#include <string>

#include "app/file/descriptor.h"

namespace countersign::app {

// Opens `path`, which begins with `root`, with the flags of open(2) and
// O_CLOEXEC. Symbolic links are followed in `root` only, whoever puts them
// into the rest of the path and whenever; meeting one is ELOOP. Not valid, and
// errno set, when the system refuses.
//
// Spec: openat2(2), RESOLVE_NO_SYMLINKS (Linux 5.6). Where a system lacks it,
// only the last name of the path is protected.
[[nodiscard]] Descriptor OpenBeneath(const std::string& root,
                                     const std::string& path, int flags);

}  // namespace countersign::app
