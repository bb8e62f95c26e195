// How evenly bytes are spread, which tells packed data from plain.
#pragma once

#include "base/bytes.h"

namespace countersign::base {

// Shannon entropy of `bytes` in bits a byte: 0 for one value, 8 for random
// data; 0 for nothing.
[[nodiscard]] double EntropyBits(Bytes bytes);

}  // namespace countersign::base
