#include "forge/cases.h"
#include "forge/recipes.h"

namespace countersign::forge::cases {
namespace {

// A file of the publisher that has expired since, so that the verdict hangs
// on the time stamp.
ByteVector OldFile(const TimestampRecipe& timestamp) {
  return SignedFile(
      OldImage(),
      Stamped(SignatureBy(TestAuthorities().old_publisher), timestamp));
}

// A stamp by the stamper of another recipe.
TimestampRecipe StampBy(const CertificateRecipe& recipe, int64_t time) {
  TimestampRecipe stamp = StampAt(time);
  stamp.authority = MakeCertificate(recipe);
  stamp.certificates = {stamp.authority};
  return stamp;
}

CertificateRecipe PrivateStamperRecipe() {
  CertificateRecipe recipe = TimeStamperRecipe();
  recipe.subject = {{"O", "Inert Example Ltd", {}},
                    {"CN", "Timestamp Kludge 2014", {}}};
  recipe.key = MakeKey(KeyKind::kRsa2048, "private stamper");
  recipe.issuer = &TestAuthorities().private_root;
  recipe.not_before = UtcSeconds(2014, 1, 1);
  return recipe;
}

Certificate LifetimePublisher(int64_t not_before, int64_t not_after) {
  CertificateRecipe recipe = PublisherRecipe();
  recipe.not_before = not_before;
  recipe.not_after = not_after;
  recipe.extended_key_usages = {kCodeSigningUsage, kLifetimeSigningUsage};
  return MakeCertificate(recipe);
}

TimestampRecipe BareDigestStamp(HashAlgorithm digest) {
  TimestampRecipe stamp = CountersignAt(kOldSigningTime);
  stamp.digest = digest;
  stamp.bare_digest = true;
  return stamp;
}

}  // namespace

ByteVector ValidTimestamped() {
  return SignedFile(
      Stamped(SignatureBy(TestAuthorities().publisher), StampAt(kSigningTime)));
}

ByteVector ValidLegacyTimestamp() {
  return OldFile(CountersignAt(kOldSigningTime));
}

ByteVector BareDigestLegacyTimestamp() {
  return OldFile(BareDigestStamp(HashAlgorithm::kSha1));
}

ByteVector BareMd5LegacyTimestamp() {
  return OldFile(BareDigestStamp(HashAlgorithm::kMd5));
}

ByteVector ExpiredButTimestamped() { return OldFile(StampAt(kOldSigningTime)); }

ByteVector LifetimeSigning() {
  const Certificate publisher =
      LifetimePublisher(UtcSeconds(2021, 1, 1), UtcSeconds(2024, 1, 1));
  return SignedFile(OldImage(),
                    Stamped(SignatureBy(publisher), StampAt(kOldSigningTime)));
}

ByteVector LifetimeSigningWithin() {
  const Certificate publisher =
      LifetimePublisher(UtcSeconds(2025, 1, 1), UtcSeconds(2027, 1, 1));
  return SignedFile(Stamped(SignatureBy(publisher), StampAt(kSigningTime)));
}

ByteVector StampedTooLate() { return OldFile(StampAt(kSigningTime)); }

ByteVector StamperExpiredSince() {
  CertificateRecipe recipe = TimeStamperRecipe();
  recipe.not_after = UtcSeconds(2024, 1, 1);
  return OldFile(StampBy(recipe, kOldSigningTime));
}

// A code signing key that would like to choose its time.
ByteVector StamperWithoutUsage() {
  CertificateRecipe recipe = TimeStamperRecipe();
  recipe.extended_key_usages = {kCodeSigningUsage};
  return OldFile(StampBy(recipe, kOldSigningTime));
}

ByteVector UntrustedStamper() {
  TimestampRecipe stamp = StampBy(PrivateStamperRecipe(), kOldSigningTime);
  stamp.certificates.push_back(TestAuthorities().private_root);
  return OldFile(stamp);
}

ByteVector GenTimeOutside() {
  CertificateRecipe recipe = TimeStamperRecipe();
  recipe.not_after = UtcSeconds(2020, 1, 1);
  return OldFile(StampBy(recipe, kOldSigningTime));
}

ByteVector TimestampWrongImprint() {
  TimestampRecipe stamp = StampAt(kOldSigningTime);
  stamp.wrong_imprint = true;
  return OldFile(stamp);
}

ByteVector TimestampCorrupt() {
  TimestampRecipe stamp = StampAt(kOldSigningTime);
  stamp.corrupt_signature = true;
  return OldFile(stamp);
}

ByteVector TimestampFullResponse() {
  TimestampRecipe stamp = StampAt(kOldSigningTime);
  stamp.full_response = true;
  return OldFile(stamp);
}

ByteVector TimestampRawContent() {
  TimestampRecipe stamp = StampAt(kOldSigningTime);
  stamp.raw_content = true;
  return OldFile(stamp);
}

ByteVector TimestampOtherHash() {
  TimestampRecipe stamp = StampAt(kOldSigningTime);
  stamp.digest = HashAlgorithm::kSha384;
  stamp.imprint = HashAlgorithm::kSha512;
  return OldFile(stamp);
}

ByteVector TimestampsDisagree() {
  ImageSignature signature =
      Stamped(SignatureBy(TestAuthorities().publisher), StampAt(kSigningTime));
  return SignedFile(
      Stamped(signature, CountersignAt(UtcSeconds(2025, 8, 17, 3, 4, 5))));
}

// As found in VirtualBox 7.0.6: the SHA-1 signature of a publisher that
// expired in 2016 is stamped 2014 by a private stamper, on the month, day and
// time at which the nested signature was stamped for real.
ByteVector Backdated() {
  const ByteVector image = PlainImage();
  CertificateRecipe old = PublisherRecipe();
  old.key = MakeKey(KeyKind::kRsa2048, "old publisher");
  old.not_before = UtcSeconds(2013, 12, 1);
  old.not_after = UtcSeconds(2016, 12, 22);
  TimestampRecipe kludge =
      StampBy(PrivateStamperRecipe(), UtcSeconds(2014, 6, 1, 10, 0, 3));
  kludge.kind = TimestampKind::kCountersignature;
  kludge.digest = HashAlgorithm::kSha1;
  kludge.certificates.push_back(TestAuthorities().private_root);
  ImageSignature outer =
      Stamped(SignatureBy(MakeCertificate(old), HashAlgorithm::kSha1), kludge);
  outer.signers.front().nested = {
      SignImage(image, Stamped(SignatureBy(TestAuthorities().publisher),
                               StampAt(kSigningTime)))};
  return SignedFile(image, outer);
}

}  // namespace countersign::forge::cases
