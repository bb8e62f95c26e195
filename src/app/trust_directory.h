// Trust stores on disk: one file `<name>.store` each, the eight bytes
// "CSTRUST1" and a model::TrustStore in the wire format.
//
// Stores are looked for in the user's directory first, then in the system's;
// of two with one name the first counts. Only the user's is ever written.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/file/descriptor.h"
#include "base/bytes.h"
#include "model/trust.h"

namespace countersign::app {

inline constexpr std::string_view kTrustMagic = "CSTRUST1";

// True for what may name a store: 1 to 64 of a-z, 0-9, '.', '_', '-', starting
// with a letter or a digit, and none of the words that `--trust` reserves
// ("default", "none", "system").
[[nodiscard]] bool IsStoreName(std::string_view name);

// The bytes of a store file, and the store in such bytes; an error is a
// fragment that fits behind "the trust store X ", as in "is damaged: ...".
[[nodiscard]] std::vector<uint8_t> EncodeStore(const model::TrustStore& store);
[[nodiscard]] std::expected<model::TrustStore, std::string> DecodeStore(
    base::Bytes bytes);

// Errors of all functions are whole sentences for the user: what, where, and
// what to do.
class TrustDirectory {
 public:
  // $COUNTERSIGN_TRUST_DIR, else $XDG_DATA_HOME/countersign/trust, else
  // ~/.local/share/countersign/trust; then /var/lib/countersign/trust and
  // /usr/share/countersign/trust. `writable` is empty when none of the
  // variables is set.
  static TrustDirectory FromEnvironment();
  TrustDirectory(std::string writable, std::vector<std::string> read_only);

  // A store file, by its name; not opened yet.
  struct Entry {
    std::string name;
    std::string path;
    bool writable = false;  // in the user's directory
  };
  // Every store that can be seen, by name. A directory that does not exist
  // holds none; one that cannot be read is an error, because a store that
  // distrusts could be in it.
  [[nodiscard]] std::expected<std::vector<Entry>, std::string> List() const;

  // The entry called `name`, or nothing.
  [[nodiscard]] std::expected<std::optional<Entry>, std::string> Find(
      std::string_view name) const;

  // The store of an entry. The file's name is the store's name. Fails when
  // the file is damaged or too large, and when somebody else than this user and
  // root may change it: by its owner, its permissions, or its directory's.
  [[nodiscard]] static std::expected<model::TrustStore, std::string> Load(
      const Entry& entry);

  // Every store, or the first error.
  [[nodiscard]] std::expected<std::vector<model::TrustStore>, std::string>
  LoadAll() const;

  // Writes `store` as <name>.store, makes the directory if needed, replaces
  // an older one atomically, and yields the path.
  [[nodiscard]] std::expected<std::string, std::string> Save(
      const model::TrustStore& store) const;

  // Removes the user's store called `name`. A system store is not removed.
  [[nodiscard]] std::expected<void, std::string> Remove(
      std::string_view name) const;

  // Keeps other processes from changing the user's stores while the result
  // lives; waits until none of them does. Hold it from loading to saving. Makes
  // the directory if needed.
  [[nodiscard]] std::expected<Descriptor, std::string> Lock() const;

  [[nodiscard]] const std::string& Writable() const { return writable_; }

 private:
  [[nodiscard]] std::expected<void, std::string> MakeWritable() const;

  std::string writable_;
  std::vector<std::string> read_only_;
};

}  // namespace countersign::app
