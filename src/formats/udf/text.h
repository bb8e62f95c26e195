// Names in UDF: OSTA compressed Unicode. Private to udf/.
#pragma once

#include <string>

#include "base/bytes.h"

namespace countersign::formats {

// UTF-8 of d-characters: a byte that says how wide the characters are, 8 or 16
// bits (254 and 255 for those of deleted names), then so many. Of another width
// the bytes as they are stored, the first included.
//
// Spec: OSTA UDF 2.60, 2.1.1.
[[nodiscard]] std::string UdfText(base::Bytes characters);

// The same of a field of fixed size, whose last byte says how many are used.
//
// Spec: ECMA-167, part 1, 7.2.12.
[[nodiscard]] std::string UdfFixedText(base::Bytes field);

}  // namespace countersign::formats
