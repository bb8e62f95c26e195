// Signed JARs, their truth known by construction, and some by jarsigner.
#include "forge/jar.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "forge/recipes.h"
#include "signing/jar/manifest.h"
#include "signing/sample/examined.h"

namespace countersign::signing {
namespace {

using model::Integrity;
using model::SignatureFacts;
using model::Signed;
using model::Trust;
using Recipe = forge::JarRecipe;

SigningFacts Examine(const forge::ByteVector& file) {
  return ExamineForged(file, model::Format::kJar);
}

TEST(JarManifest, IsReadLineByLine) {
  base::Budget budget;
  const std::string text =
      "Manifest-Version: 1.0\r\nLong: a\r\n b\r\n  c\r\n\r\n\r\n"
      "Name: x\nSHA-256-Digest: YQ==\n\nname: y\rA: 1\r\rName: z";
  const auto manifest = ParseJarManifest({base::AsBytes(text), 0}, budget);
  ASSERT_TRUE(manifest.has_value());
  ASSERT_NE(manifest->main.Find("LONG"), nullptr);
  EXPECT_EQ(*manifest->main.Find("LONG"), "ab c");
  EXPECT_EQ(base::AsText(manifest->main.bytes),
            text.substr(0, text.find("\r\n\r\nName") + 2));
  ASSERT_EQ(manifest->sections.size(), 3U);
  EXPECT_EQ(base::AsText(manifest->sections.at("x").bytes),
            "Name: x\nSHA-256-Digest: YQ==\n\n");
  EXPECT_EQ(base::AsText(manifest->sections.at("y").bytes),
            "name: y\rA: 1\r\r");
  EXPECT_EQ(base::AsText(manifest->sections.at("z").bytes), "Name: z");
  // One byte is no SHA-256.
  EXPECT_FALSE(ReadJarDigests(manifest->sections.at("x"), "-Digest"));
}

TEST(JarManifest, SaysWhatItRefuses) {
  for (const char* text :
       {"a", "a: b\nc", "a:b\n", ": b\n", "a: b\n\nb: c\n", " a: b\n"}) {
    base::Budget budget;
    const auto manifest =
        ParseJarManifest({base::AsBytes(std::string_view(text)), 7}, budget);
    ASSERT_FALSE(manifest.has_value()) << text;
    EXPECT_EQ(manifest.error().fault, base::Fault::kMalformed);
  }
  base::Budget budget;
  const auto twice = ParseJarManifest(
      {base::AsBytes(std::string_view("\nName: a\n\nName: b\n\nName: a\n")), 0},
      budget);
  ASSERT_TRUE(twice.has_value());
  EXPECT_EQ(twice->repeated, std::vector<std::string>{"a"});
  EXPECT_EQ(twice->sections.size(), 1U);
}

TEST(Jar, HoldsInEveryForm) {
  for (const auto& form : std::vector<void (*)(Recipe&)>{
           [](Recipe&) {},
           [](Recipe& r) { r.line_end = "\n"; },
           [](Recipe& r) { r.digest = forge::HashAlgorithm::kSha512; },
           [](Recipe& r) {
             r.signers[0].digest = forge::HashAlgorithm::kSha384;
           },
           [](Recipe& r) { r.signers[0].whole_manifest = false; },
           [](Recipe& r) { r.signers[0].signed_attributes = false; },
       }) {
    Recipe recipe = forge::UsualJar();
    form(recipe);
    const forge::ByteVector file = BuildJar(recipe);
    const SigningFacts facts = Examine(file);
    ASSERT_EQ(facts.signatures.size(), 1U);
    const SignatureFacts& signature = facts.signatures[0];
    EXPECT_EQ(signature.integrity, Integrity::kValid)
        << signature.integrity_reason;
    EXPECT_EQ(signature.trust, Trust::kTrusted);
    EXPECT_EQ(signature.scheme, model::Scheme::kJar);
    EXPECT_EQ(signature.digest, signature.computed);
    EXPECT_EQ(facts.is_signed, Signed::kPresent);
    EXPECT_EQ(FindingsOf(facts, file.size()), Ids{});
    EXPECT_EQ(CoveredNames(facts).size(), 6U);
  }
}

TEST(Jar, OldDigestsAreWeak) {
  Recipe recipe = forge::UsualJar();
  recipe.digest = forge::HashAlgorithm::kSha1;
  const forge::ByteVector file = BuildJar(recipe);
  const SigningFacts facts = Examine(file);
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kValid);
  EXPECT_EQ(facts.signatures.at(0).weak, std::vector<std::string>{"sha1"});
  EXPECT_EQ(FindingsOf(facts, file.size()), Ids{"signing.weak_algorithm"});
}

TEST(Jar, WhatIsAddedIsCoveredByNobody) {
  Recipe recipe = forge::UsualJar();
  recipe.change_archive = [](forge::ZipRecipe& archive) {
    archive.parts.push_back(forge::TextPart("Added.class", "INERT"));
    archive.parts.push_back(forge::TextPart("META-INF/services/x", "INERT"));
    archive.parts.push_back(forge::TextPart("empty/", "", false));
  };
  const forge::ByteVector file = BuildJar(recipe);
  const SigningFacts facts = Examine(file);
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kValid);
  ASSERT_TRUE(facts.uncovered.has_value());
  EXPECT_EQ(facts.uncovered->count, 2U);
  EXPECT_EQ(FindingsOf(facts, file.size()), Ids{"signing.uncovered_member"});
  EXPECT_EQ(CoveredNames(facts).size(), 6U);
}

