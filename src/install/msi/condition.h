// Conditions of Windows Installer. Private to msi/.
//
// Spec: Windows Installer reference, "Conditional Statement Syntax".
#pragma once

#include <string_view>

namespace countersign::install {

// True where nothing but a removal can fulfil the condition: "REMOVE", or
// "REMOVE" compared with "ALL", is in each of its alternatives. What is more
// intricate is not.
[[nodiscard]] bool IsOnlyForRemoval(std::string_view condition);

}  // namespace countersign::install
