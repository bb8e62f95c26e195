// Fetches the public trust stores from those who publish them, and checks them
// before anything is replaced.
//
//   Microsoft  http://ctldl.windowsupdate.com/... : the lists are signed, and
//              give the SHA-256 of every certificate
//   Apple      https://www.apple.com/... : every certificate is pinned here
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "signing/trust_list.h"
#include "vet/trust_import.h"

namespace countersign::app {

// Microsoft's directory of lists and certificates, without a slash at the end.
// Why http: it is what Windows itself uses; the server has no valid TLS
// certificate, and everything on it is checked against the lists' signature.
inline constexpr const char* kMicrosoftAddress =
    "http://ctldl.windowsupdate.com/msdownload/update/v3/static/trustedr/en";

// The body behind an address, at most so many bytes; as Downloader::Get.
using Fetch = std::function<std::expected<std::vector<uint8_t>, std::string>(
    const std::string& url, uint64_t limit_bytes)>;

// Where Microsoft's lists are, and who may be above their signer.
struct MicrosoftSource {
  std::string address = kMicrosoftAddress;
  std::vector<signing::PinnedRoot> roots{signing::MicrosoftRoots().begin(),
                                         signing::MicrosoftRoots().end()};
};

// What was fetched and checked, and not saved yet.
struct FetchedStores {
  std::vector<model::TrustStore> stores;  // none: all is up to date
  std::vector<std::string> notes;
};

// Microsoft's two lists and every certificate that the first one names and
// `existing` lacks. Any failure is an error, a sentence; nothing may be used
// then.
[[nodiscard]] std::expected<FetchedStores, std::string> FetchMicrosoft(
    const Fetch& fetch, const MicrosoftSource& source,
    const std::vector<model::TrustStore>& existing,
    vet::TrustImporter& importer, base::Instant now);

// Apple's pinned certificates, in the same way.
[[nodiscard]] std::expected<FetchedStores, std::string> FetchApple(
    const Fetch& fetch, const std::string& address,
    const std::vector<model::TrustStore>& existing,
    vet::TrustImporter& importer, base::Instant now);

// What changes from `before` (null: there was none) to `after`, in a phrase:
// "3 new, 1 gone, 12 changed".
[[nodiscard]] std::string Difference(const model::TrustStore* before,
                                     const model::TrustStore& after);

}  // namespace countersign::app
