#include "forge/recipes.h"

namespace countersign::forge {
namespace {

ByteVector ImageBuiltAt(int64_t time, uint64_t seed) {
  ImageRecipe recipe;
  recipe.time_date_stamp = static_cast<uint32_t>(time);
  recipe.seed = seed;
  return BuildImage(recipe);
}

}  // namespace

ByteVector PlainImage(uint64_t seed) { return ImageBuiltAt(kBuildTime, seed); }

ByteVector OldImage() { return ImageBuiltAt(kOldBuildTime, 2); }

ImageSignature SignatureBy(const Certificate& publisher) {
  return SignatureBy(publisher, HashAlgorithm::kSha256);
}

ImageSignature SignatureBy(const Certificate& publisher, HashAlgorithm digest) {
  ImageSigner signer;
  signer.recipe.certificate = publisher;
  signer.recipe.digest = digest;
  ImageSignature signature;
  signature.content_digest = digest;
  signature.signers.push_back(signer);
  signature.certificates = {publisher, TestAuthorities().intermediate};
  return signature;
}

TimestampRecipe StampAt(int64_t time) {
  TimestampRecipe recipe;
  recipe.authority = TestAuthorities().time_stamper;
  recipe.certificates = {recipe.authority};
  recipe.time = time;
  return recipe;
}

TimestampRecipe CountersignAt(int64_t time) {
  TimestampRecipe recipe = StampAt(time);
  recipe.kind = TimestampKind::kCountersignature;
  return recipe;
}

ImageSignature Stamped(ImageSignature signature,
                       const TimestampRecipe& timestamp) {
  signature.signers.front().timestamps.push_back(timestamp);
  return signature;
}

ByteVector SignedFile(ByteSpan image, const ImageSignature& signature) {
  return AttachSignature(image, SignImage(image, signature));
}

ByteVector SignedFile(const ImageSignature& signature) {
  return SignedFile(PlainImage(), signature);
}

void FlipBit(ByteVector& bytes, size_t offset) { bytes[offset] ^= 0x01; }

}  // namespace countersign::forge
