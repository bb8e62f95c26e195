#include <gtest/gtest.h>

#include "forge/authorities.h"
#include "signing/x509/certificate.h"

namespace countersign::signing {
namespace {

using forge::CertificateRecipe;
using forge::Name;

model::CertificateFacts FactsOf(const CertificateRecipe& recipe) {
  const forge::Certificate forged = forge::MakeCertificate(recipe);
  base::Budget budget;
  const auto certificate = ParseCertificate({forged.der, 0}, budget);
  EXPECT_TRUE(certificate.has_value());
  return certificate ? Describe(*certificate) : model::CertificateFacts();
}

std::string KeyOf(const Name& subject) {
  CertificateRecipe recipe = forge::PublisherRecipe();
  recipe.subject = subject;
  return FactsOf(recipe).publisher_key;
}

std::string KeyOf(const std::string& organization) {
  return KeyOf(Name{{"O", organization, {}}, {"CN", "Somebody", {}}});
}

TEST(PublisherKey, RenewalKeepsIt) {
  CertificateRecipe recipe = forge::PublisherRecipe();
  const auto before = FactsOf(recipe);
  recipe.key = forge::MakeKey(forge::KeyKind::kRsa2048, "renewed");
  recipe.serial_number = forge::ByteVector{0x77};
  recipe.not_before = forge::UtcSeconds(2027, 1, 1);
  recipe.not_after = forge::UtcSeconds(2029, 1, 1);
  recipe.issuer = &forge::TestAuthorities().private_root;
  const auto after = FactsOf(recipe);
  EXPECT_NE(before.sha256, after.sha256);
  EXPECT_EQ(before.publisher_key, after.publisher_key);
  EXPECT_EQ(before.publisher_key, "org:inert example");
}

TEST(PublisherKey, NormalisesOrganisations) {
  const std::string expected = "org:nodejs";
  for (const char* name :
       {"Node.js, Inc.", "NODE.JS INC", "Node.js", " Node.js  Inc. ",
        "\"Node.js\" (Inc)", "Node.js Co., Ltd."}) {
    EXPECT_EQ(KeyOf(name), expected) << name;
  }
  // Another word, another publisher.
  for (const char* name : {"Node.js Foundation", "Inc Node.js", "Node js"}) {
    EXPECT_NE(KeyOf(name), expected) << name;
  }
  // A name that is nothing but a legal form keeps it.
  EXPECT_EQ(KeyOf("Limited"), "org:limited");
  // Letters beyond ASCII are not folded, so that no two of them meet.
  EXPECT_NE(KeyOf("M\u00DCLLER"), KeyOf("m\u00FCller"));
}

TEST(PublisherKey, InvisibleCharactersMakeAnotherPublisher) {
  EXPECT_NE(KeyOf("Node.js\u200B Inc"), KeyOf("Node.js Inc"));
}

TEST(PublisherKey, FallsBackToCommonNameAndThenToTheKey) {
  EXPECT_EQ(KeyOf(Name{{"CN", "Jane Doe", {}}}), "cn:jane doe");
  EXPECT_EQ(KeyOf(Name{{"O", "Open Source Developer", {}},
                       {"CN", "Open Source Developer, Jane Doe", {}}}),
            "cn:open source developer jane doe");
  const std::string spki = KeyOf(Name{{"C", "XX", {}}});
  EXPECT_EQ(spki.substr(0, 5), "spki:");
  EXPECT_EQ(spki.size(), 5U + 64U);
}

TEST(PublisherKey, ExtendedValidationIsKnownByItsRegistration) {
  CertificateRecipe recipe = forge::PublisherRecipe();
  recipe.subject = {{"jurisdictionC", "DE", {}},
                    {"jurisdictionST", "Hessen", {}},
                    {"businessCategory", "Private Organization", {}},
                    {"serialNumber", "HRB 12345", {}},
                    {"O", "Inert Example GmbH", {}},
                    {"CN", "Inert Example GmbH", {}}};
  recipe.policies = {forge::kEvPolicy};
  const auto facts = FactsOf(recipe);
  EXPECT_EQ(facts.publisher_key, "ev:de/hessen:hrb 12345");
  EXPECT_EQ(facts.validation, model::Validation::kEv);
  // The company may be renamed; the registration stays.
  recipe.subject[4].value = "Renamed AG";
  EXPECT_EQ(FactsOf(recipe).publisher_key, facts.publisher_key);
  // The same number elsewhere is somebody else.
  recipe.subject[0].value = "AT";
  EXPECT_NE(FactsOf(recipe).publisher_key, facts.publisher_key);
}

TEST(PublisherKey, MicrosoftsIdentityUsageComesFirst) {
  CertificateRecipe recipe = forge::PublisherRecipe();
  const std::string identity =
      "1.3.6.1.4.1.311.97.990309390.766961637.194916062"
      ".941502583";
  // The usages of every certificate of the service name nobody.
  recipe.extended_key_usages = {forge::kCodeSigningUsage,
                                "1.3.6.1.4.1.311.97.1.0",
                                "1.3.6.1.4.1.311.97.1.4.1"};
  EXPECT_EQ(FactsOf(recipe).publisher_key, "org:inert example");
  recipe.extended_key_usages.push_back(identity);
  EXPECT_EQ(FactsOf(recipe).publisher_key, "eku:" + identity);
  // Another arc that only begins alike is not Microsoft's.
  recipe.extended_key_usages = {"1.3.6.1.4.1.311.970.1.2.3.4"};
  EXPECT_EQ(FactsOf(recipe).publisher_key, "org:inert example");
}

TEST(Validation, IsWhatThePoliciesSay) {
  const std::pair<std::string, model::Validation> rows[] = {
      {forge::kEvPolicy, model::Validation::kEv},
      {forge::kOvPolicy, model::Validation::kOv},
      {"2.23.140.1.2.2", model::Validation::kOv},
      {"2.23.140.1.2.3", model::Validation::kIv},
      {"1.2.3", model::Validation::kUnknown}};
  for (const auto& [policy, validation] : rows) {
    CertificateRecipe recipe = forge::PublisherRecipe();
    recipe.policies = {policy};
    EXPECT_EQ(FactsOf(recipe).validation, validation) << policy;
  }
}

TEST(CertificateFacts, TheFirstCommonNameCounts) {
  CertificateRecipe recipe = forge::PublisherRecipe();
  recipe.subject = {{"CN", "First", {}}, {"CN", "Second", {}}};
  const auto facts = FactsOf(recipe);
  EXPECT_EQ(facts.common_name, "First");
  EXPECT_EQ(facts.subject, "CN=Second,CN=First");
  EXPECT_EQ(facts.organization, "");
  EXPECT_EQ(facts.public_key, "rsa2048");
}

}  // namespace
}  // namespace countersign::signing
