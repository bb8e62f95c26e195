#include "signing/path/path.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "signing/sample/forged_certificates.h"

namespace countersign::signing {
namespace {

using forge::CertificateRecipe;
using forge::MakeCertificate;
using forge::TestAuthorities;
using forge::UtcSeconds;
using model::Purpose;
using model::Trust;

const base::Instant kAt = base::FromUnixSeconds(forge::kEvaluationTime);

// One question to be asked, the leaf being the last certificate issued.
struct Setting {
  CertificateRecipe leaf = forge::PublisherRecipe();
  std::vector<forge::Certificate> pool;
  std::vector<model::TrustStore> stores = {
      StoreOf(Purpose::kCodeSigning, {TestAuthorities().root})};
  Purpose purpose = Purpose::kCodeSigning;
  Oid usage = oid::kCodeSigning;
  base::Instant at = kAt;
  base::Limits limits;
};

struct Answer {
  Trust trust = Trust::kUnchecked;
  std::string reason;
  std::string store;
  std::vector<std::string> chain;  // common names, leaf first
  std::optional<base::Error> reached;
};

Answer Ask(const Setting& setting) {
  ForgedCertificates forged(setting.pool);
  const std::vector<Certificate> pool = forged.Pool();
  const Certificate& leaf = forged.Add(MakeCertificate(setting.leaf));
  const TrustSet trust(setting.stores);
  KeyCache keys;
  base::Budget budget(setting.limits);
  const PathAnswer path = BuildPath({.leaf = &leaf,
                                     .pool = pool,
                                     .purpose = setting.purpose,
                                     .usage = setting.usage,
                                     .at = setting.at},
                                    trust, keys, budget);
  Answer answer = {path.trust, path.reason, path.store, {}, budget.Reached()};
  for (const Certificate* certificate : path.chain) {
    answer.chain.push_back(Describe(*certificate).common_name);
  }
  EXPECT_EQ(answer.reason.empty(), answer.trust == Trust::kTrusted);
  return answer;
}

Setting Usual() {
  Setting setting;
  setting.pool = {TestAuthorities().intermediate};
  return setting;
}

TEST(Path, EndsInTheStore) {
  const Answer answer = Ask(Usual());
  EXPECT_EQ(answer.trust, Trust::kTrusted);
  EXPECT_EQ(answer.store, "code-signing store");
  EXPECT_EQ(answer.chain,
            (std::vector<std::string>{"Inert Example Ltd",
                                      "Countersign Forge Code Signing CA",
                                      "Countersign Forge Root"}));
}

TEST(Path, IntermediatesMayComeFromAStore) {
  Setting setting;
  model::TrustEntry helper = TrustEntryOf(TestAuthorities().intermediate);
  helper.anchor = false;
  EXPECT_EQ(Ask(setting).trust, Trust::kIncompleteChain);
  setting.stores[0].entries.push_back(helper);
  EXPECT_EQ(Ask(setting).trust, Trust::kTrusted);
  // A helper alone vouches for nothing.
  setting.stores[0].entries = {helper};
  EXPECT_NE(Ask(setting).trust, Trust::kTrusted);
}

TEST(Path, StoresServeTheirPurposeOnly) {
  Setting setting = Usual();
  for (const Purpose purpose :
       {Purpose::kTimeStamping, Purpose::kKernel, Purpose::kUefi,
        Purpose::kApple, Purpose::kTls, Purpose::kTrustList}) {
    setting.stores = {StoreOf(purpose, {TestAuthorities().root})};
    EXPECT_EQ(Ask(setting).trust, Trust::kUntrusted) << model::Name(purpose);
  }
  setting.purpose = Purpose::kTrustList;
  EXPECT_EQ(Ask(setting).trust, Trust::kTrusted);
}

TEST(Path, RootsOfTheSignatureAreNoAnchors) {
  Setting setting = Usual();
  setting.leaf.issuer = &TestAuthorities().private_root;
  setting.pool = {TestAuthorities().private_root};
  EXPECT_EQ(Ask(setting).trust, Trust::kUntrusted);
}

TEST(Path, ASelfSignedLeafMustBeTheAnchorItself) {
  Setting setting;
  setting.leaf.issuer = nullptr;
  EXPECT_EQ(Ask(setting).trust, Trust::kUntrusted);
  setting.stores = {
      StoreOf(Purpose::kCodeSigning, {MakeCertificate(setting.leaf)})};
  EXPECT_EQ(Ask(setting).trust, Trust::kTrusted);
}

TEST(Path, FindsTheWayThroughCrossCertificates) {
  constexpr std::string_view kName = "Inert Cross Authority";
  const auto by_private = AuthorityBy(kName, TestAuthorities().private_root);
  const auto by_root = AuthorityBy(kName, TestAuthorities().root);
  Setting setting;
  setting.leaf.issuer = &by_root;
  setting.pool = {by_private, TestAuthorities().private_root, by_root};
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_EQ(Ask(setting).trust, Trust::kTrusted) << turn;
    std::ranges::rotate(setting.pool, setting.pool.begin() + 1);
  }
  setting.pool = {by_private, TestAuthorities().private_root};
  EXPECT_EQ(Ask(setting).trust, Trust::kUntrusted);
}

TEST(Path, LoopsEnd) {
  const auto a = MakeCertificate(forge::RootRecipe("Inert Loop A"));
  const auto b_by_a = AuthorityBy("Inert Loop B", a);
  const auto a_by_b = AuthorityBy("Inert Loop A", b_by_a);
  Setting setting;
  setting.leaf.issuer = &a;
  setting.pool = {a_by_b, b_by_a};
  const Answer answer = Ask(setting);
  EXPECT_NE(answer.trust, Trust::kTrusted);
  EXPECT_LE(answer.chain.size(), 4U);
  setting.pool.push_back(AuthorityBy("Inert Loop A", TestAuthorities().root));
  EXPECT_EQ(Ask(setting).trust, Trust::kTrusted);
}

// Cross-certificates among n authorities make n! paths.
TEST(Path, SearchHasALimitThatIsReported) {
  constexpr size_t kCount = 7;
  std::vector<forge::Certificate> selves;
  for (size_t i = 0; i < kCount; ++i) {
    selves.push_back(
        MakeCertificate(forge::RootRecipe("Inert Mesh " + std::to_string(i))));
  }
  Setting setting;
  setting.leaf.issuer = &selves[0];
  for (size_t i = 0; i < kCount; ++i) {
    for (size_t j = 0; j < kCount; ++j) {
      if (i != j) {
        setting.pool.push_back(
            AuthorityBy("Inert Mesh " + std::to_string(i), selves[j]));
      }
    }
  }
  const Answer answer = Ask(setting);
  EXPECT_NE(answer.trust, Trust::kTrusted);
  EXPECT_TRUE(answer.reached.has_value());
}

TEST(Path, LengthHasALimit) {
  std::vector<forge::Certificate> chain = {TestAuthorities().root};
  const auto ask_with = [&](size_t length) {
    while (chain.size() < length) {
      chain.push_back(AuthorityBy("Inert Link " + std::to_string(chain.size()),
                                  chain.back()));
    }
    Setting setting;
    setting.pool.assign(chain.begin() + 1, chain.end());
    setting.leaf.issuer = &chain.back();
    return Ask(setting).trust;
  };
  EXPECT_EQ(ask_with(9), Trust::kTrusted);  // ten with the leaf
  EXPECT_EQ(ask_with(10), Trust::kIncompleteChain);
}

TEST(Path, PathLengthsAreKept) {
  CertificateRecipe recipe = forge::RootRecipe("Inert Upper");
  recipe.issuer = &TestAuthorities().root;
  recipe.path_length = 0;
  const auto upper = MakeCertificate(recipe);
  const auto lower = AuthorityBy("Inert Lower", upper);
  Setting setting;
  setting.leaf.issuer = &lower;
  setting.pool = {upper, lower};
  EXPECT_EQ(Ask(setting).trust, Trust::kUntrusted);
  recipe.path_length = 1;
  setting.pool = {MakeCertificate(recipe), lower};
  EXPECT_EQ(Ask(setting).trust, Trust::kTrusted);
}

TEST(Path, OnlyAuthoritiesIssue) {
  const auto publisher = TestAuthorities().publisher;
  Setting setting = Usual();
  setting.leaf.issuer = &publisher;
  setting.leaf.subject = {{"CN", "Inert Child", {}}};
  setting.pool.push_back(publisher);
  EXPECT_EQ(Ask(setting).trust, Trust::kUntrusted);

  CertificateRecipe recipe = forge::RootRecipe("Inert Weak");
  recipe.issuer = &TestAuthorities().root;
  recipe.key_usage = forge::kCrlSign;  // no keyCertSign
  const auto weak = MakeCertificate(recipe);
  setting.leaf.issuer = &weak;
  setting.pool = {weak};
  EXPECT_EQ(Ask(setting).trust, Trust::kUntrusted);
}

TEST(Path, UsagesOfAuthoritiesAreKept) {
  CertificateRecipe recipe = forge::RootRecipe("Inert Server CA");
  recipe.issuer = &TestAuthorities().root;
  recipe.extended_key_usages = {forge::kServerAuthUsage};
  const auto server = MakeCertificate(recipe);
  Setting setting;
  setting.leaf.issuer = &server;
  setting.pool = {server};
  EXPECT_EQ(Ask(setting).trust, Trust::kUntrusted);
  recipe.extended_key_usages.push_back(forge::kCodeSigningUsage);
  setting.pool = {MakeCertificate(recipe)};
  EXPECT_EQ(Ask(setting).trust, Trust::kTrusted);
}

TEST(Path, UnknownCriticalExtensionsSpoilIt) {
  Setting setting = Usual();
  setting.leaf.extra_extensions = {{"1.2.3.4", true, forge::Null()}};
  EXPECT_EQ(Ask(setting).trust, Trust::kUntrusted);
  setting.leaf.extra_extensions[0].critical = false;
  EXPECT_EQ(Ask(setting).trust, Trust::kTrusted);
}

TEST(Path, AWrongKeyIdentifierHidesNothing) {
  CertificateRecipe recipe = forge::PublisherRecipe();
  recipe.authority_key_identifier = false;
  recipe.extra_extensions = {
      {"2.5.29.35", false,
       forge::Sequence({forge::Implicit(
           0, forge::OctetString(forge::ByteVector(20, 7)))})}};
  Setting setting = Usual();
  setting.leaf = recipe;
  EXPECT_EQ(Ask(setting).trust, Trust::kTrusted);
}

TEST(Path, ValidityIsOfEveryCertificate) {
  Setting setting = Usual();
  setting.at = base::FromUnixSeconds(setting.leaf.not_after);
  EXPECT_EQ(Ask(setting).trust, Trust::kTrusted);
  setting.at.unix_microseconds += 1;
  EXPECT_EQ(Ask(setting).trust, Trust::kExpired);
  setting.at = base::FromUnixSeconds(setting.leaf.not_before - 1);
  EXPECT_EQ(Ask(setting).trust, Trust::kExpired);

  CertificateRecipe old = forge::RootRecipe("Inert Old Root");
  old.not_after = UtcSeconds(2020, 1, 1);
  const auto root = MakeCertificate(old);
  setting.at = kAt;
  setting.leaf.issuer = &root;
  setting.stores = {StoreOf(Purpose::kCodeSigning, {root})};
  EXPECT_EQ(Ask(setting).trust, Trust::kExpired);
}

// Of two ways the better one is told.
TEST(Path, TheBestAnswerWins) {
  constexpr std::string_view kName = "Inert Twice";
  CertificateRecipe recipe = forge::RootRecipe(kName);
  recipe.issuer = &TestAuthorities().root;
  recipe.not_after = UtcSeconds(2020, 1, 1);
  const auto expired = MakeCertificate(recipe);
  const auto unknown = AuthorityBy(kName, TestAuthorities().private_root);
  Setting setting;
  setting.leaf.issuer = &expired;
  setting.pool = {unknown, expired};
  EXPECT_EQ(Ask(setting).trust, Trust::kExpired);
  setting.pool = {expired, unknown};
  EXPECT_EQ(Ask(setting).trust, Trust::kExpired);
}

TEST(Path, ASpentBudgetTrustsNothing) {
  for (uint64_t operations = 0; operations < 2; ++operations) {
    Setting setting = Usual();
    setting.limits.public_key_operations = operations;
    const Answer answer = Ask(setting);
    EXPECT_NE(answer.trust, Trust::kTrusted);
    EXPECT_TRUE(answer.reached.has_value());
  }
}

}  // namespace
}  // namespace countersign::signing
