#include "forge/cases.h"
#include "forge/recipes.h"
#include "forge/revocation.h"

namespace countersign::forge::cases {
namespace {

// A file signed by the certificate of the recipe, with this bag after it.
ByteVector SignedBy(const CertificateRecipe& recipe,
                    const std::vector<Certificate>& issuers) {
  const Certificate publisher = MakeCertificate(recipe);
  ImageSignature signature = SignatureBy(publisher);
  signature.certificates = {publisher};
  signature.certificates.insert(signature.certificates.end(), issuers.begin(),
                                issuers.end());
  return SignedFile(signature);
}

ByteVector SignedByPublisher(const CertificateRecipe& recipe) {
  return SignedBy(recipe, {TestAuthorities().intermediate});
}

// The same with a time stamp at kSigningTime.
ByteVector StampedBy(const Certificate& publisher) {
  return SignedFile(Stamped(SignatureBy(publisher), StampAt(kSigningTime)));
}

// A CA of that name and key, certified by `issuer`.
Certificate CaBy(std::string_view common_name, const Certificate& issuer) {
  CertificateRecipe recipe = RootRecipe(common_name);
  recipe.issuer = &issuer;
  return MakeCertificate(recipe);
}

struct Loop {
  Certificate a;  // self-signed; only name and key matter
  Certificate a_by_b;
  Certificate b_by_a;
};

Loop MakeLoop() {
  Loop loop;
  loop.a = MakeCertificate(RootRecipe("Countersign Forge Loop A"));
  loop.b_by_a = CaBy("Countersign Forge Loop B", loop.a);
  loop.a_by_b = CaBy("Countersign Forge Loop A", loop.b_by_a);
  return loop;
}

}  // namespace

ByteVector Expired() {
  return SignedFile(OldImage(), SignatureBy(TestAuthorities().old_publisher));
}

ByteVector NotYetValid() {
  CertificateRecipe recipe = PublisherRecipe();
  recipe.not_before = UtcSeconds(2026, 6, 1);
  return SignedByPublisher(recipe);
}

ByteVector SelfSigned() {
  CertificateRecipe recipe = PublisherRecipe();
  recipe.issuer = nullptr;
  return SignedBy(recipe, {});
}

ByteVector UntrustedRoot() {
  CertificateRecipe recipe = PublisherRecipe();
  recipe.issuer = &TestAuthorities().private_root;
  return SignedBy(recipe, {TestAuthorities().private_root});
}

ByteVector IncompleteChain() { return SignedBy(PublisherRecipe(), {}); }

// One CA key with two certificates: the private root's comes first in the
// bag, the trusted root's second.
ByteVector CrossCertified() {
  constexpr std::string_view kName = "Countersign Forge Cross CA";
  const Certificate by_private = CaBy(kName, TestAuthorities().private_root);
  const Certificate by_root = CaBy(kName, TestAuthorities().root);
  CertificateRecipe recipe = PublisherRecipe();
  recipe.issuer = &by_root;
  return SignedBy(recipe,
                  {by_private, TestAuthorities().private_root, by_root});
}

ByteVector CrossLoop() {
  const Loop loop = MakeLoop();
  const Certificate a_by_root =
      CaBy("Countersign Forge Loop A", TestAuthorities().root);
  CertificateRecipe recipe = PublisherRecipe();
  recipe.issuer = &loop.a;
  return SignedBy(recipe, {loop.a_by_b, loop.b_by_a, a_by_root});
}

ByteVector LoopWithoutRoot() {
  const Loop loop = MakeLoop();
  CertificateRecipe recipe = PublisherRecipe();
  recipe.issuer = &loop.a;
  return SignedBy(recipe, {loop.a_by_b, loop.b_by_a});
}

// The rogue root shows the trusted EC root's name and public point.
ByteVector CurveBall() {
  CertificateRecipe root = RootRecipe("Countersign Forge EC Root");
  root.key = MakeImitationKey(TestAuthorities().elliptic_root.key, "rogue");
  root.digest = HashAlgorithm::kSha384;
  const Certificate rogue = MakeCertificate(root);
  CertificateRecipe recipe = PublisherRecipe();
  recipe.issuer = &rogue;
  recipe.digest = HashAlgorithm::kSha384;
  return SignedBy(recipe, {rogue});
}

ByteVector LeafAsIssuer() {
  CertificateRecipe recipe = PublisherRecipe();
  recipe.subject = {{"CN", "Issued by a publisher", {}}};
  recipe.key = MakeKey(KeyKind::kRsa2048, "second publisher");
  recipe.issuer = &TestAuthorities().publisher;
  return SignedBy(
      recipe, {TestAuthorities().publisher, TestAuthorities().intermediate});
}

// The intermediate may have no CA below it.
ByteVector PathLengthExceeded() {
  const Certificate below =
      CaBy("Countersign Forge Sub CA", TestAuthorities().intermediate);
  CertificateRecipe recipe = PublisherRecipe();
  recipe.issuer = &below;
  return SignedBy(recipe, {below, TestAuthorities().intermediate});
}

// The issuer's name with another key, and no key identifiers to tell.
ByteVector WrongIssuerKey() {
  Certificate pretender = TestAuthorities().intermediate;
  pretender.key = MakeKey(KeyKind::kRsa2048, "second publisher");
  CertificateRecipe recipe = PublisherRecipe();
  recipe.issuer = &pretender;
  recipe.authority_key_identifier = false;
  return SignedByPublisher(recipe);
}

ByteVector MissingCodeSigningUsage() {
  CertificateRecipe recipe = PublisherRecipe();
  recipe.extended_key_usages = {kServerAuthUsage, kEmailUsage};
  return SignedByPublisher(recipe);
}

ByteVector MissingDigitalSignatureUsage() {
  CertificateRecipe recipe = PublisherRecipe();
  recipe.key_usage = kKeyEncipherment;
  return SignedByPublisher(recipe);
}

ByteVector MultipleCommonNames() {
  CertificateRecipe recipe = PublisherRecipe();
  recipe.subject = {{"C", "XX", {}},
                    {"O", "Inert Example Ltd", {}},
                    {"CN", "Inert Example Ltd", {}},
                    {"CN", "Trusted Name Inc", {}},
                    {"CN", "Third Name", {}}};
  return SignedByPublisher(recipe);
}

ByteVector NoCommonName() {
  CertificateRecipe recipe = PublisherRecipe();
  recipe.subject = {{"C", "XX", {}}, {"O", "Inert Example Ltd", {}}};
  return SignedByPublisher(recipe);
}

ByteVector OddStringTypes() {
  CertificateRecipe recipe = PublisherRecipe();
  recipe.subject = {
      {"C", "XX", {}},
      {"O",
       "Inert B\xC3\xA4"
       "ckerei GmbH",
       StringType::kBmp},
      {"OU", "Teletex", StringType::kTeletex},
      {"L",
       "K\xC3\xB6"
       "ln",
       StringType::kUniversal},
      {"CN",
       "Zero\xE2\x80\x8B"
       "width\nand control",
       StringType::kUtf8},
      {"1.3.6.1.4.1.55555.2", "unknown attribute", StringType::kIa5}};
  return SignedByPublisher(recipe);
}

ByteVector EvPublisher() {
  CertificateRecipe recipe = PublisherRecipe();
  recipe.subject = {{"businessCategory", "Private Organization", {}},
                    {"jurisdictionC", "XX", {}},
                    {"jurisdictionST", "Example State", {}},
                    {"serialNumber", "HRB 12345", {}},
                    {"C", "XX", {}},
                    {"ST", "Example State", {}},
                    {"L", "Example City", {}},
                    {"O", "Inert Example Ltd", {}},
                    {"CN", "Inert Example Ltd", {}}};
  recipe.policies = {kEvPolicy};
  return SignedByPublisher(recipe);
}

// As Microsoft's managed signing writes it: three days, and an identity that
// lives in an extended key usage.
ByteVector MicrosoftIdentity() {
  CertificateRecipe recipe = PublisherRecipe();
  recipe.not_before = kSigningTime - 86400;
  recipe.not_after = kSigningTime + 2 * 86400;
  recipe.extended_key_usages = {
      "1.3.6.1.4.1.311.97.1.0",
      "1.3.6.1.4.1.311.97.990309390.766961637.194916062.941502583",
      kCodeSigningUsage};
  return StampedBy(MakeCertificate(recipe));
}

ByteVector RevokedBefore() {
  return StampedBy(PublisherRevokedBeforeSigning());
}

ByteVector RevokedAfter() { return StampedBy(PublisherRevokedAfterSigning()); }

ByteVector RevokedUnstamped() {
  return SignedFile(SignatureBy(PublisherRevokedAfterSigning()));
}

// The list that names the publisher is in the signature alone.
ByteVector RevokedByEmbeddedList() {
  CertificateRecipe recipe = PublisherRecipe();
  recipe.serial_number = ByteVector{0x52, 0x03};
  const Certificate publisher = MakeCertificate(recipe);
  CrlRecipe list;
  list.issuer = TestAuthorities().intermediate;
  list.this_update = UtcSeconds(2025, 5, 31);
  list.next_update = UtcSeconds(2026, 5, 31);
  list.entries = {{publisher, UtcSeconds(2025, 3, 1), kKeyCompromise, {}}};
  ImageSignature signature = SignatureBy(publisher);
  signature.revocation_lists = {MakeCrl(list)};
  return SignedFile(Stamped(signature, StampAt(kSigningTime)));
}

}  // namespace countersign::forge::cases