TEST(Jar, WhatIsChangedDoesNotHold) {
  for (const size_t part :
       {size_t{0}, size_t{1}, size_t{2}, size_t{3}, size_t{4}}) {
    SCOPED_TRACE(part);
    Recipe recipe = forge::UsualJar();
    recipe.change_archive = [part](forge::ZipRecipe& archive) {
      archive.parts[part].content.back() ^= 0x01;
    };
    const forge::ByteVector file = BuildJar(recipe);
    const SigningFacts facts = Examine(file);
    for (const SignatureFacts& signature : facts.signatures) {
      EXPECT_NE(signature.integrity, Integrity::kValid);
    }
    EXPECT_TRUE(CoveredNames(facts).empty());
    EXPECT_FALSE(FindingsOf(facts, file.size()).empty());
  }
  Recipe recipe = forge::UsualJar();
  recipe.change_archive = [](forge::ZipRecipe& archive) {
    archive.parts[4].content[0] ^= 0x01;
  };
  const forge::ByteVector file = BuildJar(recipe);
  const SigningFacts facts = Examine(file);
  EXPECT_TRUE(facts.signatures.at(0).content_mismatch);
  EXPECT_NE(facts.signatures.at(0).digest, facts.signatures.at(0).computed);
  const Ids ids = FindingsOf(facts, file.size());
  EXPECT_EQ(std::ranges::count(ids, "signing.digest_mismatch"), 1);
}

// Entries may be added to a manifest; the others go on to hold.
TEST(Jar, ALongerManifestHoldsBySections) {
  Recipe recipe = forge::UsualJar();
  recipe.change_archive = [](forge::ZipRecipe& archive) {
    forge::Append(archive.parts[0].content,
                  forge::BytesOf("Name: Added.class\r\nX: y\r\n\r\n"));
    archive.parts.push_back(forge::TextPart("Added.class", "INERT"));
  };
  forge::ByteVector file = BuildJar(recipe);
  SigningFacts facts = Examine(file);
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kValid)
      << facts.signatures.at(0).integrity_reason;
  EXPECT_EQ(FindingsOf(facts, file.size()), Ids{"signing.uncovered_member"});
  // Not so its main attributes.
  recipe.change_archive = [](forge::ZipRecipe& archive) {
    std::string text(archive.parts[0].content.begin(),
                     archive.parts[0].content.end());
    Replace(text, "\r\n", "\r\nClass-Path: other.jar\r\n");
    archive.parts[0].content = forge::BytesOf(text);
  };
  file = BuildJar(recipe);
  facts = Examine(file);
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kInvalid);
}

// What stands in a manifest and is in no signed digest.
TEST(Jar, AManifestHoldsNothingElse) {
  const auto examine = [](bool main_digest, const std::string& more) {
    Recipe recipe = forge::UsualJar();
    recipe.signers[0].whole_manifest = false;
    recipe.signers[0].main_attributes = main_digest;
    recipe.change_archive = [&](forge::ZipRecipe& archive) {
      forge::Append(archive.parts[0].content, forge::BytesOf(more));
    };
    const forge::ByteVector file = BuildJar(recipe);
    SigningFacts facts = Examine(file);
    EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kValid)
        << facts.signatures.at(0).integrity_reason;
    const Ids ids = FindingsOf(facts, file.size());
    EXPECT_EQ(ids, facts.uncovered ? Ids{"signing.uncovered_member"} : Ids{});
    return facts.uncovered.value_or(UncoveredMembers()).names;
  };
  const std::vector<std::string> manifest = {"\"META-INF/MANIFEST.MF\""};
  EXPECT_TRUE(examine(true, "").empty());
  EXPECT_EQ(examine(false, ""), manifest);
  EXPECT_EQ(examine(true, "Name: com/example/\r\nSealed: false\r\n\r\n"),
            manifest);
  EXPECT_EQ(examine(true, "Name: META-INF/INERT.SF\r\nX: EVIL\r\n\r\n"),
            manifest);
}

