// What lies in a signed file and is signed by nobody. Private to the module.
#pragma once

#include "base/bytes.h"
#include "signing/verify.h"

namespace countersign::signing {

// Where unsigned bytes lie and what they look like.
[[nodiscard]] UnsignedData DescribeData(UnsignedData::Place place,
                                        base::Input data);

}  // namespace countersign::signing
