// Updates against a server on the loopback device, and against one made of a
// map.
#include "app/trust/trust_update.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>

#include "app/command.h"
#include "app/download.h"
#include "app/trust/apple_certificates.h"
#include "app/trust/trust_actions.h"
#include "base/digest.h"
#include "base/text.h"
#include "forge/authorities.h"
#include "forge/ctl.h"

namespace countersign::app {
namespace {

namespace fs = std::filesystem;

using model::TrustEntry;
using model::TrustStore;

constexpr base::Instant kNow = base::FromUnixSeconds(forge::kEvaluationTime);

std::string HexOf(base::DigestAlgorithm algorithm,
                  const std::vector<uint8_t>& bytes) {
  return base::Hash(algorithm, bytes).Hex();
}

// What Microsoft's server would hold, if the forge were Microsoft.
class Publisher {
 public:
  Publisher() : root_(forge::MakeCertificate(forge::RootRecipe("List Root"))) {
    forge::CertificateRecipe signer;
    signer.subject = {{"CN", "List Publisher", {}}};
    signer.key = forge::MakeKey(forge::KeyKind::kRsa2048, "list publisher");
    signer.issuer = &root_;
    signer.not_before = forge::UtcSeconds(2025, 1, 1);
    signer.not_after = forge::UtcSeconds(2027, 1, 1);
    signer.extended_key_usages = {forge::kRootListUsage};
    roots.signer = forge::MakeCertificate(signer);
    roots.certificates = {roots.signer};
    roots.this_update = forge::UtcSeconds(2025, 12, 1);
    for (const forge::Certificate& certificate :
         {forge::TestAuthorities().root, forge::TestAuthorities().time_root}) {
      forge::TrustListEntry entry;
      entry.certificate = certificate;
      roots.entries.push_back(entry);
    }
    root_sha1_ = HexOf(base::DigestAlgorithm::kSha1, root_.der);
    root_sha256_ = HexOf(base::DigestAlgorithm::kSha256, root_.der);
  }

  [[nodiscard]] std::map<std::string, std::vector<uint8_t>> Files() const {
    forge::TrustListRecipe disallowed = roots;
    disallowed.usage = forge::kDisallowedListUsage;
    disallowed.entries.clear();
    std::map<std::string, std::vector<uint8_t>> files = {
        {"authrootstl.cab", forge::MakeTrustList(roots)},
        {"disallowedcertstl.cab", forge::MakeTrustList(disallowed)},
        {root_sha1_ + ".crt", root_.der}};
    for (const forge::TrustListEntry& entry : roots.entries) {
      const auto& der = entry.certificate.der;
      files[HexOf(base::DigestAlgorithm::kSha1, der) + ".crt"] = der;
    }
    return files;
  }

  [[nodiscard]] MicrosoftSource Source() const {
    return {"http://publisher.test", {{"List Root", root_sha1_, root_sha256_}}};
  }

  forge::TrustListRecipe roots;

 private:
  forge::Certificate root_;
  std::string root_sha1_;
  std::string root_sha256_;
};

class TrustUpdate : public testing::Test {
 protected:
  void SetUp() override {
    auto importer = vet::TrustImporter::Start(true);
    ASSERT_TRUE(importer) << importer.error();
    importer_ = *std::move(importer);
    files_ = publisher_.Files();
  }

  std::expected<FetchedStores, std::string> Update() {
    const Fetch fetch = [this](const std::string& url, uint64_t limit)
        -> std::expected<std::vector<uint8_t>, std::string> {
      fetched_.push_back(url.substr(url.rfind('/') + 1));
      const auto found = files_.find(fetched_.back());
      if (found == files_.end() || found->second.size() > limit) {
        return std::unexpected(url + " cannot be fetched: 404.");
      }
      return found->second;
    };
    return FetchMicrosoft(fetch, publisher_.Source(), existing_, *importer_,
                          kNow);
  }

