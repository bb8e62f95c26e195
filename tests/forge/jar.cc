#include "forge/jar.h"

#include <algorithm>

#include "forge/authorities.h"

namespace countersign::forge {
namespace {

std::string DigestName(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::kMd5:
      return "MD5";
    case HashAlgorithm::kSha1:
      return "SHA1";
    case HashAlgorithm::kSha256:
      return "SHA-256";
    case HashAlgorithm::kSha384:
      return "SHA-384";
    default:
      return "SHA-512";
  }
}

// Lines of 72 bytes at most, as manifests have them.
std::string Line(std::string text, const std::string& end) {
  std::string out;
  constexpr size_t kMost = 72;
  while (text.size() > kMost) {
    out += text.substr(0, kMost) + end;
    text = " " + text.substr(kMost);
  }
  return out + text + end;
}

std::string DigestLine(HashAlgorithm algorithm, std::string_view what,
                       ByteSpan bytes, const std::string& end) {
  return Line(DigestName(algorithm) + std::string(what) + ": " +
                  Base64Text(Hash(algorithm, bytes)),
              end);
}

struct ManifestText {
  std::string main;
  std::vector<std::pair<std::string, std::string>> sections;

  [[nodiscard]] std::string Whole() const {
    std::string text = main;
    for (const auto& [name, section] : sections) {
      text += section;
    }
    return text;
  }
};

// The sections of a manifest that may have been changed.
ManifestText Split(const std::string& text, const std::string& end) {
  ManifestText out;
  const std::string empty_line = end + end;
  size_t at = text.find(empty_line) + empty_line.size();
  out.main = text.substr(0, at);
  while (at < text.size()) {
    const size_t next =
        std::min(text.find(empty_line, at), text.size() - empty_line.size()) +
        empty_line.size();
    const std::string section = text.substr(at, next - at);
    std::string lines = section;
    for (size_t fold = 0;
         (fold = lines.find(end + " ")) != std::string::npos;) {
      lines.erase(fold, end.size() + 1);
    }
    const size_t name = lines.find("Name: ") + 6;
    out.sections.emplace_back(lines.substr(name, lines.find(end, name) - name),
                              section);
    at = next;
  }
  return out;
}

std::string ManifestOf(const JarRecipe& recipe) {
  const std::string& end = recipe.line_end;
  std::string text = Line("Manifest-Version: 1.0", end) + end;
  for (const ZipPart& part : recipe.parts) {
    text += Line("Name: " + part.name, end) +
            DigestLine(recipe.digest, "-Digest", part.content, end) + end;
  }
  if (recipe.change_manifest) {
    recipe.change_manifest(text);
  }
  return text;
}

std::string SignatureFileOf(const JarSigner& signer, const std::string& text,
                            const std::string& end) {
  const ManifestText manifest = Split(text, end);
  std::string out = Line("Signature-Version: 1.0", end);
  if (signer.main_attributes) {
    out += DigestLine(signer.digest, "-Digest-Manifest-Main-Attributes",
                      BytesOf(manifest.main), end);
  }
  if (signer.whole_manifest) {
    out += DigestLine(signer.digest, "-Digest-Manifest", BytesOf(text), end);
  }
  out += signer.extra_attributes + end;
  for (const auto& [name, section] : manifest.sections) {
    const bool is_named =
        signer.entries.empty() ||
        std::find(signer.entries.begin(), signer.entries.end(), name) !=
            signer.entries.end();
    if (is_named) {
      out += Line("Name: " + name, end) +
             DigestLine(signer.digest, "-Digest", BytesOf(section), end) + end;
    }
  }
  return out;
}

ByteVector JarBlock(const JarSigner& signer, const std::string& file,
                    const std::vector<Certificate>& certificates) {
  SignerRecipe recipe;
  recipe.certificate = signer.certificate;
  recipe.digest = signer.digest;
  recipe.signed_attributes = signer.signed_attributes;
  recipe.corrupt_signature = signer.corrupt_signature;
  SignedSigner out = SignContent(recipe, kDataType, BytesOf(file));
  for (const TimestampRecipe& timestamp : signer.timestamps) {
    Attribute attribute = MakeTimestamp(timestamp, out.signature);
    attribute.oid = "1.2.840.113549.1.9.16.2.14";
    out.unsigned_attributes.push_back(attribute);
  }
  SignedDataRecipe data;
  data.content_type = kDataType;
  data.digests = {signer.digest};
  data.certificates = certificates;
  data.signers = {out};
  return EncodeSignedData(data);
}

}  // namespace

JarRecipe UsualJar() {
  JarRecipe recipe;
  recipe.parts = {
      TextPart("com/example/Inert.class", "INERT CLASS"),
      TextPart("com/example/AnotherClassWithANameThatTakesMoreThanOneLine"
               "OfAManifest.class",
               "INERT-TEST-FILE", false),
      TextPart("META-INF/versions/11/com/example/Inert.class", "INERT 11")};
  JarSigner signer;
  signer.certificate = TestAuthorities().publisher;
  recipe.signers = {signer};
  recipe.certificates = {TestAuthorities().publisher,
                         TestAuthorities().intermediate};
  return recipe;
}

ByteVector BuildJar(const JarRecipe& recipe) {
  ZipRecipe archive;
  const std::string manifest = ManifestOf(recipe);
  archive.parts = {TextPart("META-INF/MANIFEST.MF", manifest)};
  for (const JarSigner& signer : recipe.signers) {
    const std::string file = SignatureFileOf(signer, manifest, recipe.line_end);
    archive.parts.push_back(TextPart("META-INF/" + signer.name + ".SF", file));
    archive.parts.push_back({"META-INF/" + signer.name + ".RSA",
                             JarBlock(signer, file, recipe.certificates)});
  }
  archive.parts.insert(archive.parts.end(), recipe.parts.begin(),
                       recipe.parts.end());
  if (recipe.change_archive) {
    recipe.change_archive(archive);
  }
  return WriteZip(archive);
}

}  // namespace countersign::forge
