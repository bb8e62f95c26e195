#include "vet/coverage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vet/findings.h"
#include "vet/policy.h"

namespace countersign::vet {
namespace {

using model::Artifact;
using model::Contents;
using model::Decision;
using model::Format;
using model::Inspection;
using model::Signed;

Artifact& Add(Inspection& inspection, std::optional<uint32_t> parent,
              Format format) {
  Artifact& artifact = inspection.artifacts.emplace_back();
  artifact.id = static_cast<uint32_t>(inspection.artifacts.size()) - 1;
  artifact.parent = parent;
  artifact.format = format;
  artifact.size = 10;
  artifact.path = parent ? inspection.artifacts[*parent].path + "!m" +
                               std::to_string(artifact.id)
                         : "input";
  artifact.is_signed = Signed::kAbsent;
  return artifact;
}

void Sign(Artifact& artifact,
          model::Integrity integrity = model::Integrity::kValid) {
  artifact.is_signed = Signed::kPresent;
  model::SignatureFacts& signature = artifact.signatures.emplace_back();
  signature.integrity = integrity;
  signature.trust = model::Trust::kTrusted;
  signature.signer.emplace().organization = "Example";
}

Inspection Archive() {
  Inspection inspection;
  inspection.complete = true;
  Add(inspection, std::nullopt, Format::kZip).contents = Contents::kComplete;
  return inspection;
}

Verdict Judge(Inspection& inspection) {
  JudgeCoverage(inspection);
  return Decide(inspection);
}

bool Has(const Inspection& inspection, std::string_view id) {
  return std::ranges::any_of(inspection.findings, [&](const auto& finding) {
    return finding.id == id;
  });
}

TEST(Coverage, AnArchiveIsAsGoodAsItsMembers) {
  Inspection inspection = Archive();
  Sign(Add(inspection, 0, Format::kPe));
  Sign(Add(inspection, 0, Format::kPe));
  const Verdict verdict = Judge(inspection);
  EXPECT_EQ(verdict.decision, Decision::kAllow);
  EXPECT_EQ(verdict.reasons.at(0),
            "Whatever is in it (2 members) is signed and trusted, with "
            "certificates issued in the name of \"Example\"; that is evidence "
            "of origin, not of harmlessness.");
  EXPECT_FALSE(inspection.artifacts[1].covered_by);
}

TEST(Coverage, AMemberThatNobodySignedIsHeld) {
  Inspection inspection = Archive();
  Sign(Add(inspection, 0, Format::kPe));
  Add(inspection, 0, Format::kText);
  const Verdict verdict = Judge(inspection);
  EXPECT_EQ(verdict.decision, Decision::kHold);
  ASSERT_TRUE(Has(inspection, "vet.not_vouched"));
  EXPECT_EQ(verdict.reasons.at(0),
            "Nobody trusted has signed 1 of 2 members, neither by themselves "
            "nor with a package around them: m2.");
}

// What a member says of itself, which may be the words of whoever made it,
// does not make a signature of it.
TEST(Coverage, OnlyTheRoleOfASignatureVouches) {
  Inspection inspection = Archive();
  Sign(Add(inspection, 0, Format::kPe));
  Add(inspection, 0, Format::kCat).detail = "signature of the package";
  EXPECT_EQ(Judge(inspection).decision, Decision::kHold);
  inspection = Archive();
  Sign(Add(inspection, 0, Format::kPe));
  Add(inspection, 0, Format::kCat).role = model::Role::kSignature;
  EXPECT_EQ(Judge(inspection).decision, Decision::kAllow);
}

TEST(Coverage, EmptyMembersNeedNobodyButAnEmptyArchiveDoes) {
  Inspection inspection = Archive();
  Sign(Add(inspection, 0, Format::kPe));
  Add(inspection, 0, Format::kEmpty).size = 0;
  EXPECT_EQ(Judge(inspection).decision, Decision::kAllow);
  Inspection empty = Archive();
  empty.artifacts[0].contents = Contents::kNone;
  EXPECT_EQ(Judge(empty).decision, Decision::kHold);
  Inspection partial = Archive();
  Sign(Add(partial, 0, Format::kPe));
  partial.artifacts[0].contents = Contents::kPartial;
  EXPECT_EQ(Judge(partial).decision, Decision::kHold);
}

TEST(Coverage, ASignedPackageCoversEverythingInIt) {
  Inspection inspection;
  inspection.complete = true;
  Sign(Add(inspection, std::nullopt, Format::kPe));
  Add(inspection, 0, Format::kZip).contents = Contents::kComplete;
  Add(inspection, 1, Format::kPe);
  inspection.findings.push_back({.id = "signing.unsigned",
                                 .severity = model::Severity::kMedium,
                                 .artifact = 2,
                                 .message = "Not signed.",
                                 .evidence = {{0, 1}},
                                 .attack = {},
                                 .parameters = {},
                                 .clears_if = {}});
  EXPECT_EQ(Judge(inspection).decision, Decision::kAllow);
  EXPECT_EQ(inspection.artifacts[1].covered_by, 0U);
  EXPECT_EQ(inspection.artifacts[2].covered_by, 0U);
  EXPECT_EQ(inspection.findings[0].severity, model::Severity::kLow);
  EXPECT_EQ(inspection.findings[0].message,
            "Not signed. The signature of the package around it covers it.");
}

TEST(Coverage, ABrokenSignatureCoversNothing) {
  Inspection inspection;
  inspection.complete = true;
  Sign(Add(inspection, std::nullopt, Format::kPe), model::Integrity::kInvalid);
  Add(inspection, 0, Format::kUnknown);
  EXPECT_EQ(Judge(inspection).decision, Decision::kHold);
  EXPECT_FALSE(inspection.artifacts[1].covered_by);
}

TEST(Coverage, AProgramIsNoMereArchive) {
  Inspection inspection;
  inspection.complete = true;
  Add(inspection, std::nullopt, Format::kPe).contents = Contents::kComplete;
  Sign(Add(inspection, 0, Format::kPe));
  EXPECT_EQ(Judge(inspection).decision, Decision::kHold);
}

TEST(Coverage, WhatIsSaidOfManyMembersIsOneReason) {
  Inspection inspection = Archive();
  for (uint32_t i = 1; i <= 5; ++i) {
    Add(inspection, 0, Format::kPe);
    inspection.findings.push_back(
        MakeFinding("vet.member_escapes", i, "Bad name.", {0, 1}));
  }
  const Verdict verdict = Judge(inspection);
  ASSERT_EQ(verdict.reasons.size(), 1U);
  EXPECT_EQ(verdict.reasons[0], "m1 and 4 more members: Bad name.");
}

TEST(Coverage, WhatIsSaidOfOneMemberManyTimesIsOneReason) {
  Inspection inspection = Archive();
  Add(inspection, 0, Format::kPe);
  for (int i = 0; i < 5; ++i) {
    inspection.findings.push_back(
        MakeFinding("vet.member_escapes", 1, "Bad name.", {0, 1}));
  }
  EXPECT_EQ(Judge(inspection).reasons,
            std::vector<std::string>{"m1, 5 times: Bad name."});
}

TEST(Coverage, ATamperedMemberOfASignedPackageIsAContradiction) {
  Inspection inspection;
  inspection.complete = true;
  Sign(Add(inspection, std::nullopt, Format::kPe));
  Sign(Add(inspection, 0, Format::kPe), model::Integrity::kInvalid);
  inspection.findings.push_back({.id = "signing.digest_mismatch",
                                 .severity = model::Severity::kCritical,
                                 .artifact = 1,
                                 .message = "Changed.",
                                 .evidence = {{0, 1}},
                                 .attack = {},
                                 .parameters = {},
                                 .clears_if = {}});
  EXPECT_EQ(Judge(inspection).decision, Decision::kHold);
  Inspection alone = Archive();
  Sign(Add(alone, 0, Format::kPe), model::Integrity::kInvalid);
  alone.findings = inspection.findings;
  EXPECT_EQ(Judge(alone).decision, Decision::kBlock);
}

// A package vouches for what it signs only.
TEST(Coverage, WhatASignatureLeavesOutIsNotCovered) {
  Inspection inspection = Archive();
  inspection.artifacts[0].format = Format::kJar;
  Sign(inspection.artifacts[0]);
  Add(inspection, 0, Format::kText);
  EXPECT_EQ(Judge(inspection).decision, Decision::kAllow);
  EXPECT_EQ(inspection.artifacts[1].covered_by, 0U);

  inspection.artifacts[1].outside_signature = true;
  EXPECT_EQ(Judge(inspection).decision, Decision::kHold);
  EXPECT_FALSE(inspection.artifacts[1].covered_by.has_value());
  EXPECT_TRUE(Has(inspection, "vet.not_vouched"));
}

// What lies in a package around that one is covered by it all the same.
TEST(Coverage, APackageAroundCoversWhatItsMemberLeavesOut) {
  Inspection inspection = Archive();
  Sign(inspection.artifacts[0]);
  Sign(Add(inspection, 0, Format::kJar));
  Add(inspection, 1, Format::kText).outside_signature = true;
  EXPECT_EQ(Judge(inspection).decision, Decision::kAllow);
  EXPECT_EQ(inspection.artifacts[2].covered_by, 0U);
}

// The row of `artifact`, if it has one.
const model::CoverageRow* RowOf(const std::vector<model::CoverageRow>& rows,
                                uint32_t artifact) {
  const auto row =
      std::ranges::find(rows, artifact, &model::CoverageRow::artifact);
  return row == rows.end() ? nullptr : &*row;
}

void SignAs(Artifact& artifact, const std::string& common_name,
            const std::string& country) {
  Sign(artifact);
  model::CertificateFacts& signer = *artifact.signatures.back().signer;
  signer.common_name = common_name;
  signer.organization = common_name;
  signer.subject = "CN=" + common_name + ",O=" + common_name +
                   (country.empty() ? "" : ",C=" + country);
  signer.publisher_key = "org:pub";
}

model::Action ActionOn(uint32_t member) {
  model::Action action;
  action.member = member;
  return action;
}

TEST(CoverageRows, EverySignerIsNamedWithTheResult) {
  Inspection inspection = Archive();
  Artifact& artifact = Add(inspection, 0, Format::kPe);
  SignAs(artifact, "Tampered", "US");
  artifact.signatures[0].integrity = model::Integrity::kInvalid;
  SignAs(artifact, "Stranger", "US");
  artifact.signatures[1].trust = model::Trust::kUntrusted;
  SignAs(artifact, "", "US");
  artifact.signatures[2].signer->organization = "Known";
  artifact.signatures.emplace_back();  // says nobody
  const auto rows = CoverageOf(inspection);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].signers, std::vector<std::string>{"Known"});
  ASSERT_EQ(rows[0].signatures.size(), 3U);
  EXPECT_EQ(rows[0].signatures[0].signer, "Tampered");
  EXPECT_EQ(rows[0].signatures[0].integrity, model::Integrity::kInvalid);
  EXPECT_EQ(rows[0].signatures[0].trust, model::Trust::kTrusted);
  EXPECT_EQ(rows[0].signatures[1].signer, "Stranger");
  EXPECT_EQ(rows[0].signatures[1].integrity, model::Integrity::kValid);
  EXPECT_EQ(rows[0].signatures[1].trust, model::Trust::kUntrusted);
  EXPECT_EQ(rows[0].signatures[2].signer, "Known");
}

