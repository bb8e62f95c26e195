#include "forge/nuget.h"

#include <algorithm>

#include "forge/authorities.h"

namespace countersign::forge {
namespace {

std::vector<Attribute> AttributesOf(const NugetSignature& signature) {
  std::vector<Attribute> out;
  if (signature.type != NugetSigner::kNobody) {
    const bool author = signature.type == NugetSigner::kAuthor;
    out.push_back({"1.2.840.113549.1.9.16.2.16",
                   {Sequence({Oid(author ? "1.2.840.113549.1.9.16.6.1"
                                         : "1.2.840.113549.1.9.16.6.2")})}});
  }
  if (signature.names_certificate) {
    const Certificate& named =
        signature.named_certificate.value_or(signature.certificate);
    out.push_back({"1.2.840.113549.1.9.16.2.47",
                   {Sequence({Sequence({Sequence({OctetString(
                       Hash(HashAlgorithm::kSha256, named.der))})})})}});
  }
  if (signature.type == NugetSigner::kRepository &&
      signature.names_repository) {
    out.push_back(
        {"1.3.6.1.4.1.311.84.2.1.1.1",
         {String(StringType::kIa5, "https://example.test/v3/index")}});
    out.push_back({"1.3.6.1.4.1.311.84.2.1.1.2",
                   {Sequence({String(StringType::kUtf8, "inert-owner")})}});
  }
  return out;
}

SignedSigner SignNuget(const NugetSignature& signature,
                       std::string_view content_type, ByteSpan content) {
  SignerRecipe recipe;
  recipe.certificate = signature.certificate;
  recipe.corrupt_signature = signature.corrupt_signature;
  recipe.extra_signed_attributes = AttributesOf(signature);
  SignedSigner out = SignContent(recipe, content_type, content);
  for (const TimestampRecipe& timestamp : signature.timestamps) {
    Attribute attribute = MakeTimestamp(timestamp, out.signature);
    attribute.oid = "1.2.840.113549.1.9.16.2.14";
    out.unsigned_attributes.push_back(attribute);
  }
  out.unsigned_attributes.insert(out.unsigned_attributes.end(),
                                 signature.unsigned_attributes.begin(),
                                 signature.unsigned_attributes.end());
  return out;
}

ByteVector NugetCms(const NugetRecipe& recipe, ByteSpan package) {
  std::string document = "Version:1\n\n" + std::string(HashOid(recipe.digest)) +
                         "-Hash:" + Base64Text(Hash(recipe.digest, package)) +
                         "\n\n";
  if (recipe.change_document) {
    recipe.change_document(document);
  }
  SignedSigner signer =
      SignNuget(recipe.signature, kDataType, BytesOf(document));
  Attribute countersignatures{kCountersignatureAttribute, {}};
  for (const NugetSignature& each : recipe.countersignatures) {
    countersignatures.values.push_back(
        EncodeSignerInfo(SignNuget(each, "", signer.signature)));
  }
  if (!countersignatures.values.empty()) {
    signer.unsigned_attributes.push_back(countersignatures);
  }
  SignedDataRecipe data;
  data.content_type = kDataType;
  data.content = OctetString(BytesOf(document));
  data.digests = {HashAlgorithm::kSha256};
  data.certificates = recipe.certificates;
  data.signers = {signer};
  return EncodeSignedData(data);
}

}  // namespace

NugetRecipe UsualNuget() {
  NugetRecipe recipe;
  recipe.parts = {TextPart("Inert.nuspec", "<package><metadata/></package>"),
                  TextPart("lib/inert.txt", "INERT-TEST-FILE", false),
                  TextPart("[Content_Types].xml", "<Types/>")};
  recipe.signature.certificate = TestAuthorities().publisher;
  recipe.certificates = {TestAuthorities().publisher,
                         TestAuthorities().intermediate};
  return recipe;
}

NugetSignature RepositorySignature() {
  NugetSignature signature;
  signature.certificate = TestAuthorities().publisher;
  signature.type = NugetSigner::kRepository;
  return signature;
}

ByteVector BuildNuget(const NugetRecipe& recipe) {
  ZipRecipe archive;
  archive.parts = recipe.parts;
  archive.comment = recipe.comment;
  ZipPart signature{".signature.p7s", NugetCms(recipe, WriteZip(archive)),
                    false, 0};
  if (recipe.change_entry) {
    recipe.change_entry(signature);
  }
  const size_t position = std::min(recipe.position, archive.parts.size());
  archive.parts.insert(
      archive.parts.begin() + static_cast<std::ptrdiff_t>(position), signature);
  if (recipe.change_archive) {
    recipe.change_archive(archive);
  }
  return WriteZip(archive);
}

}  // namespace countersign::forge
