// Catalogs: what is in the list, and who signed it.
#include "signing/catalog/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/text.h"
#include "forge/ctl.h"
#include "forge/recipes.h"
#include "formats/sniff.h"
#include "signing/judge.h"
#include "signing/sample/forged_stores.h"
#include "signing/verify.h"

namespace countersign::signing {
namespace {

using base::Fault;
using forge::ByteVector;
using forge::CatalogRecipe;
using forge::HashAlgorithm;
using model::Integrity;
using model::Trust;

ByteVector TextDigest(HashAlgorithm algorithm, std::string_view text) {
  return forge::Hash(algorithm, forge::BytesOf(text));
}

CatalogRecipe Recipe() {
  CatalogRecipe recipe;
  recipe.this_update = forge::kSigningTime;
  recipe.signature =
      forge::Stamped(forge::SignatureBy(forge::TestAuthorities().publisher),
                     forge::StampAt(forge::kSigningTime));
  recipe.name_values = {{"OS", "_v100_X64"}};
  recipe.entries.resize(3);
  recipe.entries[0].digest = TextDigest(HashAlgorithm::kSha256, "program");
  recipe.entries[0].is_program = true;
  recipe.entries[0].name_values = {{"File", "a.sys"}, {"OSAttr", "2:10.0"}};
  recipe.entries[1].digest = TextDigest(HashAlgorithm::kSha1, "text");
  recipe.entries[1].algorithm = HashAlgorithm::kSha1;
  recipe.entries[2].digest = TextDigest(HashAlgorithm::kSha256, "bare");
  recipe.entries[2].indirect_data = false;
  return recipe;
}

base::Result<Catalog> Parse(const CatalogRecipe& recipe) {
  const ByteVector list = forge::CatalogList(recipe);
  base::Budget budget;
  return ParseCatalog({forge::ContentOf(list), 0}, budget);
}

SigningFacts Look(base::Bytes file,
                  model::Purpose purpose = model::Purpose::kCodeSigning) {
  EXPECT_EQ(formats::Sniff(file).format, model::Format::kCat);
  const forge::Authorities& cast = forge::TestAuthorities();
  Verifier verifier({StoreOf(purpose, {cast.root}),
                     StoreOf(model::Purpose::kTimeStamping, {cast.time_root})},
                    {});
  return verifier.Verify(*base::Blob::Own({file.begin(), file.end()}),
                         model::Format::kCat,
                         {base::FromUnixSeconds(forge::kEvaluationTime), {}});
}

std::vector<std::string> Findings(const SigningFacts& facts, size_t size) {
  std::vector<std::string> ids;
  for (const model::Finding& finding :
       Judge(facts, 0, size, base::FromUnixSeconds(forge::kEvaluationTime))) {
    ids.push_back(finding.id);
  }
  return ids;
}

bool Has(const std::vector<std::string>& ids, std::string_view id) {
  return std::ranges::find(ids, id) != ids.end();
}

TEST(Catalog, ListsMembersOfBothVersions) {
  for (const int version : {1, 2}) {
    CatalogRecipe recipe = Recipe();
    recipe.version = version;
    const auto catalog = Parse(recipe);
    ASSERT_TRUE(catalog.has_value());
    EXPECT_EQ(catalog->version, version);
    EXPECT_EQ(catalog->identifier, base::ToHex(ByteVector(16, 0x5A)));
    EXPECT_EQ(catalog->effective, base::FromUnixSeconds(forge::kSigningTime));
    ASSERT_EQ(catalog->members.size(), 3U);
    const CatalogMember& program = catalog->members[0];
    EXPECT_EQ(program.digest.Hex(), base::ToHex(recipe.entries[0].digest));
    EXPECT_EQ(program.algorithm, base::DigestAlgorithm::kSha256);
    EXPECT_EQ(program.content_type, "1.3.6.1.4.1.311.2.1.15");
    ASSERT_EQ(program.attributes.size(), 2U);
    EXPECT_TRUE(std::ranges::any_of(
        program.attributes, [](const CatalogAttribute& attribute) {
          return attribute.name == "File" && attribute.value == "a.sys";
        }));
    EXPECT_EQ(catalog->members[1].algorithm, base::DigestAlgorithm::kSha1);
    EXPECT_EQ(catalog->members[1].content_type, "1.3.6.1.4.1.311.2.1.25");
    EXPECT_EQ(catalog->members[2].digest.Hex(),
              base::ToHex(recipe.entries[2].digest));
    EXPECT_EQ(catalog->members[2].content_type, "");
    ASSERT_EQ(catalog->attributes.size(), 1U);
    EXPECT_EQ(catalog->attributes[0].value, "_v100_X64");
  }
}

TEST(Catalog, TagsInHexadecimalAreDigests) {
  const ByteVector digest = TextDigest(HashAlgorithm::kSha1, "x");
  const std::string hex = base::ToHex(digest);
  ByteVector wide = forge::Utf16LittleEndian(hex);
  for (ByteVector tag :
       {forge::BytesOf(hex), forge::BytesOf(hex + '\0'), wide, digest}) {
    CatalogRecipe recipe = Recipe();
    recipe.entries.resize(1);
    recipe.entries[0] = {};
    recipe.entries[0].indirect_data = false;
    recipe.entries[0].tag = tag;
    const auto catalog = Parse(recipe);
    ASSERT_TRUE(catalog.has_value());
    ASSERT_EQ(catalog->members.size(), 1U);
    EXPECT_EQ(catalog->members[0].digest.Hex(), hex);
  }
}

// A tag can be any text; what is signed of such a member is its digest.
TEST(Catalog, ATagThatIsNoDigestNamesNone) {
  CatalogRecipe recipe = Recipe();
  recipe.entries[0].tag = forge::BytesOf("driver.sys");
  recipe.entries[2].tag = forge::BytesOf("other.sys");
  const auto catalog = Parse(recipe);
  ASSERT_TRUE(catalog.has_value());
  EXPECT_EQ(catalog->members.size(), 2U);
  EXPECT_EQ(catalog->members_without_digest, 1U);
}

TEST(Catalog, OtherListsAreNoCatalogs) {
  CatalogRecipe recipe = Recipe();
  recipe.usage = forge::kRootListUsage;
  const auto catalog = Parse(recipe);
  ASSERT_FALSE(catalog.has_value());
  EXPECT_EQ(catalog.error().fault, Fault::kUnsupported);
}

TEST(Catalog, ADigestOfTheWrongSizeIsDamage) {
  CatalogRecipe recipe = Recipe();
  recipe.entries[1].digest.push_back(0);
  const auto catalog = Parse(recipe);
  ASSERT_FALSE(catalog.has_value());
  EXPECT_EQ(catalog.error().fault, Fault::kMalformed);
}

// Between two fields, those behind it are optional; the signature tells.
TEST(Catalog, TruncatedAnywhereItIsNotWhole) {
  const ByteVector list = forge::CatalogList(Recipe());
  const base::Bytes content = forge::ContentOf(list);
  for (size_t size = 0; size < content.size(); ++size) {
    base::Budget budget;
    const auto catalog = ParseCatalog({content.first(size), 0}, budget);
    EXPECT_TRUE(!catalog || catalog->attributes.empty()) << size;
  }
  base::Budget none({.steps = 10});
  EXPECT_FALSE(ParseCatalog({content, 0}, none).has_value());
}

TEST(CatalogScheme, ASignedCatalogHolds) {
  const ByteVector file = forge::MakeCatalog(Recipe());
  const SigningFacts facts = Look(file);
  EXPECT_EQ(facts.is_signed, model::Signed::kPresent);
  ASSERT_EQ(facts.signatures.size(), 1U);
  const model::SignatureFacts& signature = facts.signatures[0];
  EXPECT_EQ(signature.scheme, model::Scheme::kCatalog);
  EXPECT_EQ(signature.integrity, Integrity::kValid);
  EXPECT_EQ(signature.trust, Trust::kTrusted);
  EXPECT_EQ(signature.content_type, "1.3.6.1.4.1.311.10.1");
  EXPECT_EQ(signature.digest, signature.computed);
  EXPECT_EQ(signature.timestamps.size(), 1U);
  EXPECT_EQ(facts.detail,
            "security catalog, version 2, 3 members, of 2025-06-01");
  EXPECT_EQ(facts.listed.size(), 3U);
  EXPECT_TRUE(Findings(facts, file.size()).empty());
}

TEST(CatalogScheme, AKernelStoreMayVouch) {
  const ByteVector file = forge::MakeCatalog(Recipe());
  EXPECT_EQ(Look(file, model::Purpose::kKernel).signatures.at(0).trust,
            Trust::kTrusted);
  EXPECT_NE(Look(file, model::Purpose::kUefi).signatures.at(0).trust,
            Trust::kTrusted);
}

TEST(CatalogScheme, EveryByteOfTheListCounts) {
  const ByteVector good = forge::MakeCatalog(Recipe());
  const ByteVector list = forge::CatalogList(Recipe());
  const auto at = std::ranges::search(good, list);
  ASSERT_FALSE(at.empty());
  const auto begin = static_cast<size_t>(at.begin() - good.begin());
  // PKCS #7 hashes the content without its identifier and length.
  const size_t header = list.size() - forge::ContentOf(list).size();
  for (size_t i = header; i < list.size(); ++i) {
    ByteVector bad = good;
    bad[begin + i] ^= 0x01;
    for (const auto& signature : Look(bad).signatures) {
      EXPECT_NE(signature.integrity, Integrity::kValid) << i;
    }
  }
  ByteVector bad = good;
  bad[begin + list.size() / 2] ^= 0x01;
  const SigningFacts facts = Look(bad);
  const auto ids = Findings(facts, bad.size());
  EXPECT_TRUE(Has(ids, "signing.digest_mismatch") ||
              Has(ids, "signing.malformed"));
}

TEST(CatalogScheme, AnotherMessageDigestIsAMismatch) {
  CatalogRecipe recipe = Recipe();
  recipe.signature.signers.front().recipe.wrong_message_digest = true;
  const ByteVector file = forge::MakeCatalog(recipe);
  const SigningFacts facts = Look(file);
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kInvalid);
  EXPECT_TRUE(facts.signatures[0].content_mismatch);
  EXPECT_NE(facts.signatures[0].digest, facts.signatures[0].computed);
  EXPECT_TRUE(Has(Findings(facts, file.size()), "signing.digest_mismatch"));
}

TEST(CatalogScheme, ANestedSignatureListsForItself) {
  CatalogRecipe inner = Recipe();
  inner.entries.resize(1);
  CatalogRecipe outer = Recipe();
  outer.signature.signers.front().nested = {forge::MakeCatalog(inner)};
  const SigningFacts facts = Look(forge::MakeCatalog(outer));
  ASSERT_EQ(facts.signatures.size(), 2U);
  EXPECT_EQ(facts.signatures[1].integrity, Integrity::kValid);
  EXPECT_EQ(facts.signatures[1].nested_in, 0U);
  ASSERT_EQ(facts.listed.size(), 4U);
  EXPECT_EQ(facts.listed[3].signature, 1U);
}

// As in the drivers of VirtualBox.
TEST(CatalogScheme, ADetachedNestedSignatureIsOverTheWholeList) {
  const CatalogRecipe list = Recipe();
  const auto nest = [&](ByteVector covered) {
    forge::SignerRecipe signer = list.signature.signers.front().recipe;
    forge::SignedDataRecipe data;
    data.content_type = forge::kDataType;
    data.digests = {signer.digest};
    data.certificates = list.signature.certificates;
    data.signers = {SignContent(signer, forge::kDataType, covered)};
    CatalogRecipe outer = list;
    outer.signature.signers.front().nested = {EncodeSignedData(data)};
    return forge::MakeCatalog(outer);
  };
  const ByteVector whole = forge::CatalogList(list);
  const ByteVector file = nest(whole);
  const SigningFacts facts = Look(file);
  ASSERT_EQ(facts.signatures.size(), 2U);
  const model::SignatureFacts& nested = facts.signatures[1];
  EXPECT_EQ(nested.integrity, Integrity::kValid) << nested.integrity_reason;
  EXPECT_EQ(nested.trust, facts.signatures[0].trust);
  EXPECT_EQ(nested.nested_in, 0U);
  EXPECT_EQ(nested.content_type, "1.2.840.113549.1.7.1");
  EXPECT_EQ(nested.digest,
            base::Hash(base::DigestAlgorithm::kSha256, whole).Hex());
  EXPECT_TRUE(
      Has(Findings(facts, file.size()), "signing.unexpected_content_type"));
  // It vouches for nothing.
  for (const auto& listed : facts.listed) {
    EXPECT_EQ(listed.signature, 0U);
  }
  // Not over the list without its identifier and length, nor over another.
  CatalogRecipe other = list;
  other.entries.resize(1);
  const auto content = forge::ContentOf(whole);
  for (const ByteVector& covered : {ByteVector(content.begin(), content.end()),
                                    forge::CatalogList(other)}) {
    const ByteVector bad = nest(covered);
    const SigningFacts wrong = Look(bad);
    EXPECT_EQ(wrong.signatures.at(0).integrity, Integrity::kValid);
    EXPECT_EQ(wrong.signatures.at(1).integrity, Integrity::kInvalid);
    EXPECT_TRUE(Has(Findings(wrong, bad.size()), "signing.digest_mismatch"));
  }
}

TEST(CatalogScheme, AnUnsignedCatalogListsNothing) {
  CatalogRecipe recipe = Recipe();
  recipe.signature.signers.clear();
  const SigningFacts facts = Look(forge::MakeCatalog(recipe));
  EXPECT_EQ(facts.is_signed, model::Signed::kAbsent);
  EXPECT_TRUE(facts.listed.empty());
  EXPECT_TRUE(facts.detail.starts_with("security catalog"));
}

TEST(CatalogScheme, AListOfSomethingElseIsUnsupported) {
  CatalogRecipe recipe = Recipe();
  recipe.usage = forge::kRootListUsage;
  const ByteVector file = forge::MakeCatalog(recipe);
  const SigningFacts facts = Look(file);
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kUnsupported);
  EXPECT_TRUE(facts.listed.empty());
  EXPECT_TRUE(Has(Findings(facts, file.size()), "signing.unsupported"));
  // A signature of a program that lies about by itself.
  const SigningFacts other = Look(
      forge::SignImage(forge::PlainImage(),
                       forge::SignatureBy(forge::TestAuthorities().publisher)));
  EXPECT_EQ(other.signatures.at(0).integrity, Integrity::kUnsupported);
  EXPECT_TRUE(other.listed.empty());
}

