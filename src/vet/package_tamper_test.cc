// What somebody may do to a signed package whose keys he does not have: nothing
// of it may pass with other content.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/blob.h"
#include "forge/authorities.h"
#include "forge/jar.h"
#include "forge/msix.h"
#include "forge/nuget.h"
#include "forge/recipes.h"
#include "forge/vsix.h"
#include "signing/sample/forged_stores.h"
#include "signing/verify.h"
#include "vet/coverage.h"
#include "vet/inspect.h"
#include "vet/policy.h"

namespace countersign::vet {
namespace {

using forge::ByteVector;
using model::Decision;
using model::Inspection;

constexpr char kEvil[] = "INERT BUT EVIL";

ByteVector SmallMsix() {
  forge::MsixRecipe recipe = forge::UsualMsix();
  recipe.payload = {forge::TextPart("a.txt", "INERT")};
  return BuildMsix(recipe);
}

forge::ZipRecipe EvilArchive() {
  forge::ZipRecipe archive;
  archive.parts = {forge::TextPart("evil.txt", kEvil, false)};
  return archive;
}

ByteVector Concat(const ByteVector& a, const ByteVector& b) {
  ByteVector out = a;
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

std::string Lower(std::string text) {
  for (char& c : text) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  return text;
}

// Name and digest of every member that signs nothing and says nothing of how
// others are to be read: what a user would install.
std::map<std::string, std::string> ContentOf(const Inspection& found) {
  std::map<std::string, std::string> content;
  for (const model::Artifact& artifact : found.artifacts) {
    constexpr std::string_view kSigning[] = {
        ".p7x",  ".p7s",    ".sf",    ".rsa",
        ".rels", ".psdsxs", ".psdor", "[content_types].xml"};
    const std::string path = Lower(artifact.path);
    const bool is_signing = std::ranges::any_of(
        kSigning,
        [&](std::string_view ending) { return path.ends_with(ending); });
    if (artifact.parent && !is_signing) {
      content[path] += artifact.sha256 + ";";
    }
  }
  return content;
}

// What a report says of the signatures.
std::string SignersOf(const Inspection& found) {
  std::string text;
  for (const auto& signature : found.artifacts.at(0).signatures) {
    text += (signature.signer ? signature.signer->sha256 : "nobody") + " " +
            signature.digest + ";";
  }
  return text;
}

Inspection LookAt(const ByteVector& file) {
  const forge::Authorities& cast = forge::TestAuthorities();
  static signing::Verifier verifier(
      {signing::ForgedStore({cast.root, cast.time_root})}, {});
  InspectOptions options;
  options.at = base::FromUnixSeconds(forge::kEvaluationTime);
  Inspection inspection = Inspect(base::Blob::Own(file), verifier, options);
  JudgeCoverage(inspection);
  return inspection;
}

Decision DecisionOn(const ByteVector& file) {
  return Decide(LookAt(file)).decision;
}

// True when `file` passes; then it must be no other than `before` but for what
// no scheme signs and nobody reads: a time in a header, white space between
// elements, the case of a letter in a name, a type that no part has.
bool PassesUnchanged(const ByteVector& file, const Inspection& before) {
  const Inspection after = LookAt(file);
  if (Decide(after).decision != Decision::kAllow) {
    return false;
  }
  EXPECT_EQ(ContentOf(after), ContentOf(before));
  EXPECT_EQ(SignersOf(after), SignersOf(before));
  EXPECT_EQ(after.artifacts.size(), before.artifacts.size());
  return true;
}

class PackageTamper : public testing::TestWithParam<ByteVector (*)()> {
 protected:
  ByteVector whole_ = GetParam()();
};

TEST_P(PackageTamper, OneChangedBitNeverPassesWithOtherContent) {
  const Inspection before = LookAt(whole_);
  ASSERT_EQ(Decide(before).decision, Decision::kAllow);
  size_t passed = 0;
  for (size_t i = 0; i < whole_.size(); ++i) {
    SCOPED_TRACE(i);
    ByteVector file = whole_;
    file[i] ^= static_cast<uint8_t>(1U << i % 8);
    passed += PassesUnchanged(file, before) ? 1 : 0;
  }
  EXPECT_LT(passed, whole_.size() / 8);
}

TEST_P(PackageTamper, CutAnywhereNeverPasses) {
  for (size_t size = 0; size < whole_.size(); ++size) {
    const ByteVector file(whole_.begin(),
                          whole_.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_NE(DecisionOn(file), Decision::kAllow) << size;
  }
}

TEST_P(PackageTamper, BytesAroundItNeverPass) {
  for (const size_t count : {size_t{1}, size_t{22}, size_t{4096}}) {
    for (const uint8_t value : {uint8_t{0}, uint8_t{'#'}}) {
      EXPECT_NE(DecisionOn(Concat(whole_, ByteVector(count, value))),
                Decision::kAllow);
      EXPECT_NE(DecisionOn(Concat(ByteVector(count, value), whole_)),
                Decision::kAllow);
    }
  }
  // Another archive before and behind it, and itself again.
  const ByteVector other = WriteZip(EvilArchive());
  for (const ByteVector& file :
       {Concat(whole_, other), Concat(other, whole_), Concat(whole_, whole_)}) {
    EXPECT_NE(DecisionOn(file), Decision::kAllow);
  }
}

// Bytes go in before the directory, whose offset in the end record moves.
ByteVector WithBytesBeforeTheDirectory(ByteVector file,
                                       const ByteVector& bytes) {
  const auto put = [&](size_t at, size_t value) {
    for (size_t i = 0; i < 4; ++i) {
      file[at + i] = static_cast<uint8_t>(value >> (8 * i));
    }
  };
  const size_t end = file.size() - 22;
  size_t directory = 0;
  for (size_t i = 4; i > 0; --i) {
    directory = directory << 8 | file[end + 16 + i - 1];
  }
  put(end + 16, directory + bytes.size());
  file.insert(file.begin() + static_cast<ptrdiff_t>(directory), bytes.begin(),
              bytes.end());
  return file;
}

TEST_P(PackageTamper, WhatTheDirectoryDoesNotNameNeverPasses) {
  const forge::ZipRecipe hidden = EvilArchive();
  for (const ByteVector& bytes :
       {PartsOf(hidden), WriteZip(hidden), ByteVector(16, 0)}) {
    const ByteVector file = WithBytesBeforeTheDirectory(whole_, bytes);
    EXPECT_NE(DecisionOn(file), Decision::kAllow);
  }
}

INSTANTIATE_TEST_SUITE_P(All, PackageTamper,
                         testing::Values(
                             SmallMsix,
                             [] { return BuildNuget(forge::UsualNuget()); },
                             [] { return BuildJar(forge::UsualJar()); },
                             [] { return BuildVsix(forge::UsualVsix()); }));

// A change of the list of parts, and how it is called.
struct Attack {
  const char* name;
  std::function<void(forge::ZipRecipe&)> change;
};

forge::ZipPart Evil(std::string name) {
  return forge::TextPart(std::move(name), kEvil);
}

std::string Swapped(std::string name) {
  for (char& c : name) {
    c = static_cast<char>(
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? c ^ 0x20 : c);
  }
  return name;
}

// Attacks on the parts of an archive, with and without regard to what it is.
std::vector<Attack> Attacks() {
  std::vector<Attack> attacks;
  const auto add = [&](const char* name,
                       std::function<void(forge::ZipRecipe&)> change) {
    attacks.push_back({name, std::move(change)});
  };
  for (const char* name : {"evil.txt",
                           "META-INF/SIG-evil.txt",
                           "META-INF/EVIL.SF",
                           "META-INF/EVIL.RSA",
                           "META-INF/manifest.mf",
                           "META-INF/INDEX.LIST",
                           "META-INF/services/evil",
                           "meta-inf/INERT.SF",
                           "AppxSignature.p7x",
                           "appxsignature.P7X",
                           "AppxManifest.xml",
                           "AppxBlockMap.xml",
                           "AppxMetadata/CodeIntegrity.cat",
                           ".SIGNATURE.P7S",
                           "other.nuspec",
                           "extension.vsixmanifest",
                           "[content_types].xml",
                           "_RELS/.RELS",
                           "package/services/digital-signature/evil.psdsxs",
                           "../evil.txt",
                           "evil/",
                           "/evil.txt",
                           "C:\\evil.txt",
                           ""}) {
    add(name, [name](forge::ZipRecipe& a) { a.parts.push_back(Evil(name)); });
    add(name, [name](forge::ZipRecipe& a) {
      a.parts.insert(a.parts.begin(), Evil(name));
    });
  }
  for (size_t i = 0; i < 8; ++i) {
    const auto part = [i](forge::ZipRecipe& a) -> forge::ZipPart& {
      return a.parts[i % a.parts.size()];
    };
    add("a part again", [part](forge::ZipRecipe& a) {
      forge::ZipPart copy = part(a);
      a.parts.push_back(std::move(copy));
    });
    add("a name again",
        [part](forge::ZipRecipe& a) { a.parts.push_back(Evil(part(a).name)); });
    add("a name again, in front", [part](forge::ZipRecipe& a) {
      a.parts.insert(a.parts.begin(), Evil(part(a).name));
    });
    add("a name in other letters, again", [part](forge::ZipRecipe& a) {
      a.parts.push_back(Evil(Swapped(part(a).name)));
    });
    add("another content", [part](forge::ZipRecipe& a) {
      part(a).content = forge::BytesOf(kEvil);
    });
    add("one byte more",
        [part](forge::ZipRecipe& a) { part(a).content.push_back(' '); });
    add("another name",
        [part](forge::ZipRecipe& a) { part(a).name = "evil.txt"; });
    add("a name in other letters",
        [part](forge::ZipRecipe& a) { part(a).name = Swapped(part(a).name); });
    add("a part less", [i](forge::ZipRecipe& a) {
      a.parts.erase(a.parts.begin() +
                    static_cast<ptrdiff_t>(i % a.parts.size()));
    });
    add("a part less, another in its place", [part](forge::ZipRecipe& a) {
      forge::ZipPart& old = part(a);
      old = Evil("evil.txt");
    });
  }
  add("a comment", [](forge::ZipRecipe& a) { a.comment = kEvil; });
  add("bytes before the directory",
      [](forge::ZipRecipe& a) { a.before_directory = forge::BytesOf(kEvil); });
  return attacks;
}

// Whoever has no key changes a finished archive.
template <class Recipe>
void ExpectNoAttackPasses(Recipe (*usual)(),
                          ByteVector (*build)(const Recipe&)) {
  const Inspection before = LookAt(build(usual()));
  ASSERT_EQ(Decide(before).decision, Decision::kAllow);
  for (const Attack& attack : Attacks()) {
    SCOPED_TRACE(attack.name);
    Recipe recipe = usual();
    recipe.change_archive = attack.change;
    (void)PassesUnchanged(build(recipe), before);
  }
}

// Whoever has a key that nobody trusts signs what he added, too.
TEST(PackageAttack, AnUntrustedSignerVouchesForNothing) {
  const forge::Authorities& cast = forge::TestAuthorities();
  forge::CertificateRecipe stranger = forge::PublisherRecipe();
  stranger.issuer = &cast.private_root;
  forge::JarRecipe recipe = forge::UsualJar();
  recipe.signers[0].whole_manifest = false;
  recipe.signers[0].entries = {recipe.parts[0].name, recipe.parts[1].name,
                               recipe.parts[2].name};
  recipe.parts.push_back(Evil("Evil.class"));
  recipe.signers.push_back(recipe.signers[0]);
  recipe.signers[1].name = "EVIL";
  recipe.signers[1].certificate = MakeCertificate(stranger);
  recipe.signers[1].entries = {"Evil.class"};
  recipe.certificates.push_back(recipe.signers[1].certificate);
  const Inspection found = LookAt(BuildJar(recipe));
  const auto& signatures = found.artifacts.at(0).signatures;
  ASSERT_EQ(signatures.size(), 2U);
  EXPECT_TRUE(std::ranges::all_of(signatures, [](const auto& signature) {
    return signature.integrity == model::Integrity::kValid;
  }));
  EXPECT_EQ(Decide(found).decision, Decision::kHold);
  for (const model::Artifact& artifact : found.artifacts) {
    EXPECT_FALSE(artifact.covered_by.has_value()) << artifact.path;
  }
}

TEST(PackageAttack, OfMsixNonePasses) {
  ExpectNoAttackPasses(forge::UsualMsix, forge::BuildMsix);
}
TEST(PackageAttack, OfNugetNonePasses) {
  ExpectNoAttackPasses(forge::UsualNuget, forge::BuildNuget);
}
TEST(PackageAttack, OfJarNonePasses) {
  ExpectNoAttackPasses(forge::UsualJar, forge::BuildJar);
}
TEST(PackageAttack, OfVsixNonePasses) {
  ExpectNoAttackPasses(forge::UsualVsix, forge::BuildVsix);
}

}  // namespace
}  // namespace countersign::vet
