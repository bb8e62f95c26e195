// Trust stores as JSON. Stores and entries appear field by field, as in the
// wire format; certificates as "present" and not as bytes.
#pragma once

#include <string>
#include <vector>

#include "model/trust.h"

namespace countersign::app {

// An array with one object a store, without its entries, ending in a newline.
[[nodiscard]] std::string TrustListJson(
    const std::vector<model::TrustStore>& stores);

// A store with its entries, ending in a newline.
[[nodiscard]] std::string TrustStoreJson(const model::TrustStore& store);

// One entry of a store.
struct TrustMatch {
  const model::TrustStore* store = nullptr;
  const model::TrustEntry* entry = nullptr;
};

// An array with one object an entry, each with the name of its store, ending
// in a newline.
[[nodiscard]] std::string TrustMatchesJson(
    const std::vector<TrustMatch>& matches);

}  // namespace countersign::app
