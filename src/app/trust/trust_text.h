// Trust stores in words.
#pragma once

#include <string>
#include <vector>

#include "app/terminal/style.h"
#include "app/trust/trust_json.h"
#include "model/trust.h"

namespace countersign::app {

// The stores as a table, one a line, with a remark under those whose list is
// not verified.
[[nodiscard]] std::string TrustListText(
    const std::vector<model::TrustStore>& stores, const TextStyle& style);

// One store: what it is, and a table of its entries.
[[nodiscard]] std::string TrustStoreText(const model::TrustStore& store,
                                         const TextStyle& style);

// Single entries with everything that holds of them, explained.
[[nodiscard]] std::string TrustMatchesText(
    const std::vector<TrustMatch>& matches, const TextStyle& style);

// What a usage is called: "code signing", or the OID itself.
[[nodiscard]] std::string UsageName(const std::string& oid);

// "code-signing, time-stamping".
[[nodiscard]] std::string PurposeNames(
    const std::vector<model::Purpose>& purposes);

// What holds of an entry, a sentence each: "Distrusted from 2018-08-01 on:
// nothing signed after that is trusted; ...".
[[nodiscard]] std::vector<std::string> Explanation(
    const model::TrustEntry& entry);

}  // namespace countersign::app
