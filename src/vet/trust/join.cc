// Every certificate of the files goes to exactly one place:
//
//   named by a list of these files   -> that list's store
//   missing in a list's store        -> that store, which changes
//   else                             -> the store of plain certificates
//
// A list names certificates by SHA-1 and gives their SHA-256; one that has the
// former and not the latter is an imitation and goes nowhere.
#include "vet/trust/join.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "base/text.h"
#include "signing/trust_list.h"
#include "vet/trust/list_check.h"
#include "vet/trust/trust_files.h"

namespace countersign::vet {
namespace {

using model::Purpose;
using model::TrustEntry;
using model::TrustStore;
using signing::TrustListKind;

using Outcome = std::expected<void, std::string>;

constexpr std::string_view kRootStore = "microsoft";
constexpr std::string_view kDisallowedStore = "microsoft-disallowed";
// szOID_KP_KERNEL_MODE_CODE_SIGNING, szOID_WHQL_CRYPTO, szOID_NT5_CRYPTO.
constexpr std::array<std::string_view, 3> kKernelUsages = {
    "1.3.6.1.4.1.311.61.1.1", "1.3.6.1.4.1.311.10.3.5",
    "1.3.6.1.4.1.311.10.3.6"};

bool ServesKernel(const TrustEntry& entry) {
  return std::ranges::any_of(entry.usages, [](const std::string& usage) {
    return std::ranges::find(kKernelUsages, usage) != kKernelUsages.end();
  });
}

class Join {
 public:
  Join(const TrustRequest& request, TrustFiles files)
      : request_(request), files_(std::move(files)) {
    result_.notes = std::move(files_.notes);
    placed_.assign(files_.certificates.size(), false);
    for (size_t i = 0; i < files_.certificates.size(); ++i) {
      by_sha1_[files_.certificates[i].sha1] = i;
      by_sha256_[files_.certificates[i].sha256] = i;
    }
    candidates_ = files_.certificates;
    for (const TrustStore& store : request_.existing) {
      for (const TrustEntry& entry : store.entries) {
        if (!entry.certificate.empty()) {
          candidates_.push_back(entry);
        }
      }
    }
  }

  std::expected<TrustImport, std::string> Run() {
    std::string free_name = request_.store_name;
    for (const TrustListKind kind :
         {TrustListKind::kRoots, TrustListKind::kDisallowed}) {
      if (const LoadedList* loaded = CS_TRY(OnlyList(kind))) {
        CS_TRY_VOID(AddListStore(*loaded, std::exchange(free_name, "")));
      }
    }
    // Who names a store or a purpose wants the certificates there.
    if (request_.store_name.empty() && request_.purposes.empty()) {
      FillGaps();
    }
    CS_TRY_VOID(AddPlainStore(free_name));
    return std::move(result_);
  }

 private:
  [[nodiscard]] const TrustStore* Existing(const std::string& name) const {
    const auto found =
        std::ranges::find(request_.existing, name, &TrustStore::name);
    return found != request_.existing.end() ? &*found : nullptr;
  }

  // The list of this kind, null when there is none.
  std::expected<const LoadedList*, std::string> OnlyList(
      TrustListKind kind) const {
    const LoadedList* only = nullptr;
    for (const LoadedList& loaded : files_.lists) {
      if (loaded.list.kind != kind) {
        continue;
      }
      if (only != nullptr) {
        return std::unexpected(fmt::format(
            "{} and {} are lists of the same kind. Leave one out.",
            base::DisplaySafe(only->file), base::DisplaySafe(loaded.file)));
      }
      only = &loaded;
    }
    return only;
  }

  Outcome AddListStore(const LoadedList& loaded, const std::string& name) {
    const bool roots = loaded.list.kind == TrustListKind::kRoots;
    TrustStore store;
    store.name = !name.empty()
                     ? name
                     : std::string(roots ? kRootStore : kDisallowedStore);
    const TrustStore* previous = Existing(store.name);
    if (previous != nullptr) {
      CS_TRY_VOID(CheckReplacement(*previous, loaded));
    }
    store.list =
        CS_TRY(CheckList(loaded, candidates_, request_, result_.notes));
    store.source = files_.source;
    if (!store.list->signature_holds || !store.list->signer_trusted) {
      store.source += " (signature not verified)";
    }
    store.sha256 = files_.sha256;
    store.imported_at = request_.now;
    for (const signing::ListedCertificate& listed : loaded.list.entries) {
      TrustEntry& entry = store.entries.emplace_back(listed.entry);
      if (!listed.disallowed_hash.empty()) {
        entry.disallowed_hash = listed.disallowed_hash;
        Identify(listed.disallowed_hash, entry);
      }
      Fill(entry);
    }
    if (previous != nullptr) {
      CarryOver(*previous, store);
    }
    store.purposes = ListPurposes(store);
    DescribeList(loaded, store);
    result_.stores.push_back(std::move(store));
    return {};
  }