TEST(Jar, WhatIsTakenAwayIsMissed) {
  Recipe recipe = forge::UsualJar();
  recipe.change_archive = [](forge::ZipRecipe& archive) {
    archive.parts.pop_back();
  };
  const forge::ByteVector file = BuildJar(recipe);
  const SigningFacts facts = Examine(file);
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kValid);
  EXPECT_EQ(FindingsOf(facts, file.size()), Ids{"signing.malformed"});
}

TEST(Jar, TwoOfANameAreNone) {
  Recipe recipe = forge::UsualJar();
  recipe.change_archive = [](forge::ZipRecipe& archive) {
    archive.parts.push_back(archive.parts.back());
  };
  SigningFacts facts = Examine(BuildJar(recipe));
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kInvalid);

  recipe = forge::UsualJar();
  recipe.change_manifest = [](std::string& text) {
    const size_t at = text.find("Name: com/example/Inert.class");
    text += text.substr(at, text.find("\r\n\r\n", at) + 4 - at);
  };
  facts = Examine(BuildJar(recipe));
  EXPECT_NE(facts.signatures.at(0).integrity, Integrity::kValid);
}

TEST(Jar, SignersCoverWhatTheyName) {
  Recipe recipe = forge::UsualJar();
  recipe.signers.push_back(recipe.signers[0]);
  recipe.signers[0].entries = {recipe.parts[0].name};
  recipe.signers[1].name = "OTHER";
  recipe.signers[1].entries = {recipe.parts[2].name};
  const forge::ByteVector file = BuildJar(recipe);
  const SigningFacts facts = Examine(file);
  ASSERT_EQ(facts.signatures.size(), 2U);
  EXPECT_EQ(facts.signatures[0].integrity, Integrity::kValid);
  EXPECT_EQ(facts.signatures[1].integrity, Integrity::kValid);
  ASSERT_TRUE(facts.uncovered.has_value());
  EXPECT_EQ(facts.uncovered->count, 1U);
  // The manifest, two pairs, two classes.
  EXPECT_EQ(CoveredNames(facts).size(), 7U);
  EXPECT_EQ(FindingsOf(facts, file.size()), Ids{"signing.uncovered_member"});
}

TEST(Jar, TimestampsCarryAnExpiredSigner) {
  Recipe recipe = forge::UsualJar();
  recipe.signers[0].certificate = forge::TestAuthorities().old_publisher;
  recipe.signers[0].timestamps = {forge::StampAt(forge::kOldSigningTime)};
  recipe.certificates = {forge::TestAuthorities().old_publisher,
                         forge::TestAuthorities().intermediate};
  const SigningFacts facts = Examine(BuildJar(recipe));
  EXPECT_EQ(facts.signatures.at(0).trust, Trust::kTrusted);
  EXPECT_TRUE(facts.signatures.at(0).timestamps.at(0).used);
}

TEST(Jar, TheCryptographyMustHold) {
  Recipe recipe = forge::UsualJar();
  recipe.signers[0].corrupt_signature = true;
  const forge::ByteVector file = BuildJar(recipe);
  const Ids ids = FindingsOf(Examine(file), file.size());
  EXPECT_EQ(ids, Ids{"signing.signature_invalid"});
}

TEST(Jar, PartsOfASignatureBelongTogether) {
  for (const auto& change : std::vector<void (*)(forge::ZipRecipe&)>{
           [](forge::ZipRecipe& a) { a.parts.erase(a.parts.begin()); },
           [](forge::ZipRecipe& a) { a.parts.erase(a.parts.begin() + 1); },
           [](forge::ZipRecipe& a) { a.parts.erase(a.parts.begin() + 2); },
           [](forge::ZipRecipe& a) { a.parts[2].content.resize(20); },
           [](forge::ZipRecipe& a) { a.parts[2].content.clear(); },
       }) {
    Recipe recipe = forge::UsualJar();
    recipe.change_archive = change;
    const forge::ByteVector file = BuildJar(recipe);
    const SigningFacts facts = Examine(file);
    EXPECT_EQ(facts.is_signed, Signed::kMalformed);
    const Ids ids = FindingsOf(facts, file.size());
    EXPECT_TRUE(std::ranges::count(ids, "signing.malformed") > 0);
    EXPECT_TRUE(CoveredNames(facts).empty());
  }
}

