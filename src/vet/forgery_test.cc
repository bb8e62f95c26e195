// Attempts to be let in, or to have somebody else kept out, each of which has
// worked once against a draft of this program.
#include <gtest/gtest.h>

#include <algorithm>

#include "forge/recipes.h"
#include "forge/revocation.h"
#include "forge/table.h"
#include "signing/sample/forged_stores.h"
#include "signing/verify.h"
#include "vet/coverage.h"
#include "vet/inspect.h"
#include "vet/policy.h"

namespace countersign::vet {
namespace {

using forge::ByteVector;
using model::Decision;

std::vector<model::TrustStore> Stores() {
  const auto& authorities = forge::TestAuthorities();
  return {signing::ForgedStore({authorities.root, authorities.time_root})};
}

struct Outcome {
  model::Inspection inspection;
  Verdict verdict;

  [[nodiscard]] bool Has(std::string_view id) const {
    return std::ranges::any_of(inspection.findings, [&](const auto& finding) {
      return finding.id == id;
    });
  }
};

Outcome Vet(signing::Verifier& verifier, const ByteVector& file) {
  InspectOptions options;
  options.at = base::FromUnixSeconds(forge::kEvaluationTime);
  Outcome outcome;
  outcome.inspection = Inspect(base::Blob::Own(file), verifier, options);
  JudgeCoverage(outcome.inspection);
  outcome.verdict = Decide(outcome.inspection);
  return outcome;
}

Outcome Vet(const ByteVector& file) {
  signing::Verifier verifier(Stores(), {});
  return Vet(verifier, file);
}

const forge::Authorities& A() { return forge::TestAuthorities(); }

TEST(ForgeryTest, LookAlikeOfADistrustedRootDoesNotReplaceIt) {
  auto stores = Stores();
  stores[0].entries[0].disallowed_after =
      base::FromUnixSeconds(forge::UtcSeconds(2016, 1, 1));
  forge::CertificateRecipe recipe = forge::RootRecipe("Countersign Forge Root");
  recipe.serial_number = ByteVector{0x77};
  recipe.key = A().root.key;
  forge::Certificate look_alike = forge::MakeCertificate(recipe);
  ASSERT_EQ(look_alike.subject, A().root.subject);
  look_alike.der.back() ^= 1;  // the forger does not have the root's key
  auto signature = forge::SignatureBy(A().publisher);
  signature.certificates.push_back(look_alike);
  signing::Verifier verifier(stores, {});
  const Outcome outcome = Vet(verifier, forge::SignedFile(signature));
  EXPECT_EQ(outcome.verdict.decision, Decision::kHold);
  EXPECT_TRUE(outcome.Has("signing.distrusted"));
}

TEST(ForgeryTest, LegacyCountersignatureIsNoTimestampToken) {
  auto signature = forge::SignatureBy(A().old_publisher);
  const ByteVector image = forge::PlainImage();
  const ByteVector der = forge::SignImage(image, signature);
  const ByteVector value(der.end() - 256, der.end());
  const auto sha256 = forge::HashAlgorithm::kSha256;
  const ByteVector token_info = forge::Sequence(
      {forge::Integer(1), forge::Oid("1.2.3.4"),
       forge::Sequence({forge::AlgorithmIdentifier(forge::HashOid(sha256)),
                        forge::OctetString(forge::Hash(sha256, value))}),
       forge::Integer(5), forge::GeneralizedTime(forge::kOldSigningTime)});
  // What an honest legacy service answers to the "signature value".
  forge::SignerRecipe service;
  service.certificate = A().time_stamper;
  const forge::SignedSigner honest =
      forge::SignContent(service, forge::kDataType, token_info);
  forge::SignedDataRecipe token;
  token.version = 3;
  token.content_type = "1.2.840.113549.1.9.16.1.4";
  token.content = forge::OctetString(token_info);
  token.digests = {sha256};
  token.certificates = {A().time_stamper};
  token.signers = {honest};
  signature.signers[0].unsigned_attributes.push_back(
      {"1.3.6.1.4.1.311.3.3.1", {forge::EncodeSignedData(token)}});
  const Outcome outcome = Vet(forge::SignedFile(image, signature));
  EXPECT_EQ(outcome.verdict.decision, Decision::kHold);
  EXPECT_TRUE(outcome.Has("signing.timestamp_invalid"));
  EXPECT_TRUE(outcome.Has("signing.expired"));
}

TEST(ForgeryTest, BytesInsideContentInfoAreSeen) {
  const ByteVector der =
      forge::SignImage(forge::PlainImage(), forge::SignatureBy(A().publisher));
  const auto inside = forge::ContentOf(der);
  ByteVector content(inside.begin(), inside.end());
  forge::Append(content, forge::OctetString(ByteVector(5000, 0x90)));
  const Outcome outcome = Vet(
      forge::AttachSignature(forge::PlainImage(), forge::Tlv(0x30, content)));
  EXPECT_EQ(outcome.verdict.decision, Decision::kHold);
  EXPECT_TRUE(outcome.Has("signing.unsigned_data_in_signature"));
}

TEST(ForgeryTest, ASpentBudgetDoesNotOutliveItsFile) {
  signing::Verifier verifier(Stores(), {forge::IntermediateCrl()});
  auto greedy = forge::SignatureBy(A().publisher);
  greedy.signers[0].recipe.corrupt_signature = true;
  for (int i = 0; i < 1997; ++i) {
    greedy.certificates.push_back(A().publisher);
  }
  const Outcome first = Vet(verifier, forge::SignedFile(greedy));
  EXPECT_FALSE(first.inspection.complete);
  const Outcome second = Vet(
      verifier, forge::SignedFile(forge::Stamped(
                    forge::SignatureBy(forge::PublisherRevokedBeforeSigning()),
                    forge::StampAt(forge::kSigningTime))));
  EXPECT_EQ(second.verdict.decision, Decision::kBlock);
  EXPECT_TRUE(second.Has("signing.revoked"));
}

TEST(ForgeryTest, DataBehindTheMarkOfAKnownTagIsNotThatTag) {
  forge::TableEntry entry = forge::SignatureEntry(
      forge::SignImage(forge::PlainImage(), forge::SignatureBy(A().publisher)));
  entry.trailing = forge::BytesOf("Gact2.0Omaha");
  for (uint32_t i = 0; i < 100'000; ++i) {
    entry.trailing.push_back(static_cast<uint8_t>(i * 2654435761U >> 13));
  }
  forge::TableRecipe table;
  table.entries = {entry};
  const Outcome outcome = Vet(forge::AttachTable(forge::PlainImage(), table));
  EXPECT_EQ(outcome.verdict.decision, Decision::kHold);
}

TEST(ForgeryTest, ReencodingDoesNotTakeASignerOffAList) {
  auto stores = Stores();
  model::TrustStore disallowed;
  disallowed.name = "disallowed";
  disallowed.purposes = stores[0].purposes;
  model::TrustEntry entry = signing::TrustEntryOf(A().publisher);
  entry.certificate.clear();
  entry.anchor = false;
  entry.disallowed_after = base::Instant{};
  disallowed.entries = {entry};
  stores.push_back(disallowed);
  signing::Verifier verifier(stores, {});
  auto signature = forge::SignatureBy(A().publisher);
  EXPECT_TRUE(
      Vet(verifier, forge::SignedFile(signature)).Has("signing.distrusted"));
  ByteVector longer = {0x30, 0x83, 0x00};
  longer.insert(longer.end(), A().publisher.der.begin() + 2,
                A().publisher.der.end());
  signature.certificates[0].der = longer;
  EXPECT_EQ(Vet(verifier, forge::SignedFile(signature)).verdict.decision,
            Decision::kHold);
}

TEST(ForgeryTest, AttributeWithAStandardNameIsStillCargoWhenUnsigned) {
  auto signature = forge::SignatureBy(A().publisher);
  signature.signers[0].unsigned_attributes.push_back(
      {"1.2.840.113549.1.9.15",
       {forge::OctetString(ByteVector(50'000, 0xCC))}});
  const Outcome outcome = Vet(forge::SignedFile(signature));
  EXPECT_EQ(outcome.verdict.decision, Decision::kHold);
  EXPECT_TRUE(outcome.Has("signing.unauthenticated_attribute"));
}

// digestAlgorithms is a set that nobody reads, of any size: each entry must be
// a digest, once.
TEST(ForgeryTest, CargoAmongTheDigestAlgorithmsIsNoticed) {
  const ByteVector file = forge::SignedFile(forge::SignatureBy(A().publisher));
  const auto sha256 =
      forge::AlgorithmIdentifier(forge::HashOid(forge::HashAlgorithm::kSha256));
  const auto made_up = forge::AlgorithmIdentifier("1.3.6.1.4.1.99999.12345");
  EXPECT_EQ(Vet(file).verdict.decision, Decision::kAllow);
  for (const ByteVector& cargo : {sha256, made_up}) {
    auto signature = forge::SignatureBy(A().publisher);
    signature.extra_digest_algorithms = {cargo};
    const Outcome outcome = Vet(forge::SignedFile(signature));
    EXPECT_EQ(outcome.verdict.decision, Decision::kHold);
    EXPECT_TRUE(outcome.Has("signing.unsigned_data_in_signature"));
  }
}

TEST(ForgeryTest, CertificateSignedWithMd5DoesNotPass) {
  auto recipe = forge::PublisherRecipe();
  recipe.digest = forge::HashAlgorithm::kMd5;
  const Outcome outcome = Vet(
      forge::SignedFile(forge::SignatureBy(forge::MakeCertificate(recipe))));
  EXPECT_EQ(outcome.verdict.decision, Decision::kHold);
}

TEST(ForgeryTest, UnreadableRevocationFileIsReported) {
  signing::Verifier verifier(Stores(), {{0x01, 0x02, 0x03}});
  const Outcome outcome =
      Vet(verifier, forge::SignedFile(forge::SignatureBy(A().publisher)));
  EXPECT_EQ(outcome.verdict.decision, Decision::kHold);
  EXPECT_TRUE(outcome.Has("vet.evidence_unreadable"));
}

TEST(ForgeryTest, DroppedTimestampsMakeTheReportIncomplete) {
  auto signature = forge::Stamped(forge::SignatureBy(A().publisher),
                                  forge::StampAt(forge::kSigningTime));
  for (int i = 0; i < 80; ++i) {
    signature.signers[0].timestamps.push_back(
        forge::StampAt(forge::kSigningTime + i));
  }
  const Outcome outcome = Vet(forge::SignedFile(signature));
  EXPECT_FALSE(outcome.inspection.complete);
  EXPECT_EQ(outcome.verdict.decision, Decision::kHold);
}

TEST(ForgeryTest, CompromisedTimestampAuthorityProvesNothing) {
  forge::CrlRecipe list;
  list.issuer = A().time_root;
  list.this_update = forge::UtcSeconds(2026, 1, 1);
  list.next_update = forge::UtcSeconds(2027, 1, 1);
  list.entries = {{A().time_stamper,
                   forge::UtcSeconds(2025, 12, 1),
                   forge::kKeyCompromise,
                   {}}};
  signing::Verifier verifier(Stores(), {forge::MakeCrl(list)});
  const Outcome outcome = Vet(
      verifier, forge::SignedFile(
                    forge::OldImage(),
                    forge::Stamped(forge::SignatureBy(A().old_publisher),
                                   forge::StampAt(forge::kOldSigningTime))));
  EXPECT_EQ(outcome.verdict.decision, Decision::kHold);
  EXPECT_TRUE(outcome.Has("signing.expired"));
}

TEST(ForgeryTest, TlsRootsAreMarkedWhateverTheStoreIsCalled) {
  model::TrustStore store = Stores()[0];
  store.name = "mine";
  store.purposes = {model::Purpose::kTls};
  signing::Verifier verifier({store}, {});
  const Outcome outcome =
      Vet(verifier, forge::SignedFile(forge::SignatureBy(A().publisher)));
  EXPECT_EQ(outcome.verdict.decision, Decision::kHold);
  EXPECT_TRUE(outcome.Has("signing.tls_fallback"));
}

TEST(ForgeryTest, NamesCannotEndTheirQuotationMarks) {
  auto recipe = forge::PublisherRecipe();
  recipe.subject = {{"C", "XX", {}},
                    {"O", "Good\"; Countersign checked this publisher. \"", {}},
                    {"CN", "x", {}}};
  const Outcome outcome = Vet(
      forge::SignedFile(forge::SignatureBy(forge::MakeCertificate(recipe))));
  ASSERT_FALSE(outcome.verdict.reasons.empty());
  EXPECT_EQ(outcome.verdict.reasons[0].find("Good\";"), std::string::npos);
}

// Microsoft's "sealing" attributes, which nothing here verifies.
TEST(ForgeryTest, SealingAttributesAreNoPlaceToHide) {
  for (const char* type : {"1.3.6.1.4.1.311.2.4.3", "1.3.6.1.4.1.311.2.4.4"}) {
    auto signature = forge::SignatureBy(A().publisher);
    signature.signers[0].unsigned_attributes.push_back(
        {type, {forge::OctetString(ByteVector(100'000, 0x4D))}});
    const Outcome outcome = Vet(forge::SignedFile(signature));
    EXPECT_EQ(outcome.verdict.decision, Decision::kHold) << type;
    EXPECT_TRUE(outcome.Has("signing.unauthenticated_attribute")) << type;
  }
}

TEST(ForgeryTest, ManySmallCertificatesAreMuch) {
  auto signature = forge::SignatureBy(A().publisher);
  for (int i = 0; i < 30; ++i) {
    forge::CertificateRecipe recipe =
        forge::RootRecipe("Cargo " + std::to_string(i));
    recipe.key = A().publisher.key;
    signature.certificates.push_back(forge::MakeCertificate(recipe));
  }
  const Outcome outcome = Vet(forge::SignedFile(signature));
  EXPECT_EQ(outcome.verdict.decision, Decision::kHold);
  EXPECT_TRUE(outcome.Has("signing.superfluous_certificate"));
}

TEST(ForgeryTest, EverySignerIsPaidFor) {
  auto signature = forge::SignatureBy(A().publisher);
  for (int i = 0; i < 100; ++i) {
    signature.signers.push_back(signature.signers[0]);
  }
  const Outcome outcome = Vet(forge::SignedFile(signature));
  EXPECT_EQ(outcome.verdict.decision, Decision::kHold);
  EXPECT_FALSE(outcome.inspection.complete);
  EXPECT_LE(outcome.inspection.artifacts[0].signatures.size(), 65U);
}

// A usage of "any" is no time-stamping usage: such a key could back-date.
TEST(ForgeryTest, AnyUsageMakesNoTimeStampingAuthority) {
  forge::CertificateRecipe authority = forge::PublisherRecipe();
  authority.subject = {{"CN", "Inert Any Usage", {}}};
  authority.issuer = &A().time_root;
  authority.extended_key_usages = {"2.5.29.37.0"};
  forge::TimestampRecipe stamp = forge::StampAt(forge::kOldSigningTime);
  stamp.authority = forge::MakeCertificate(authority);
  stamp.certificates = {stamp.authority};
  const Outcome outcome = Vet(forge::SignedFile(
      forge::Stamped(forge::SignatureBy(A().old_publisher), stamp)));
  EXPECT_EQ(outcome.verdict.decision, Decision::kHold);
  EXPECT_TRUE(outcome.Has("signing.timestamp_invalid"));
}

// A later, harmless revocation above does not hide a compromised key.
TEST(ForgeryTest, ACompromiseIsNotOverwritten) {
  forge::CrlRecipe of_leaf;
  of_leaf.issuer = A().intermediate;
  of_leaf.this_update = forge::kEvaluationTime;
  of_leaf.entries = {{A().publisher, forge::kSigningTime + 100, 1, {}}};
  forge::CrlRecipe of_authority;
  of_authority.issuer = A().root;
  of_authority.this_update = forge::kEvaluationTime;
  of_authority.entries = {{A().intermediate, forge::kSigningTime + 200, 5, {}}};
  const ByteVector file = forge::SignedFile(forge::Stamped(
      forge::SignatureBy(A().publisher), forge::StampAt(forge::kSigningTime)));
  signing::Verifier verifier(
      Stores(), {forge::MakeCrl(of_leaf), forge::MakeCrl(of_authority)});
  const Outcome outcome = Vet(verifier, file);
  EXPECT_EQ(outcome.verdict.decision, Decision::kHold);
  const auto& revoked = outcome.inspection.artifacts[0].signatures[0].revoked;
  ASSERT_TRUE(revoked.has_value());
  EXPECT_EQ(revoked->reason, "keyCompromise");
}

// A root that stands in two stores, once expired or restricted: the better one
// counts, in whatever order.
TEST(ForgeryTest, TheOrderOfStoresDoesNotMatter) {
  const ByteVector file = forge::SignedFile(forge::SignatureBy(A().publisher));
  auto restricted = Stores()[0];
  restricted.name = "restricted";
  for (auto& entry : restricted.entries) {
    entry.usages = {"1.3.6.1.5.5.7.3.1"};
  }
  for (const auto& stores : {std::vector{restricted, Stores()[0]},
                             std::vector{Stores()[0], restricted}}) {
    signing::Verifier verifier(stores, {});
    EXPECT_EQ(Vet(verifier, file).verdict.decision, Decision::kAllow);
  }
}

}  // namespace
}  // namespace countersign::vet
