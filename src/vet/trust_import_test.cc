#include "vet/trust_import.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/digest.h"
#include "base/text.h"
#include "forge/authorities.h"
#include "forge/ctl.h"
#include "signing/trust_list.h"
#include "vet/trust/join.h"

namespace countersign::vet {
namespace {

using model::Purpose;
using model::TrustEntry;
using model::TrustStore;

constexpr base::Instant kNow = base::FromUnixSeconds(forge::kEvaluationTime);

std::string Sha256(const std::vector<uint8_t>& bytes) {
  return base::Hash(base::DigestAlgorithm::kSha256, bytes).Hex();
}

TrustFile Pem(const std::string& name,
              const std::vector<forge::Certificate>& certificates) {
  std::string text = "Subject: text around is skipped\n";
  for (const forge::Certificate& certificate : certificates) {
    text += forge::PemText("CERTIFICATE", certificate.der);
  }
  return {name, {text.begin(), text.end()}};
}

bool Mentions(const std::vector<std::string>& notes, const std::string& what) {
  return std::ranges::any_of(notes, [&](const std::string& note) {
    return note.find(what) != std::string::npos;
  });
}

const TrustStore* Find(const TrustImport& import, const std::string& name) {
  const auto found = std::ranges::find(import.stores, name, &TrustStore::name);
  return found != import.stores.end() ? &*found : nullptr;
}

// Requests about the forge's cast, whose own root stands in for Microsoft's.
class TrustImportTest : public testing::Test {
 protected:
  TrustImportTest() : cast_(forge::TestAuthorities()) {
    forge::CertificateRecipe signer;
    signer.subject = {{"CN", "List Publisher", {}}};
    signer.key = forge::MakeKey(forge::KeyKind::kRsa2048, "list publisher");
    list_root_ = forge::MakeCertificate(forge::RootRecipe("List Root"));
    signer.issuer = &list_root_;
    signer.not_before = forge::UtcSeconds(2025, 1, 1);
    signer.not_after = forge::UtcSeconds(2027, 1, 1);
    signer.extended_key_usages = {forge::kRootListUsage};
    list_.signer = forge::MakeCertificate(signer);
    list_.certificates = {list_.signer};
    list_.this_update = forge::UtcSeconds(2025, 12, 1);
    forge::TrustListEntry entry;
    entry.certificate = cast_.root;
    entry.friendly_name = "Forge";
    entry.usages = {forge::kCodeSigningUsage};
    entry.disallowed_from = forge::UtcSeconds(2030, 1, 1);
    list_.entries.push_back(entry);
    entry = {};
    entry.certificate = cast_.time_root;
    list_.entries.push_back(entry);
    request_.now = kNow;
    request_.list_roots = {Sha256(list_root_.der)};
  }

  TrustFile List() { return {"the.stl", forge::MakeTrustList(list_)}; }

  TrustImport Join() {
    auto import = JoinTrust(request_);
    EXPECT_TRUE(import) << import.error();
    return import.value_or(TrustImport{});
  }

  std::string Refusal() {
    const auto import = JoinTrust(request_);
    EXPECT_FALSE(import);
    return import ? "" : import.error();
  }

