#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "base/digest.h"
#include "forge/authorities.h"
#include "forge/ctl.h"
#include "signing/trust_list.h"

namespace countersign::signing {
namespace {

constexpr int64_t kForgedUpdate = forge::UtcSeconds(2026, 4, 22);
constexpr int64_t kYear = 31'536'000;

model::TrustEntry EntryOf(const std::vector<uint8_t>& der) {
  model::TrustEntry entry;
  entry.certificate = der;
  entry.sha256 = base::Hash(base::DigestAlgorithm::kSha256, der).Hex();
  return entry;
}

// A root and a signer of trust lists below it, and lists they sign.
class ListSignature : public testing::Test {
 protected:
  ListSignature() {
    forge::CertificateRecipe root;
    root.subject = {{"CN", "Root of Lists", {}}};
    root.key = forge::MakeKey(forge::KeyKind::kRsa2048, "list root");
    root.not_before = kForgedUpdate - 5 * kYear;
    root.not_after = kForgedUpdate + 5 * kYear;
    root.is_ca = true;
    root_ = forge::MakeCertificate(root);
    signer_recipe_.subject = {{"CN", "List Publisher", {}}};
    signer_recipe_.key =
        forge::MakeKey(forge::KeyKind::kRsa2048, "list signer");
    signer_recipe_.issuer = &root_;
    signer_recipe_.not_before = kForgedUpdate - kYear / 2;
    signer_recipe_.not_after = kForgedUpdate + kYear / 2;
    signer_recipe_.extended_key_usages = {forge::kRootListUsage};
    forge::TrustListEntry entry;
    entry.certificate = root_;
    entry.usages = {forge::kCodeSigningUsage};
    list_.entries = {entry};
    list_.this_update = kForgedUpdate;
  }

  // The list as the recipes have it, signed.
  std::vector<uint8_t> Make() {
    list_.signer = forge::MakeCertificate(signer_recipe_);
    list_.certificates = {list_.signer};
    return forge::MakeTrustList(list_);
  }

  model::TrustListFacts Verify(const std::vector<uint8_t>& file) {
    base::Budget budget;
    const auto list = ParseTrustList({file, 0}, budget);
    EXPECT_TRUE(list);
    const std::vector<model::TrustEntry> candidates = {EntryOf(root_.der)};
    const std::string sha256 = candidates[0].sha256;
    const std::array roots = {PinnedRoot{"Root of Lists", "", sha256}};
    return VerifyTrustList({file, 0}, *list, candidates, roots, budget);
  }

