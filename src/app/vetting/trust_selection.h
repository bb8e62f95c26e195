// Which trust stores a run uses.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "app/vetting/vet_request.h"

namespace countersign::app {

// The stores that `words` (the values of --trust) stand for:
//
//   default  every store on disk that may vouch for code signing or time
//            stamping; this is also what no word at all means
//   none     no store
//   system   the certificates that this system trusts for TLS, as the store
//            "system-tls" that serves no other purpose than "tls"
//   NAME     the store of that name
//   FILE     a store file, or certificates and trust lists to be imported for
//            this run only
//
// A name counts before a file. Fails with a sentence for the user; a damaged
// store fails the run, because leaving it out could make a distrusted signer
// trusted.
[[nodiscard]] std::expected<ImportedTrust, std::string> SelectTrust(
    const std::vector<std::string>& words, const TrustDirectory& directory,
    const TrustImporter& import_trust, base::Instant now);

}  // namespace countersign::app
