// From signing facts to findings.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "model/finding.h"
#include "signing/verify.h"

namespace countersign::signing {

// The findings on one file, in the order of the check table. `artifact` is
// the file's id, `size_bytes` its size (evidence is kept inside), `at` the
// instant judged at.
[[nodiscard]] std::vector<model::Finding> Judge(const SigningFacts& facts,
                                                uint32_t artifact,
                                                uint64_t size_bytes,
                                                base::Instant at);

// Every finding id this module can give, in table order.
[[nodiscard]] std::vector<std::string_view> FindingIds();

}  // namespace countersign::signing
