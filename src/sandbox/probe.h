// A self-test of the sandbox: tries what must be impossible.
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace countersign::sandbox {

struct ProbeResult {
  std::string action;    // "open a file for reading", "connect", ...
  bool refused = false;  // false means the sandbox does not hold
  std::string how;       // "bad system call", "Permission denied", ...
};

// Yields one result for each forbidden action, each tried in a fresh worker of
// its own. Call it under the conditions of Pool::Start; fails as that does.
[[nodiscard]] std::expected<std::vector<ProbeResult>, std::string> Probe();

}  // namespace countersign::sandbox
