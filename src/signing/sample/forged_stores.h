// Trust stores of the forge's authorities. For tests.
#pragma once

#include <string>
#include <vector>

#include "base/digest.h"
#include "forge/authorities.h"
#include "model/trust.h"

namespace countersign::signing {

inline model::TrustEntry TrustEntryOf(const forge::Certificate& certificate) {
  model::TrustEntry entry;
  entry.sha256 =
      base::Hash(base::DigestAlgorithm::kSha256, certificate.der).Hex();
  entry.sha1 = base::Hash(base::DigestAlgorithm::kSha1, certificate.der).Hex();
  entry.certificate = certificate.der;
  return entry;
}

// A store of anchors for one purpose.
inline model::TrustStore StoreOf(
    model::Purpose purpose,
    const std::vector<forge::Certificate>& certificates) {
  model::TrustStore store;
  store.name = std::string(model::Name(purpose)) + " store";
  store.purposes = {purpose};
  for (const forge::Certificate& certificate : certificates) {
    store.entries.push_back(TrustEntryOf(certificate));
  }
  return store;
}

// A store named "forge" of these anchors, for signers and timestamps.
inline model::TrustStore ForgedStore(
    const std::vector<forge::Certificate>& anchors) {
  model::TrustStore store;
  store.name = "forge";
  store.purposes = {model::Purpose::kCodeSigning,
                    model::Purpose::kTimeStamping};
  for (const forge::Certificate& anchor : anchors) {
    store.entries.push_back(TrustEntryOf(anchor));
  }
  return store;
}

}  // namespace countersign::signing