  Publisher publisher_;
  std::map<std::string, std::vector<uint8_t>> files_;
  std::vector<std::string> fetched_;
  std::vector<TrustStore> existing_;
  std::unique_ptr<vet::TrustImporter> importer_;
};

TEST_F(TrustUpdate, FetchesListsAndWhatTheyName) {
  const auto fetched = Update();
  ASSERT_TRUE(fetched) << fetched.error();
  ASSERT_EQ(fetched->stores.size(), 2U);
  const TrustStore& store = fetched->stores[0];
  EXPECT_EQ(store.name, "microsoft");
  EXPECT_EQ(fetched->stores[1].name, "microsoft-disallowed");
  EXPECT_EQ(store.entries.size(), 2U);
  EXPECT_TRUE(std::ranges::none_of(store.entries, [](const TrustEntry& entry) {
    return entry.certificate.empty();
  }));
  EXPECT_EQ(Difference(nullptr, store), "2 new, 0 gone, 0 changed");
}

TEST_F(TrustUpdate, FetchesOnlyWhatIsNotThereYet) {
  existing_ = Update()->stores;
  fetched_.clear();
  const auto again = Update();
  ASSERT_TRUE(again) << again.error();
  // The lists, and the root of their signer, which no store keeps.
  EXPECT_EQ(fetched_.size(), 3U);
  EXPECT_EQ(Difference(existing_.data(), again->stores.at(0)),
            "0 new, 0 gone, 0 changed");
}

TEST_F(TrustUpdate, ForgedListIsRefusedBeforeAnythingItNamesIsFetched) {
  publisher_.roots.corrupt_signature = true;
  files_ = publisher_.Files();
  const auto fetched = Update();
  ASSERT_FALSE(fetched);
  EXPECT_NE(fetched.error().find("signature of the list is wrong"),
            std::string::npos);
  EXPECT_EQ(fetched_.size(), 3U);
}

TEST_F(TrustUpdate, OneMissingCertificateMeansNothingIsReplaced) {
  const std::string sha1 =
      HexOf(base::DigestAlgorithm::kSha1, forge::TestAuthorities().root.der);
  files_.erase(sha1 + ".crt");
  const auto fetched = Update();
  ASSERT_FALSE(fetched);
  EXPECT_NE(fetched.error().find(sha1), std::string::npos);
}

TEST_F(TrustUpdate, CertificateMustBeTheOneTheListMeans) {
  const std::string sha1 =
      HexOf(base::DigestAlgorithm::kSha1, forge::TestAuthorities().root.der);
  files_[sha1 + ".crt"] = forge::TestAuthorities().private_root.der;
  const auto fetched = Update();
  ASSERT_FALSE(fetched);
  EXPECT_NE(fetched.error().find("SHA-256"), std::string::npos);
}

TEST_F(TrustUpdate, AppleCertificatesArePinned) {
  const Fetch fetch =
      [](const std::string&,
         uint64_t) -> std::expected<std::vector<uint8_t>, std::string> {
    return forge::TestAuthorities().root.der;
  };
  const auto fetched =
      FetchApple(fetch, std::string(kAppleAddress), {}, *importer_, kNow);
  ASSERT_FALSE(fetched);
  EXPECT_NE(fetched.error().find("is not the certificate it should be"),
            std::string::npos);
}

TEST_F(TrustUpdate, RealAppleCertificatesMakeTheirStore) {
  if (!fs::exists("../shared/trust/apple")) {
    GTEST_SKIP() << "needs ../shared/trust/apple";
  }
  const Fetch fetch =
      [](const std::string& url,
         uint64_t) -> std::expected<std::vector<uint8_t>, std::string> {
    std::ifstream stream(
        "../shared/trust/apple/" + url.substr(url.rfind('/') + 1),
        std::ios::binary);
    return std::vector<uint8_t>{std::istreambuf_iterator<char>(stream), {}};
  };
  auto fetched =
      FetchApple(fetch, std::string(kAppleAddress), {}, *importer_, kNow);
  ASSERT_TRUE(fetched) << fetched.error();
  const TrustStore& store = fetched->stores.at(0);
  EXPECT_EQ(store.name, "apple");
  EXPECT_EQ(store.entries.size(), AppleCertificates().size());
  EXPECT_EQ(std::ranges::count(store.entries, true, &TrustEntry::anchor), 4);
  const auto again = FetchApple(fetch, std::string(kAppleAddress),
                                fetched->stores, *importer_, kNow);
  ASSERT_TRUE(again) << again.error();
  EXPECT_TRUE(again->stores.empty());
}

// A web server for the files of one directory.
class LocalServer {
 public:
  explicit LocalServer(const std::string& directory) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      return;
    }
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      const int null = ::open("/dev/null", O_WRONLY);
      ::dup2(null, STDERR_FILENO);
      ::execlp("python3", "python3", "-u", "-m", "http.server", "0", "--bind",
               "127.0.0.1", "--directory", directory.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    // "Serving HTTP on 127.0.0.1 port 40123 (http://127.0.0.1:40123/) ..."
    std::string line;
    char c = 0;
    while (::read(ends[0], &c, 1) == 1 && c != '\n') {
      line += c;
    }
    ::close(ends[0]);
    const size_t at = line.find("(http://");
    if (at != std::string::npos) {
      address_ = line.substr(at + 1, line.find("/)") - at - 1);
    }
  }
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;
  ~LocalServer() {
    if (process_ > 0) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
    }
  }

