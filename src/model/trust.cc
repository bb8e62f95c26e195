#include "model/trust.h"

#include <algorithm>
#include <tuple>

#include "base/digest.h"
#include "model/wire.h"

namespace countersign::model {
namespace {

// What the digest is over, in the wire format.
struct Content {
  std::vector<Purpose> purposes;
  std::vector<TrustEntry> entries;

  static void Fields(auto& self, auto&& visit) {
    visit("purposes", self.purposes);
    visit("entries", self.entries);
  }
};

auto OrderOf(const TrustEntry& entry) {
  return std::tie(entry.sha256, entry.sha1, entry.disallowed_hash);
}

}  // namespace

std::string ContentSha256(const TrustStore& store) {
  Content content{store.purposes, store.entries};
  std::ranges::sort(content.purposes);
  std::ranges::stable_sort(content.entries, {}, OrderOf);
  for (TrustEntry& entry : content.entries) {
    // Decides nothing, and depends on which file named the certificate.
    entry.name.clear();
    for (auto* usages :
         {&entry.usages, &entry.disallowed_usages, &entry.not_before_usages}) {
      std::ranges::sort(*usages);
    }
  }
  return base::Hash(base::DigestAlgorithm::kSha256, EncodeWire(content)).Hex();
}

}  // namespace countersign::model
