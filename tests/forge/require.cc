#include "forge/require.h"

#include <cstdio>
#include <cstdlib>

namespace countersign::forge {

void Require(bool condition, std::string_view reason) {
  if (condition) {
    return;
  }
  std::fprintf(stderr, "countersign-forge: %.*s\n",
               static_cast<int>(reason.size()), reason.data());
  std::abort();
}

}  // namespace countersign::forge