// The same bytes elsewhere are not what an installer starts.
TEST(CoverageRows, ACopyHasARowAndActionsOfItsOwn) {
  Inspection inspection = Archive();
  Add(inspection, 0, Format::kPe).path = "input!setup.exe";
  Add(inspection, 0, Format::kMsi);
  Add(inspection, 2, Format::kPe).same_as = 1;
  inspection.actions = {ActionOn(3)};
  const auto rows = CoverageOf(inspection);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_TRUE(RowOf(rows, 1)->actions.empty());
  EXPECT_EQ(RowOf(rows, 3)->actions, std::vector<uint32_t>{0});
}

TEST(CoverageRows, WhatWindowsRunsByItsNameHasARow) {
  struct Row {
    const char* name;
    Format format;
    bool expected;
  };
  for (const Row& row :
       {Row{"a.ps1", Format::kText, true}, Row{"d/A.BAT", Format::kText, true},
        Row{"a.bat. ", Format::kText, true}, Row{"a.vbs", Format::kText, true},
        Row{"a.lnk", Format::kUnknown, true}, Row{"a.js", Format::kText, true},
        Row{"a.hta", Format::kText, true}, Row{"a.reg", Format::kText, true},
        Row{"a", Format::kScript, true}, Row{"a.bin", Format::kMsi, true},
        Row{"a.bin", Format::kMsp, true}, Row{"a.txt", Format::kText, false},
        Row{"bat", Format::kText, false}, Row{"a.bat/b", Format::kText, false},
        Row{"node_modules/x/a.js", Format::kText, false},
        Row{"a.jar", Format::kPdf, false}}) {
    Inspection inspection = Archive();
    Add(inspection, 0, row.format).path = std::string("input!") + row.name;
    EXPECT_EQ(CoverageOf(inspection).size(), row.expected ? 1U : 0U)
        << row.name;
  }
}

