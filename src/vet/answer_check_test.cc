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

model::Artifact& AddMember(model::Inspection& inspection) {
  model::Artifact& member = inspection.artifacts.emplace_back();
  member.id = static_cast<uint32_t>(inspection.artifacts.size()) - 1;
  member.parent = 0;
  member.path = "!member";
  return member;
}

TEST(AnswerCheck, MembersAreSound) {
  const std::vector<model::TrustStore> stores = Stores();
  model::Inspection inspection = Good(stores[0]);
  AddMember(inspection).sha256 = "00";
  AddMember(inspection).sha256 = "00";
  inspection.artifacts[2].parent = 1;
  inspection.artifacts[2].same_as = 1;
  inspection.findings[0].artifact = 2;
  inspection.findings[0].evidence = {{0, 0}};
  EXPECT_TRUE(IsSound(inspection, kSize, AnchorsOf(stores)));
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
      [](Inspection& i) { i.findings.resize(60'000, i.findings[0]); },
      [](Inspection& i) { i.limits.resize(60'000); },
      [](Inspection& i) { i.artifacts[0].path = "x"; },
      [](Inspection& i) { i.artifacts[0].covered_by = 0; },
      [](Inspection& i) { i.artifacts[0].same_as = 0; },
      [](Inspection& i) { AddMember(i).parent.reset(); },
      [](Inspection& i) { AddMember(i).parent = 1; },
      [](Inspection& i) { AddMember(i).path = "/etc/passwd"; },
      [](Inspection& i) { AddMember(i).same_as = 2; },
      [](Inspection& i) {
        AddMember(i).sha256 = "01";
        AddMember(i).same_as = 1;
      },
      [](Inspection& i) { AddMember(i).covered_by = 0; },
      [](Inspection& i) { AddMember(i).id = 5; },
      [](Inspection& i) {
        const auto signatures = i.artifacts[0].signatures;
        AddMember(i).signatures = signatures;
        i.artifacts[1].size = 99;
      },
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
