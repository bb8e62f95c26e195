#include "forge/cases.h"
#include "forge/recipes.h"

namespace countersign::forge::cases {
namespace {

ImageSignature Usual() { return SignatureBy(TestAuthorities().publisher); }

Certificate SecondPublisher() {
  CertificateRecipe recipe = PublisherRecipe();
  recipe.subject = {{"C", "XX", {}},
                    {"O", "Second Example Ltd", {}},
                    {"CN", "Second Example Ltd", {}}};
  recipe.key = MakeKey(KeyKind::kRsa2048, "second publisher");
  return MakeCertificate(recipe);
}

ImageSignature SignatureWithKey(KeyKind kind, HashAlgorithm digest) {
  CertificateRecipe recipe = PublisherRecipe();
  recipe.key = MakeKey(kind, "publisher");
  return SignatureBy(MakeCertificate(recipe), digest);
}

ImageSignature TwoSigners() {
  const Certificate second = SecondPublisher();
  ImageSignature signature = Usual();
  signature.signers.push_back(SignatureBy(second).signers.front());
  signature.certificates.push_back(second);
  return signature;
}

ByteVector WithProgram(const std::optional<ProgramInformation>& program) {
  ImageSignature signature = Usual();
  signature.signers.front().program = program;
  return SignedFile(signature);
}

}  // namespace

ByteVector Valid() { return SignedFile(Usual()); }

ByteVector BerEncoded() {
  ImageSignature signature = Usual();
  signature.indefinite_length = true;
  return SignedFile(signature);
}

ByteVector UnorderedAttributes() {
  ImageSignature signature = Usual();
  signature.signers.front().recipe.unordered_attributes = true;
  return SignedFile(signature);
}

ByteVector NoSignedAttributes() {
  ImageSignature signature = Usual();
  signature.signers.front().recipe.signed_attributes = false;
  return SignedFile(signature);
}

ByteVector SignerInfoVersion0() {
  ImageSignature signature = Usual();
  signature.signers.front().recipe.version = 0;
  return SignedFile(signature);
}

ByteVector SignedDataVersion3() {
  ImageSignature signature = Usual();
  signature.version = 3;
  return SignedFile(signature);
}

ByteVector SeveralSigners() { return SignedFile(TwoSigners()); }

ByteVector SeveralSignersOneBad() {
  ImageSignature signature = TwoSigners();
  for (ImageSigner& signer : signature.signers) {
    signer.recipe.corrupt_signature = &signer != &signature.signers.front();
  }
  return SignedFile(signature);
}

ByteVector SignerByKeyIdentifier() {
  ImageSignature signature = Usual();
  signature.version = 3;
  SignerRecipe& recipe = signature.signers.front().recipe;
  recipe.version = 3;
  recipe.identify_by_key_identifier = true;
  return SignedFile(signature);
}

ByteVector DigestAsSignatureOid() {
  ImageSignature signature = Usual();
  signature.signers.front().recipe.digest_algorithm_oid =
      "1.2.840.113549.1.1.11";  // sha256WithRSAEncryption
  return SignedFile(signature);
}

ByteVector DigestAsSha1WithRsa() {
  ImageSignature signature =
      SignatureBy(TestAuthorities().publisher, HashAlgorithm::kSha1);
  signature.signers.front().recipe.digest_algorithm_oid =
      "1.2.840.113549.1.1.5";  // sha1WithRSAEncryption
  return SignedFile(signature);
}

ByteVector WrongMessageDigest() {
  ImageSignature signature = Usual();
  signature.signers.front().recipe.wrong_message_digest = true;
  return SignedFile(signature);
}

ByteVector Pss() {
  ImageSignature signature = Usual();
  signature.signers.front().recipe.padding = Padding::kPss;
  return SignedFile(signature);
}

ByteVector Ecdsa() {
  return SignedFile(SignatureWithKey(KeyKind::kP256, HashAlgorithm::kSha256));
}

ByteVector EcdsaP384() {
  return SignedFile(SignatureWithKey(KeyKind::kP384, HashAlgorithm::kSha384));
}

ByteVector Rsa1024() {
  return SignedFile(
      SignatureWithKey(KeyKind::kRsa1024, HashAlgorithm::kSha256));
}

ByteVector Rsa4096() {
  return SignedFile(
      SignatureWithKey(KeyKind::kRsa4096, HashAlgorithm::kSha256));
}

// The name holds a right-to-left override, which must not reach a terminal.
ByteVector OpusUnicode() {
  return WithProgram(
      ProgramInformation{"Pr\xC3\xBC"
                         "fprogramm \xE2\x80\xAE"
                         "exe.txt",
                         "https://example.invalid/", false});
}

ByteVector OpusAscii() {
  return WithProgram(ProgramInformation{"Inert test program",
                                        "https://example.invalid/", true});
}

ByteVector OpusMissing() { return WithProgram(std::nullopt); }

ByteVector ExtraSignedAttribute() {
  ImageSignature signature = Usual();
  signature.signers.front().recipe.extra_signed_attributes.push_back(
      {"1.3.6.1.4.1.55555.1", {OctetString(BytesOf("INERT-TEST-FILE"))}});
  return SignedFile(signature);
}

}  // namespace countersign::forge::cases
