#include "app/vetting/trust_selection.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "app/file/atomic_file.h"
#include "base/result.h"

namespace countersign::app {
namespace {

using model::Purpose;

constexpr const char* kSystemBundle = "/etc/ssl/certs/ca-certificates.crt";
// Limit: 64 MiB, as for a store; a system's bundle has 0.2 MiB.
constexpr uint64_t kTrustFileLimitBytes = uint64_t{64} << 20;

bool ServesByDefault(const model::TrustStore& store) {
  return std::ranges::any_of(store.purposes, [](Purpose purpose) {
    return purpose == Purpose::kCodeSigning ||
           purpose == Purpose::kTimeStamping;
  });
}

class Selection {
 public:
  Selection(const TrustDirectory& directory, const TrustImporter& import_trust,
            base::Instant now)
      : directory_(directory), import_trust_(import_trust), now_(now) {}

  std::expected<void, std::string> Add(const std::string& word) {
    if (word == "none") {
      return {};
    }
    if (word == "default") {
      return AddDefault();
    }
    if (word == "system") {
      return AddSystem();
    }
    if (const auto entry = CS_TRY(directory_.Find(word))) {
      Keep(CS_TRY(TrustDirectory::Load(*entry)));
      return {};
    }
    struct stat status{};
    if (::stat(word.c_str(), &status) != 0) {
      return std::unexpected(fmt::format(
          "There is neither a trust store nor a file called {}. \"countersign "
          "trust list\" shows the stores there are.",
          word));
    }
    return AddFile(word);
  }

  // To be called once, after the last word.
  std::expected<ImportedTrust, std::string> Take() {
    CS_TRY_VOID(ImportFiles());
    return std::move(chosen_);
  }

 private:
  std::expected<void, std::string> AddDefault() {
    for (model::TrustStore& store : CS_TRY(directory_.LoadAll())) {
      if (ServesByDefault(store)) {
        Keep(std::move(store));
      }
    }
    return {};
  }

  std::expected<void, std::string> AddSystem() {
    std::vector<vet::TrustFile> bundle;
    bundle.push_back(
        {kSystemBundle,
         CS_TRY(ReadWholeFile(kSystemBundle, kTrustFileLimitBytes))});
    Keep(CS_TRY(
        import_trust_(std::move(bundle), "system-tls", {Purpose::kTls}, now_)));
    return {};
  }

  std::expected<void, std::string> AddFile(const std::string& path) {
    auto bytes = CS_TRY(ReadWholeFile(path, kTrustFileLimitBytes));
    if (!base::AsText(bytes).starts_with(kTrustMagic)) {
      if (std::ranges::find(files_, bytes, &vet::TrustFile::bytes) ==
          files_.end()) {
        files_.push_back({path, std::move(bytes)});
      }
      return {};
    }
    auto store = DecodeStore(bytes);
    if (!store) {
      return std::unexpected(
          fmt::format("The trust store {} {}. Export or import it again.", path,
                      store.error()));
    }
    Keep(*std::move(store));
    return {};
  }

  std::expected<ImportedTrust, std::string> Import(
      std::vector<vet::TrustFile> files, const std::string& name) const {
    return import_trust_(std::move(files), name,
                         {Purpose::kCodeSigning, Purpose::kTimeStamping}, now_);
  }

  // Each file makes a store of its own, unless one is a trust list: that needs
  // the certificates it names, and its signer's, from the others.
  std::expected<void, std::string> ImportFiles() {
    if (files_.size() > 1) {
      ImportedTrust together = CS_TRY(Import(files_, ""));
      if (std::ranges::any_of(together.stores, [](const auto& store) {
            return store.list.has_value();
          })) {
        // Why: the names are those of stores on disk, which these are not.
        for (model::TrustStore& store : together.stores) {
          store.name = "given-" + store.name;
        }
        Keep(std::move(together));
        return {};
      }
    }
    for (vet::TrustFile& file : files_) {
      std::vector<vet::TrustFile> single;
      const std::string name = file.name;
      single.push_back(std::move(file));
      Keep(CS_TRY(Import(std::move(single), name)));
    }
    return {};
  }

  void Keep(ImportedTrust imported) {
    for (model::TrustStore& store : imported.stores) {
      Keep(std::move(store));
    }
    std::ranges::move(imported.notes, std::back_inserter(chosen_.notes));
  }

  // A store that two words stand for counts once. Two that have the same name
  // and were made from the same files may still differ in what they trust.
  void Keep(model::TrustStore store) {
    const std::string content = model::ContentSha256(store);
    const bool known = std::ranges::any_of(
        chosen_.stores, [&](const model::TrustStore& other) {
          return other.name == store.name && other.sha256 == store.sha256 &&
                 model::ContentSha256(other) == content;
        });
    if (!known) {
      chosen_.stores.push_back(std::move(store));
    }
  }

  const TrustDirectory& directory_;
  const TrustImporter& import_trust_;
  base::Instant now_;
  std::vector<vet::TrustFile> files_;  // that are no stores yet
  ImportedTrust chosen_;
};

}  // namespace

std::expected<ImportedTrust, std::string> SelectTrust(
    const std::vector<std::string>& words, const TrustDirectory& directory,
    const TrustImporter& import_trust, base::Instant now) {
  Selection selection(directory, import_trust, now);
  if (words.empty()) {
    CS_TRY_VOID(selection.Add("default"));
  }
  for (const std::string& word : words) {
    CS_TRY_VOID(selection.Add(word));
  }
  return selection.Take();
}

}  // namespace countersign::app