TEST(CatalogScheme, DataBehindTheCatalogIsNoted) {
  ByteVector file = forge::MakeCatalog(Recipe());
  forge::Append(file, ByteVector(100, 0x41));
  const SigningFacts facts = Look(file);
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kValid);
  EXPECT_TRUE(
      Has(Findings(facts, file.size()), "signing.unsigned_data_in_signature"));
}

TEST(CatalogScheme, TruncatedAnywhereItDoesNotHold) {
  const ByteVector file = forge::MakeCatalog(Recipe());
  for (size_t size = 20; size < file.size(); size += 13) {
    const base::Bytes part = base::Bytes(file).first(size);
    const SigningFacts facts = Look(part);
    EXPECT_NE(facts.is_signed, model::Signed::kAbsent);
    for (const auto& signature : facts.signatures) {
      EXPECT_NE(signature.integrity, Integrity::kValid) << size;
    }
  }
}

TEST(CatalogScheme, ARealCatalogHolds) {
  std::ifstream stream(
      "../shared/corpora/signature/Velocidex__go-pe/testdata/ntexe.cat",
      std::ios::binary);
  if (!stream) {
    GTEST_SKIP() << "the corpus is not here";
  }
  const ByteVector file((std::istreambuf_iterator<char>(stream)),
                        std::istreambuf_iterator<char>());
  const SigningFacts facts = Look(file);
  ASSERT_FALSE(facts.signatures.empty());
  EXPECT_EQ(facts.signatures[0].integrity, Integrity::kValid);
  EXPECT_EQ(facts.signatures[0].program_name, "Microsoft Windows");
  EXPECT_FALSE(facts.listed.empty());
}

}  // namespace
}  // namespace countersign::signing
