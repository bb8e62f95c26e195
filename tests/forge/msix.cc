#include "forge/msix.h"

#include "forge/recipes.h"

namespace countersign::forge {
namespace {

constexpr size_t kBlockSize = 65536;

std::string HashMethod(HashAlgorithm algorithm) {
  return algorithm == HashAlgorithm::kSha384
             ? "http://www.w3.org/2001/04/xmldsig-more#sha384"
             : "http://www.w3.org/2001/04/xmlenc#" +
                   std::string(HashName(algorithm));
}

// <File> with its blocks. A part that is deflated has as many bytes in every
// block as its content, and a header of 5 for each piece.
std::string FileElement(const ZipPart& part, HashAlgorithm algorithm) {
  std::string name = part.name;
  for (char& c : name) {
    c = c == '/' ? '\\' : c;
  }
  std::string xml = "<File Name=\"" + name + "\" Size=\"" +
                    std::to_string(part.content.size()) + "\" LfhSize=\"" +
                    std::to_string(kLocalHeaderSize + part.name.size()) + "\">";
  size_t left = Packed(part).size();
  ByteSpan rest = part.content;
  while (!rest.empty()) {
    const size_t size = std::min(rest.size(), kBlockSize);
    const size_t packed = size == rest.size() ? left : size;
    left -= packed;
    xml += "<Block Hash=\"" + Base64Text(Hash(algorithm, rest.first(size))) +
           "\"" +
           (part.deflated ? " Size=\"" + std::to_string(packed) + "\"" : "") +
           "/>";
    rest = rest.subspan(size);
  }
  return xml + "</File>";
}

std::string BlockMap(const MsixRecipe& recipe,
                     const std::vector<ZipPart>& listed) {
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><BlockMap xmlns=\"http://"
      "schemas.microsoft.com/appx/2010/blockmap\" HashMethod=\"" +
      HashMethod(recipe.digest) + "\">";
  for (const ZipPart& part : listed) {
    xml += FileElement(part, recipe.digest);
  }
  xml += "</BlockMap>";
  if (recipe.change_block_map) {
    recipe.change_block_map(xml);
  }
  return xml;
}

std::string Identity(const MsixRecipe& recipe) {
  return "<Identity Name=\"Inert\" Publisher=\"" + recipe.publisher +
         "\" Version=\"1.0.0.0\"/>";
}

ZipPart Manifest(const MsixRecipe& recipe) {
  std::string xml =
      "<Package xmlns=\"http://schemas.microsoft.com/appx/manifest/foundation/"
      "windows10\">" +
      Identity(recipe) + "</Package>";
  std::string name = "AppxManifest.xml";
  if (recipe.is_bundle) {
    name = "AppxMetadata/AppxBundleManifest.xml";
    xml = "<Bundle xmlns=\"http://schemas.microsoft.com/appx/2013/bundle\">" +
          Identity(recipe) + "<Packages>";
    ZipRecipe packages;
    packages.parts = recipe.payload;
    const std::vector<ZipPlace> places = PlacesOf(packages);
    for (size_t i = 0; i < places.size(); ++i) {
      xml += "<Package Type=\"application\" FileName=\"" +
             recipe.payload[i].name + "\" Offset=\"" +
             std::to_string(places[i].data) + "\" Size=\"" +
             std::to_string(places[i].data_size) + "\"/>";
    }
    xml += "</Packages></Bundle>";
  }
  if (recipe.change_manifest) {
    recipe.change_manifest(xml);
  }
  return TextPart(name, xml);
}

// Everything but the signature.
ZipRecipe Unsigned(const MsixRecipe& recipe) {
  ZipRecipe archive;
  archive.zip64 = recipe.zip64;
  archive.comment = recipe.comment;
  archive.parts = recipe.payload;
  const ZipPart manifest = Manifest(recipe);
  std::vector<ZipPart> listed = recipe.payload;
  if (recipe.is_bundle) {
    listed.clear();
  }
  listed.push_back(manifest);
  archive.parts.push_back(manifest);
  archive.parts.insert(archive.parts.end(), recipe.unlisted.begin(),
                       recipe.unlisted.end());
  archive.parts.push_back(
      TextPart("AppxBlockMap.xml", BlockMap(recipe, listed)));
  archive.parts.push_back(TextPart(
      "[Content_Types].xml",
      "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/"
      "content-types\"><Default Extension=\"xml\" ContentType=\"text/xml\"/>"
      "</Types>"));
  if (recipe.code_integrity) {
    archive.parts.push_back(
        TextPart("AppxMetadata/CodeIntegrity.cat", "INERT CATALOG"));
  }
  return archive;
}

// The signer of Windows for packages, or for bundles.
SipInfo SipOf(const MsixRecipe& recipe) {
  constexpr int kVersion = 0x01010000;
  return {kVersion,
          recipe.is_bundle
              ? ByteVector{0xB3, 0x58, 0x5F, 0x0F, 0xDE, 0xAA, 0x9A, 0x4B, 0xA4,
                           0x34, 0x95, 0x74, 0x2D, 0x92, 0xEC, 0xEB}
              : ByteVector{0x4B, 0xDF, 0xC5, 0x0A, 0x07, 0xCE, 0xE2, 0x4D, 0xB7,
                           0x6E, 0x23, 0xC8, 0x39, 0xA0, 0x9F, 0xD1}};
}

ByteVector Signature(const MsixRecipe& recipe, const ZipRecipe& archive) {
  const ByteVector parts = PartsOf(archive);
  std::vector<MsixDigest> digests = {
      {"AXPC", Hash(recipe.digest, parts)},
      {"AXCD", Hash(recipe.digest, DirectoryOf(archive, parts.size()))}};
  for (const ZipPart& part : archive.parts) {
    const std::string tag = part.name == "[Content_Types].xml"         ? "AXCT"
                            : part.name == "AppxBlockMap.xml"          ? "AXBM"
                            : part.name.ends_with("CodeIntegrity.cat") ? "AXCI"
                                                                       : "";
    if (!tag.empty()) {
      digests.emplace_back(tag, Hash(recipe.digest, part.content));
    }
  }
  if (recipe.change_digests) {
    recipe.change_digests(digests);
  }
  ByteVector digest = BytesOf("APPX");
  for (const auto& [tag, value] : digests) {
    Append(digest, BytesOf(tag));
    Append(digest, value);
  }
  ImageSignature signature;
  signature.content_digest = recipe.digest;
  signature.signers = recipe.signers;
  signature.certificates = recipe.certificates;
  signature.sip = SipOf(recipe);
  ByteVector content = BytesOf("PKCX");
  Append(content, SignImageDigest(digest, signature));
  return content;
}

}  // namespace

MsixRecipe UsualMsix() {
  const ImageSignature signature = SignatureBy(TestAuthorities().publisher);
  MsixRecipe recipe;
  recipe.signers = signature.signers;
  recipe.certificates = signature.certificates;
  // Two whole blocks and a piece; and what is stored as it is.
  recipe.payload = {{"Folder/large.bin", ByteVector(2 * kBlockSize + 99, 'x')},
                    TextPart("small.txt", "INERT-TEST-FILE", false)};
  return recipe;
}

ByteVector BuildMsix(const MsixRecipe& recipe) {
  ZipRecipe archive = Unsigned(recipe);
  if (!recipe.signers.empty()) {
    ByteVector signature = Signature(recipe, archive);
    if (recipe.change_signature) {
      recipe.change_signature(signature);
    }
    archive.parts.push_back(
        {"AppxSignature.p7x", signature, recipe.signature_deflated});
  }
  if (recipe.change_archive) {
    recipe.change_archive(archive);
  }
  return WriteZip(archive);
}

}  // namespace countersign::forge
