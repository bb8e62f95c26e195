#include "forge/cases.h"
#include "forge/recipes.h"

namespace countersign::forge::cases {
namespace {

constexpr size_t kInsideRdata = 2048;

// A SHA-1 signature with a SHA-256 one nested, as signtool /as makes them.
ImageSignature DualSignature(ByteSpan image, bool bad_outer, bool bad_nested) {
  ImageSignature nested =
      Stamped(SignatureBy(TestAuthorities().publisher), StampAt(kSigningTime));
  nested.wrong_content_digest = bad_nested;
  ImageSignature outer =
      Stamped(SignatureBy(TestAuthorities().publisher, HashAlgorithm::kSha1),
              StampAt(kSigningTime + 2));
  outer.wrong_content_digest = bad_outer;
  outer.signers.front().nested = {SignImage(image, nested)};
  return outer;
}

ByteVector SignedWith(HashAlgorithm digest) {
  return SignedFile(SignatureBy(TestAuthorities().publisher, digest));
}

ImageSignature PageSignature(PageHashVersion version) {
  ImageSignature signature = SignatureBy(TestAuthorities().publisher);
  signature.page_hashes = version;
  return signature;
}

ImageRecipe PlainRecipe() {
  ImageRecipe recipe;
  recipe.time_date_stamp = static_cast<uint32_t>(kBuildTime);
  return recipe;
}

// Section sizes that end inside a page and on a page.
ByteVector PagedImage(uint32_t section_alignment, uint32_t file_alignment) {
  ImageRecipe recipe = PlainRecipe();
  recipe.section_alignment = section_alignment;
  recipe.file_alignment = file_alignment;
  recipe.sections = {{".text", 9000, 0x60000020},
                     {".rdata", 8192, 0x40000040},
                     {".data", 700, 0xC0000040}};
  return BuildImage(recipe);
}

ByteVector SignedKind(Machine machine, bool efi) {
  ImageRecipe recipe = PlainRecipe();
  recipe.machine = machine;
  recipe.efi = efi;
  return SignedFile(
      BuildImage(recipe),
      Stamped(SignatureBy(TestAuthorities().publisher), StampAt(kSigningTime)));
}

}  // namespace

ByteVector NestedDigestBad() {
  const ByteVector image = PlainImage();
  return SignedFile(image, DualSignature(image, false, true));
}

ByteVector OuterDigestBad() {
  const ByteVector image = PlainImage();
  return SignedFile(image, DualSignature(image, true, false));
}

ByteVector NestedFlipSection() {
  ByteVector file = Dual();
  FlipBit(file, kInsideRdata);
  return file;
}

ByteVector Md5Digest() { return SignedWith(HashAlgorithm::kMd5); }
ByteVector Sha1Digest() { return SignedWith(HashAlgorithm::kSha1); }
ByteVector Sha384Digest() { return SignedWith(HashAlgorithm::kSha384); }
ByteVector Sha512Digest() { return SignedWith(HashAlgorithm::kSha512); }

ByteVector PageHashFlipSection() {
  ByteVector file = PageHashed();
  FlipBit(file, kInsideRdata);
  return file;
}

ByteVector PageHashed() {
  return SignedFile(PagedImage(4096, 512), PageSignature(PageHashVersion::kV2));
}

ByteVector PageHashedV1() {
  return SignedFile(PagedImage(4096, 512), PageSignature(PageHashVersion::kV1));
}

ByteVector PageHashed8192() {
  return SignedFile(PagedImage(8192, 512), PageSignature(PageHashVersion::kV2));
}

ByteVector PageHashed512() {
  return SignedFile(PagedImage(512, 512), PageSignature(PageHashVersion::kV2));
}

ByteVector PageHashMismatch() {
  ImageSignature signature = PageSignature(PageHashVersion::kV2);
  signature.wrong_page_hash = true;
  return SignedFile(PagedImage(4096, 512), signature);
}

ByteVector WrongContentDigest() {
  ImageSignature signature = SignatureBy(TestAuthorities().publisher);
  signature.wrong_content_digest = true;
  return SignedFile(signature);
}

ByteVector Dual() {
  const ByteVector image = PlainImage();
  return SignedFile(image, DualSignature(image, false, false));
}

ByteVector Nested() {
  const ByteVector image = PlainImage();
  ImageSignature signature = SignatureBy(TestAuthorities().publisher);
  ImageSignature inner =
      SignatureBy(TestAuthorities().publisher, HashAlgorithm::kSha384);
  signature.signers.front().nested = {SignImage(image, inner)};
  return SignedFile(image, Stamped(signature, StampAt(kSigningTime)));
}

// Two signatures nested side by side; the second holds one more.
ByteVector NestedTwice() {
  const ByteVector image = PlainImage();
  const Certificate& publisher = TestAuthorities().publisher;
  ImageSignature second = SignatureBy(publisher, HashAlgorithm::kSha384);
  second.signers.front().nested = {
      SignImage(image, SignatureBy(publisher, HashAlgorithm::kSha512))};
  ImageSignature outer = SignatureBy(publisher);
  outer.signers.front().nested = {SignImage(image, SignatureBy(publisher)),
                                  SignImage(image, second)};
  return SignedFile(image, outer);
}

ByteVector Pe32() { return SignedKind(Machine::kX86, false); }
ByteVector Arm64() { return SignedKind(Machine::kArm64, false); }
ByteVector EfiApplication() { return SignedKind(Machine::kX64, true); }

}  // namespace countersign::forge::cases
