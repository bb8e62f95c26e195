#include "vet/policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace countersign::vet {
namespace {

using model::Decision;
using model::Finding;
using model::Inspection;
using model::Integrity;
using model::Severity;
using model::SignatureFacts;
using model::Signed;
using model::Trust;

SignatureFacts Signature(Integrity integrity, Trust trust) {
  SignatureFacts signature;
  signature.integrity = integrity;
  signature.trust = trust;
  return signature;
}

Inspection WithSignatures(std::vector<SignatureFacts> signatures) {
  Inspection inspection;
  inspection.complete = true;
  inspection.artifacts.resize(1);
  inspection.artifacts[0].is_signed = Signed::kPresent;
  inspection.artifacts[0].signatures = std::move(signatures);
  return inspection;
}

Inspection Good() {
  return WithSignatures({Signature(Integrity::kValid, Trust::kTrusted)});
}

Finding FindingOf(std::string id, Severity severity) {
  Finding finding;
  finding.message = "About " + id + ".";
  finding.id = std::move(id);
  finding.severity = severity;
  finding.evidence = {{0, 1}};
  return finding;
}

Decision With(Inspection inspection, std::vector<Finding> findings) {
  inspection.findings = std::move(findings);
  return Decide(inspection).decision;
}

TEST(Policy, AllowsOneGoodSignature) {
  const Verdict verdict = Decide(Good());
  EXPECT_EQ(verdict.decision, Decision::kAllow);
  ASSERT_EQ(verdict.reasons.size(), 1U);
  EXPECT_NE(verdict.reasons[0].find("evidence"), std::string::npos);
  EXPECT_FALSE(kPolicyVersion.empty());
}

// Every combination of up to two signatures with everything else: only one
// kind may pass.
TEST(Policy, NothingUnknownIsEverAllowed) {
  const auto integrities = model::kNames<Integrity>.size();
  const auto trusts = model::kNames<Trust>.size();
  const auto states = model::kNames<Signed>.size();
  std::vector<SignatureFacts> all;
  for (size_t i = 0; i < integrities; ++i) {
    for (size_t t = 0; t < trusts; ++t) {
      all.push_back(
          Signature(static_cast<Integrity>(i), static_cast<Trust>(t)));
    }
  }
  std::vector<std::vector<SignatureFacts>> lists = {{}};
  for (const SignatureFacts& first : all) {
    lists.push_back({first});
    for (const SignatureFacts& second : all) {
      lists.push_back({first, second});
    }
  }
  size_t allowed = 0;
  for (const auto& list : lists) {
    for (size_t state = 0; state < states; ++state) {
      for (const bool complete : {false, true}) {
        Inspection inspection = WithSignatures(list);
        inspection.complete = complete;
        inspection.artifacts[0].is_signed = static_cast<Signed>(state);
        const bool good =
            complete && !list.empty() &&
            (inspection.artifacts[0].is_signed == Signed::kPresent ||
             inspection.artifacts[0].is_signed == Signed::kByCatalog) &&
            std::ranges::all_of(list, [](const SignatureFacts& signature) {
              return signature.integrity == Integrity::kValid &&
                     signature.trust == Trust::kTrusted;
            });
        const Verdict verdict = Decide(inspection);
        ASSERT_EQ(verdict.decision == Decision::kAllow, good);
        ASSERT_FALSE(verdict.reasons.empty());
        allowed += good ? 1U : 0U;
      }
    }
  }
  EXPECT_EQ(allowed, 4U);  // one signature or two, inside or in a catalog
}

TEST(Policy, AMemberThatIsNotGoodIsNotAllowed) {
  Inspection inspection = Good();
  inspection.artifacts.push_back(inspection.artifacts[0]);
  EXPECT_EQ(Decide(inspection).decision, Decision::kAllow);
  inspection.artifacts[1].is_signed = Signed::kAbsent;
  inspection.artifacts[1].signatures.clear();
  EXPECT_EQ(Decide(inspection).decision, Decision::kHold);
}

TEST(Policy, NothingInspectedIsNotAllowed) {
  Inspection inspection;
  EXPECT_EQ(Decide(inspection).decision, Decision::kHold);
  inspection.complete = true;
  EXPECT_EQ(Decide(inspection).decision, Decision::kHold);
}

TEST(Policy, EachRowDecides) {
  const struct {
    std::string id;
    Decision decision;
  } rows[] = {
      {"signing.digest_mismatch", Decision::kBlock},
      {"signing.signature_invalid", Decision::kBlock},
      {"signing.revoked", Decision::kBlock},
      {"signing.unsigned", Decision::kHold},
      {"signing.untrusted", Decision::kHold},
      {"signing.incomplete_chain", Decision::kHold},
      {"signing.expired", Decision::kHold},
      {"signing.distrusted", Decision::kHold},
      {"signing.missing_code_signing_usage", Decision::kHold},
      {"signing.mixed", Decision::kHold},
      {"signing.malformed", Decision::kHold},
      {"signing.unsupported", Decision::kHold},
      {"pe.malformed", Decision::kHold},
      {"vet.incomplete", Decision::kHold},
      {"signing.something_new", Decision::kAllow},
  };
  const Inspection bad =
      WithSignatures({Signature(Integrity::kInvalid, Trust::kUntrusted)});
  for (const auto& row : rows) {
    // The row holds whatever weight its finding was given.
    const std::vector<Finding> findings = {FindingOf(row.id, Severity::kInfo)};
    // Beside a good signature two of the blocking rows only hold.
    EXPECT_EQ(With(Good(), findings),
              row.id == "signing.revoked"
                  ? Decision::kBlock
                  : std::min(row.decision, Decision::kHold))
        << row.id;
    EXPECT_EQ(With(bad, findings), std::max(row.decision, Decision::kHold))
        << row.id;
  }
}

// One signature that holds and is trusted contradicts another that does not:
// nobody knows which tells the truth.
TEST(Policy, AContradictedSignatureIsHeldNotBlocked) {
  const std::vector<Finding> findings = {
      FindingOf("signing.digest_mismatch", Severity::kCritical)};
  const SignatureFacts bad = Signature(Integrity::kInvalid, Trust::kTrusted);
  const SignatureFacts good = Signature(Integrity::kValid, Trust::kTrusted);
  EXPECT_EQ(With(WithSignatures({bad}), findings), Decision::kBlock);
  EXPECT_EQ(With(WithSignatures({bad, bad}), findings), Decision::kBlock);
  EXPECT_EQ(With(WithSignatures({bad, good}), findings), Decision::kHold);
  EXPECT_EQ(With(WithSignatures(
                     {bad, Signature(Integrity::kValid, Trust::kUntrusted)}),
                 findings),
            Decision::kBlock);
}

TEST(Policy, TheContradictionMustBeInTheSameFile) {
  Inspection inspection =
      WithSignatures({Signature(Integrity::kInvalid, Trust::kTrusted)});
  inspection.artifacts.push_back(Good().artifacts[0]);
  EXPECT_EQ(With(inspection,
                 {FindingOf("signing.digest_mismatch", Severity::kCritical)}),
            Decision::kBlock);
  Finding of_nothing =
      FindingOf("signing.digest_mismatch", Severity::kCritical);
  of_nothing.artifact = 99;
  EXPECT_EQ(With(Good(), {of_nothing}), Decision::kBlock);
}

TEST(Policy, FindingsOfMediumWeightHold) {
  for (size_t i = 0; i < model::kNames<Severity>.size(); ++i) {
    const auto severity = static_cast<Severity>(i);
    EXPECT_EQ(
        With(Good(), {FindingOf("x.anything", severity)}),
        severity >= Severity::kMedium ? Decision::kHold : Decision::kAllow)
        << model::Name(severity);
  }
}

TEST(Policy, ReasonsAreMessagesMostWeightyFirst) {
  Inspection inspection =
      WithSignatures({Signature(Integrity::kInvalid, Trust::kUntrusted)});
  inspection.findings = {
      FindingOf("x.note", Severity::kInfo),
      FindingOf("signing.untrusted", Severity::kMedium),
      FindingOf("signing.malformed", Severity::kHigh),
      FindingOf("signing.digest_mismatch", Severity::kCritical)};
  const Verdict verdict = Decide(inspection);
  EXPECT_EQ(verdict.decision, Decision::kBlock);
  EXPECT_EQ(verdict.reasons,
            (std::vector<std::string>{"About signing.digest_mismatch.",
                                      "About signing.malformed.",
                                      "About signing.untrusted."}));
}

}  // namespace
}  // namespace countersign::vet
