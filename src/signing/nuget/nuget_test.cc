// NuGet packages, their truth known by construction.
#include "forge/nuget.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "forge/recipes.h"
#include "signing/sample/examined.h"

namespace countersign::signing {
namespace {

using model::Integrity;
using model::SignatureFacts;
using model::Signed;
using model::Trust;
using Recipe = forge::NugetRecipe;

SigningFacts Examine(const forge::ByteVector& file) {
  return ExamineForged(file, model::Format::kNupkg);
}

TEST(Nuget, HoldsWhereverTheSignatureStands) {
  for (const size_t position : {size_t{0}, size_t{1}, SIZE_MAX}) {
    SCOPED_TRACE(position);
    for (const auto digest :
         {forge::HashAlgorithm::kSha256, forge::HashAlgorithm::kSha384,
          forge::HashAlgorithm::kSha512}) {
      Recipe recipe = forge::UsualNuget();
      recipe.position = position;
      recipe.digest = digest;
      recipe.comment = "a comment is signed";
      const forge::ByteVector file = BuildNuget(recipe);
      const SigningFacts facts = Examine(file);
      ASSERT_EQ(facts.signatures.size(), 1U);
      const SignatureFacts& signature = facts.signatures[0];
      EXPECT_EQ(signature.integrity, Integrity::kValid)
          << signature.integrity_reason;
      EXPECT_EQ(signature.trust, Trust::kTrusted);
      EXPECT_EQ(signature.scheme, model::Scheme::kNuget);
      EXPECT_EQ(signature.statement_type, "author");
      EXPECT_EQ(facts.is_signed, Signed::kPresent);
      EXPECT_FALSE(facts.covered_members.has_value());
      EXPECT_EQ(FindingsOf(facts, file.size()), Ids{});
    }
  }
}

TEST(Nuget, ARepositorySaysWhichItIs) {
  Recipe recipe = forge::UsualNuget();
  recipe.signature = forge::RepositorySignature();
  SigningFacts facts = Examine(BuildNuget(recipe));
  ASSERT_EQ(facts.signatures.size(), 1U);
  EXPECT_EQ(facts.signatures[0].integrity, Integrity::kValid);
  EXPECT_EQ(facts.signatures[0].statement_type, "repository");
  EXPECT_EQ(facts.signatures[0].program_url, "https://example.test/v3/index");
  EXPECT_EQ(facts.signatures[0].package_owners,
            std::vector<std::string>{"inert-owner"});
  recipe.signature.names_repository = false;
  facts = Examine(BuildNuget(recipe));
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kMalformed);
}

TEST(Nuget, ACountersignatureIsASignature) {
  Recipe recipe = forge::UsualNuget();
  recipe.countersignatures = {forge::RepositorySignature()};
  recipe.countersignatures[0].timestamps = {
      forge::StampAt(forge::kSigningTime)};
  const forge::ByteVector file = BuildNuget(recipe);
  SigningFacts facts = Examine(file);
  ASSERT_EQ(facts.signatures.size(), 2U);
  const SignatureFacts& second = facts.signatures[1];
  EXPECT_EQ(second.integrity, Integrity::kValid) << second.integrity_reason;
  EXPECT_EQ(second.trust, Trust::kTrusted);
  EXPECT_EQ(second.nested_in, 0U);
  EXPECT_EQ(second.statement_type, "repository");
  ASSERT_EQ(second.timestamps.size(), 1U);
  EXPECT_TRUE(second.timestamps[0].used);
  // The countersignature is no timestamp of the first.
  EXPECT_TRUE(facts.signatures[0].timestamps.empty());
  EXPECT_EQ(FindingsOf(facts, file.size()), Ids{});

  // It vouches for nothing when the first does not hold.
  forge::ByteVector changed = file;
  changed[50] ^= 1;
  facts = Examine(changed);
  ASSERT_EQ(facts.signatures.size(), 2U);
  EXPECT_EQ(facts.signatures[0].integrity, Integrity::kInvalid);
  EXPECT_EQ(facts.signatures[1].integrity, Integrity::kInvalid);

  recipe.countersignatures[0].corrupt_signature = true;
  facts = Examine(BuildNuget(recipe));
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kValid);
  EXPECT_EQ(facts.signatures.at(1).integrity, Integrity::kInvalid);

