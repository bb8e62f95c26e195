#include "forge/vsix.h"

#include "forge/authorities.h"

namespace countersign::forge {
namespace {

constexpr char kInclusive[] = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
constexpr char kExclusive[] = "http://www.w3.org/2001/10/xml-exc-c14n#";
constexpr char kXmlDsig[] = "http://www.w3.org/2000/09/xmldsig#";
constexpr char kOpc[] = "http://schemas.openxmlformats.org/package/2006/";

std::string DigestUri(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::kSha1:
      return std::string(kXmlDsig) + "sha1";
    case HashAlgorithm::kSha384:
      return "http://www.w3.org/2001/04/xmldsig-more#sha384";
    default:
      return "http://www.w3.org/2001/04/xmlenc#" +
             std::string(HashName(algorithm));
  }
}

std::string SchemeUri(const VsixRecipe& recipe) {
  return recipe.digest == HashAlgorithm::kSha1
             ? std::string(kXmlDsig) + "rsa-sha1"
             : "http://www.w3.org/2001/04/xmldsig-more#rsa-" +
                   std::string(HashName(recipe.digest));
}

std::string DigestElements(const VsixRecipe& recipe, ByteSpan bytes) {
  return "<DigestMethod Algorithm=\"" + DigestUri(recipe.digest) +
         "\"></DigestMethod><DigestValue>" +
         Base64Text(Hash(recipe.digest, bytes)) + "</DigestValue>";
}

std::string Relationship(const std::string& id, const std::string& target,
                         const std::string& type) {
  return "<Relationship Id=\"" + id + "\" Target=\"" + target +
         "\" TargetMode=\"Internal\" Type=\"" + type + "\"></Relationship>";
}

std::string Relationships(const std::string& content) {
  return "<Relationships xmlns=\"" + std::string(kOpc) + "relationships\">" +
         content + "</Relationships>";
}

const std::string& SignedRelationship() {
  static const std::string text =
      Relationship("rManifest", "/extension.vsixmanifest",
                   "http://schemas.microsoft.com/developer/vsx-schema/2011");
  return text;
}

// The object that is signed. `with_space`: as canonical form has it.
std::string PackageObject(const VsixRecipe& recipe) {
  std::string xml = "<Manifest>";
  if (recipe.sign_relationships) {
    xml +=
        "<Reference URI=\"/_rels/.rels?ContentType=application/"
        "vnd.openxmlformats-package.relationships+xml\"><Transforms>"
        "<Transform Algorithm=\"" +
        std::string(kOpc) +
        "RelationshipTransform\"><RelationshipReference xmlns=\"" + kOpc +
        "digital-signature\" SourceId=\"rManifest\">"
        "</RelationshipReference></Transform><Transform Algorithm=\"" +
        kInclusive + "\"></Transform></Transforms>" +
        DigestElements(recipe, BytesOf(Relationships(SignedRelationship()))) +
        "</Reference>";
  }
  for (const ZipPart& part : recipe.parts) {
    xml += "<Reference URI=\"/" + part.name + "?ContentType=text/plain\">" +
           DigestElements(recipe, part.content) + "</Reference>";
  }
  xml +=
      "</Manifest><SignatureProperties><SignatureProperty Id=\"idTime\" "
      "Target=\"#idSignature\"><SignatureTime xmlns=\"" +
      std::string(kOpc) +
      "digital-signature\"><Format>YYYY-MM-DDThh:mm:ssTZD</Format><Value>"
      "2025-06-01T10:00:00Z</Value></SignatureTime></SignatureProperty>"
      "</SignatureProperties>";
  if (recipe.change_object) {
    recipe.change_object(xml);
  }
  return xml;
}

std::string KeyInfo(const VsixRecipe& recipe) {
  std::string xml = "<KeyInfo><X509Data>";
  if (!recipe.certificate_part) {
    xml += "<X509Certificate>" + Base64Text(recipe.certificate.der) +
           "</X509Certificate>";
  }
  for (const Certificate& certificate : recipe.certificates) {
    xml += "<X509Certificate>" + Base64Text(certificate.der) +
           "</X509Certificate>";
  }
  return xml + "</X509Data></KeyInfo>";
}

std::string TimestampObject(const VsixRecipe& recipe, ByteSpan stamped) {
  const Attribute attribute = MakeTimestamp(*recipe.timestamp, stamped);
  const std::string token = Base64Text(attribute.values[0]);
  if (recipe.xades_timestamp) {
    return "<Object><QualifyingProperties xmlns=\"http://uri.etsi.org/01903/"
           "v1.3.2#\"><UnsignedProperties><UnsignedSignatureProperties>"
           "<SignatureTimeStamp><EncapsulatedTimeStamp>" +
           token +
           "</EncapsulatedTimeStamp></SignatureTimeStamp>"
           "</UnsignedSignatureProperties></UnsignedProperties>"
           "</QualifyingProperties></Object>";
  }
  return "<Object><TimeStamp xmlns=\"" + std::string(kOpc) +
         "digital-signature\" Id=\"idTimestamp\"><EncodedTime>" + token +
         "</EncodedTime></TimeStamp></Object>";
}

std::string SignatureDocument(const VsixRecipe& recipe) {
  const std::string space = " xmlns=\"" + std::string(kXmlDsig) + "\"";
  const std::string form = recipe.exclusive ? kExclusive : kInclusive;
  const std::string object = PackageObject(recipe);
  const std::string canonical_object =
      "<Object" + space + " Id=\"idPackageObject\">" + object + "</Object>";
  std::string info =
      "<CanonicalizationMethod Algorithm=\"" + form +
      "\"></CanonicalizationMethod><SignatureMethod Algorithm=\"" +
      SchemeUri(recipe) + "\"></SignatureMethod><Reference Type=\"" + kXmlDsig +
      "Object\" URI=\"#idPackageObject\"><Transforms><Transform Algorithm=\"" +
      form + "\"></Transform></Transforms>" +
      DigestElements(recipe, BytesOf(canonical_object)) + "</Reference>";
  if (recipe.change_signed_info) {
    recipe.change_signed_info(info);
  }
  const std::string canonical_info =
      "<SignedInfo" + space + ">" + info + "</SignedInfo>";
  const ByteVector value = recipe.certificate.key.Sign(
      recipe.digest, Padding::kPkcs1, BytesOf(canonical_info));
  const std::string encoded = Base64Text(value);
  // Not in canonical form, on purpose: quotation marks, order, white space.
  std::string xml = "<?xml version='1.0' encoding='utf-8'?>\n<Signature Id=" +
                    std::string("'idSignature'") + " xmlns='" + kXmlDsig +
                    "'><SignedInfo>" + info + "</SignedInfo><SignatureValue>" +
                    encoded + "</SignatureValue>" + KeyInfo(recipe) +
                    "<Object  Id='idPackageObject' >" + object + "</Object>";
  if (recipe.timestamp) {
    xml +=
        TimestampObject(recipe, recipe.xades_timestamp
                                    ? BytesOf("<SignatureValue" + space + ">" +
                                              encoded + "</SignatureValue>")
                                    : value);
  }
  xml += recipe.extra_object + "</Signature>";
  if (recipe.change_document) {
    recipe.change_document(xml);
  }
  return xml;
}

std::string SignatureType(const std::string& extension,
                          const std::string& type) {
  return "<Default Extension=\"" + extension +
         "\" ContentType=\"application/vnd.openxmlformats-package."
         "digital-signature-" +
         type + "\"/>";
}

void AddSignature(const VsixRecipe& recipe, ZipRecipe& archive) {
  const std::string folder = "package/services/digital-signature/";
  const std::string relation =
      std::string(kOpc) + "relationships/digital-signature/";
  archive.parts.push_back(TextPart(folder + "origin.psdor", "", false));
  archive.parts.push_back(TextPart(
      folder + "_rels/origin.psdor.rels",
      Relationships(Relationship("rSignature", "xml-signature/inert.psdsxs",
                                 relation + "signature"))));
  archive.parts.push_back(TextPart(folder + "xml-signature/inert.psdsxs",
                                   SignatureDocument(recipe)));
  if (recipe.certificate_part) {
    archive.parts.push_back(TextPart(
        folder + "xml-signature/_rels/inert.psdsxs.rels",
        Relationships(Relationship("rCertificate", "../certificate/inert.cer",
                                   relation + "certificate"))));
    archive.parts.push_back(
        {folder + "certificate/inert.cer", recipe.certificate.der});
  }
}

}  // namespace

