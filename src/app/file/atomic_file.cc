#include "app/file/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include <cstdio>
#include <system_error>
#include <utility>

namespace countersign::app {
namespace {

// Advice that fits behind the system's words.
std::string_view Advice(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return "Use a user who may, or change its permissions.";
    case ENOENT:
      return "Check the spelling of the path.";
    case ENOTDIR:
    case ENAMETOOLONG:
    case EISDIR:
      return "Check the path.";
    case ELOOP:
      return "Name the file itself instead of a symbolic link.";
    case ENOSPC:
    case EDQUOT:
      return "Free some space, or write elsewhere.";
    case EROFS:
      return "Write elsewhere.";
    case EMFILE:
    case ENFILE:
      return "Raise the limit on open files, or lower --jobs.";
    case ENOMEM:
      return "Free some memory, or lower --jobs.";
    case EIO:
      return "Check the disk or the network mount.";
    default:
      return {};
  }
}

// The path a link leads to, or `path` itself when there is none yet.
std::string ResolveLink(const std::string& path) {
  char resolved[PATH_MAX];
  return ::realpath(path.c_str(), resolved) != nullptr ? resolved : path;
}

void SyncDirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory =
      slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor descriptor(
      ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.Valid()) {
    // Why: best effort. The rename has happened; some file systems refuse to
    // sync a directory.
    (void)::fsync(descriptor.Number());
  }
}

}  // namespace

std::string Explain(int error) {
  const std::string words = std::generic_category().message(error);
  const std::string_view advice = Advice(error);
  return advice.empty() ? words + "." : fmt::format("{}. {}", words, advice);
}

int WriteAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      // The other end set O_NONBLOCK on a pipe or terminal that it shares.
      pollfd room{descriptor, POLLOUT, 0};
      (void)::poll(&room, 1, -1);
    } else {
      return errno;
    }
  }
  return 0;
}

std::unexpected<std::string> AtomicFile::Failure(const char* verb,
                                                 int error) const {
  return std::unexpected(
      fmt::format("Cannot {} {}: {}", verb, target_, Explain(error)));
}

std::expected<void, std::string> AtomicFile::OpenTemporary(mode_t mode,
                                                           bool keep_mode) {
  const size_t name = target_.rfind('/') + 1;  // npos + 1 is 0
  // Limit: 100 names. Only a directory that somebody fills with our names on
  // purpose needs a second one.
  for (int attempt = 0; attempt < 100; ++attempt) {
    temporary_ = fmt::format("{}.{}.{}-{}", target_.substr(0, name),
                             target_.substr(name), ::getpid(), attempt);
    const int opened =
        ::open(temporary_.c_str(),
               O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    const bool taken = opened < 0 && errno == EEXIST;
    descriptor_ = Descriptor(opened);
    if (!taken) {
      break;
    }
  }
  struct stat status{};
  if (!descriptor_.Valid() || ::fstat(descriptor_.Number(), &status) != 0) {
    const int error = errno;
    if (!descriptor_.Valid()) {
      temporary_.clear();
    }
    return Failure("write", error);
  }
  if (keep_mode && ::fchmod(descriptor_.Number(), mode) != 0) {
    return Failure("set the permissions of", errno);
  }
  identity_ = {status.st_dev, status.st_ino};
  return {};
}

std::expected<AtomicFile, std::string> AtomicFile::Create(
    const std::string& path) {
  AtomicFile file;
  file.target_ = ResolveLink(path);
  struct stat status{};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) {
    return file.Failure("write", EISDIR);
  }
  if (exists && !S_ISREG(status.st_mode)) {
    file.descriptor_ =
        Descriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!file.descriptor_.Valid()) {
      return file.Failure("write", errno);
    }
    return file;
  }
  if (exists) {
    file.replaced_ = {status.st_dev, status.st_ino};
  }
  const mode_t mode = exists ? status.st_mode & 0777 : 0666;
  const auto opened = file.OpenTemporary(mode, exists);
  if (!opened) {
    return std::unexpected(opened.error());
  }
  return file;
}

AtomicFile::~AtomicFile() {
  if (descriptor_.Valid() && !temporary_.empty()) {
    ::unlink(temporary_.c_str());
  }
}

std::expected<void, std::string> AtomicFile::Write(std::string_view text) {
  // A device has no position, and nothing to take back.
  const off_t before =
      temporary_.empty() ? -1 : ::lseek(descriptor_.Number(), 0, SEEK_CUR);
  if (const int error = WriteAll(descriptor_.Number(), text); error != 0) {
    // Why: half a text looks like a damaged one to whoever finds it.
    if (before >= 0 && ::ftruncate(descriptor_.Number(), before) == 0) {
      (void)::lseek(descriptor_.Number(), before, SEEK_SET);
    }
    return Failure("write", error);
  }
  return {};
}

std::expected<void, std::string> AtomicFile::Commit() {
  if (temporary_.empty()) {
    return {};
  }
  if (::fsync(descriptor_.Number()) != 0) {
    return Failure("write", errno);
  }
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
    return Failure("write", errno);
  }
  temporary_.clear();
  SyncDirectoryOf(target_);
  return {};
}

std::string AtomicFile::KeepPartial() {
  if (temporary_.empty()) {
    return target_;
  }
  // Limit: 100 names; and not every file system can keep from replacing. Then
  // the temporary name is as good.
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::string partial = attempt == 0
                              ? target_ + ".partial"
                              : fmt::format("{}.partial.{}", target_, attempt);
    if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, partial.c_str(),
                    RENAME_NOREPLACE) == 0) {
      temporary_.clear();
      return partial;
    }
    if (errno != EEXIST) {
      break;
    }
  }
  return std::exchange(temporary_, std::string());
}

std::expected<std::vector<uint8_t>, std::string> ReadWholeFile(
    const std::string& path, uint64_t limit_bytes) {
  const auto failure = [&path](std::string_view why) {
    return std::unexpected(fmt::format("Cannot read {}: {}", path, why));
  };
  // Why O_NONBLOCK: opening a FIFO without a writer would wait for ever.
  const Descriptor file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!file.Valid() || ::fstat(file.Number(), &status) != 0) {
    return failure(Explain(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return failure("it is not a regular file. Name a file.");
  }
  // One byte more than the file is said to have shows its end, or its growth.
  std::vector<uint8_t> bytes(
      std::min(static_cast<uint64_t>(status.st_size), limit_bytes) + 1);
  for (size_t have = 0;;) {
    const ssize_t got =
        ::read(file.Number(), bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno != EINTR) {
      return failure(Explain(errno));
    }
    have += got > 0 ? static_cast<size_t>(got) : 0;
    if (have > limit_bytes) {
      return failure(
          fmt::format("it is larger than {} bytes, the limit for "
                      "such a file.",
                      limit_bytes));
    }
    if (got == 0) {
      bytes.resize(have);
      return bytes;
    }
    if (have == bytes.size()) {
      constexpr size_t kStepBytes = size_t{256} << 10;
      bytes.resize(have + kStepBytes);
    }
  }
}

}  // namespace countersign::app
