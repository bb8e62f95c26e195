// Whether a trust list may make a store.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "vet/trust/trust_files.h"

namespace countersign::vet {

// The facts about the list's signature, or why the list is refused. A refused
// list is taken all the same when the request says so; then a note is added.
// The list's root must be among `candidates`.
[[nodiscard]] std::expected<model::TrustListFacts, std::string> CheckList(
    const LoadedList& loaded, const std::vector<model::TrustEntry>& candidates,
    const TrustRequest& request, std::vector<std::string>& notes);

// Nothing, or why a store made from `loaded` may not replace `previous`.
[[nodiscard]] std::expected<void, std::string> CheckReplacement(
    const model::TrustStore& previous, const LoadedList& loaded);

// "2026-04-22".
[[nodiscard]] std::string Date(base::Instant instant);

}  // namespace countersign::vet
