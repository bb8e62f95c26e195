#include "app/trust/trust_actions.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "app/command.h"
#include "app/download.h"
#include "app/file/atomic_file.h"
#include "app/terminal/quantity.h"
#include "app/trust/apple_certificates.h"
#include "app/trust/trust_text.h"
#include "app/trust/trust_update.h"
#include "vet/trust_import.h"

namespace countersign::app {
namespace {

using model::TrustEntry;
using model::TrustStore;

// Limit: 64 MiB a file; Microsoft's list has 0.2, all its roots 1 MiB.
constexpr uint64_t kFileLimitBytes = uint64_t{64} << 20;

constexpr const char* kOffline =
    "The stores are as they were. Without a network, fetch the files "
    "elsewhere and import them: on a Windows machine \"certutil -syncWithWU "
    "DIRECTORY\" fetches authrootstl.cab and all .crt files; then run "
    "\"countersign trust import DIRECTORY/authrootstl.cab "
    "DIRECTORY/disallowedcertstl.cab DIRECTORY/*.crt\".";

constexpr const char* kOfflineApple =
    "The store is as it was. Without a network, fetch the .cer files of "
    "https://www.apple.com/certificateauthority/ elsewhere and run "
    "\"countersign trust import *.cer --purpose apple\".";

constexpr const char* kMirrorAdvice =
    "Nothing of this publisher was changed. Check the address given with "
    "--mirror, and what its directory holds (countersign trust update --help).";

// Why: what an unread store holds would be lost, or a newer list be replaced by
// an older one.
constexpr const char* kNotAllRead =
    "No store was changed, because not all of them could be read.";

TextStyle OutputStyle() {
  return ChooseStyle(ColorChoice::kAuto, Look(STDOUT_FILENO));
}

int Print(const std::string& text) {
  if (const int error = WriteAll(STDOUT_FILENO, text); error != 0) {
    Complain(fmt::format("Cannot write standard output: {}", Explain(error)));
    return kExitError;
  }
  return kExitSuccess;
}

int PrintLine(const std::string& text) {
  return Print(OutputStyle().Safe(text) + "\n");
}

int Refuse(const std::string& sentence) {
  Complain(sentence);
  return kExitError;
}

struct LoadedStores {
  std::vector<TrustStore> stores;
  bool complete = true;
};

// Every store that can be read; of the others it is said why not.
LoadedStores Load(const TrustDirectory& directory) {
  LoadedStores loaded;
  const auto entries = directory.List();
  if (!entries) {
    Complain(entries.error());
    loaded.complete = false;
    return loaded;
  }
  for (const TrustDirectory::Entry& entry : *entries) {
    if (auto store = TrustDirectory::Load(entry)) {
      loaded.stores.push_back(*std::move(store));
    } else {
      Complain(store.error());
      loaded.complete = false;
    }
  }
  return loaded;
}

const TrustStore* Find(const std::vector<TrustStore>& stores,
                       const std::string& name) {
  const auto found = std::ranges::find(stores, name, &TrustStore::name);
  return found != stores.end() ? &*found : nullptr;
}

size_t CountHere(const TrustStore& store) {
  return static_cast<size_t>(std::ranges::count_if(
      store.entries,
      [](const TrustEntry& entry) { return !entry.certificate.empty(); }));
}

// Saves the stores and says so, a line each.
int SaveAll(const std::vector<TrustStore>& stores,
            const std::vector<TrustStore>& before,
            const TrustDirectory& directory, bool purposes_given) {
  for (const TrustStore& store : stores) {
    const auto path = directory.Save(store);
    if (!path) {
      return Refuse(path.error());
    }
    const TrustStore* old = Find(before, store.name);
    const bool is_default = !purposes_given && !store.list && old == nullptr;
    const int code = PrintLine(fmt::format(
        "{} {} ({}): {} for {}{}. {}", old != nullptr ? "Changed" : "Made",
        store.name, Difference(old, store),
        Count(CountHere(store), "certificate"), PurposeNames(store.purposes),
        is_default ? " (the default; --purpose chooses)" : "", *path));
    if (code != kExitSuccess) {
      return code;
    }
  }
  return kExitSuccess;
}

int PrintNotes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) {
    if (const int code = PrintLine(note); code != kExitSuccess) {
      return code;
    }
  }
  return kExitSuccess;
}

