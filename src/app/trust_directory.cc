#include "app/trust_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>

#include "app/file/atomic_file.h"
#include "base/text.h"
#include "model/wire.h"

namespace countersign::app {
namespace {

constexpr std::string_view kSuffix = ".store";
// Limit: 64 MiB. The largest public store (every root that Windows knows,
// 515 certificates) takes 1 MiB.
constexpr uint64_t kStoreLimitBytes = uint64_t{64} << 20;
constexpr std::array<std::string_view, 3> kReserved = {"default", "none",
                                                       "system"};

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string UserDirectory() {
  if (std::string own = Variable("COUNTERSIGN_TRUST_DIR"); !own.empty()) {
    return own;
  }
  const std::string data = Variable("XDG_DATA_HOME");
  // The XDG base directory specification: a relative path is ignored.
  if (data.starts_with('/')) {
    return data + "/countersign/trust";
  }
  const std::string home = Variable("HOME");
  return home.empty() ? "" : home + "/.local/share/countersign/trust";
}

// The names of the stores in `directory`, or an errno.
std::expected<std::vector<std::string>, int> StoreNames(
    const std::string& directory) {
  DIR* stream = ::opendir(directory.c_str());
  if (stream == nullptr) {
    return std::unexpected(errno);
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    std::string_view file = entry->d_name;
    if (file.ends_with(kSuffix)) {
      file.remove_suffix(kSuffix.size());
      if (IsStoreName(file)) {
        names.emplace_back(file);
      }
    }
    errno = 0;
  }
  const int error = errno;
  ::closedir(stream);
  if (error != 0) {
    return std::unexpected(error);
  }
  return names;
}

// Fails when somebody else than this user and root may change what is at
// `path`. A directory with the sticky bit protects the files of others.
std::expected<void, std::string> CheckOwnership(const std::string& path,
                                                const char* what) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return {};  // reading it will say why
  }
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    return std::unexpected(fmt::format(
        "The {} {} belongs to another user (number {}), who can change it. "
        "Check it, then make it yours: chown.",
        what, path, status.st_uid));
  }
  const bool sticky =
      S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
  if ((status.st_mode & S_IWOTH) != 0 && !sticky) {
    return std::unexpected(fmt::format(
        "Every user of this machine may write to the {} {}. Check it, then "
        "take the right away: chmod o-w.",
        what, path));
  }
  return {};
}

// Makes `path` and what is missing above it; yields 0 or an errno.
int MakeDirectories(const std::string& path) {
  for (size_t at = 1; at <= path.size(); ++at) {
    if (at != path.size() && path[at] != '/') {
      continue;
    }
    if (::mkdir(path.substr(0, at).c_str(), 0755) != 0 && errno != EEXIST) {
      return errno;
    }
  }
  return 0;
}

}  // namespace

bool IsStoreName(std::string_view name) {
  const auto is_alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= 64 && is_alphanumeric(name[0]) &&
         std::ranges::all_of(name,
                             [&](char c) {
                               return is_alphanumeric(c) || c == '.' ||
                                      c == '_' || c == '-';
                             }) &&
         std::ranges::find(kReserved, name) == kReserved.end();
}

