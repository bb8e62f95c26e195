// Conditions under which a certificate is trusted: what a trust list sets, and
// what an authority's certificate says of the names it may certify.
#include <gtest/gtest.h>

#include "signing/path/path.h"
#include "signing/sample/forged_certificates.h"

namespace countersign::signing {
namespace {

using forge::ByteVector;
using forge::MakeCertificate;
using forge::TestAuthorities;
using forge::UtcSeconds;
using model::Purpose;
using model::Trust;

const base::Instant kAt = base::FromUnixSeconds(forge::kEvaluationTime);
constexpr char kCode[] = "1.3.6.1.5.5.7.3.3";
constexpr char kTime[] = "1.3.6.1.5.5.7.3.8";

PathAnswer Ask(const std::vector<model::TrustStore>& stores,
               base::Instant at = kAt) {
  static const ForgedCertificates kForged(
      {TestAuthorities().publisher, TestAuthorities().intermediate});
  static const std::vector<Certificate> kPool = kForged.Pool();
  const TrustSet trust(stores);
  KeyCache keys;
  base::Budget budget;
  PathAnswer answer = BuildPath({.leaf = kPool.data(), .pool = kPool, .at = at},
                                trust, keys, budget);
  answer.chain.clear();  // it may view the trust set
  return answer;
}

model::TrustStore Roots() {
  return StoreOf(Purpose::kCodeSigning, {TestAuthorities().root});
}

base::Instant At(int year) {
  return base::FromUnixSeconds(UtcSeconds(year, 1, 1));
}

TEST(TrustList, UsagesLimitARoot) {
  model::TrustStore store = Roots();
  EXPECT_EQ(Ask({store}).trust, Trust::kTrusted);
  store.entries[0].usages = {kTime};
  EXPECT_EQ(Ask({store}).trust, Trust::kUntrusted);
  store.entries[0].usages = {kTime, kCode};
  EXPECT_EQ(Ask({store}).trust, Trust::kTrusted);
}

TEST(TrustList, NotBeforeIsOfTheSignersCertificate) {
  model::TrustStore store = Roots();
  // The publisher's certificate begins 2025-01-01.
  store.entries[0].not_before = At(2025);
  EXPECT_EQ(Ask({store}).trust, Trust::kDistrusted);
  store.entries[0].not_before->unix_microseconds += 1;
  EXPECT_EQ(Ask({store}).trust, Trust::kTrusted);
  store.entries[0].not_before = At(2020);
  store.entries[0].not_before_usages = {kTime};
  EXPECT_EQ(Ask({store}).trust, Trust::kTrusted);
  store.entries[0].not_before_usages = {kTime, kCode};
  EXPECT_EQ(Ask({store}).trust, Trust::kDistrusted);
}

TEST(TrustList, DisallowedAfterIsOfTheSigning) {
  model::TrustStore store = Roots();
  store.entries[0].disallowed_after = kAt;
  EXPECT_EQ(Ask({store}).trust, Trust::kDistrusted);
  const base::Instant before{kAt.unix_microseconds - 1};
  EXPECT_EQ(Ask({store}, before).trust, Trust::kTrusted);
  store.entries[0].disallowed_usages = {kTime};
  EXPECT_EQ(Ask({store}).trust, Trust::kTrusted);
  store.entries[0].disallowed_usages = {kCode};
  EXPECT_EQ(Ask({store}).trust, Trust::kDistrusted);
}

// A list of disallowed certificates may name any certificate of a path, by
// either digest, from another store and without the certificate itself.
TEST(TrustList, AnyCertificateOfThePathMayBeDisallowed) {
  for (const forge::Certificate* listed :
       {&TestAuthorities().publisher, &TestAuthorities().intermediate,
        &TestAuthorities().root}) {
    for (const bool by_sha1 : {false, true}) {
      model::TrustEntry entry = TrustEntryOf(*listed);
      entry.certificate.clear();
      entry.anchor = false;
      entry.disallowed_after = base::Instant{};
      (by_sha1 ? entry.sha256 : entry.sha1).clear();
      model::TrustStore disallowed;
      disallowed.name = "disallowed";
      disallowed.entries = {entry};
      const PathAnswer answer = Ask({Roots(), disallowed});
      EXPECT_EQ(answer.trust, Trust::kDistrusted);
      EXPECT_FALSE(answer.reason.empty());
    }
  }
}

// A certificate signed with ECDSA can be written in a second form that holds as
// well; a list that knows the digest of one means both.
TEST(TrustList, TheOtherFormOfADisallowedCertificateIsDisallowed) {
  const forge::Certificate& issuer = TestAuthorities().elliptic_root;
  forge::CertificateRecipe recipe = forge::PublisherRecipe();
  recipe.issuer = &issuer;
  forge::Certificate listed = MakeCertificate(recipe);
  ForgedCertificates forged({listed});
  forge::Certificate twin = listed;
  model::TrustStore disallowed;
  disallowed.name = "disallowed";
  model::TrustEntry& entry = disallowed.entries.emplace_back();
  entry.anchor = false;
  entry.disallowed_after = base::Instant{};
  size_t held = 0;
  for (const ByteVector& der : Twins(forged.Pool()[0])) {
    EXPECT_NE(der, listed.der);
    twin.der = der;
    ForgedCertificates one({twin});
    const std::vector<Certificate> pool = one.Pool();
    const auto trust_with = [&pool](std::vector<model::TrustStore> stores) {
      const TrustSet trust(std::move(stores));
      KeyCache keys;
      base::Budget budget;
      return BuildPath({.leaf = pool.data(), .pool = pool, .at = kAt}, trust,
                       keys, budget)
          .trust;
    };
    const model::TrustStore roots = StoreOf(Purpose::kCodeSigning, {issuer});
    if (trust_with({roots}) != Trust::kTrusted) {
      continue;  // of another curve
    }
    ++held;
    const model::TrustEntry digests = TrustEntryOf(listed);
    entry.sha1 = digests.sha1;
    EXPECT_EQ(trust_with({roots, disallowed}), Trust::kDistrusted);
    entry.sha1.clear();
    entry.sha256 = digests.sha256;
    EXPECT_EQ(trust_with({roots, disallowed}), Trust::kDistrusted);
    entry.sha256.clear();
  }
  EXPECT_EQ(held, 1U);
}

TEST(TrustSet, CountsWhatCannotBeRead) {
  model::TrustStore store = Roots();
  store.entries.emplace_back().certificate = {0x30, 0x01};
  const TrustSet trust({store});
  EXPECT_EQ(trust.Unreadable(), 1U);
  EXPECT_TRUE(trust.BySubject({}).empty());
}

// --- Name constraints -------------------------------------------------------

ByteVector Subtree(const forge::Name& name) {
  return forge::Sequence({forge::Explicit(4, forge::EncodeName(name))});
}

ByteVector DnsSubtree(std::string_view domain) {
  return forge::Sequence(
      {forge::Implicit(2, forge::String(forge::StringType::kIa5, domain))});
}

// NameConstraints with [0] permitted and [1] excluded subtrees.
ByteVector Constraints(const std::vector<ByteVector>& permitted,
                       const std::vector<ByteVector>& excluded) {
  std::vector<ByteVector> fields;
  if (!permitted.empty()) {
    fields.push_back(forge::Implicit(0, forge::Sequence(permitted)));
  }
  if (!excluded.empty()) {
    fields.push_back(forge::Implicit(1, forge::Sequence(excluded)));
  }
  return forge::Sequence(fields);
}

// What an authority with these constraints may say of the usual publisher:
// C=XX, O=Inert Example Ltd, CN=Inert Example Ltd.
std::string Violation(const ByteVector& constraints,
                      const std::vector<forge::Extension>& extensions = {}) {
  forge::CertificateRecipe recipe = forge::RootRecipe("Inert Constrained");
  recipe.extra_extensions = {{"2.5.29.30", true, constraints}};
  const auto authority = MakeCertificate(recipe);
  forge::CertificateRecipe leaf = forge::PublisherRecipe();
  leaf.issuer = &authority;
  leaf.extra_extensions = extensions;
  ForgedCertificates forged;
  const Certificate& ca = forged.Add(authority);
  const Certificate& subject = forged.Add(MakeCertificate(leaf));
  EXPECT_TRUE(ca.unknown_critical.empty());
  base::Budget budget;
  return ViolatedNameConstraint(ca, subject, budget);
}

const forge::Name kCountry = {{"C", "XX", {}}};
const forge::Name kOrganisation = {{"C", "XX", {}},
                                   {"O", "Inert Example Ltd", {}}};
const forge::Name kOther = {{"C", "XX", {}}, {"O", "Somebody Else", {}}};

TEST(NameConstraints, PermittedTreesMustHoldTheName) {
  EXPECT_EQ(Violation(Constraints({Subtree(kCountry)}, {})), "");
  EXPECT_EQ(Violation(Constraints({Subtree(kOrganisation)}, {})), "");
  EXPECT_NE(Violation(Constraints({Subtree(kOther)}, {})), "");
  EXPECT_EQ(
      Violation(Constraints({Subtree(kOther), Subtree(kOrganisation)}, {})),
      "");
}

TEST(NameConstraints, ExcludedTreesMustNot) {
  EXPECT_NE(Violation(Constraints({}, {Subtree(kOrganisation)})), "");
  EXPECT_EQ(Violation(Constraints({}, {Subtree(kOther)})), "");
  EXPECT_NE(
      Violation(Constraints({Subtree(kCountry)}, {Subtree(kOrganisation)})),
      "");
}

TEST(NameConstraints, OtherFormsCountOnlyWhereTheNameHasThem) {
  const ByteVector only_dns = Constraints({DnsSubtree("example.com")}, {});
  EXPECT_EQ(Violation(only_dns), "");
  const forge::Extension alternative = {
      "2.5.29.17", false,
      forge::Sequence({forge::Implicit(
          2, forge::String(forge::StringType::kIa5, "example.com"))})};
  EXPECT_NE(Violation(only_dns, {alternative}), "");
}

TEST(NameConstraints, WhatCannotBeReadIsViolated) {
  EXPECT_NE(Violation(forge::Null()), "");
  EXPECT_NE(Violation({0x30, 0x7F}), "");
}

}  // namespace
}  // namespace countersign::signing
