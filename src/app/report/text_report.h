// The report as a person reads it: the verdict, what carries it, then the
// facts. Pure functions of the report and the style.
//
// Why "issued in the name of": a certificate says whom an authority believed
// it was talking to. Whether that is who signed, it does not say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/terminal/page.h"
#include "app/terminal/style.h"
#include "model/report.h"

namespace countersign::app {

// Everything about one input, several screens at most; with `verbose` every
// attribute, chain, member and finding.
[[nodiscard]] std::string FullReport(const model::Report& report,
                                     const TextStyle& style, bool verbose);

// A few lines for a run over many inputs.
[[nodiscard]] std::string CompactReport(const model::Report& report,
                                        const TextStyle& style);

// One line: the verdict, the path, and the weightiest reason.
[[nodiscard]] std::string QuietLine(const model::Report& report,
                                    const TextStyle& style);

// The section on the stores and revocation files that took part: which, from
// where, with which hash, and the instant of judgement.
void WriteTrust(Page& page, const std::vector<model::TrustSource>& trust,
                const std::vector<model::RevocationSource>& revocation,
                const std::vector<model::CatalogSource>& catalogs,
                base::Instant at);

// True when a store of `trust` may vouch for code signing. Without one nobody
// can be trusted, which is worth saying once.
[[nodiscard]] bool HasCodeSigningStore(
    const std::vector<model::TrustSource>& trust);
// What to do when there is none.
inline constexpr std::string_view kNoCodeSigningStore =
    "No trust store for code signing was used, so no signer could be trusted, "
    "however good. \"countersign trust update\" fetches the public roots; "
    "\"countersign trust import FILE\" adds your own.";

}  // namespace countersign::app
