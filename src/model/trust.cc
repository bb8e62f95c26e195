#include "model/trust.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "model/wire.h"

namespace countersign::model {
namespace {

// What the digest is over, in the wire format. Each entry is encoded by itself.
struct Content {
  std::vector<Purpose> purposes;
  std::optional<bool> list_verified;
  std::vector<std::vector<uint8_t>> entries;

  static void Fields(auto& self, auto&& visit) {
    visit("purposes", self.purposes);
    visit("list_verified", self.list_verified);
    visit("entries", self.entries);
  }
};

// As a set: in ascending order, each once.
void MakeSet(auto& values) {
  std::ranges::sort(values);
  const auto rest = std::ranges::unique(values);
  values.erase(rest.begin(), rest.end());
}

std::vector<uint8_t> Encode(TrustEntry entry) {
  // Decides nothing, and depends on which file named the certificate.
  entry.name.clear();
  if (!entry.disallowed_hash.empty()) {
    // Known only where the certificate that is meant was at hand.
    entry.sha1.clear();
    entry.sha256.clear();
  }
  MakeSet(entry.usages);
  MakeSet(entry.disallowed_usages);
  MakeSet(entry.not_before_usages);
  return EncodeWire(entry);
}

}  // namespace

std::string ContentSha256(const TrustStore& store) {
  Content content;
  content.purposes = store.purposes;
  MakeSet(content.purposes);
  if (store.list) {
    content.list_verified =
        store.list->signature_holds && store.list->signer_trusted;
  }
  for (const TrustEntry& entry : store.entries) {
    content.entries.push_back(Encode(entry));
  }
  MakeSet(content.entries);
  return base::Hash(base::DigestAlgorithm::kSha256, EncodeWire(content)).Hex();
}

}  // namespace countersign::model