  recipe.countersignatures = {forge::RepositorySignature(),
                              forge::RepositorySignature()};
  facts = Examine(BuildNuget(recipe));
  ASSERT_EQ(facts.signatures.size(), 3U);
  EXPECT_EQ(facts.signatures[2].integrity, Integrity::kMalformed);

  recipe.signature = forge::RepositorySignature();
  recipe.countersignatures = {forge::RepositorySignature()};
  facts = Examine(BuildNuget(recipe));
  EXPECT_EQ(facts.signatures.at(1).integrity, Integrity::kMalformed);
}

TEST(Nuget, TimestampsCarryAnExpiredSigner) {
  Recipe recipe = forge::UsualNuget();
  recipe.signature.certificate = forge::TestAuthorities().old_publisher;
  recipe.certificates = {forge::TestAuthorities().old_publisher,
                         forge::TestAuthorities().intermediate};
  SigningFacts facts = Examine(BuildNuget(recipe));
  EXPECT_EQ(facts.signatures.at(0).trust, Trust::kExpired);
  recipe.signature.timestamps = {forge::StampAt(forge::kOldSigningTime)};
  facts = Examine(BuildNuget(recipe));
  EXPECT_EQ(facts.signatures.at(0).trust, Trust::kTrusted);
}

TEST(Nuget, TheSignerMustSayWhatItIsAndByWhom) {
  Recipe recipe = forge::UsualNuget();
  recipe.signature.type = forge::NugetSigner::kNobody;
  SigningFacts facts = Examine(BuildNuget(recipe));
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kMalformed);

  recipe = forge::UsualNuget();
  recipe.signature.names_certificate = false;
  facts = Examine(BuildNuget(recipe));
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kMalformed);

  recipe = forge::UsualNuget();
  recipe.signature.named_certificate = forge::TestAuthorities().old_publisher;
  const forge::ByteVector file = BuildNuget(recipe);
  facts = Examine(file);
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kInvalid);
  EXPECT_EQ(FindingsOf(facts, file.size()), Ids{"signing.signature_invalid"});
}

TEST(Nuget, TheDocumentMustStateTheDigest) {
  for (const auto& change : std::vector<void (*)(std::string&)>{
           [](std::string& text) { Replace(text, "Version:1", "Version:2"); },
           [](std::string& text) { Replace(text, "-Hash", "-Hasch"); },
           [](std::string& text) { text.pop_back(); },
           [](std::string& text) { text.clear(); },
           [](std::string& text) { Replace(text, "\n\n2", "\n2"); },
           [](std::string& text) { Replace(text, "4.2.1-", "4.2.2-"); },
       }) {
    Recipe recipe = forge::UsualNuget();
    recipe.change_document = change;
    const forge::ByteVector file = BuildNuget(recipe);
    const SigningFacts facts = Examine(file);
    ASSERT_EQ(facts.signatures.size(), 1U);
    EXPECT_EQ(facts.signatures[0].integrity, Integrity::kMalformed);
    EXPECT_EQ(FindingsOf(facts, file.size()), Ids{"signing.malformed"});
  }
  Recipe recipe = forge::UsualNuget();
  recipe.change_document = [](std::string& text) {
    Replace(text, "Version:1\n\n", "Version:1\r\n\r\n");
  };
  EXPECT_EQ(Examine(BuildNuget(recipe)).signatures.at(0).integrity,
            Integrity::kValid);
}