std::vector<uint8_t> EncodeStore(const model::TrustStore& store) {
  std::vector<uint8_t> bytes(kTrustMagic.begin(), kTrustMagic.end());
  const std::vector<uint8_t> body = model::EncodeWire(store);
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

std::expected<model::TrustStore, std::string> DecodeStore(base::Bytes bytes) {
  if (!base::AsText(bytes).starts_with(kTrustMagic)) {
    return std::unexpected(fmt::format(
        "is no trust store: it does not begin with {}", kTrustMagic));
  }
  auto store =
      model::DecodeWire<model::TrustStore>(bytes.subspan(kTrustMagic.size()));
  if (!store) {
    const base::Error& error = store.error();
    return std::unexpected(fmt::format("is damaged: field \"{}\" {} at byte {}",
                                       error.field, base::Describe(error.fault),
                                       error.offset + kTrustMagic.size()));
  }
  return *std::move(store);
}

TrustDirectory::TrustDirectory(std::string writable,
                               std::vector<std::string> read_only)
    : writable_(std::move(writable)), read_only_(std::move(read_only)) {
  while (writable_.size() > 1 && writable_.ends_with('/')) {
    writable_.pop_back();
  }
}

TrustDirectory TrustDirectory::FromEnvironment() {
  return {UserDirectory(),
          {"/var/lib/countersign/trust", "/usr/share/countersign/trust"}};
}

std::expected<std::vector<TrustDirectory::Entry>, std::string>
TrustDirectory::List() const {
  std::map<std::string, Entry> found;
  const auto add = [&](const std::string& directory,
                       bool writable) -> std::expected<void, std::string> {
    const auto names = StoreNames(directory);
    if (!names) {
      if (names.error() == ENOENT) {
        return {};
      }
      return std::unexpected(
          fmt::format("Cannot read the trust directory {}: {}", directory,
                      Explain(names.error())));
    }
    for (const std::string& name : *names) {
      found.try_emplace(
          name, Entry{name, fmt::format("{}/{}{}", directory, name, kSuffix),
                      writable});
    }
    return {};
  };
  if (!writable_.empty()) {
    CS_TRY_VOID(add(writable_, true));
  }
  for (const std::string& directory : read_only_) {
    CS_TRY_VOID(add(directory, false));
  }
  std::vector<Entry> entries;
  for (auto& [name, entry] : found) {
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::expected<std::optional<TrustDirectory::Entry>, std::string>
TrustDirectory::Find(std::string_view name) const {
  for (Entry& entry : CS_TRY(List())) {
    if (entry.name == name) {
      return std::move(entry);
    }
  }
  return std::nullopt;
}

std::expected<model::TrustStore, std::string> TrustDirectory::Load(
    const Entry& entry) {
  const std::string directory =
      entry.path.substr(0, std::max<size_t>(1, entry.path.rfind('/')));
  CS_TRY_VOID(CheckOwnership(entry.path, "trust store"));
  CS_TRY_VOID(CheckOwnership(directory, "trust directory"));
  const auto bytes = CS_TRY(ReadWholeFile(entry.path, kStoreLimitBytes));
  auto store = DecodeStore(bytes);
  if (!store) {
    return std::unexpected(fmt::format(
        "The trust store {} {}. Remove it (countersign trust remove {}), then "
        "import it again.",
        entry.path, store.error(), entry.name));
  }
  store->name = entry.name;
  return *std::move(store);
}

std::expected<std::vector<model::TrustStore>, std::string>
TrustDirectory::LoadAll() const {
  std::vector<model::TrustStore> stores;
  for (const Entry& entry : CS_TRY(List())) {
    stores.push_back(CS_TRY(Load(entry)));
  }
  return stores;
}

std::expected<std::string, std::string> TrustDirectory::Save(
    const model::TrustStore& store) const {
  if (!IsStoreName(store.name)) {
    return std::unexpected(fmt::format(
        "A trust store cannot be called \"{}\". Use up to 64 of a-z, 0-9, "
        "'.', '_' and '-', but none of the words default, none, system.",
        base::DisplaySafe(store.name)));
  }
  CS_TRY_VOID(MakeWritable());
  std::string path = fmt::format("{}/{}{}", writable_, store.name, kSuffix);
  auto file = CS_TRY(AtomicFile::Create(path));
  CS_TRY_VOID(file.Write(base::AsText(EncodeStore(store))));
  CS_TRY_VOID(file.Commit());
  return path;
}

std::expected<void, std::string> TrustDirectory::MakeWritable() const {
  if (writable_.empty()) {
    return std::unexpected(std::string(
        "There is no directory for trust stores, because HOME is not set. "
        "Set COUNTERSIGN_TRUST_DIR to one."));
  }
  if (const int error = MakeDirectories(writable_); error != 0) {
    return std::unexpected(fmt::format("Cannot make the trust directory {}: {}",
                                       writable_, Explain(error)));
  }
  return {};
}

std::expected<Descriptor, std::string> TrustDirectory::Lock() const {
  CS_TRY_VOID(MakeWritable());
  const std::string path = writable_ + "/.lock";
  Descriptor lock(
      ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  int error = lock.Valid() ? 0 : errno;
  while (error == 0 && ::flock(lock.Number(), LOCK_EX) != 0) {
    error = errno == EINTR ? 0 : errno;
  }
  if (error != 0) {
    return std::unexpected(
        fmt::format("Cannot lock {}: {}", path, Explain(error)));
  }
  return lock;
}

std::expected<void, std::string> TrustDirectory::Remove(
    std::string_view name) const {
  const auto entry = CS_TRY(Find(name));
  if (!entry) {
    return std::unexpected(fmt::format(
        "There is no trust store called \"{}\". countersign trust list shows "
        "those there are.",
        base::DisplaySafe(name)));
  }
  if (!entry->writable) {
    return std::unexpected(fmt::format(
        "The trust store {} belongs to the system and is left alone. Its "
        "administrator can remove {}.",
        entry->name, entry->path));
  }
  if (::unlink(entry->path.c_str()) != 0) {
    return std::unexpected(
        fmt::format("Cannot remove {}: {}", entry->path, Explain(errno)));
  }
  return {};
}

}  // namespace countersign::app
