// Files that are either written completely or not at all, and files read
// completely or not at all.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "app/file/descriptor.h"

namespace countersign::app {

// What makes two descriptors the same file.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

// Writes to a temporary file beside its target and renames it in Commit; a
// target that is a symbolic link keeps the link, one that exists keeps its
// permissions. A target that is no regular file (a terminal, /dev/null, a
// FIFO) is written to as it is, because a rename would destroy it.
//
// Errors are whole sentences for the user.
class AtomicFile {
 public:
  static std::expected<AtomicFile, std::string> Create(const std::string& path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  AtomicFile(AtomicFile&&) noexcept = default;
  AtomicFile& operator=(AtomicFile&&) = delete;
  // Removes the temporary file, unless Commit succeeded.
  ~AtomicFile();

  // Appends the whole text, or nothing of it.
  [[nodiscard]] std::expected<void, std::string> Write(std::string_view text);
  // Flushes to disk and puts the file in its place.
  [[nodiscard]] std::expected<void, std::string> Commit();
  // Keeps what was written as "<target>.partial" (or ".partial.1", ...; nothing
  // is replaced) beside the target, which stays as it was; yields that path.
  // For results that ended before their time.
  [[nodiscard]] std::string KeepPartial();

  // The temporary file's, so that a walk can leave it out; zeros when there
  // is none.
  [[nodiscard]] FileIdentity Identity() const { return identity_; }
  // The file that Commit replaces; zeros when there is none.
  [[nodiscard]] FileIdentity Replaced() const { return replaced_; }
  [[nodiscard]] int Number() const { return descriptor_.Number(); }

 private:
  AtomicFile() = default;
  std::expected<void, std::string> OpenTemporary(mode_t mode, bool keep_mode);
  [[nodiscard]] std::unexpected<std::string> Failure(const char* verb,
                                                     int error) const;

  Descriptor descriptor_;
  std::string target_;
  std::string temporary_;  // empty: written directly
  FileIdentity identity_;
  FileIdentity replaced_;
};

// Writes all of `text`, resuming after short writes, and waiting where a
// descriptor does not block by itself; yields 0 or an errno. EINTR: a signal
// came that somebody catches; part of the text may be written.
[[nodiscard]] int WriteAll(int descriptor, std::string_view text);

// The bytes of the regular file at `path`, or a sentence saying why not. A
// file above `limit_bytes` is refused.
[[nodiscard]] std::expected<std::vector<uint8_t>, std::string> ReadWholeFile(
    const std::string& path, uint64_t limit_bytes);

// The system's words for an errno, and what the user can do about it: "No
// space left on device. Free some space, or write elsewhere."
[[nodiscard]] std::string Explain(int error);

}  // namespace countersign::app