VsixRecipe UsualVsix() {
  VsixRecipe recipe;
  recipe.parts = {TextPart("extension.vsixmanifest", "<PackageManifest/>"),
                  TextPart("Folder/inert.txt", "INERT-TEST-FILE", false)};
  recipe.certificate = TestAuthorities().publisher;
  recipe.certificates = {TestAuthorities().intermediate};
  return recipe;
}

ByteVector BuildVsix(const VsixRecipe& recipe) {
  ZipRecipe archive;
  archive.parts = recipe.parts;
  archive.parts.insert(archive.parts.end(), recipe.unsigned_parts.begin(),
                       recipe.unsigned_parts.end());
  std::string relationships = SignedRelationship();
  if (recipe.is_signed) {
    relationships =
        Relationship(
            "rOrigin", "/package/services/digital-signature/origin.psdor",
            std::string(kOpc) + "relationships/digital-signature/origin") +
        "\n " + relationships;
    AddSignature(recipe, archive);
  }
  archive.parts.push_back(
      TextPart("_rels/.rels", Relationships(relationships)));
  archive.parts.push_back(TextPart(
      "[Content_Types].xml",
      "<Types xmlns=\"" + std::string(kOpc) +
          "content-types\"><Default Extension=\"rels\" ContentType=\""
          "application/vnd.openxmlformats-package.relationships+xml\"/>"
          "<Default Extension=\"vsixmanifest\" ContentType=\"text/plain\"/>"
          "<Default Extension=\"TXT\" ContentType=\"text/plain\"/>" +
          SignatureType("psdor", "origin") +
          SignatureType("psdsxs", "xmlsignature+xml") +
          SignatureType("cer", "certificate") + "</Types>"));
  if (recipe.change_archive) {
    recipe.change_archive(archive);
  }
  return WriteZip(archive);
}

}  // namespace countersign::forge
