// What a member's name would do or hide, if somebody used it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace countersign::vet {

struct NameProblem {
  std::string_view finding;  // id, a row of vet/findings.cc
  std::string what;          // a clause: "is an absolute path"
};

// The weightiest problem of a name as its container stores it, on Windows or
// on a Unix system, whichever would be hurt; nothing for an ordinary name.
//
// Spec: Microsoft, "Naming Files, Paths, and Namespaces" (reserved names and
// characters); Unicode TR 36, section 2.10 (bidirectional and invisible text).
[[nodiscard]] std::optional<NameProblem> FindNameProblem(std::string_view name);

// The name as a file system that ignores case would compare it: ASCII letters
// in lower case, backslashes as slashes, without dots and spaces at the end of
// its parts. Two names with one key would overwrite each other there.
[[nodiscard]] std::string CollisionKey(std::string_view name);

}  // namespace countersign::vet