// "AB:cd ef" -> "abcdef"; nothing when it is no fingerprint or beginning of
// one. Limit: at least 8 digits, so that a store's name is not taken for one.
std::optional<std::string> ParseFingerprint(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
    if ((lower >= '0' && lower <= '9') || (lower >= 'a' && lower <= 'f')) {
      digits += lower;
    } else if (c != ':' && c != ' ') {
      return std::nullopt;
    }
  }
  return digits.size() >= 8 && digits.size() <= 64 ? std::optional(digits)
                                                   : std::nullopt;
}

// One publisher's part of an update.
class Updater {
 public:
  Updater(const TrustUpdateRequest& request, const TrustDirectory& directory)
      : request_(request), directory_(directory) {}

  int Finish(const std::string& who,
             const std::expected<FetchedStores, std::string>& fetched,
             const std::vector<TrustStore>& before, const char* advice) const {
    if (!fetched) {
      return Refuse(fmt::format("{} could not be updated. {} {}", who,
                                fetched.error(), advice));
    }
    if (fetched->stores.empty()) {
      return PrintLine(fmt::format("{} are up to date.", who));
    }
    if (const int code = PrintNotes(fetched->notes); code != kExitSuccess) {
      return code;
    }
    if (!request_.dry_run) {
      return SaveAll(fetched->stores, before, directory_, true);
    }
    for (const TrustStore& store : fetched->stores) {
      const int code = PrintLine(
          fmt::format("{}: {}. Nothing was written (--dry-run).", store.name,
                      Difference(Find(before, store.name), store)));
      if (code != kExitSuccess) {
        return code;
      }
    }
    return kExitSuccess;
  }

 private:
  const TrustUpdateRequest& request_;
  const TrustDirectory& directory_;
};

}  // namespace

int RunTrustImport(const TrustImportRequest& request,
                   const TrustDirectory& directory, base::Instant now) {
  if (!request.name.empty() && !IsStoreName(request.name)) {
    return Refuse(fmt::format(
        "A trust store cannot be called \"{}\". Use up to 64 of a-z, 0-9, "
        "'.', '_' and '-', but none of the words default, none, system.",
        request.name));
  }
  std::vector<vet::TrustFile> files;
  for (const std::string& path : request.files) {
    auto bytes = ReadWholeFile(path, kFileLimitBytes);
    if (!bytes) {
      return Refuse(bytes.error());
    }
    files.push_back({path, *std::move(bytes)});
  }
  const auto lock = directory.Lock();
  if (!lock) {
    return Refuse(lock.error());
  }
  const LoadedStores loaded = Load(directory);
  if (!loaded.complete) {
    return Refuse(kNotAllRead);
  }
  vet::ImportOptions options;
  options.anchor_all = request.anchor;
  options.unverified = request.unverified;
  options.allow_weak_sandbox = request.allow_weak_sandbox;
  options.existing = loaded.stores;
  const auto import =
      vet::ImportTrust(std::move(files), request.name, request.purposes, now,
                       std::move(options));
  if (!import) {
    return Refuse(import.error());
  }
  if (const int code = PrintNotes(import->notes); code != kExitSuccess) {
    return code;
  }
  if (import->stores.empty()) {
    return PrintLine("Everything in these files is in a store already.");
  }
  return SaveAll(import->stores, loaded.stores, directory,
                 !request.purposes.empty());
}