  [[nodiscard]] std::vector<Purpose> ListPurposes(
      const TrustStore& store) const {
    if (!request_.purposes.empty()) {
      return request_.purposes;
    }
    std::vector<Purpose> purposes = {Purpose::kCodeSigning,
                                     Purpose::kTimeStamping};
    if (std::ranges::any_of(store.entries, ServesKernel)) {
      purposes.push_back(Purpose::kKernel);
    }
    return purposes;
  }

  void DescribeList(const LoadedList& loaded, const TrustStore& store) {
    const auto missing = std::ranges::count_if(
        store.entries,
        [](const TrustEntry& entry) { return entry.certificate.empty(); });
    const std::string file = base::DisplaySafe(loaded.file);
    result_.notes.push_back(fmt::format(
        "{}: list of {}, {} entries, signed by {}.", file,
        Date(loaded.list.this_update), store.entries.size(),
        store.list->signer.empty() ? "nobody known" : store.list->signer));
    if (missing > 0 && loaded.list.kind == TrustListKind::kRoots) {
      result_.notes.push_back(fmt::format(
          "The list names {} certificates that are not here; nothing ends in "
          "them until their files are {}.",
          missing,
          request_.for_one_run ? "given as well"
                               : "imported as well (countersign trust import, "
                                 "or trust update)"));
    }
    if (loaded.list.unusable_entries > 0) {
      result_.notes.push_back(fmt::format(
          "{} entries have conditions that this version cannot apply; they "
          "are listed, but nothing is trusted because of them.",
          loaded.list.unusable_entries));
    }
  }

  // Finds out whom an entry of a disallowed list means, if anybody we know.
  void Identify(const std::string& hash, TrustEntry& entry) {
    if (by_disallowed_hash_.empty()) {
      for (const TrustEntry& candidate : candidates_) {
        for (const std::string& known :
             signing::DisallowedHashes(candidate.certificate)) {
          by_disallowed_hash_[known] = &candidate;
        }
      }
    }
    if (const auto found = by_disallowed_hash_.find(hash);
        found != by_disallowed_hash_.end()) {
      entry.sha1 = found->second->sha1;
      entry.sha256 = found->second->sha256;
      entry.name = found->second->name;
    } else if (entry.name.empty()) {
      entry.name = "signature or key hash " + hash;
    }
  }

  // Gives `entry` its certificate if the files have it; true when they do.
  bool Fill(TrustEntry& entry) {
    auto found = by_sha256_.find(entry.sha256);
    size_t index = found != by_sha256_.end() ? found->second : 0;
    if (found == by_sha256_.end()) {
      found = by_sha1_.find(entry.sha1);
      if (found == by_sha1_.end()) {
        return false;
      }
      index = found->second;
    }
    const TrustEntry& certificate = files_.certificates[index];
    placed_[index] = true;
    if ((!entry.sha1.empty() && entry.sha1 != certificate.sha1) ||
        (!entry.sha256.empty() && entry.sha256 != certificate.sha256)) {
      result_.notes.push_back(fmt::format(
          "The certificate \"{}\" was refused: its SHA-1 is that of \"{}\" in "
          "the list, but its SHA-256 is another one.",
          certificate.name, entry.name));
      return false;
    }
    entry.sha1 = certificate.sha1;
    entry.sha256 = certificate.sha256;
    entry.certificate = certificate.certificate;
    if (entry.name.empty()) {
      entry.name = certificate.name;
    }
    return true;
  }

  // Takes certificates that the store had before.
  static void CarryOver(const TrustStore& previous, TrustStore& store) {
    std::map<std::string_view, const TrustEntry*> had;
    for (const TrustEntry& entry : previous.entries) {
      if (!entry.certificate.empty()) {
        had[entry.sha256] = &entry;
      }
    }
    for (TrustEntry& entry : store.entries) {
      const auto found = had.find(entry.sha256);
      if (entry.certificate.empty() && found != had.end() &&
          (entry.sha1.empty() || entry.sha1 == found->second->sha1)) {
        entry.certificate = found->second->certificate;
        entry.name = entry.name.empty() ? found->second->name : entry.name;
      }
    }
  }

