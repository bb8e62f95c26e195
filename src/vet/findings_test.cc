// Findings that no other test names: a case in which each fires, and the
// plain case in which it does not.
#include "vet/findings.h"
#include "vet/coverage.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "forge/mutations.h"
#include "forge/recipes.h"
#include "forge/revocation.h"
#include "forge/table.h"
#include "signing/judge.h"
#include "signing/sample/forged_stores.h"
#include "signing/verify.h"
#include "vet/inspect.h"
#include "vet/policy.h"

namespace countersign::vet {
namespace {

using forge::ByteVector;
using model::Severity;

const forge::Authorities& A() { return forge::TestAuthorities(); }

model::Inspection InspectWith(const ByteVector& file,
                              std::vector<std::vector<uint8_t>> revocation) {
  signing::Verifier verifier({signing::ForgedStore({A().root, A().time_root})},
                             std::move(revocation));
  InspectOptions options;
  options.at = base::FromUnixSeconds(forge::kEvaluationTime);
  model::Inspection inspection =
      Inspect(base::Blob::Own(file), verifier, options);
  JudgeCoverage(inspection);
  return inspection;
}

model::Inspection InspectFile(const ByteVector& file) {
  return InspectWith(file, {});
}

const model::Finding* Find(const model::Inspection& inspection,
                           std::string_view id) {
  const auto found =
      std::ranges::find(inspection.findings, id, &model::Finding::id);
  return found == inspection.findings.end() ? nullptr : &*found;
}

ByteVector Plain() {
  return forge::SignedFile(forge::Stamped(forge::SignatureBy(A().publisher),
                                          forge::StampAt(forge::kSigningTime)));
}

TEST(FindingsTest, APlainSignedFileHasNone) {
  const model::Inspection inspection = InspectFile(Plain());
  EXPECT_TRUE(inspection.findings.empty())
      << inspection.findings[0].id << ": " << inspection.findings[0].message;
  EXPECT_EQ(Decide(inspection).decision, model::Decision::kAllow);
}

TEST(FindingsTest, TableOnASection) {
  // The directory is moved onto the first section, with a table that fits.
  const ByteVector image = forge::PlainImage();
  const auto der = forge::SignImage(image, forge::SignatureBy(A().publisher));
  forge::TableRecipe table;
  table.entries = {forge::SignatureEntry(der)};
  table.directory_offset = 0x400;
  table.directory_size = 8;
  const model::Inspection inspection =
      InspectFile(forge::AttachTable(image, table));
  const model::Finding* finding =
      Find(inspection, "signing.table_overlaps_section");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->evidence[0].offset, 0x400U);
  EXPECT_NE(Decide(inspection).decision, model::Decision::kAllow);
}

TEST(FindingsTest, OneTrustedOneNot) {
  const model::Inspection inspection =
      InspectFile(forge::FindCase("backdated")->build());
  EXPECT_NE(Find(inspection, "signing.trust_disagrees"), nullptr);
  EXPECT_NE(Find(inspection, "signing.timestamp_untrusted"), nullptr);
  EXPECT_NE(Find(inspection, "signing.timestamp_before_build"), nullptr);
  EXPECT_EQ(Decide(inspection).decision, model::Decision::kHold);
}

TEST(FindingsTest, RevokedAfterSigningDependsOnTheReason) {
  const ByteVector file = forge::SignedFile(forge::Stamped(
      forge::SignatureBy(A().publisher), forge::StampAt(forge::kSigningTime)));
  const auto inspect = [&](int reason) {
    forge::CrlRecipe list;
    list.issuer = A().intermediate;
    list.this_update = forge::UtcSeconds(2026, 1, 1);
    list.next_update = forge::UtcSeconds(2027, 1, 1);
    list.entries = {
        {A().publisher, forge::UtcSeconds(2025, 12, 1), reason, {}}};
    return InspectWith(file, {forge::MakeCrl(list)});
  };
  const model::Inspection compromised = inspect(forge::kKeyCompromise);
  const model::Finding* finding =
      Find(compromised, "signing.revoked_after_signing");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::kMedium);
  EXPECT_EQ(Decide(compromised).decision, model::Decision::kHold);
  const model::Inspection ceased = inspect(forge::kCessationOfOperation);
  finding = Find(ceased, "signing.revoked_after_signing");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::kLow);
}

TEST(FindingsTest, ListThatDoesNotCoverTheChain) {
  forge::CrlRecipe list;
  list.issuer = A().private_root;
  list.this_update = forge::UtcSeconds(2026, 1, 1);
  list.next_update = forge::UtcSeconds(2027, 1, 1);
  const model::Inspection inspection =
      InspectWith(Plain(), {forge::MakeCrl(list)});
  EXPECT_NE(Find(inspection, "signing.revocation_unknown"), nullptr);
  const Verdict verdict = Decide(inspection);
  EXPECT_NE(verdict.reasons[0].find("not known"), std::string::npos);
}

TEST(FindingsTest, CertificateOfNoChain) {
  auto signature = forge::SignatureBy(A().publisher);
  signature.certificates.push_back(A().private_root);
  const model::Inspection inspection =
      InspectFile(forge::SignedFile(signature));
  const model::Finding* finding =
      Find(inspection, "signing.superfluous_certificate");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::kLow);
}

TEST(FindingsTest, LargeCertificateOfNoChainHolds) {
  forge::CertificateRecipe recipe = forge::RootRecipe("Cargo");
  recipe.extra_extensions.push_back(
      {"1.2.3.4", false, forge::OctetString(ByteVector(9000, 0xAA))});
  auto signature = forge::SignatureBy(A().publisher);
  signature.certificates.push_back(forge::MakeCertificate(recipe));
  const model::Inspection inspection =
      InspectFile(forge::SignedFile(signature));
  const model::Finding* finding =
      Find(inspection, "signing.superfluous_certificate");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::kMedium);
}

TEST(FindingsTest, AnotherTypeThanPeImageIsReportedNotRefused) {
  signing::SigningFacts facts;
  facts.is_signed = model::Signed::kPresent;
  facts.expected_content_type = "1.3.6.1.4.1.311.2.1.15";
  model::SignatureFacts& signature = facts.signatures.emplace_back();
  signature.integrity = model::Integrity::kValid;
  const auto fires = [&](const char* type) {
    signature.content_type = type;
    const auto findings = signing::Judge(facts, 0, 4096, {});
    return std::ranges::any_of(findings, [](const model::Finding& finding) {
      return finding.id == "signing.unexpected_content_type";
    });
  };
  EXPECT_TRUE(fires("1.3.6.1.4.1.311.2.1.21"));
  EXPECT_FALSE(fires("1.3.6.1.4.1.311.2.1.15"));
}

TEST(FindingsTest, EveryRowCanBeMade) {
  const model::Finding finding = MakeFinding(
      "vet.trust_list_unverified", 3, "A sentence.", {1, 2}, {}, "it is so");
  EXPECT_EQ(finding.severity, Severity::kMedium);
  EXPECT_EQ(finding.artifact, 3U);
  EXPECT_EQ(finding.clears_if, "it is so");
}

}  // namespace
}  // namespace countersign::vet
