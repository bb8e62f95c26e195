#include "app/trust/trust_update.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "app/trust/apple_certificates.h"
#include "base/digest.h"
#include "base/result.h"
#include "model/wire.h"

namespace countersign::app {
namespace {

using model::TrustEntry;
using model::TrustStore;
using vet::TrustFile;

using Files = std::expected<std::vector<TrustFile>, std::string>;

// Limit: authrootstl.cab has 0.07 MiB, a root certificate 0.6 to 3 KiB.
constexpr uint64_t kListLimitBytes = uint64_t{8} << 20;
constexpr uint64_t kCertificateLimitBytes = uint64_t{64} << 10;
// Limit: certificates of one list; Microsoft's has 515.
constexpr size_t kMaxCertificates = 4000;

constexpr const char* kRootList = "authrootstl.cab";
constexpr const char* kDisallowedList = "disallowedcertstl.cab";

const TrustStore* Find(const std::vector<TrustStore>& stores,
                       std::string_view name) {
  const auto found = std::ranges::find(stores, name, &TrustStore::name);
  return found != stores.end() ? &*found : nullptr;
}

// SHA-256 of every certificate that is here.
std::set<std::string> PresentIn(const std::vector<TrustStore>& stores) {
  std::set<std::string> present;
  for (const TrustStore& store : stores) {
    for (const TrustEntry& entry : store.entries) {
      if (!entry.certificate.empty()) {
        present.insert(entry.sha256);
      }
    }
  }
  return present;
}

// What an entry is recognised by in another version of its store.
std::string IdentityOf(const TrustEntry& entry) {
  return !entry.sha256.empty() ? entry.sha256
         : !entry.sha1.empty() ? entry.sha1
                               : entry.name;
}

// A certificate, which must have this SHA-256. It is not parsed here.
std::expected<TrustFile, std::string> FetchPinned(const Fetch& fetch,
                                                  const std::string& url,
                                                  std::string_view file,
                                                  std::string_view sha256) {
  std::vector<uint8_t> bytes = CS_TRY(fetch(url, kCertificateLimitBytes));
  const std::string actual =
      base::Hash(base::DigestAlgorithm::kSha256, bytes).Hex();
  if (actual != sha256) {
    return std::unexpected(fmt::format(
        "{} is not the certificate it should be: its SHA-256 is {}, expected "
        "{}.",
        url, actual, sha256));
  }
  return TrustFile{std::string(file), std::move(bytes)};
}

// Fetches in two steps: first what the signature of the list needs, then what
// the list, now known to be Microsoft's, says that there is.
class MicrosoftUpdate {
 public:
  MicrosoftUpdate(const Fetch& fetch, const MicrosoftSource& source,
                  const std::vector<TrustStore>& existing,
                  vet::TrustImporter& importer, base::Instant now)
      : fetch_(fetch), source_(source), importer_(importer) {
    request_.now = now;
    for (const signing::PinnedRoot& root : source_.roots) {
      request_.list_roots.emplace_back(root.sha256);
    }
    request_.existing = existing;
  }

  std::expected<FetchedStores, std::string> Run() {
    for (const char* list : {kRootList, kDisallowedList}) {
      request_.files.push_back(
          {list,
           CS_TRY(fetch_(source_.address + "/" + list, kListLimitBytes))});
    }
    AddListRoots();
    const vet::TrustImport lists = CS_TRY(importer_.Import(request_));
    const TrustStore* listed = Find(lists.stores, "microsoft");
    if (listed == nullptr) {
      return std::unexpected(fmt::format(
          "{}/{} holds no list of trusted roots.", source_.address, kRootList));
    }
    CS_TRY_VOID(AddListed(*listed));
    vet::TrustImport complete = CS_TRY(importer_.Import(request_));
    // The roots of the list's signer belong to no store unless it names them.
    std::erase_if(complete.stores, [](const TrustStore& store) {
      return !store.list.has_value();
    });
    return FetchedStores{std::move(complete.stores), std::move(complete.notes)};
  }

 private:
  // Those of Microsoft's own roots that can be had: the check of the signature
  // says which one was needed.
  void AddListRoots() {
    const std::set<std::string> present = PresentIn(request_.existing);
    for (const signing::PinnedRoot& root : source_.roots) {
      if (present.contains(std::string(root.sha256))) {
        continue;
      }
      if (auto file = FetchPinned(fetch_, Address(root.sha1),
                                  FileName(root.sha1), root.sha256)) {
        request_.files.push_back(*std::move(file));
      }
    }
  }

  std::expected<void, std::string> AddListed(const TrustStore& listed) {
    if (listed.entries.size() > kMaxCertificates) {
      return std::unexpected(
          fmt::format("{} names {} certificates; more than {} are not fetched.",
                      kRootList, listed.entries.size(), kMaxCertificates));
    }
    for (const TrustEntry& entry : listed.entries) {
      // Without a SHA-256 in the list nothing fetched could be checked.
      if (entry.certificate.empty() && !entry.sha256.empty()) {
        request_.files.push_back(CS_TRY(FetchPinned(
            fetch_, Address(entry.sha1), FileName(entry.sha1), entry.sha256)));
      }
    }
    return {};
  }

  static std::string FileName(std::string_view sha1) {
    return std::string(sha1) + ".crt";
  }
  [[nodiscard]] std::string Address(std::string_view sha1) const {
    return source_.address + "/" + FileName(sha1);
  }

  const Fetch& fetch_;
  const MicrosoftSource& source_;
  vet::TrustImporter& importer_;
  vet::TrustRequest request_;
};

}  // namespace

std::expected<FetchedStores, std::string> FetchMicrosoft(
    const Fetch& fetch, const MicrosoftSource& source,
    const std::vector<TrustStore>& existing, vet::TrustImporter& importer,
    base::Instant now) {
  return MicrosoftUpdate(fetch, source, existing, importer, now).Run();
}

std::expected<FetchedStores, std::string> FetchApple(
    const Fetch& fetch, const std::string& address,
    const std::vector<TrustStore>& existing, vet::TrustImporter& importer,
    base::Instant now) {
  vet::TrustRequest request;
  request.now = now;
  request.purposes = {model::Purpose::kApple};
  std::set<std::string> present;
  if (const TrustStore* apple = Find(existing, "apple")) {
    request.existing = {*apple};
    present = PresentIn(request.existing);
  }
  for (const AppleCertificate& certificate : AppleCertificates()) {
    if (!present.contains(std::string(certificate.sha256))) {
      request.files.push_back(CS_TRY(
          FetchPinned(fetch, fmt::format("{}/{}", address, certificate.file),
                      certificate.file, certificate.sha256)));
    }
  }
  if (request.files.empty()) {
    return FetchedStores{};
  }
  vet::TrustImport import = CS_TRY(importer.Import(request));
  return FetchedStores{std::move(import.stores), std::move(import.notes)};
}

std::string Difference(const TrustStore* before, const TrustStore& after) {
  std::map<std::string, std::vector<uint8_t>> had;
  if (before != nullptr) {
    for (const TrustEntry& entry : before->entries) {
      had[IdentityOf(entry)] = model::EncodeWire(entry);
    }
  }
  size_t added = 0;
  size_t changed = 0;
  for (const TrustEntry& entry : after.entries) {
    const auto found = had.find(IdentityOf(entry));
    if (found == had.end()) {
      ++added;
      continue;
    }
    changed += found->second != model::EncodeWire(entry) ? 1U : 0U;
    had.erase(found);
  }
  return fmt::format("{} new, {} gone, {} changed", added, had.size(), changed);
}

}  // namespace countersign::app