TEST(CoverageRows, TheInputItselfIsNoMemberOfAPackage) {
  Inspection inspection = Archive();
  inspection.artifacts[0].format = Format::kMsi;
  EXPECT_TRUE(CoverageOf(inspection).empty());
}

TEST(CoverageRows, PartsOfAProgramAreLeftOutUnlessAnActionNamesThem) {
  Inspection inspection = Archive();
  Add(inspection, 0, Format::kAsar);
  Add(inspection, 1, Format::kText).path = "input!app.asar!main.js";
  Add(inspection, 1, Format::kText).path = "input!app.asar!other.js";
  inspection.actions = {ActionOn(2)};
  const auto rows = CoverageOf(inspection);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].artifact, 2U);
}

TEST(CoverageRows, WhateverAnActionNamesHasARow) {
  Inspection inspection = Archive();
  Add(inspection, 0, Format::kText);
  inspection.actions = {ActionOn(1), ActionOn(1)};
  const auto rows = CoverageOf(inspection);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].actions, (std::vector<uint32_t>{0, 1}));
}

// The key leaves out the legal form and the country.
TEST(CoverageRows, TheSameSignerHasTheSameNameAndCountry) {
  const auto is_same = [](const std::string& name, const std::string& country) {
    Inspection inspection = Archive();
    SignAs(inspection.artifacts[0], "pub LLC", "US");
    SignAs(Add(inspection, 0, Format::kPe), name, country);
    return CoverageOf(inspection).at(0).same_signer_as_package;
  };
  EXPECT_EQ(is_same("pub LLC", "US"), true);
  EXPECT_EQ(is_same("PUB llc", "us"), true);
  EXPECT_EQ(is_same("Pub Limited", "US"), false);
  EXPECT_EQ(is_same("pub LLC", "CN"), false);
  EXPECT_EQ(is_same("pub LLC", ""), false);
  // A name cannot pretend to be a country.
  EXPECT_EQ(is_same("pub LLC\\,C=US", ""), false);
}

TEST(CoverageRows, OneNameOfTwoIsEnoughButNoneIsNot) {
  Inspection inspection = Archive();
  SignAs(inspection.artifacts[0], "pub LLC", "US");
  SignAs(Add(inspection, 0, Format::kPe), "pub LLC", "US");
  model::CertificateFacts& signer =
      *inspection.artifacts[1].signatures[0].signer;
  signer.common_name = "Jane Doe";
  EXPECT_EQ(CoverageOf(inspection).at(0).same_signer_as_package, true);
  signer.common_name = signer.organization = "";
  EXPECT_EQ(CoverageOf(inspection).at(0).same_signer_as_package, false);
  signer.publisher_key = "org:other";
  EXPECT_EQ(CoverageOf(inspection).at(0).same_signer_as_package, false);
}

}  // namespace
}  // namespace countersign::vet
