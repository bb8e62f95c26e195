#include "vet/answer_check.h"

#include <gtest/gtest.h>

#include <functional>

#include "signing/sample/forged_stores.h"

namespace countersign::vet {
namespace {

constexpr uint64_t kSize = 1000;

std::vector<model::TrustStore> Stores() {
  return {signing::ForgedStore({forge::TestAuthorities().root})};
}

model::Inspection Good(const model::TrustStore& store) {
  model::Inspection inspection;
  inspection.complete = true;
  model::Artifact& artifact = inspection.artifacts.emplace_back();
  artifact.size = kSize;
  model::SignatureFacts& signature = artifact.signatures.emplace_back();
  signature.range = {100, 900};
  signature.trust = model::Trust::kTrusted;
  signature.signer.emplace();
  signature.chain = {{"CN=Signer", "00", ""},
                     {"CN=Root", store.entries[0].sha256, store.name}};
  model::Finding& finding = inspection.findings.emplace_back();
  finding.evidence = {{0, kSize}};
  inspection.limits.emplace_back();
  return inspection;
}

TEST(AnswerCheck, EachLieThatCanBeSeenIsSeen) {
  using Inspection = model::Inspection;
  const std::vector<model::TrustStore> stores = Stores();
  const Anchors anchors = AnchorsOf(stores);
  ASSERT_TRUE(IsSound(Good(stores[0]), kSize, anchors));
  const std::function<void(Inspection&)> lies[] = {
      [](Inspection& i) { i.artifacts.clear(); },
      [](Inspection& i) { i.artifacts.push_back(i.artifacts[0]); },
      [](Inspection& i) { i.artifacts[0].size = kSize + 1; },
      [](Inspection& i) { i.artifacts[0].id = 1; },
      [](Inspection& i) { i.artifacts[0].parent = 0; },
      [](Inspection& i) { i.artifacts[0].findings = {0}; },
      [](Inspection& i) { i.artifacts[0].signatures.resize(5000); },
      [](Inspection& i) { i.artifacts[0].signatures[0].range = {100, 901}; },
      [](Inspection& i) { i.artifacts[0].signatures[0].nested_in = 1; },
      [](Inspection& i) { i.artifacts[0].signatures[0].signer.reset(); },
      [](Inspection& i) { i.artifacts[0].signatures[0].chain.clear(); },
      [](Inspection& i) { i.artifacts[0].signatures[0].chain.pop_back(); },
      [](Inspection& i) {
        i.artifacts[0].signatures[0].chain.back().store = "other";
      },
      [](Inspection& i) {
        i.artifacts[0].signatures[0].chain.back().sha256[0] ^= 1;
      },
      [](Inspection& i) { i.findings[0].artifact = 1; },
      [](Inspection& i) { i.findings[0].evidence.clear(); },
      [](Inspection& i) { i.findings[0].evidence = {{1, kSize}}; },
      [](Inspection& i) { i.findings[0].evidence.resize(5000); },
      [](Inspection& i) { i.findings[0].parameters.resize(5000); },
      [](Inspection& i) { i.findings.resize(20'000, i.findings[0]); },
      [](Inspection& i) { i.limits.resize(20'000); },
      [](Inspection& i) { i.limits[0].artifact = 1; },
  };
  for (const auto& lie : lies) {
    Inspection inspection = Good(stores[0]);
    lie(inspection);
    EXPECT_FALSE(IsSound(inspection, kSize, anchors)) << &lie - &lies[0];
  }
}

TEST(AnswerCheck, WithoutStoresNothingIsTrusted) {
  const std::vector<model::TrustStore> stores = Stores();
  model::Inspection inspection = Good(stores[0]);
  EXPECT_FALSE(IsSound(inspection, kSize, {}));
  inspection.artifacts[0].signatures[0].trust = model::Trust::kUntrusted;
  EXPECT_TRUE(IsSound(inspection, kSize, {}));
}

}  // namespace
}  // namespace countersign::vet
