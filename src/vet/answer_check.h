// What the parent asks of a worker's answer before it uses it.
#pragma once

#include <cstdint>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "model/report.h"
#include "model/trust.h"

namespace countersign::vet {

// Certificates that anchor something: store name and SHA-256, as views into
// the stores.
using Anchors = std::set<std::pair<std::string_view, std::string_view>>;
[[nodiscard]] Anchors AnchorsOf(const std::vector<model::TrustStore>& stores);

// Whether an answer on a file of `size_bytes` makes sense where the decoder
// cannot tell: indexes and ranges point inside, nothing is filled in that is
// the parent's to fill, numbers are those that this version gives, and a
// signature is trusted only through a certificate in `anchors`.
[[nodiscard]] bool IsSound(const model::Inspection& inspection,
                           uint64_t size_bytes, const Anchors& anchors);

}  // namespace countersign::vet