  const forge::Authorities& cast_;
  forge::Certificate list_root_;
  forge::TrustListRecipe list_;
  TrustRequest request_;
};

TEST_F(TrustImportTest, CertificatesMakeALocalStore) {
  request_.files = {Pem("mine.pem", {cast_.root, cast_.intermediate})};
  const TrustImport import = Join();
  ASSERT_EQ(import.stores.size(), 1U);
  const TrustStore& store = import.stores[0];
  EXPECT_EQ(store.name, "local");
  EXPECT_EQ(store.purposes,
            (std::vector{Purpose::kCodeSigning, Purpose::kTimeStamping}));
  EXPECT_EQ(store.source, "mine.pem");
  EXPECT_EQ(store.sha256, Sha256(request_.files[0].bytes));
  EXPECT_EQ(store.imported_at, kNow);
  EXPECT_FALSE(store.list);
  ASSERT_EQ(store.entries.size(), 2U);
  EXPECT_TRUE(store.entries[0].anchor);
  EXPECT_EQ(store.entries[0].certificate, cast_.root.der);
  EXPECT_EQ(store.entries[0].sha256, Sha256(cast_.root.der));
  EXPECT_FALSE(store.entries[1].anchor);
  EXPECT_TRUE(Mentions(import.notes, "not self-signed"));
}

TEST_F(TrustImportTest, AnchorMakesIntermediatesAnchors) {
  request_.files = {Pem("mine.pem", {cast_.intermediate})};
  request_.anchor_all = true;
  EXPECT_TRUE(Join().stores.at(0).entries.at(0).anchor);
}

TEST_F(TrustImportTest, NameAndPurposesAreTheUsers) {
  request_.files = {{"x.cer", cast_.root.der}};
  request_.purposes = {Purpose::kApple};
  EXPECT_EQ(Join().stores.at(0).name, "apple");
  request_.purposes = {Purpose::kUefi};
  EXPECT_EQ(Join().stores.at(0).name, "uefi");
  request_.store_name = "mine";
  EXPECT_EQ(Join().stores.at(0).name, "mine");
  EXPECT_EQ(Join().stores.at(0).purposes, std::vector{Purpose::kUefi});
}

TEST_F(TrustImportTest, ReadsBundlesAndSerializedStores) {
  forge::SignedDataRecipe bundle;
  bundle.content_type = forge::kDataType;
  bundle.content = forge::OctetString({});
  bundle.certificates = {cast_.root, cast_.intermediate};
  const std::vector<uint8_t> p7b = forge::EncodeSignedData(bundle);
  request_.files = {{"a.p7b", p7b}};
  EXPECT_EQ(Join().stores.at(0).entries.size(), 2U);
  const std::string pem = forge::PemText("PKCS7", p7b);
  request_.files = {{"a.pem", {pem.begin(), pem.end()}}};
  EXPECT_EQ(Join().stores.at(0).entries.size(), 2U);

  std::vector<uint8_t> store = {0, 0, 0, 0, 'C', 'E', 'R', 'T'};
  const auto put = [&store](uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) {
      store.push_back(static_cast<uint8_t>(value >> shift));
    }
  };
  put(20);  // a property: skipped
  put(1);
  put(3);
  store.insert(store.end(), {1, 2, 3});
  put(32);
  put(1);
  put(static_cast<uint32_t>(cast_.root.der.size()));
  forge::Append(store, cast_.root.der);
  store.insert(store.end(), 12, 0);
  request_.files = {{"a.sst", store}};
  EXPECT_EQ(Join().stores.at(0).entries.at(0).certificate, cast_.root.der);
  store.resize(store.size() - 20);
  request_.files = {{"a.sst", store}};
  EXPECT_NE(Refusal().find("truncated"), std::string::npos);
}

TEST_F(TrustImportTest, DerWithPemBehindItIsOneCertificate) {
  std::vector<uint8_t> both = cast_.root.der;
  forge::Append(both, Pem("", {cast_.root}).bytes);
  request_.files = {{"apple.cer", both}};
  EXPECT_EQ(Join().stores.at(0).entries.size(), 1U);
}

TEST_F(TrustImportTest, OneBadFileMeansNothingIsImported) {
  request_.files = {Pem("good.pem", {cast_.root}), {"bad.txt", {'x', 'y'}}};
  EXPECT_NE(Refusal().find("bad.txt"), std::string::npos);
}

TEST_F(TrustImportTest, ListAndCertificatesAreJoined) {
  request_.files = {
      List(), Pem("roots.pem", {cast_.root, list_root_, cast_.private_root})};
  const TrustImport import = Join();
  const TrustStore* microsoft = Find(import, "microsoft");
  const TrustStore* local = Find(import, "local");
  ASSERT_TRUE(microsoft != nullptr && local != nullptr);
  ASSERT_TRUE(microsoft->list);
  EXPECT_TRUE(microsoft->list->signer_trusted) << microsoft->list->reason;
  ASSERT_EQ(microsoft->entries.size(), 2U);
  const TrustEntry& listed = microsoft->entries[0];
  EXPECT_EQ(listed.certificate, cast_.root.der);
  EXPECT_EQ(listed.name, "Forge");
  EXPECT_EQ(listed.usages, std::vector<std::string>{"1.3.6.1.5.5.7.3.3"});
  EXPECT_EQ(listed.disallowed_after,
            base::FromUnixSeconds(forge::UtcSeconds(2030, 1, 1)));
  EXPECT_TRUE(microsoft->entries[1].certificate.empty());
  EXPECT_TRUE(Mentions(import.notes, "names 1 certificates that are not"));
  EXPECT_EQ(local->entries.size(), 2U);
  const std::string first =
      base::Hash(base::DigestAlgorithm::kSha256, request_.files[0].bytes).Hex();
  const std::string second = Sha256(request_.files[1].bytes);
  EXPECT_EQ(microsoft->sha256, Sha256(base::FromHex(first + second).value()));
}

TEST_F(TrustImportTest, LaterCertificatesFillTheGaps) {
  request_.files = {List(), Pem("root.pem", {list_root_})};
  request_.existing = {*Find(Join(), "microsoft")};
  const std::string before = request_.existing[0].sha256;
  request_.files = {Pem("later.pem", {cast_.root, cast_.time_root})};
  const TrustImport import = Join();
  ASSERT_EQ(import.stores.size(), 1U);
  EXPECT_EQ(import.stores[0].name, "microsoft");
  EXPECT_EQ(import.stores[0].entries[0].certificate, cast_.root.der);
  EXPECT_EQ(import.stores[0].entries[1].certificate, cast_.time_root.der);
  EXPECT_NE(import.stores[0].sha256, before);
  EXPECT_EQ(import.stores[0].source, "the.stl, root.pem, later.pem");
  // Once more: nothing is new.
  request_.existing = import.stores;
  EXPECT_TRUE(Join().stores.empty());
}

TEST_F(TrustImportTest, NewListKeepsCertificatesAndOldListIsRefused) {
  request_.files = {List(), Pem("r.pem", {list_root_, cast_.root})};
  request_.existing = Join().stores;
  list_.this_update += 86400;
  request_.files = {List()};
  const TrustImport import = Join();
  ASSERT_EQ(import.stores.size(), 1U);
  EXPECT_EQ(import.stores[0].entries[0].certificate, cast_.root.der);
  list_.this_update -= 2 * 86400;
  request_.files = {List()};
  EXPECT_NE(Refusal().find("older"), std::string::npos);
}

TEST_F(TrustImportTest, UnverifiedListIsRefusedOrMarked) {
  request_.list_roots.clear();  // Microsoft's, which this list's is not
  request_.files = {List(), Pem("root.pem", {list_root_})};
  EXPECT_NE(Refusal().find("--unverified"), std::string::npos);
  request_.unverified = true;
  const TrustImport import = Join();
  const TrustStore* store = Find(import, "microsoft");
  ASSERT_NE(store, nullptr);
  EXPECT_TRUE(store->list->signature_holds);
  EXPECT_FALSE(store->list->signer_trusted);
  EXPECT_FALSE(store->list->reason.empty());
  EXPECT_NE(store->source.find("not verified"), std::string::npos);
  EXPECT_TRUE(Mentions(import.notes, "taken although"));
}

TEST_F(TrustImportTest, TamperedAndFutureListsAreRefused) {
  list_.corrupt_signature = true;
  request_.files = {List(), Pem("root.pem", {list_root_})};
  EXPECT_NE(Refusal().find("signature of the list is wrong"),
            std::string::npos);
  list_.corrupt_signature = false;
  list_.this_update = forge::kEvaluationTime + 2 * 86400;
  request_.files[0] = List();
  EXPECT_NE(Refusal().find("future"), std::string::npos);
}

TEST_F(TrustImportTest, Sha256DecidesWhereSha1Agrees) {
  request_.files = {List(), Pem("root.pem", {list_root_})};
  request_.existing = {*Find(Join(), "microsoft")};
  // As if the certificate below were an imitation with a colliding SHA-1.
  request_.existing[0].entries[0].sha256 = std::string(64, 'a');
  request_.files = {Pem("later.pem", {cast_.root})};
  const TrustImport import = Join();
  EXPECT_TRUE(import.stores.empty());
  EXPECT_TRUE(Mentions(import.notes, "was refused"));
}

TEST_F(TrustImportTest, PlainStoreGrowsButNeverGetsPurposesByTheWay) {
  request_.files = {Pem("one.pem", {cast_.root})};
  request_.existing = Join().stores;
  request_.files = {Pem("two.pem", {cast_.time_root})};
  const TrustImport import = Join();
  ASSERT_EQ(import.stores.size(), 1U);
  EXPECT_EQ(import.stores[0].entries.size(), 2U);
  EXPECT_EQ(import.stores[0].source, "one.pem, two.pem");
  request_.purposes = {Purpose::kKernel};
  EXPECT_NE(Refusal().find("other purposes"), std::string::npos);
}

TEST_F(TrustImportTest, DisallowedListDistrustsWhatWeKnow) {
  list_.usage = forge::kDisallowedListUsage;
  list_.entries.resize(1);
  list_.entries[0].disallowed_from.reset();
  request_.files = {List(), Pem("root.pem", {list_root_, cast_.root})};
  const TrustImport import = Join();
  const TrustStore* store = Find(import, "microsoft-disallowed");
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->entries.at(0).sha1,
            base::Hash(base::DigestAlgorithm::kSha1, cast_.root.der).Hex());
  EXPECT_EQ(store->entries.at(0).disallowed_after, signing::kSinceEver);
  EXPECT_FALSE(store->entries.at(0).anchor);
}