TEST(Jar, AStrippedSchemeOfAndroidIsMissed) {
  Recipe recipe = forge::UsualJar();
  recipe.signers[0].extra_attributes = "X-Android-APK-Signed: 2, 3\r\n";
  EXPECT_EQ(Examine(BuildJar(recipe)).signatures.at(0).integrity,
            Integrity::kMalformed);
}

TEST(Jar, UnsignedIsUnsigned) {
  Recipe recipe = forge::UsualJar();
  recipe.signers.clear();
  const forge::ByteVector file = BuildJar(recipe);
  const SigningFacts facts = Examine(file);
  EXPECT_EQ(facts.is_signed, Signed::kAbsent);
  EXPECT_FALSE(facts.covered_members.has_value());
  EXPECT_EQ(FindingsOf(facts, file.size()), Ids{"signing.unsigned"});
}

TEST(Jar, CutAnywhereIsNeverWhole) {
  const forge::ByteVector file = BuildJar(forge::UsualJar());
  for (size_t size = 0; size < file.size(); size += 7) {
    const forge::ByteVector cut(file.begin(),
                                file.begin() + static_cast<ptrdiff_t>(size));
    const SigningFacts facts = Examine(cut);
    EXPECT_NE(facts.is_signed, Signed::kPresent) << size;
    EXPECT_FALSE(FindingsOf(facts, cut.size()).empty()) << size;
  }
}

// What jarsigner makes of an archive, where it is installed.
class JarsignerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v jarsigner keytool jar >/dev/null") != 0) {
      GTEST_SKIP() << "jarsigner is not here";
    }
    folder_ = std::filesystem::temp_directory_path() /
              ("countersign-jar-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / "Inert.txt") << "INERT-TEST-FILE";
    std::ofstream(folder_ / "Other.txt") << "INERT";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Runs commands in the folder.
  [[nodiscard]] bool Run(const std::string& commands) const {
    return std::system(("cd " + folder_.string() + " && { " + commands +
                        "; } >/dev/null 2>&1")
                           .c_str()) == 0;
  }
  [[nodiscard]] bool Sign(const std::string& key, const std::string& options) {
    return Run("jar cf a.jar Inert.txt Other.txt && keytool -genkeypair " +
               key +
               " -alias k -dname CN=Inert -keystore s -storepass 123456 "
               "-ext EKU=codeSigning && jarsigner -keystore s -storepass "
               "123456 " +
               options + " a.jar k");
  }
  [[nodiscard]] forge::ByteVector Read() const {
    std::ifstream file(folder_ / "a.jar", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(JarsignerTest, HoldsAsItWasSigned) {
  struct Row {
    const char* key;
    const char* options;
  };
  for (const Row& row :
       {Row{"-keyalg RSA", ""}, Row{"-keyalg EC -groupname secp256r1", ""},
        Row{"-keyalg RSA", "-digestalg SHA-512 -sigfile X"},
        Row{"-keyalg RSA", "-sectionsonly"}}) {
    SCOPED_TRACE(row.key);
    ASSERT_TRUE(Run("rm -f s a.jar"));
    ASSERT_TRUE(Sign(row.key, row.options));
    const forge::ByteVector file = Read();
    const SigningFacts facts = Examine(file);
    ASSERT_EQ(facts.signatures.size(), 1U);
    EXPECT_EQ(facts.signatures[0].integrity, Integrity::kValid)
        << facts.signatures[0].integrity_reason;
    EXPECT_FALSE(facts.uncovered.has_value());
    EXPECT_EQ(CoveredNames(facts).size(), 5U);
  }
}

TEST_F(JarsignerTest, SeesWhatWasDoneToIt) {
  ASSERT_TRUE(Sign("-keyalg RSA", ""));
  ASSERT_TRUE(Run("echo x > Added.txt && jar uf a.jar Added.txt"));
  SigningFacts facts = Examine(Read());
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kValid);
  EXPECT_EQ(facts.uncovered.value_or(UncoveredMembers()).count, 1U);
  ASSERT_TRUE(Run("echo y > Inert.txt && jar uf a.jar Inert.txt"));
  facts = Examine(Read());
  EXPECT_EQ(facts.signatures.at(0).integrity, Integrity::kInvalid);
}

}  // namespace
}  // namespace countersign::signing
