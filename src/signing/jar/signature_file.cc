#include "signing/jar/signature_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "signing/jar/names.h"
#include "signing/package/archive.h"
#include "signing/signer/answer.h"

namespace countersign::signing {
namespace {

using base::Bytes;
using base::DigestAlgorithm;
using model::Integrity;
using model::SignatureFacts;

// The strongest of some digests.
DigestAlgorithm StrongestOf(const std::vector<JarDigest>& digests) {
  DigestAlgorithm strongest = DigestAlgorithm::kMd5;
  for (const JarDigest& digest : digests) {
    strongest = std::max(strongest, digest.algorithm);
  }
  return strongest;
}

class JarSignatureFile {
 public:
  JarSignatureFile(const JarManifest& said, Bytes manifest, JarContent& content,
                   SignatureFacts& facts)
      : said_(said), manifest_(manifest), content_(content), facts_(facts) {}

  JarCoverage Compare() {
    if (!said_.repeated.empty()) {
      RefuseSignature(facts_, Integrity::kMalformed,
                      fmt::format("the signature file names {} twice",
                                  QuoteName(said_.repeated[0])));
    }
    coverage_.whole_manifest = ComparePart("-Digest-Manifest", manifest_);
    if (!coverage_.whole_manifest) {
      CompareMainAttributes();
    }
    for (const auto& [name, section] : said_.sections) {
      if (coverage_.whole_manifest || CompareSection(name, section)) {
        coverage_.sections.insert(name);
        CompareEntry(name);
      }
    }
    return std::move(coverage_);
  }

 private:
  // True when digests of that name are there and all are of `bytes`.
  bool ComparePart(std::string_view ending, Bytes bytes) {
    const auto digests = ReadJarDigests(said_.main, ending);
    if (!digests || digests->empty()) {
      return false;
    }
    for (const JarDigest& digest : *digests) {
      const base::Digest found = base::Hash(digest.algorithm, bytes);
      if (!base::Equal(found.View(), digest.value)) {
        return false;
      }
    }
    const DigestAlgorithm strongest = StrongestOf(*digests);
    facts_.digest_algorithm = base::Name(strongest);
    facts_.computed = base::Hash(strongest, bytes).Hex();
    facts_.digest = facts_.computed;
    NoteWeakDigest(strongest, "", facts_);
    return true;
  }

  // Entries may have been added to the manifest; its own attributes may not
  // have changed.
  void CompareMainAttributes() {
    constexpr std::string_view kEnding = "-Digest-Manifest-Main-Attributes";
    const auto digests = ReadJarDigests(said_.main, kEnding);
    if (digests && digests->empty()) {
      return;  // older signers wrote none
    }
    coverage_.main_attributes =
        ComparePart(kEnding, content_.Manifest().main.bytes);
    if (!coverage_.main_attributes) {
      facts_.content_mismatch = true;
      RefuseSignature(
          facts_, Integrity::kInvalid,
          "the main attributes of the manifest have not the digest that was "
          "signed");
    }
  }

  bool CompareSection(const std::string& name, const JarSection& section) {
    const auto digests = ReadJarDigests(section, "-Digest");
    const auto& sections = content_.Manifest().sections;
    const auto found = sections.find(name);
    if (!digests || digests->empty()) {
      RefuseSignature(
          facts_, Integrity::kUnsupported,
          fmt::format("the signature file has no digest of {} that is known",
                      QuoteName(name)));
      return false;
    }
    if (found == sections.end()) {
      Mismatch(fmt::format("{} is not in the manifest once", QuoteName(name)),
               "", "");
      return false;
    }
    for (const JarDigest& digest : *digests) {
      const base::Digest computed =
          base::Hash(digest.algorithm, found->second.bytes);
      if (!base::Equal(computed.View(), digest.value)) {
        Mismatch(fmt::format("the manifest's section of {} has not the digest "
                             "that was signed",
                             QuoteName(name)),
                 base::ToHex(digest.value), computed.Hex());
        return false;
      }
    }
    NoteWeakDigest(StrongestOf(*digests), "", facts_);
    return true;
  }

  void CompareEntry(const std::string& name) {
    // Why: sections about packages ("com/example/") have attributes and no
    // digest, and stand for no entry.
    const auto section = content_.Manifest().sections.find(name);
    if (section != content_.Manifest().sections.end()) {
      const auto digests = ReadJarDigests(section->second, "-Digest");
      if (digests && digests->empty() && !HasDigest(section->second)) {
        return;
      }
    }
    const JarEntry& entry = content_.Check(name);
    if (entry.is_missing) {
      coverage_.missing.push_back(name);
      return;
    }
    if (entry.holds) {
      NoteWeakDigest(StrongestOf(entry.digests), "", facts_);
      coverage_.covered.insert(name);
      return;
    }
    Mismatch(fmt::format("{} {}", QuoteName(name), entry.reason),
             entry.expected, entry.computed);
  }

  static bool HasDigest(const JarSection& section) {
    return std::ranges::any_of(
        section.attributes, [](const JarAttribute& attribute) {
          return EndsIgnoringCase(attribute.name, "-Digest");
        });
  }

  void Mismatch(std::string reason, std::string expected,
                std::string computed) {
    if (!facts_.content_mismatch) {
      facts_.digest = std::move(expected);
      facts_.computed = std::move(computed);
    }
    facts_.content_mismatch = true;
    RefuseSignature(facts_, Integrity::kInvalid, std::move(reason));
  }

  const JarManifest& said_;
  Bytes manifest_;
  JarContent& content_;
  SignatureFacts& facts_;
  JarCoverage coverage_;
};

}  // namespace

JarCoverage CompareSignatureFile(const JarManifest& said, Bytes manifest,
                                 JarContent& content, SignatureFacts& facts) {
  return JarSignatureFile(said, manifest, content, facts).Compare();
}

}  // namespace countersign::signing
