#include "model/trust.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace countersign::model {
namespace {

TrustStore Sample() {
  TrustStore store;
  store.name = "sample";
  store.purposes = {Purpose::kCodeSigning, Purpose::kTimeStamping};
  for (const char* digest : {"11", "22"}) {
    TrustEntry& entry = store.entries.emplace_back();
    entry.sha256 = digest;
    entry.sha1 = digest;
    entry.certificate = {1, 2, 3};
    entry.usages = {"1.2.3", "1.2.4"};
  }
  return store;
}

TEST(ContentSha256, DoesNotDependOnWhereTheContentCameFrom) {
  const std::string digest = ContentSha256(Sample());
  EXPECT_EQ(digest.size(), 64U);
  TrustStore other = Sample();
  other.name = "other";
  other.source = "elsewhere";
  other.sha256 = "33";
  other.imported_at = base::FromUnixSeconds(1);
  other.entries.push_back(other.entries[0]);
  other.purposes.push_back(other.purposes[0]);
  std::swap(other.entries[0], other.entries[1]);
  std::swap(other.purposes[0], other.purposes[1]);
  std::swap(other.entries[0].usages[0], other.entries[0].usages[1]);
  other.entries[1].name = "as another file calls it";
  EXPECT_EQ(ContentSha256(other), digest);
}

// Whom a hash on a disallowed list means is found out where that certificate
// is at hand, and changes nothing of what is trusted.
TEST(ContentSha256, DoesNotDependOnWhoseHashWasRecognised) {
  TrustStore store = Sample();
  store.entries[0].disallowed_hash = "44";
  const std::string digest = ContentSha256(store);
  store.entries[0].sha1 = store.entries[0].sha256 = "";
  EXPECT_EQ(ContentSha256(store), digest);
}

TEST(ContentSha256, ChangesWithWhateverDecides) {
  const base::Instant day = base::FromUnixSeconds(86'400);
  const std::vector<std::function<void(TrustStore&)>> changes = {
      [](TrustStore&) {},
      [](TrustStore& s) { s.purposes.pop_back(); },
      [](TrustStore& s) { s.list = TrustListFacts{}; },
      [](TrustStore& s) {
        s.list = TrustListFacts{};
        s.list->signature_holds = s.list->signer_trusted = true;
      },
      [](TrustStore& s) { s.entries.pop_back(); },
      [](TrustStore& s) { s.entries[0].certificate.clear(); },
      [](TrustStore& s) { s.entries[0].certificate[1] ^= 1; },
      [](TrustStore& s) { s.entries[0].sha256 = "10"; },
      [](TrustStore& s) { s.entries[0].sha1 = "10"; },
      [](TrustStore& s) { s.entries[0].disallowed_hash = "10"; },
      [](TrustStore& s) { s.entries[0].disallowed_hash = "11"; },
      [](TrustStore& s) { s.entries[0].anchor = false; },
      [](TrustStore& s) { s.entries[0].usages.pop_back(); },
      [day](TrustStore& s) { s.entries[0].disallowed_after = day; },
      [](TrustStore& s) { s.entries[0].disallowed_usages = {"1.2"}; },
      [day](TrustStore& s) { s.entries[0].not_before = day; },
      [](TrustStore& s) { s.entries[0].not_before_usages = {"1.2"}; },
  };
  std::set<std::string> digests;
  for (const auto& change : changes) {
    TrustStore store = Sample();
    change(store);
    digests.insert(ContentSha256(store));
  }
  EXPECT_EQ(digests.size(), changes.size());
}

}  // namespace
}  // namespace countersign::model
