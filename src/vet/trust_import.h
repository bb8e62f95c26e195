// From files of certificates and trust lists to trust stores.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "base/instant.h"
#include "model/trust.h"

namespace countersign::vet {

struct TrustFile {
  std::string name;  // as the user gave it; says nothing about the content
  std::vector<uint8_t> bytes;

  static void Fields(auto& self, auto&& visit) {
    visit("name", self.name);
    visit("bytes", self.bytes);
  }
};

struct TrustImport {
  std::vector<model::TrustStore> stores;  // new ones, and changed ones whole
  std::vector<std::string> notes;  // sentences for the user, safe to display

  static void Fields(auto& self, auto&& visit) {
    visit("stores", self.stores);
    visit("notes", self.notes);
  }
};

struct ImportOptions {
  bool anchor_all = false;  // intermediates are anchors, too
  bool unverified = false;  // lists whose signature does not hold are taken
  bool allow_weak_sandbox = false;
  bool for_one_run = false;  // nothing is kept; changes advice in messages
  // Stores already there: a list replaces the one of the same name and keeps
  // its certificates; certificates fill gaps of lists and join a store.
  std::vector<model::TrustStore> existing;
};

// Everything one import is asked for.
struct TrustRequest {
  std::vector<TrustFile> files;
  std::string store_name;                // empty: named after the content
  std::vector<model::Purpose> purposes;  // empty: code-signing, time-stamping
  base::Instant now;
  bool anchor_all = false;
  bool unverified = false;
  bool for_one_run = false;
  std::vector<model::TrustStore> existing;
  // SHA-256 of the roots that may be above a list's signer, lower-case hex;
  // empty: Microsoft's own. Only tests set it.
  std::vector<std::string> list_roots;

  static void Fields(auto& self, auto&& visit) {
    visit("files", self.files);
    visit("store_name", self.store_name);
    visit("purposes", self.purposes);
    visit("now", self.now);
    visit("anchor_all", self.anchor_all);
    visit("unverified", self.unverified);
    visit("for_one_run", self.for_one_run);
    visit("existing", self.existing);
    visit("list_roots", self.list_roots);
  }
};

// A locked-down worker that reads trust files; for callers that import more
// than once, or that have threads by the time they do.
class TrustImporter {
 public:
  // The importer, or a sentence saying why not and what to do. Must be called
  // while the process has one thread.
  static std::expected<std::unique_ptr<TrustImporter>, std::string> Start(
      bool allow_weak_sandbox);

  virtual ~TrustImporter() = default;

  // What the files yield, or a sentence saying what is wrong with them; then
  // nothing of them may be used.
  [[nodiscard]] virtual std::expected<TrustImport, std::string> Import(
      const TrustRequest& request) = 0;
};

// The stores that `files` make: PEM, DER, PKCS #7 bundles, serialized Windows
// stores, trust lists, and cabinets of these, told apart by content. The files
// are read in a locked-down worker; only what it says of them comes back.
//
// A list of trusted roots makes the store "microsoft", one of disallowed
// certificates "microsoft-disallowed", certificates that no list names "local"
// ("apple" or "uefi" when that is their only purpose); `store_name` replaces
// the first of these that applies. Errors are sentences for the user. Must be
// called while the process has one thread.
[[nodiscard]] std::expected<TrustImport, std::string> ImportTrust(
    std::vector<TrustFile> files, std::string store_name,
    std::vector<model::Purpose> purposes, base::Instant now,
    ImportOptions options = {});

}  // namespace countersign::vet