TEST(Nuget, TheEntryMustBeAsNugetWritesIt) {
  for (const auto& change : std::vector<void (*)(forge::ZipPart&)>{
           [](forge::ZipPart& part) { part.flags = 0x0800; },
           [](forge::ZipPart& part) { part.deflated = true; },
           [](forge::ZipPart& part) { part.name = ".SIGNATURE.P7S"; },
       }) {
    Recipe recipe = forge::UsualNuget();
    recipe.change_entry = change;
    const forge::ByteVector file = BuildNuget(recipe);
    const Ids ids = FindingsOf(Examine(file), file.size());
    EXPECT_EQ(ids, Ids{"signing.malformed"});
  }
  Recipe recipe = forge::UsualNuget();
  recipe.change_archive = [](forge::ZipRecipe& archive) {
    archive.parts.push_back(archive.parts.back());
  };
  forge::ByteVector file = BuildNuget(recipe);
  EXPECT_EQ(FindingsOf(Examine(file), file.size()), Ids{"signing.malformed"});
  recipe.change_archive = [](forge::ZipRecipe& archive) {
    archive.parts.back().content = forge::BytesOf("no PKCS #7");
  };
  file = BuildNuget(recipe);
  SigningFacts facts = Examine(file);
  EXPECT_EQ(facts.is_signed, Signed::kMalformed);
  EXPECT_EQ(FindingsOf(facts, file.size()), Ids{"signing.malformed"});
  recipe.change_archive = [](forge::ZipRecipe& archive) {
    archive.zip64 = true;
  };
  file = BuildNuget(recipe);
  facts = Examine(file);
  EXPECT_NE(facts.signatures.at(0).integrity, Integrity::kValid);
}

TEST(Nuget, WhatIsLeftOutOfTheDigestIsFound) {
  const Ids unsigned_data = {"signing.unsigned_data_in_signature"};
  Recipe recipe = forge::UsualNuget();
  recipe.change_archive = [](forge::ZipRecipe& archive) {
    archive.before_directory = forge::BytesOf("INERT");
  };
  forge::ByteVector file = BuildNuget(recipe);
  SigningFacts facts = Examine(file);
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kValid);
  EXPECT_EQ(FindingsOf(facts, file.size()), unsigned_data);

  recipe = forge::UsualNuget();
  recipe.change_entry = [](forge::ZipPart& part) {
    forge::Append(part.content, forge::BytesOf("INERT"));
  };
  file = BuildNuget(recipe);
  facts = Examine(file);
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kValid);
  EXPECT_EQ(FindingsOf(facts, file.size()), unsigned_data);

  recipe = forge::UsualNuget();
  recipe.signature.unsigned_attributes = {
      {"1.3.6.1.4.1.42921.1.2.1",
       {forge::OctetString(forge::BytesOf("INERT"))}}};
  file = BuildNuget(recipe);
  facts = Examine(file);
  EXPECT_EQ(FindingsOf(facts, file.size()),
            Ids{"signing.unauthenticated_attribute"});
}

TEST(Nuget, UnsignedIsUnsigned) {
  Recipe recipe = forge::UsualNuget();
  recipe.change_archive = [](forge::ZipRecipe& archive) {
    archive.parts.pop_back();
  };
  const forge::ByteVector file = BuildNuget(recipe);
  const SigningFacts facts = Examine(file);
  EXPECT_EQ(facts.is_signed, Signed::kAbsent);
  EXPECT_EQ(FindingsOf(facts, file.size()), Ids{"signing.unsigned"});
}

TEST(Nuget, EveryBitCounts) {
  Recipe recipe = forge::UsualNuget();
  const forge::ByteVector file = BuildNuget(recipe);
  forge::ZipRecipe bare;
  bare.parts = recipe.parts;
  const size_t covered = forge::PartsOf(bare).size();
  for (size_t i = 0; i < covered; ++i) {
    forge::ByteVector changed = file;
    changed[i] ^= 0x01;
    for (const SignatureFacts& signature : Examine(changed).signatures) {
      EXPECT_NE(signature.integrity, Integrity::kValid) << i;
    }
  }
}

TEST(Nuget, CutAnywhereIsNeverWhole) {
  const forge::ByteVector file = BuildNuget(forge::UsualNuget());
  for (size_t size = 0; size < file.size(); size += 7) {
    const forge::ByteVector cut(file.begin(),
                                file.begin() + static_cast<ptrdiff_t>(size));
    const SigningFacts facts = Examine(cut);
    EXPECT_NE(facts.is_signed, Signed::kPresent) << size;
    EXPECT_FALSE(FindingsOf(facts, cut.size()).empty()) << size;
  }
}

}  // namespace
}  // namespace countersign::signing