int RunTrustUpdate(const TrustUpdateRequest& request,
                   const TrustDirectory& directory, base::Instant now) {
  // Why before anything else: the worker is forked while there is one thread,
  // and looking up a host may take another.
  auto importer = vet::TrustImporter::Start(request.allow_weak_sandbox);
  auto downloader = Downloader::Create();
  if (!importer || !downloader) {
    return Refuse(!importer ? importer.error() : downloader.error());
  }
  std::string mirror = request.mirror;
  while (mirror.ends_with('/')) {
    mirror.pop_back();
  }
  const Fetch fetch = [&](const std::string& url, uint64_t limit_bytes) {
    return downloader->Get(url, limit_bytes);
  };
  MicrosoftSource source;
  if (!mirror.empty()) {
    source.address = mirror;
  }
  std::optional<Descriptor> lock;
  if (!request.dry_run) {
    auto taken = directory.Lock();
    if (!taken) {
      return Refuse(taken.error());
    }
    lock.emplace(*std::move(taken));
  }
  const LoadedStores loaded = Load(directory);
  if (!loaded.complete) {
    return Refuse(kNotAllRead);
  }
  const Updater updater(request, directory);
  const int microsoft = updater.Finish(
      "Microsoft's lists",
      FetchMicrosoft(fetch, source, loaded.stores, **importer, now),
      loaded.stores, mirror.empty() ? kOffline : kMirrorAdvice);
  const int apple = updater.Finish(
      "Apple's certificates",
      FetchApple(fetch, mirror.empty() ? std::string(kAppleAddress) : mirror,
                 loaded.stores, **importer, now),
      loaded.stores, mirror.empty() ? kOfflineApple : kMirrorAdvice);
  return microsoft != kExitSuccess ? microsoft : apple;
}

int RunTrustList(bool json, const TrustDirectory& directory) {
  const LoadedStores loaded = Load(directory);
  const int code = Print(json ? TrustListJson(loaded.stores)
                              : TrustListText(loaded.stores, OutputStyle()));
  return loaded.complete ? code : kExitError;
}

int RunTrustNames(const TrustDirectory& directory) {
  const auto entries = directory.List();
  if (!entries) {
    return Refuse(entries.error());
  }
  std::string names;
  for (const TrustDirectory::Entry& entry : *entries) {
    names += entry.name + "\n";
  }
  return Print(names);
}

int RunTrustShow(const std::string& what, bool json,
                 const TrustDirectory& directory) {
  const LoadedStores loaded = Load(directory);
  if (const TrustStore* store = Find(loaded.stores, what)) {
    return Print(json ? TrustStoreJson(*store)
                      : TrustStoreText(*store, OutputStyle()));
  }
  std::vector<TrustMatch> matches;
  if (const auto fingerprint = ParseFingerprint(what)) {
    for (const TrustStore& store : loaded.stores) {
      for (const TrustEntry& entry : store.entries) {
        if (entry.sha256.starts_with(*fingerprint) ||
            entry.sha1.starts_with(*fingerprint)) {
          matches.push_back({&store, &entry});
        }
      }
    }
  }
  if (matches.empty() && !loaded.complete) {
    return Refuse(fmt::format(
        "Nothing called \"{}\" was found in the trust stores that could be "
        "read.",
        what));
  }
  if (matches.empty()) {
    return Refuse(fmt::format(
        "There is neither a trust store called \"{}\" nor a certificate whose "
        "fingerprint begins like that (give 8 digits or more). \"countersign "
        "trust list\" shows the stores there are.",
        what));
  }
  return Print(json ? TrustMatchesJson(matches)
                    : TrustMatchesText(matches, OutputStyle()));
}

int RunTrustRemove(const std::string& name, const TrustDirectory& directory) {
  const auto lock = directory.Lock();
  if (!lock) {
    return Refuse(lock.error());
  }
  if (const auto removed = directory.Remove(name); !removed) {
    return Refuse(removed.error());
  }
  return PrintLine(fmt::format("Removed the trust store {}.", name));
}

}  // namespace countersign::app