  forge::Certificate root_;
  forge::CertificateRecipe signer_recipe_;
  forge::TrustListRecipe list_;
};

TEST_F(ListSignature, HoldsBelowAPinnedRoot) {
  const model::TrustListFacts facts = Verify(Make());
  EXPECT_TRUE(facts.signature_holds) << facts.reason;
  EXPECT_TRUE(facts.signer_trusted) << facts.reason;
  EXPECT_EQ(facts.reason, "");
  EXPECT_EQ(facts.signer, "CN=List Publisher");
  EXPECT_EQ(facts.this_update, base::FromUnixSeconds(kForgedUpdate));
}

TEST_F(ListSignature, SignerMayHaveExpiredSinceTheListWasMade) {
  signer_recipe_.not_after = kForgedUpdate + 1;
  EXPECT_TRUE(Verify(Make()).signer_trusted);
  signer_recipe_.not_after = kForgedUpdate - 1;
  const model::TrustListFacts facts = Verify(Make());
  EXPECT_TRUE(facts.signature_holds);
  EXPECT_FALSE(facts.signer_trusted);
}

TEST_F(ListSignature, SignerNeedsTheUsage) {
  signer_recipe_.extended_key_usages = {"1.3.6.1.4.1.311.10.3.1"};
  EXPECT_TRUE(Verify(Make()).signer_trusted);
  signer_recipe_.extended_key_usages = {forge::kCodeSigningUsage};
  EXPECT_FALSE(Verify(Make()).signer_trusted);
  signer_recipe_.extended_key_usages = {};
  EXPECT_FALSE(Verify(Make()).signer_trusted);
  signer_recipe_.extended_key_usages = {"2.5.29.37.0"};
  EXPECT_FALSE(Verify(Make()).signer_trusted);
  // Good for lists of disallowed certificates only.
  signer_recipe_.extended_key_usages = {"1.3.6.1.4.1.311.10.3.19"};
  EXPECT_FALSE(Verify(Make()).signer_trusted);
  list_.usage = forge::kDisallowedListUsage;
  list_.entries.clear();
  EXPECT_TRUE(Verify(Make()).signer_trusted);
}

TEST_F(ListSignature, RootMustBePinned) {
  const std::vector<uint8_t> file = Make();
  base::Budget budget;
  const auto list = ParseTrustList({file, 0}, budget);
  ASSERT_TRUE(list);
  std::vector<model::TrustEntry> candidates = {EntryOf(root_.der)};
  model::TrustListFacts facts =
      VerifyTrustList({file, 0}, *list, candidates, MicrosoftRoots(), budget);
  EXPECT_TRUE(facts.signature_holds);
  EXPECT_FALSE(facts.signer_trusted);
  EXPECT_NE(facts.reason.find("Root of Lists"), std::string::npos);
  // An entry that lies about its certificate does not help.
  candidates[0].sha256 = MicrosoftRoots()[0].sha256;
  facts =
      VerifyTrustList({file, 0}, *list, candidates, MicrosoftRoots(), budget);
  EXPECT_FALSE(facts.signer_trusted);
}

TEST_F(ListSignature, DamageIsSeen) {
  list_.corrupt_signature = true;
  const model::TrustListFacts facts = Verify(Make());
  EXPECT_FALSE(facts.signature_holds);
  EXPECT_FALSE(facts.signer_trusted);
}

// Every bit of the list counts: of a list with one bit changed, either nothing
// can be read or its signature does not hold.
TEST_F(ListSignature, NoBitOfTheContentCanChange) {
  const std::vector<uint8_t> whole = Make();
  base::Budget budget;
  const auto parsed = ParseTrustList({whole, 0}, budget);
  ASSERT_TRUE(parsed);
  const base::ByteRange range = parsed->entries.at(0).range;
  for (uint64_t at = range.offset - 40; at < range.offset + range.size; ++at) {
    std::vector<uint8_t> changed = whole;
    changed[at] ^= 1;
    base::Budget fresh;
    const auto list = ParseTrustList({changed, 0}, fresh);
    if (!list) {
      continue;
    }
    const std::vector<model::TrustEntry> candidates = {EntryOf(root_.der)};
    const std::array roots = {PinnedRoot{"", "", candidates[0].sha256}};
    EXPECT_FALSE(VerifyTrustList({changed, 0}, *list, candidates, roots, fresh)
                     .signer_trusted)
        << at;
  }
}

TEST_F(ListSignature, SignerMustBeInTheList) {
  list_.signer = forge::MakeCertificate(signer_recipe_);
  list_.certificates = {root_};
  const model::TrustListFacts facts = Verify(forge::MakeTrustList(list_));
  EXPECT_FALSE(facts.signature_holds);
  EXPECT_FALSE(facts.reason.empty());
}

TEST_F(ListSignature, RealListHoldsAlthoughItsSignerExpired) {
  const auto read = [](const std::string& name) {
    std::ifstream stream("../shared/trust/" + name, std::ios::binary);
    return std::vector<uint8_t>{std::istreambuf_iterator<char>(stream), {}};
  };
  const std::vector<uint8_t> file = read("authroot.stl");
  const std::vector<uint8_t> pem = read("microsoft-authroot-515.pem");
  if (file.empty() || pem.empty()) {
    GTEST_SKIP() << "needs ../shared/trust";
  }
  base::Budget budget;
  const auto list = ParseTrustList({file, 0}, budget);
  const auto roots = ReadTrustFile({pem, 0}, budget);
  ASSERT_TRUE(list && roots);
  // Every certificate is the one the list means.
  for (const ListedCertificate& listed : list->entries) {
    EXPECT_TRUE(std::ranges::any_of(
        roots->certificates, [&](const model::TrustEntry& certificate) {
          return certificate.sha1 == listed.entry.sha1 &&
                 certificate.sha256 == listed.entry.sha256;
        }));
  }
  for (const PinnedRoot& root : MicrosoftRoots()) {
    EXPECT_TRUE(std::ranges::any_of(roots->certificates,
                                    [&](const model::TrustEntry& certificate) {
                                      return certificate.sha1 == root.sha1 &&
                                             certificate.sha256 ==
                                                 root.sha256 &&
                                             certificate.name == root.name;
                                    }))
        << root.name;
  }
  const model::TrustListFacts facts = VerifyTrustList(
      {file, 0}, *list, roots->certificates, MicrosoftRoots(), budget);
  EXPECT_TRUE(facts.signature_holds) << facts.reason;
  EXPECT_TRUE(facts.signer_trusted) << facts.reason;
  const model::TrustListFacts rootless =
      VerifyTrustList({file, 0}, *list, {}, MicrosoftRoots(), budget);
  EXPECT_TRUE(rootless.signature_holds);
  EXPECT_FALSE(rootless.signer_trusted);
  EXPECT_NE(rootless.reason.find("Microsoft Root Certificate Authority 2010"),
            std::string::npos)
      << rootless.reason;
}

}  // namespace
}  // namespace countersign::signing
