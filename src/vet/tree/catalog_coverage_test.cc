// Files that a catalog in the same tree, or one given from outside, lists.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/blob.h"
#include "forge/ctl.h"
#include "forge/image_digest.h"
#include "forge/mutations.h"
#include "forge/recipes.h"
#include "formats/sample/zip_writer.h"
#include "model/wire.h"
#include "signing/sample/forged_stores.h"
#include "vet/coverage.h"
#include "vet/evidence/catalogs.h"
#include "vet/inspect.h"
#include "vet/policy.h"

namespace countersign::vet {
namespace {

using forge::ByteVector;
using forge::CatalogEntry;
using forge::CatalogRecipe;
using forge::HashAlgorithm;
using formats::DeflatedEntry;
using formats::StoredEntry;
using formats::ZipOf;
using model::Decision;
using model::Inspection;
using model::Integrity;
using model::Signed;
using model::Trust;

std::string TextOf(const ByteVector& bytes) {
  return {bytes.begin(), bytes.end()};
}

CatalogEntry ProgramEntry(const ByteVector& image, HashAlgorithm algorithm) {
  CatalogEntry entry;
  entry.algorithm = algorithm;
  entry.digest = forge::ImageDigest(algorithm, image);
  entry.is_program = true;
  return entry;
}

CatalogEntry FlatEntry(std::string_view text, HashAlgorithm algorithm) {
  CatalogEntry entry;
  entry.algorithm = algorithm;
  entry.digest = forge::Hash(algorithm, forge::BytesOf(text));
  return entry;
}

CatalogRecipe RecipeOf(std::vector<CatalogEntry> entries) {
  CatalogRecipe recipe;
  recipe.this_update = forge::kSigningTime;
  recipe.signature =
      forge::Stamped(forge::SignatureBy(forge::TestAuthorities().publisher),
                     forge::StampAt(forge::kSigningTime));
  recipe.entries = std::move(entries);
  return recipe;
}

std::unique_ptr<signing::Verifier> ForgeVerifier() {
  const forge::Authorities& cast = forge::TestAuthorities();
  return std::make_unique<signing::Verifier>(
      std::vector<model::TrustStore>{
          signing::ForgedStore({cast.root, cast.time_root})},
      std::vector<std::vector<uint8_t>>{});
}

Inspection Look(const std::string& file, const CatalogSet* given = nullptr) {
  InspectOptions options;
  options.at = base::FromUnixSeconds(forge::kEvaluationTime);
  options.catalogs = given;
  const auto verifier = ForgeVerifier();
  Inspection inspection =
      Inspect(base::Blob::Own({file.begin(), file.end()}), *verifier, options);
  JudgeCoverage(inspection);
  return inspection;
}

const model::Artifact& At(const Inspection& inspection, std::string_view path) {
  const auto found =
      std::ranges::find(inspection.artifacts, path, &model::Artifact::path);
  EXPECT_NE(found, inspection.artifacts.end()) << path;
  return *found;
}

size_t Count(const Inspection& inspection, std::string_view id) {
  return static_cast<size_t>(
      std::ranges::count(inspection.findings, id, &model::Finding::id));
}

void ExpectCovered(const Inspection& inspection, std::string_view path,
                   std::string_view catalog) {
  const model::Artifact& artifact = At(inspection, path);
  EXPECT_EQ(artifact.is_signed, Signed::kByCatalog) << path;
  ASSERT_EQ(artifact.signatures.size(), 1U) << path;
  const model::SignatureFacts& signature = artifact.signatures[0];
  EXPECT_EQ(signature.scheme, model::Scheme::kCatalog);
  EXPECT_EQ(signature.integrity, Integrity::kValid);
  EXPECT_EQ(signature.trust, Trust::kTrusted);
  EXPECT_EQ(signature.timestamps.size(), 1U);
  EXPECT_EQ(signature.digest, signature.computed);
  EXPECT_TRUE(signature.signer.has_value());
  ASSERT_TRUE(signature.catalog.has_value());
  EXPECT_EQ(*signature.catalog, At(inspection, catalog).id);
  EXPECT_EQ(signature.catalog_sha256, At(inspection, catalog).sha256);
  EXPECT_TRUE(IsVouchedForByItself(artifact));
}

TEST(CatalogCoverage, MembersAreCoveredByDigestOfEitherKind) {
  const ByteVector program = forge::PlainImage();
  for (const HashAlgorithm algorithm :
       {HashAlgorithm::kSha256, HashAlgorithm::kSha1}) {
    for (const int version : {1, 2}) {
      CatalogRecipe recipe = RecipeOf({ProgramEntry(program, algorithm),
                                       FlatEntry("[Version]\r\n", algorithm),
                                       FlatEntry("data\x01\x02", algorithm)});
      recipe.version = version;
      const std::string catalog = TextOf(forge::MakeCatalog(recipe));
      // In front of what it lists, and behind it.
      for (const bool first : {true, false}) {
        auto zip = ZipOf({StoredEntry("a.cat", first ? catalog : "x"),
                          DeflatedEntry("a.sys", TextOf(program)),
                          StoredEntry("a.inf", "[Version]\r\n"),
                          DeflatedEntry("a.dat", "data\x01\x02"),
                          StoredEntry("b.cat", first ? "x" : catalog)});
        const Inspection inspection = Look(zip.Write());
        const char* name = first ? "!a.cat" : "!b.cat";
        ExpectCovered(inspection, "!a.sys", name);
        ExpectCovered(inspection, "!a.inf", name);
        ExpectCovered(inspection, "!a.dat", name);
        EXPECT_EQ(Count(inspection, "signing.unsigned"), 0U);
        EXPECT_EQ(Count(inspection, "signing.weak_algorithm"),
                  algorithm == HashAlgorithm::kSha1 ? 3U : 0U);
      }
    }
  }
}

TEST(CatalogCoverage, ATreeThatACatalogVouchesForIsAllowed) {
  const ByteVector program = forge::PlainImage();
  const std::string catalog = TextOf(forge::MakeCatalog(
      RecipeOf({ProgramEntry(program, HashAlgorithm::kSha256),
                FlatEntry("text\n", HashAlgorithm::kSha256)})));
  const std::string inner =
      ZipOf({DeflatedEntry("a.sys", TextOf(program))}).Write();
  const std::string all =
      ZipOf({StoredEntry("inner.zip", inner), StoredEntry("a.inf", "text\n"),
             StoredEntry("again.inf", "text\n"), StoredEntry("a.cat", catalog)})
          .Write();
  const Inspection inspection = Look(all);
  ExpectCovered(inspection, "!inner.zip!a.sys", "!a.cat");
  ExpectCovered(inspection, "!a.inf", "!a.cat");
  ExpectCovered(inspection, "!again.inf", "!a.cat");
  EXPECT_EQ(Decide(inspection).decision, Decision::kAllow);
}

TEST(CatalogCoverage, WhatIsNotListedIsUnsignedAndNoWorse) {
  const std::string catalog = TextOf(forge::MakeCatalog(
      RecipeOf({FlatEntry("other", HashAlgorithm::kSha256)})));
  const Inspection inspection = Look(
      ZipOf({StoredEntry("a.sys", TextOf(forge::PlainImage())),
             StoredEntry("a.inf", "text\n"), StoredEntry("a.cat", catalog)})
          .Write());
  EXPECT_EQ(At(inspection, "!a.sys").is_signed, Signed::kAbsent);
  EXPECT_EQ(At(inspection, "!a.inf").is_signed, Signed::kAbsent);
  EXPECT_EQ(Count(inspection, "signing.unsigned"), 1U);
  EXPECT_EQ(Count(inspection, "signing.digest_mismatch"), 0U);
  // A catalog that lists nothing of the tree is no finding.
  EXPECT_EQ(At(inspection, "!a.cat").signatures.at(0).integrity,
            Integrity::kValid);
  EXPECT_EQ(Decide(inspection).decision, Decision::kHold);
}

TEST(CatalogCoverage, AChangedProgramIsNotCovered) {
  ByteVector program = forge::PlainImage();
  const std::string catalog = TextOf(forge::MakeCatalog(
      RecipeOf({ProgramEntry(program, HashAlgorithm::kSha256)})));
  for (size_t at = 0x400; at < program.size(); at += 501) {
    ByteVector changed = program;
    changed[at] ^= 0x01;
    const Inspection inspection =
        Look(ZipOf({StoredEntry("a.sys", TextOf(changed)),
                    StoredEntry("a.cat", catalog)})
                 .Write());
    EXPECT_EQ(At(inspection, "!a.sys").is_signed, Signed::kAbsent);
  }
}

TEST(CatalogCoverage, ACatalogThatDoesNotHoldVouchesForNothing) {
  const ByteVector program = forge::PlainImage();
  CatalogRecipe recipe =
      RecipeOf({ProgramEntry(program, HashAlgorithm::kSha256)});
  recipe.signature.signers.front().recipe.corrupt_signature = true;
  const Inspection inspection =
      Look(ZipOf({StoredEntry("a.sys", TextOf(program)),
                  StoredEntry("a.cat", TextOf(forge::MakeCatalog(recipe)))})
               .Write());
  const model::Artifact& artifact = At(inspection, "!a.sys");
  EXPECT_EQ(artifact.is_signed, Signed::kByCatalog);
  EXPECT_EQ(artifact.signatures.at(0).integrity, Integrity::kInvalid);
  EXPECT_FALSE(artifact.signatures[0].content_mismatch);
  EXPECT_FALSE(IsVouchedForByItself(artifact));
  EXPECT_EQ(Decide(inspection).decision, Decision::kBlock);
}

TEST(CatalogCoverage, AnUntrustedCatalogVouchesForNothing) {
  const ByteVector program = forge::PlainImage();
  const forge::Authorities& cast = forge::TestAuthorities();
  CatalogRecipe recipe =
      RecipeOf({ProgramEntry(program, HashAlgorithm::kSha256)});
  recipe.signature = forge::SignatureBy(cast.private_root);
  recipe.signature.certificates = {cast.private_root};
  const Inspection inspection =
      Look(ZipOf({StoredEntry("a.sys", TextOf(program)),
                  StoredEntry("a.cat", TextOf(forge::MakeCatalog(recipe)))})
               .Write());
  const model::Artifact& artifact = At(inspection, "!a.sys");
  EXPECT_EQ(artifact.signatures.at(0).integrity, Integrity::kValid);
  EXPECT_NE(artifact.signatures[0].trust, Trust::kTrusted);
  EXPECT_FALSE(IsVouchedForByItself(artifact));
  EXPECT_EQ(Decide(inspection).decision, Decision::kHold);
}

TEST(CatalogCoverage, ASignedProgramKeepsItsOwnSignature) {
  const ByteVector program = forge::FindCase("valid_timestamped")->build();
  const std::string catalog = TextOf(forge::MakeCatalog(
      RecipeOf({ProgramEntry(program, HashAlgorithm::kSha256)})));
  const Inspection inspection =
      Look(ZipOf({StoredEntry("a.sys", TextOf(program)),
                  StoredEntry("a.cat", catalog)})
               .Write());
  const model::Artifact& artifact = At(inspection, "!a.sys");
  EXPECT_EQ(artifact.is_signed, Signed::kPresent);
  ASSERT_EQ(artifact.signatures.size(), 2U);
  EXPECT_EQ(artifact.signatures[0].scheme, model::Scheme::kAuthenticode);
  EXPECT_EQ(artifact.signatures[1].scheme, model::Scheme::kCatalog);
  EXPECT_EQ(artifact.signatures[1].index, 1U);
  EXPECT_EQ(Decide(inspection).decision, Decision::kAllow);
}

// A program that somebody pads and signs later has another digest than before.
TEST(CatalogCoverage, AProgramMayBePaddedOrNot) {
  forge::ImageRecipe recipe;
  recipe.overlay = forge::BytesOf("abc");
  const ByteVector program = forge::BuildImage(recipe);
  ASSERT_NE(program.size() % 8, 0U);
  const ByteVector padded = forge::PaddedImage(program);
  for (const ByteVector& listed : {program, padded}) {
    const std::string catalog = TextOf(forge::MakeCatalog(
        RecipeOf({ProgramEntry(listed, HashAlgorithm::kSha1)})));
    const Inspection inspection =
        Look(ZipOf({StoredEntry("a.sys", TextOf(program)),
                    StoredEntry("a.cat", catalog)})
                 .Write());
    EXPECT_EQ(At(inspection, "!a.sys").is_signed, Signed::kByCatalog);
  }
}

TEST(CatalogCoverage, APackageThatIsListedCoversItsMembers) {
  const std::string inner =
      ZipOf({StoredEntry("a.sys", TextOf(forge::PlainImage()))}).Write();
  const std::string catalog = TextOf(
      forge::MakeCatalog(RecipeOf({FlatEntry(inner, HashAlgorithm::kSha256)})));
  const Inspection inspection = Look(
      ZipOf({StoredEntry("inner.zip", inner), StoredEntry("a.cat", catalog)})
          .Write());
  ExpectCovered(inspection, "!inner.zip", "!a.cat");
  EXPECT_EQ(At(inspection, "!inner.zip!a.sys").covered_by,
            At(inspection, "!inner.zip").id);
  EXPECT_EQ(Decide(inspection).decision, Decision::kAllow);
}

CatalogSet GivenOf(const CatalogRecipe& recipe) {
  CatalogSet given;
  EXPECT_TRUE(AddCatalogFile(
      *base::Blob::Own(forge::MakeCatalog(recipe)), *ForgeVerifier(),
      base::FromUnixSeconds(forge::kEvaluationTime), given));
  given.Close();
  return given;
}

TEST(CatalogCoverage, ACatalogGivenFromOutsideCoversTheInput) {
  const ByteVector program = forge::PlainImage();
  for (const HashAlgorithm algorithm :
       {HashAlgorithm::kSha256, HashAlgorithm::kSha1}) {
    const CatalogSet given = GivenOf(RecipeOf(
        {ProgramEntry(program, algorithm), FlatEntry("text\n", algorithm)}));
    for (const std::string& file : {TextOf(program), std::string("text\n")}) {
      const Inspection inspection = Look(file, &given);
      const model::Artifact& artifact = inspection.artifacts.at(0);
      EXPECT_EQ(artifact.is_signed, Signed::kByCatalog);
      ASSERT_EQ(artifact.signatures.size(), 1U);
      EXPECT_FALSE(artifact.signatures[0].catalog.has_value());
      EXPECT_EQ(artifact.signatures[0].catalog_sha256.size(), 64U);
      EXPECT_EQ(Decide(inspection).decision, algorithm == HashAlgorithm::kSha1
                                                 ? Decision::kHold
                                                 : Decision::kAllow);
    }
    EXPECT_EQ(
        Look(TextOf(forge::PlainImage(7)), &given).artifacts.at(0).is_signed,
        Signed::kAbsent);
  }
}

TEST(CatalogCoverage, BothKindsOfCatalogsCount) {
  const ByteVector program = forge::PlainImage();
  const CatalogSet given =
      GivenOf(RecipeOf({ProgramEntry(program, HashAlgorithm::kSha256)}));
  const std::string catalog = TextOf(forge::MakeCatalog(
      RecipeOf({FlatEntry("text\n", HashAlgorithm::kSha256)})));
  const Inspection inspection = Look(
      ZipOf({StoredEntry("a.sys", TextOf(program)),
             StoredEntry("a.inf", "text\n"), StoredEntry("a.cat", catalog)})
          .Write(),
      &given);
  EXPECT_EQ(At(inspection, "!a.sys").is_signed, Signed::kByCatalog);
  EXPECT_FALSE(At(inspection, "!a.sys").signatures.at(0).catalog.has_value());
  ExpectCovered(inspection, "!a.inf", "!a.cat");
  EXPECT_EQ(Decide(inspection).decision, Decision::kAllow);
}

TEST(CatalogCoverage, OnlySignedCatalogsCanBeGiven) {
  const auto verifier = ForgeVerifier();
  const base::Instant at = base::FromUnixSeconds(forge::kEvaluationTime);
  CatalogRecipe unsigned_one =
      RecipeOf({FlatEntry("x", HashAlgorithm::kSha256)});
  unsigned_one.signature.signers.clear();
  CatalogSet set;
  for (const ByteVector& file :
       {forge::MakeCatalog(unsigned_one), forge::MakeCatalog(RecipeOf({})),
        forge::BytesOf("text"), forge::PlainImage()}) {
    EXPECT_FALSE(AddCatalogFile(*base::Blob::Own(file), *verifier, at, set));
  }
  EXPECT_TRUE(set.IsEmpty());
}

TEST(CatalogCoverage, TheAnswerIsTheSameTwice) {
  const ByteVector program = forge::PlainImage();
  const std::string catalog = TextOf(forge::MakeCatalog(
      RecipeOf({ProgramEntry(program, HashAlgorithm::kSha256)})));
  const std::string zip = ZipOf({StoredEntry("a.sys", TextOf(program)),
                                 StoredEntry("a.cat", catalog)})
                              .Write();
  EXPECT_EQ(model::EncodeWire(Look(zip)), model::EncodeWire(Look(zip)));
}

}  // namespace
}  // namespace countersign::vet
