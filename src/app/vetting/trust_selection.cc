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
      return AddFile(kSystemBundle, "system-tls", {Purpose::kTls});
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
    return AddFile(word, word, {Purpose::kCodeSigning, Purpose::kTimeStamping});
  }

  ImportedTrust Take() { return std::move(chosen_); }

 private:
  std::expected<void, std::string> AddDefault() {
    for (model::TrustStore& store : CS_TRY(directory_.LoadAll())) {
      if (ServesByDefault(store)) {
        Keep(std::move(store));
      }
    }
    return {};
  }

  std::expected<void, std::string> AddFile(const std::string& path,
                                           const std::string& name,
                                           std::vector<Purpose> purposes) {
    auto bytes = CS_TRY(ReadWholeFile(path, kTrustFileLimitBytes));
    if (base::AsText(bytes).starts_with(kTrustMagic)) {
      auto store = DecodeStore(bytes);
      if (!store) {
        return std::unexpected(
            fmt::format("The trust store {} {}. Export or import it again.",
                        path, store.error()));
      }
      Keep(*std::move(store));
      return {};
    }
    auto imported = CS_TRY(
        import_trust_(std::move(bytes), path, name, std::move(purposes), now_));
    for (model::TrustStore& store : imported.stores) {
      Keep(std::move(store));
    }
    std::ranges::move(imported.notes, std::back_inserter(chosen_.notes));
    return {};
  }

  // A store that two words stand for counts once.
  void Keep(model::TrustStore store) {
    const bool known = std::ranges::any_of(
        chosen_.stores, [&store](const model::TrustStore& other) {
          return other.name == store.name && other.sha256 == store.sha256 &&
                 other.purposes == store.purposes;
        });
    if (!known) {
      chosen_.stores.push_back(std::move(store));
    }
  }

  const TrustDirectory& directory_;
  const TrustImporter& import_trust_;
  base::Instant now_;
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
