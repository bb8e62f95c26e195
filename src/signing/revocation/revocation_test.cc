#include "signing/revocation/revocation.h"

#include <gtest/gtest.h>

#include "forge/revocation.h"
#include "signing/sample/forged_certificates.h"

namespace countersign::signing {
namespace {

using forge::ByteVector;
using forge::CrlRecipe;
using forge::OcspRecipe;
using forge::TestAuthorities;
using forge::UtcSeconds;
using model::Revocation;

constexpr int64_t kThisUpdate = UtcSeconds(2026, 1, 14);
constexpr int64_t kRevokedAt = UtcSeconds(2025, 9, 1);

base::Instant At(int64_t seconds) { return base::FromUnixSeconds(seconds); }

const base::Instant kNow = At(forge::kEvaluationTime);
const base::Instant kSigned = At(forge::kSigningTime);

CrlRecipe Crl(std::vector<forge::RevokedEntry> entries = {}) {
  CrlRecipe recipe;
  recipe.issuer = TestAuthorities().intermediate;
  recipe.this_update = kThisUpdate;
  recipe.next_update = UtcSeconds(2026, 2, 14);
  recipe.entries = std::move(entries);
  return recipe;
}

forge::RevokedEntry Revoked(int reason = forge::kKeyCompromise) {
  return {TestAuthorities().publisher, kRevokedAt, reason, std::nullopt};
}

OcspRecipe Ocsp(forge::OcspStatus status) {
  OcspRecipe recipe;
  recipe.certificate = TestAuthorities().publisher;
  recipe.issuer = TestAuthorities().intermediate;
  recipe.status = status;
  recipe.revocation_date = kRevokedAt;
  recipe.reason = forge::kKeyCompromise;
  recipe.this_update = kThisUpdate;
  recipe.next_update = UtcSeconds(2026, 2, 14);
  return recipe;
}

// What these files say of a certificate of the intermediate.
RevocationStatus AskOf(const forge::Certificate& certificate,
                       const std::vector<ByteVector>& files,
                       base::Instant signed_at = kSigned,
                       base::Instant at = kNow) {
  RevocationSet set;
  for (const ByteVector& file : files) {
    EXPECT_TRUE(set.AddFile(file).has_value());
  }
  ForgedCertificates forged;
  const Certificate& asked = forged.Add(certificate);
  const Certificate& issuer = forged.Add(TestAuthorities().intermediate);
  KeyCache keys;
  base::Budget budget;
  return set.StatusOf(asked, issuer, signed_at, at, keys, budget);
}

// The same of the usual publisher.
RevocationStatus Ask(const std::vector<ByteVector>& files,
                     base::Instant signed_at = kSigned,
                     base::Instant at = kNow) {
  return AskOf(TestAuthorities().publisher, files, signed_at, at);
}

TEST(Revocation, NothingGivenIsNotChecked) {
  EXPECT_EQ(Ask({}).state, Revocation::kNotChecked);
}

TEST(Crl, SaysGoodAndRevoked) {
  EXPECT_EQ(Ask({MakeCrl(Crl())}).state, Revocation::kGood);
  const RevocationStatus status = Ask({MakeCrl(Crl({Revoked()}))});
  EXPECT_EQ(status.state, Revocation::kRevoked);
  EXPECT_EQ(status.revoked_at, At(kRevokedAt));
  EXPECT_EQ(ReasonName(status.reason), "keyCompromise");
}

TEST(Crl, OthersEntriesSayNothing) {
  forge::RevokedEntry other = Revoked();
  other.certificate = TestAuthorities().old_publisher;
  EXPECT_EQ(Ask({MakeCrl(Crl({other}))}).state, Revocation::kGood);
}

TEST(Crl, FindsItsEntryAmongMany) {
  std::vector<forge::RevokedEntry> entries;
  for (uint8_t i = 0; i < 50; ++i) {
    forge::RevokedEntry entry = Revoked();
    entry.certificate.serial = forge::Integer(i * 37);
    entries.push_back(entry);
  }
  EXPECT_EQ(Ask({MakeCrl(Crl(entries))}).state, Revocation::kGood);
  entries.insert(entries.begin() + 20, Revoked());
  EXPECT_EQ(Ask({MakeCrl(Crl(entries))}).state, Revocation::kRevoked);
}

TEST(Crl, InvalidityDateIsTheEarlierOne) {
  forge::RevokedEntry entry = Revoked();
  entry.invalidity_date = UtcSeconds(2025, 2, 1);
  EXPECT_EQ(Ask({MakeCrl(Crl({entry}))}).revoked_at,
            At(UtcSeconds(2025, 2, 1)));
  entry.invalidity_date = UtcSeconds(2025, 12, 1);
  EXPECT_EQ(Ask({MakeCrl(Crl({entry}))}).revoked_at, At(kRevokedAt));
}

TEST(Crl, RemoveFromCrlIsNotRevoked) {
  constexpr int kRemoveFromCrl = 8;
  EXPECT_EQ(Ask({MakeCrl(Crl({Revoked(kRemoveFromCrl)}))}).state,
            Revocation::kGood);
}

TEST(Crl, AWrongKeySaysNothing) {
  CrlRecipe recipe = Crl({Revoked()});
  recipe.signing_key = TestAuthorities().private_root.key;
  EXPECT_EQ(Ask({MakeCrl(recipe)}).state, Revocation::kUnknown);
  recipe.entries.clear();
  EXPECT_EQ(Ask({MakeCrl(recipe)}).state, Revocation::kUnknown);
}

TEST(Crl, AnotherIssuerSaysNothing) {
  CrlRecipe recipe = Crl({Revoked()});
  recipe.issuer = TestAuthorities().root;
  EXPECT_EQ(Ask({MakeCrl(recipe)}).state, Revocation::kUnknown);
}

TEST(Crl, AnIssuerWithoutTheUsageSaysNothing) {
  forge::CertificateRecipe recipe = forge::RootRecipe("Inert No CRL");
  recipe.key_usage = forge::kKeyCertSign;
  const auto issuer = forge::MakeCertificate(recipe);
  forge::CertificateRecipe leaf = forge::PublisherRecipe();
  leaf.issuer = &issuer;
  CrlRecipe crl = Crl();
  crl.issuer = issuer;
  ForgedCertificates forged;
  const Certificate& subject = forged.Add(forge::MakeCertificate(leaf));
  const Certificate& authority = forged.Add(issuer);
  RevocationSet set;
  ASSERT_TRUE(set.AddFile(MakeCrl(crl)).has_value());
  KeyCache keys;
  base::Budget budget;
  EXPECT_EQ(set.StatusOf(subject, authority, kSigned, kNow, keys, budget).state,
            Revocation::kUnknown);
}

// "Good" needs a list that is current, or newer than the signature; "revoked"
// does not age.
TEST(Crl, AgeMattersForGoodOnly) {
  CrlRecipe recipe = Crl();
  recipe.this_update = UtcSeconds(2025, 3, 1);
  recipe.next_update = UtcSeconds(2025, 4, 1);
  EXPECT_EQ(Ask({MakeCrl(recipe)}).state, Revocation::kUnknown);
  EXPECT_EQ(Ask({MakeCrl(recipe)}, At(UtcSeconds(2025, 2, 1))).state,
            Revocation::kGood);
  recipe.next_update.reset();
  EXPECT_EQ(Ask({MakeCrl(recipe)}).state, Revocation::kUnknown);
  recipe.entries = {Revoked()};
  EXPECT_EQ(Ask({MakeCrl(recipe)}).state, Revocation::kRevoked);
}

// Authorities may drop expired certificates from their lists.
TEST(Crl, OneNewerThanTheCertificateClearsNothing) {
  CrlRecipe recipe = Crl();
  recipe.this_update = UtcSeconds(2027, 6, 1);
  recipe.next_update = UtcSeconds(2027, 7, 1);
  EXPECT_EQ(Ask({MakeCrl(recipe)}, kSigned, At(UtcSeconds(2027, 6, 2))).state,
            Revocation::kUnknown);
}

// The usual list with these crlExtensions, which the forge itself does not
// write.
ByteVector CrlWithAll(const ByteVector& extensions,
                      const std::vector<ByteVector>& entries = {}) {
  const forge::Certificate& issuer = TestAuthorities().intermediate;
  const ByteVector algorithm = issuer.key.SignatureAlgorithm(
      forge::HashAlgorithm::kSha256, forge::Padding::kPkcs1);
  std::vector<ByteVector> fields = {
      forge::Integer(1), algorithm, issuer.subject,
      forge::X509Time(kThisUpdate), forge::X509Time(UtcSeconds(2026, 2, 14))};
  if (!entries.empty()) {
    fields.push_back(forge::Sequence(entries));
  }
  fields.push_back(forge::Explicit(0, extensions));
  const ByteVector body = forge::Sequence(fields);
  return forge::Sequence(
      {body, algorithm,
       forge::BitString(issuer.key.Sign(forge::HashAlgorithm::kSha256,
                                        forge::Padding::kPkcs1, body))});
}

ByteVector CrlWith(const forge::Extension& extension,
                   const std::vector<ByteVector>& entries = {}) {
  return CrlWithAll(forge::EncodeExtensions({extension}), entries);
}

ByteVector PublisherEntry() {
  return forge::Sequence(
      {TestAuthorities().publisher.serial, forge::X509Time(kRevokedAt)});
}

TEST(Crl, PartialListsRevokeButDoNotClear) {
  const forge::Extension partial[] = {
      // A delta.
      {"2.5.29.27", true, forge::Integer(7)},
      // For authorities, for some reasons, or for attribute certificates only.
      {"2.5.29.28", true,
       forge::Sequence({forge::Implicit(2, forge::Boolean(true))})},
      {"2.5.29.28", true,
       forge::Sequence({forge::Implicit(5, forge::Boolean(true))})},
      // Damaged.
      {"2.5.29.28", true, forge::Integer(1)},
      {"2.5.29.28", true,
       forge::Sequence({forge::Implicit(3, forge::BitString({{0x60}}))})},
      // Something critical that nobody knows.
      {"1.2.3.4", true, forge::Null()}};
  for (const forge::Extension& extension : partial) {
    EXPECT_EQ(Ask({CrlWith(extension)}).state, Revocation::kUnknown)
        << extension.oid;
    EXPECT_EQ(Ask({CrlWith(extension, {PublisherEntry()})}).state,
              Revocation::kRevoked)
        << extension.oid;
  }
}

TEST(Crl, DamagedExtensionsRevokeButDoNotClear) {
  const ByteVector number =
      forge::EncodeExtensions({{"2.5.29.20", false, forge::Integer(7)}});
  EXPECT_EQ(Ask({CrlWithAll(number)}).state, Revocation::kGood);
  const ByteVector damaged[] = {forge::Null(), forge::Sequence({forge::Null()}),
                                forge::Sequence({forge::Sequence({})})};
  for (const ByteVector& extensions : damaged) {
    EXPECT_EQ(Ask({CrlWithAll(extensions)}).state, Revocation::kUnknown);
    EXPECT_EQ(Ask({CrlWithAll(extensions, {PublisherEntry()})}).state,
              Revocation::kRevoked);
  }
}

TEST(Crl, IndirectListsAreNotUsed) {
  const forge::Extension indirect = {
      "2.5.29.28", true,
      forge::Sequence({forge::Implicit(4, forge::Boolean(true))})};
  EXPECT_EQ(Ask({CrlWith(indirect)}).state, Revocation::kUnknown);
  EXPECT_EQ(Ask({CrlWith(indirect, {PublisherEntry()})}).state,
            Revocation::kUnknown);
}

TEST(Crl, AListForUserCertificatesClearsOne) {
  const forge::Extension users = {
      "2.5.29.28", true,
      forge::Sequence({forge::Implicit(1, forge::Boolean(true))})};
  EXPECT_EQ(Ask({CrlWith(users)}).state, Revocation::kGood);
}

// The GeneralName of an address.
ByteVector Address(std::string_view url) {
  return forge::Implicit(
      6, forge::OctetString(
             {reinterpret_cast<const uint8_t*>(url.data()), url.size()}));
}

// DistributionPointName with these names.
ByteVector FullName(const std::vector<ByteVector>& names) {
  return forge::Explicit(0, forge::Implicit(0, forge::Sequence(names)));
}

// A list for one point says something of the certificates that point there:
// RFC 5280 section 6.3.3 (b)(2)(i).
TEST(Crl, AListForOneDistributionPointClearsWhatPointsThere) {
  const ByteVector here = Address("http://crl.example/1.crl");
  const ByteVector mirror = Address("http://mirror.example/1.crl");
  const ByteVector elsewhere = Address("http://crl.example/2.crl");
  const ByteVector reasons = forge::Implicit(1, forge::BitString({{0x60}}));
  const ByteVector issuer =
      forge::Implicit(2, forge::Sequence({Address("http://other.example")}));
  const ByteVector relative =
      forge::Explicit(0, forge::Implicit(1, forge::Sequence({forge::Null()})));
  const auto point = [](const std::vector<ByteVector>& fields) {
    return forge::Sequence(fields);
  };
  const struct {
    std::vector<ByteVector> points;  // of the certificate
    ByteVector name;                 // of the list
    Revocation expected;
  } rows[] = {
      {{point({FullName({here})})}, FullName({here}), Revocation::kGood},
      // Any name of any point that is also one of the list's.
      {{point({FullName({elsewhere})}), point({FullName({mirror, here})})},
       FullName({here}),
       Revocation::kGood},
      {{point({FullName({here})})},
       FullName({mirror, here}),
       Revocation::kGood},
      {{point({FullName({elsewhere})})},
       FullName({here}),
       Revocation::kUnknown},
      {{}, FullName({here}), Revocation::kUnknown},
      // The point is about some reasons, or another issuer's list.
      {{point({FullName({here}), reasons})},
       FullName({here}),
       Revocation::kUnknown},
      {{point({FullName({here}), issuer})},
       FullName({here}),
       Revocation::kUnknown},
      // Names that are not compared.
      {{point({FullName({here})})}, relative, Revocation::kUnknown},
      {{point({relative})}, FullName({here}), Revocation::kUnknown},
      {{forge::Null()}, FullName({here}), Revocation::kUnknown},
  };
  for (const auto& row : rows) {
    forge::CertificateRecipe recipe = forge::PublisherRecipe();
    if (!row.points.empty()) {
      recipe.extra_extensions = {
          {"2.5.29.31", false, forge::Sequence(row.points)}};
    }
    const forge::Certificate asked = forge::MakeCertificate(recipe);
    const forge::Extension scope = {"2.5.29.28", true,
                                    forge::Sequence({row.name})};
    EXPECT_EQ(AskOf(asked, {CrlWith(scope)}).state, row.expected)
        << &row - &rows[0];
    const ByteVector entry =
        forge::Sequence({asked.serial, forge::X509Time(kRevokedAt)});
    EXPECT_EQ(AskOf(asked, {CrlWith(scope, {entry})}).state,
              Revocation::kRevoked);
  }
}

TEST(Ocsp, SaysGoodAndRevoked) {
  EXPECT_EQ(Ask({MakeOcspResponse(Ocsp(forge::OcspStatus::kGood))}).state,
            Revocation::kGood);
  const auto status =
      Ask({MakeOcspResponse(Ocsp(forge::OcspStatus::kRevoked))});
  EXPECT_EQ(status.state, Revocation::kRevoked);
  EXPECT_EQ(status.revoked_at, At(kRevokedAt));
  EXPECT_EQ(ReasonName(status.reason), "keyCompromise");
  EXPECT_EQ(Ask({MakeOcspResponse(Ocsp(forge::OcspStatus::kUnknown))}).state,
            Revocation::kUnknown);
}

TEST(Ocsp, AnswersOnOthersSayNothing) {
  OcspRecipe recipe = Ocsp(forge::OcspStatus::kRevoked);
  recipe.certificate = TestAuthorities().old_publisher;
  EXPECT_EQ(Ask({MakeOcspResponse(recipe)}).state, Revocation::kUnknown);
}

forge::Certificate Responder(const forge::Certificate& issuer,
                             const std::vector<std::string>& usages) {
  forge::CertificateRecipe recipe = forge::PublisherRecipe();
  recipe.subject = {{"CN", "Inert Responder", {}}};
  recipe.key = forge::MakeKey(forge::KeyKind::kRsa2048, "responder");
  recipe.issuer = &issuer;
  recipe.extended_key_usages = usages;
  return forge::MakeCertificate(recipe);
}

TEST(Ocsp, DelegatesNeedTheIssuerAndTheUsage) {
  OcspRecipe recipe = Ocsp(forge::OcspStatus::kGood);
  recipe.responder =
      Responder(TestAuthorities().intermediate, {forge::kOcspSigningUsage});
  EXPECT_EQ(Ask({MakeOcspResponse(recipe)}).state, Revocation::kGood);
  recipe.responder =
      Responder(TestAuthorities().intermediate, {forge::kCodeSigningUsage});
  EXPECT_EQ(Ask({MakeOcspResponse(recipe)}).state, Revocation::kUnknown);
  recipe.responder = Responder(TestAuthorities().intermediate, {});
  EXPECT_EQ(Ask({MakeOcspResponse(recipe)}).state, Revocation::kUnknown);
  recipe.responder =
      Responder(TestAuthorities().private_root, {forge::kOcspSigningUsage});
  EXPECT_EQ(Ask({MakeOcspResponse(recipe)}).state, Revocation::kUnknown);
}

TEST(Ocsp, OldAnswersClearNothing) {
  OcspRecipe recipe = Ocsp(forge::OcspStatus::kGood);
  recipe.this_update = UtcSeconds(2025, 3, 1);
  recipe.next_update = UtcSeconds(2025, 3, 8);
  EXPECT_EQ(Ask({MakeOcspResponse(recipe)}).state, Revocation::kUnknown);
}

TEST(Revocation, RevokedByAnyFileWins) {
  const ByteVector good = MakeCrl(Crl());
  const ByteVector revoked =
      MakeOcspResponse(Ocsp(forge::OcspStatus::kRevoked));
  EXPECT_EQ(Ask({good, revoked}).state, Revocation::kRevoked);
  EXPECT_EQ(Ask({revoked, good}).state, Revocation::kRevoked);
}

TEST(Revocation, FilesAreDerOrPem) {
  const ByteVector der = MakeCrl(Crl({Revoked()}));
  EXPECT_EQ(Ask({forge::BytesOf(forge::PemText("X509 CRL", der))}).state,
            Revocation::kRevoked);
  RevocationSet set;
  EXPECT_FALSE(set.AddFile(forge::BytesOf("neither")).has_value());
  EXPECT_FALSE(set.AddFile({}).has_value());
  EXPECT_FALSE(set.AddFile(TestAuthorities().root.der).has_value());
  EXPECT_TRUE(set.Empty());
}

TEST(Revocation, AFileSaysWhatItHolds) {
  RevocationSet set;
  std::string text =
      forge::PemText("X509 CRL", MakeCrl(Crl({Revoked()}))) +
      forge::PemText("OCSP RESPONSE",
                     MakeOcspResponse(Ocsp(forge::OcspStatus::kGood)));
  const auto sources = set.AddFile(forge::BytesOf(text));
  ASSERT_TRUE(sources.has_value());
  ASSERT_EQ(sources->size(), 2U);
  const model::RevocationSource& list = sources->at(0);
  EXPECT_EQ(list.kind, model::RevocationEvidence::kCrl);
  EXPECT_TRUE(list.issuer.starts_with("CN=Countersign Forge Code Signing CA,"))
      << list.issuer;
  EXPECT_EQ(list.certificates, 1U);
  EXPECT_EQ(list.this_update, base::FromUnixSeconds(Crl().this_update));
  const model::RevocationSource& response = sources->at(1);
  EXPECT_EQ(response.kind, model::RevocationEvidence::kOcsp);
  EXPECT_EQ(response.issuer, "");
  EXPECT_EQ(response.certificates, 1U);
  EXPECT_EQ(response.this_update,
            base::FromUnixSeconds(Ocsp(forge::OcspStatus::kGood).this_update));
}

// Every report repeats what is said of the files.
TEST(Revocation, AFileOfManyListsIsSummedUp) {
  const std::string one = forge::PemText("X509 CRL", MakeCrl(Crl({Revoked()})));
  std::string text;
  for (int i = 0; i < 33; ++i) {
    text += one;
  }
  RevocationSet set;
  const auto sources = set.AddFile(forge::BytesOf(text));
  ASSERT_TRUE(sources.has_value());
  ASSERT_EQ(sources->size(), 1U);
  EXPECT_EQ(sources->at(0).issuer, "");
  EXPECT_EQ(sources->at(0).certificates, 33U);
  EXPECT_EQ(sources->at(0).this_update,
            base::FromUnixSeconds(Crl().this_update));
}

TEST(Revocation, EveryTruncationIsAnError) {
  for (const ByteVector& file :
       {MakeCrl(Crl({Revoked()})),
        MakeOcspResponse(Ocsp(forge::OcspStatus::kGood))}) {
    for (size_t size = 0; size < file.size(); ++size) {
      RevocationSet set;
      base::Budget budget;
      ASSERT_FALSE(
          set.Add({base::Bytes(file).first(size), 0}, budget).has_value())
          << size;
    }
  }
}

// What a spent budget forced must be forgotten, or the next file would find
// nobody revoked.
TEST(Revocation, ASpentBudgetIsNotRemembered) {
  RevocationSet set;
  ASSERT_TRUE(set.AddFile(MakeCrl(Crl({Revoked()}))).has_value());
  ForgedCertificates forged;
  const Certificate& publisher = forged.Add(TestAuthorities().publisher);
  const Certificate& issuer = forged.Add(TestAuthorities().intermediate);
  KeyCache keys;
  base::Budget spent({.public_key_operations = 0});
  EXPECT_EQ(set.StatusOf(publisher, issuer, kSigned, kNow, keys, spent).state,
            Revocation::kUnknown);
  EXPECT_TRUE(spent.Reached().has_value());
  base::Budget budget;
  EXPECT_EQ(set.StatusOf(publisher, issuer, kSigned, kNow, keys, budget).state,
            Revocation::kRevoked);
}

TEST(Revocation, ReasonsHaveTheirNames) {
  EXPECT_EQ(ReasonName(0), "unspecified");
  EXPECT_EQ(ReasonName(10), "aACompromise");
  EXPECT_EQ(ReasonName(255), "unspecified");
  EXPECT_TRUE(IsHarmlessReason("superseded"));
  EXPECT_FALSE(IsHarmlessReason("keyCompromise"));
  EXPECT_FALSE(IsHarmlessReason("unspecified"));
}

}  // namespace
}  // namespace countersign::signing
