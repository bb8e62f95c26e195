#include "forge/authorities.h"

#include <string>

#include "forge/revocation.h"

namespace countersign::forge {
namespace {

constexpr int64_t kRootsBegin = UtcSeconds(2015, 1, 1);
constexpr int64_t kRootsEnd = UtcSeconds(2045, 1, 1);

Name AuthorityName(std::string_view common_name) {
  return {{"C", "XX", {}},
          {"O", "Countersign Forge (inert test authority)", {}},
          {"CN", std::string(common_name), {}}};
}

Certificate MakeIntermediate(const Certificate& root) {
  CertificateRecipe recipe = RootRecipe("Countersign Forge Code Signing CA");
  recipe.key = MakeKey(KeyKind::kRsa2048, "intermediate");
  recipe.issuer = &root;
  recipe.not_before = UtcSeconds(2016, 1, 1);
  recipe.not_after = UtcSeconds(2041, 1, 1);
  recipe.path_length = 0;
  return MakeCertificate(recipe);
}

CertificateRecipe PublisherOf(const Certificate& issuer) {
  CertificateRecipe recipe;
  recipe.subject = {{"C", "XX", {}},
                    {"O", "Inert Example Ltd", {}},
                    {"CN", "Inert Example Ltd", {}}};
  recipe.key = MakeKey(KeyKind::kRsa2048, "publisher");
  recipe.issuer = &issuer;
  recipe.not_before = UtcSeconds(2025, 1, 1);
  recipe.not_after = UtcSeconds(2027, 1, 1);
  recipe.extended_key_usages = {kCodeSigningUsage};
  recipe.policies = {kOvPolicy};
  return recipe;
}

CertificateRecipe StamperOf(const Certificate& issuer) {
  CertificateRecipe recipe;
  recipe.subject = AuthorityName("Countersign Forge Time Stamp 1");
  recipe.key = MakeKey(KeyKind::kRsa2048, "time stamper");
  recipe.issuer = &issuer;
  recipe.not_before = UtcSeconds(2016, 1, 1);
  recipe.not_after = UtcSeconds(2036, 1, 1);
  recipe.extended_key_usages = {kTimeStampingUsage};
  recipe.extended_key_usages_critical = true;
  return recipe;
}

Authorities MakeAuthorities() {
  Authorities out;
  out.root = MakeCertificate(RootRecipe("Countersign Forge Root"));
  CertificateRecipe elliptic = RootRecipe("Countersign Forge EC Root");
  elliptic.key = MakeKey(KeyKind::kP384, "elliptic root");
  elliptic.digest = HashAlgorithm::kSha384;
  out.elliptic_root = MakeCertificate(elliptic);
  out.intermediate = MakeIntermediate(out.root);
  out.time_root =
      MakeCertificate(RootRecipe("Countersign Forge Time Stamping Root"));
  out.time_stamper = MakeCertificate(StamperOf(out.time_root));
  out.private_root =
      MakeCertificate(RootRecipe("Countersign Forge Private Root"));
  out.publisher = MakeCertificate(PublisherOf(out.intermediate));

  CertificateRecipe old = PublisherOf(out.intermediate);
  old.key = MakeKey(KeyKind::kRsa2048, "old publisher");
  old.not_before = UtcSeconds(2021, 1, 1);
  old.not_after = UtcSeconds(2024, 1, 1);
  out.old_publisher = MakeCertificate(old);
  return out;
}

Certificate RevokedPublisher(int serial) {
  CertificateRecipe recipe = PublisherRecipe();
  recipe.serial_number = ByteVector{0x52, static_cast<uint8_t>(serial)};
  return MakeCertificate(recipe);
}

}  // namespace

const Authorities& TestAuthorities() {
  static const Authorities cast = MakeAuthorities();
  return cast;
}

CertificateRecipe PublisherRecipe() {
  return PublisherOf(TestAuthorities().intermediate);
}

CertificateRecipe TimeStamperRecipe() {
  return StamperOf(TestAuthorities().time_root);
}

CertificateRecipe RootRecipe(std::string_view common_name) {
  CertificateRecipe recipe;
  recipe.subject = AuthorityName(common_name);
  recipe.key = MakeKey(KeyKind::kRsa2048, common_name);
  recipe.not_before = kRootsBegin;
  recipe.not_after = kRootsEnd;
  recipe.is_ca = true;
  return recipe;
}

Certificate PublisherRevokedBeforeSigning() { return RevokedPublisher(1); }

Certificate PublisherRevokedAfterSigning() { return RevokedPublisher(2); }

ByteVector IntermediateCrl() {
  CrlRecipe recipe;
  recipe.issuer = TestAuthorities().intermediate;
  recipe.this_update = UtcSeconds(2026, 1, 14);
  recipe.next_update = UtcSeconds(2026, 2, 14);
  recipe.entries = {{PublisherRevokedBeforeSigning(), UtcSeconds(2025, 3, 1),
                     kKeyCompromise, UtcSeconds(2025, 2, 27)},
                    {PublisherRevokedAfterSigning(), UtcSeconds(2025, 9, 1),
                     kCessationOfOperation, std::nullopt}};
  return MakeCrl(recipe);
}

}  // namespace countersign::forge