  // Completes lists that were imported before.
  void FillGaps() {
    for (const TrustStore& existing : request_.existing) {
      const bool replaced = std::ranges::any_of(
          result_.stores,
          [&](const TrustStore& store) { return store.name == existing.name; });
      if (!existing.list || replaced) {
        continue;
      }
      TrustStore store = existing;
      size_t filled = 0;
      for (TrustEntry& entry : store.entries) {
        // Also marks certificates that are there already as placed.
        filled += Fill(entry) && existing
                                     .entries[static_cast<size_t>(
                                         &entry - store.entries.data())]
                                     .certificate.empty()
                      ? 1U
                      : 0U;
      }
      if (filled > 0) {
        Extend(store);
        result_.notes.push_back(fmt::format(
            "The store {} got {} of the certificates that its list names.",
            store.name, filled));
        result_.stores.push_back(std::move(store));
      }
    }
  }

  // `store` is now made from these files as well.
  void Extend(TrustStore& store) const {
    if (store.sha256 != files_.sha256) {
      store.source += ", " + files_.source;
      store.sha256 = CombinedSha256(store.sha256, files_.sha256);
    }
    store.imported_at = request_.now;
  }

  [[nodiscard]] std::string PlainName() const {
    if (request_.purposes == std::vector{Purpose::kApple}) {
      return "apple";
    }
    if (request_.purposes == std::vector{Purpose::kUefi}) {
      return "uefi";
    }
    return "local";
  }

  Outcome AddPlainStore(const std::string& name) {
    if (std::ranges::find(placed_, false) == placed_.end()) {
      return {};
    }
    TrustStore store;
    store.name = name.empty() ? PlainName() : name;
    store.purposes = request_.purposes;
    if (store.purposes.empty()) {
      store.purposes = {Purpose::kCodeSigning, Purpose::kTimeStamping};
    }
    const TrustStore* previous = Existing(store.name);
    if (previous != nullptr) {
      if (previous->list || previous->purposes != store.purposes) {
        return std::unexpected(fmt::format(
            "There is a store {} {}. Choose another name with --name.",
            store.name,
            previous->list ? "that was made from a trust list"
                           : "for other purposes, and certificates never "
                             "get new ones by the way"));
      }
      store = *previous;
      Extend(store);
    } else {
      store.source = files_.source;
      store.sha256 = files_.sha256;
      store.imported_at = request_.now;
    }
    size_t intermediates = 0;
    bool changed = previous == nullptr;
    for (size_t i = 0; i < placed_.size(); ++i) {
      if (!placed_[i]) {
        changed |= AddPlain(files_.certificates[i], store);
        intermediates += files_.certificates[i].anchor ? 0U : 1U;
      }
    }
    if (!changed) {
      return {};
    }
    intermediates = request_.anchor_all ? 0 : intermediates;
    if (intermediates > 0) {
      result_.notes.push_back(fmt::format(
          "{} of the certificates in store {} are not self-signed: they help "
          "to build chains, but no chain may end in them (--anchor changes "
          "that).",
          intermediates, store.name));
    }
    result_.stores.push_back(std::move(store));
    return {};
  }

  // Adds one certificate, or makes one an anchor; true when that is new.
  bool AddPlain(const TrustEntry& certificate, TrustStore& store) const {
    const bool anchor = certificate.anchor || request_.anchor_all;
    const auto found = std::ranges::find(store.entries, certificate.sha256,
                                         &TrustEntry::sha256);
    if (found == store.entries.end()) {
      store.entries.push_back(certificate);
      store.entries.back().anchor = anchor;
      return true;
    }
    const bool changed = anchor && !found->anchor;
    found->anchor |= anchor;
    return changed;
  }

  const TrustRequest& request_;
  TrustFiles files_;
  std::vector<bool> placed_;
  std::map<std::string, size_t> by_sha1_;
  std::map<std::string, size_t> by_sha256_;
  std::vector<TrustEntry> candidates_;
  std::map<std::string, const TrustEntry*> by_disallowed_hash_;
  TrustImport result_;
};

}  // namespace

std::expected<TrustImport, std::string> JoinTrust(const TrustRequest& request) {
  return Join(request, CS_TRY(LoadTrustFiles(request.files))).Run();
}

}  // namespace countersign::vet