  // Without a slash at the end; empty when there is no server.
  [[nodiscard]] const std::string& Address() const { return address_; }

 private:
  pid_t process_ = -1;
  std::string address_;
};

class LocalUpdate : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              ("trust_update_" + std::to_string(::getpid()));
    fs::create_directories(folder_ / "www");
    server_ = std::make_unique<LocalServer>((folder_ / "www").string());
    if (server_->Address().empty()) {
      GTEST_SKIP() << "needs python3";
    }
  }
  void TearDown() override {
    server_.reset();
    fs::remove_all(folder_);
  }

  void Serve(const std::string& name, const std::vector<uint8_t>& bytes) {
    std::ofstream stream(folder_ / "www" / name, std::ios::binary);
    stream << base::AsText(bytes);
  }

  fs::path folder_;
  std::unique_ptr<LocalServer> server_;
};

TEST_F(LocalUpdate, DownloaderFetchesWithinItsLimit) {
  Serve("file", {1, 2, 3, 4});
  auto downloader = Downloader::Create();
  ASSERT_TRUE(downloader);
  const std::string url = server_->Address() + "/file";
  EXPECT_EQ(downloader->Get(url, 4).value(),
            (std::vector<uint8_t>{1, 2, 3, 4}));
  const auto large = downloader->Get(url, 3);
  ASSERT_FALSE(large);
  EXPECT_NE(large.error().find("larger than 3 bytes"), std::string::npos);
  const auto absent = downloader->Get(server_->Address() + "/absent", 3);
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().find("404"), std::string::npos);
  EXPECT_FALSE(downloader->Get("file:///etc/hostname", 1 << 20));
}

TEST_F(LocalUpdate, ForgedMirrorChangesNothing) {
  for (const auto& [name, bytes] : Publisher().Files()) {
    Serve(name, bytes);
  }
  const TrustDirectory directory((folder_ / "stores").string(), {});
  TrustUpdateRequest request;
  request.mirror = server_->Address() + "/";
  request.allow_weak_sandbox = true;
  testing::internal::CaptureStderr();
  const int code = RunTrustUpdate(request, directory, kNow);
  const std::string errors = testing::internal::GetCapturedStderr();
  EXPECT_EQ(code, kExitError);
  EXPECT_NE(errors.find("not known to be Microsoft's"), std::string::npos)
      << errors;
  EXPECT_NE(errors.find("--mirror"), std::string::npos) << errors;
  const auto stores = directory.List();
  EXPECT_TRUE(stores && stores->empty());
}

TEST_F(LocalUpdate, UnreachableMirrorChangesNothing) {
  const std::string address = server_->Address();
  server_.reset();
  const TrustDirectory directory((folder_ / "stores").string(), {});
  testing::internal::CaptureStderr();
  const int code = RunTrustUpdate({address, false, true}, directory, kNow);
  const std::string errors = testing::internal::GetCapturedStderr();
  EXPECT_EQ(code, kExitError);
  EXPECT_NE(errors.find("cannot be fetched"), std::string::npos) << errors;
  const auto stores = directory.List();
  EXPECT_TRUE(stores && stores->empty());
}

}  // namespace
}  // namespace countersign::app
