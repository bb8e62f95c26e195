// Joins lists and certificates to stores. Pure: runs inside the worker.
#pragma once

#include <expected>
#include <string>

#include "vet/trust_import.h"

namespace countersign::vet {

// What ImportTrust yields, without its worker.
[[nodiscard]] std::expected<TrustImport, std::string> JoinTrust(
    const TrustRequest& request);

}  // namespace countersign::vet