// The same through the locked-down worker.
TEST_F(TrustImportTest, RunsInTheSandbox) {
  auto import = ImportTrust({Pem("mine.pem", {cast_.root})}, "mine",
                            {Purpose::kCodeSigning}, kNow);
  if (!import && import.error().find("weak") != std::string::npos) {
    ImportOptions options;
    options.allow_weak_sandbox = true;
    import = ImportTrust({Pem("mine.pem", {cast_.root})}, "mine",
                         {Purpose::kCodeSigning}, kNow, options);
  }
  ASSERT_TRUE(import) << import.error();
  EXPECT_EQ(import->stores.at(0).entries.at(0).certificate, cast_.root.der);
}

TEST_F(TrustImportTest, RealListRunsInTheSandbox) {
  const auto read = [](const std::string& name) -> TrustFile {
    std::ifstream stream("../shared/trust/" + name, std::ios::binary);
    return {name, {std::istreambuf_iterator<char>(stream), {}}};
  };
  const TrustFile list = read("authroot.stl");
  const TrustFile roots = read("microsoft-authroot-515.pem");
  if (list.bytes.empty() || roots.bytes.empty()) {
    GTEST_SKIP() << "needs ../shared/trust";
  }
  ImportOptions options;
  options.allow_weak_sandbox = true;
  const auto import = ImportTrust(
      {list, roots}, "", {},
      base::FromUnixSeconds(forge::UtcSeconds(2026, 11, 24)), options);
  ASSERT_TRUE(import) << import.error();
  ASSERT_EQ(import->stores.size(), 1U);
  const TrustStore& store = import->stores[0];
  EXPECT_EQ(store.name, "microsoft");
  EXPECT_TRUE(store.list->signer_trusted);
  EXPECT_EQ(store.entries.size(), 515U);
  EXPECT_TRUE(std::ranges::none_of(store.entries, [](const TrustEntry& entry) {
    return entry.certificate.empty() || !entry.anchor;
  }));
}

}  // namespace
}  // namespace countersign::vet
