#include "app/vetting/input_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>

#include <vector>

#include "app/file/atomic_file.h"
#include "app/file/open_beneath.h"
#include "app/terminal/quantity.h"

namespace countersign::app {
namespace {

std::unexpected<std::string> Failure(const std::string& what, int error) {
  return std::unexpected(
      fmt::format("Cannot read {}: {}", what, Explain(error)));
}

std::expected<Descriptor, std::string> OpenStandardInput(uint64_t limit_bytes) {
  struct stat status{};
  if (::fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode) &&
      (::fcntl(STDIN_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY &&
      ::lseek(STDIN_FILENO, 0, SEEK_CUR) == 0) {
    Descriptor copy(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    if (copy.Valid()) {
      return copy;
    }
  }
  return CopyToMemory(STDIN_FILENO, limit_bytes);
}

// A second, read-only descriptor of the same memory: what a worker is handed
// must not be writable.
std::expected<Descriptor, std::string> ReopenReadOnly(
    const Descriptor& memory) {
  const std::string path = fmt::format("/proc/self/fd/{}", memory.Number());
  Descriptor read_only(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!read_only.Valid()) {
    return Failure("standard input back from memory (is /proc mounted?)",
                   errno);
  }
  return read_only;
}

// Waits until `source` has something to read.
void AwaitInput(int source) {
  pollfd wait{source, POLLIN, 0};
  (void)::poll(&wait, 1, -1);
}

}  // namespace

std::expected<Descriptor, std::string> CopyToMemory(int source,
                                                    uint64_t limit_bytes) {
  Descriptor memory(
      ::memfd_create("standard input", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.Valid()) {
    return Failure("standard input into memory", errno);
  }
  constexpr size_t kStepBytes = size_t{256} << 10;
  std::vector<char> step(kStepBytes);
  uint64_t total_bytes = 0;
  for (;;) {
    const ssize_t got = ::read(source, step.data(), step.size());
    if (got == 0) {
      break;
    }
    if (got < 0) {
      if (errno == EAGAIN) {
        AwaitInput(source);
      } else if (errno != EINTR) {
        return Failure("standard input", errno);
      }
      continue;
    }
    total_bytes += static_cast<uint64_t>(got);
    if (total_bytes > limit_bytes) {
      return std::unexpected(fmt::format(
          "Standard input is larger than {} and was not vetted. Save it to a "
          "file and vet that, or raise --stdin-limit.",
          HumanSize(limit_bytes)));
    }
    const int error =
        WriteAll(memory.Number(), {step.data(), static_cast<size_t>(got)});
    if (error != 0) {
      return Failure("standard input into memory", error);
    }
  }
  (void)::fcntl(memory.Number(), F_ADD_SEALS,
                F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  return ReopenReadOnly(memory);
}

std::expected<Descriptor, std::string> OpenInput(
    const WalkStep& step, uint64_t standard_input_limit_bytes) {
  if (step.path == "-") {
    return OpenStandardInput(standard_input_limit_bytes);
  }
  // Why O_NONBLOCK: between the walk and here somebody may have put a FIFO in
  // the file's place, or a link in that of the file or of a directory.
  const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
  Descriptor file =
      OpenBeneath(step.named ? step.path : step.root, step.path, flags);
  struct stat status{};
  if (!file.Valid() || ::fstat(file.Number(), &status) != 0) {
    return Failure(step.path, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return std::unexpected(fmt::format(
        "Cannot vet {}: it is no longer a regular file. Vet it again once "
        "nothing changes it.",
        step.path));
  }
  return file;
}

}  // namespace countersign::app
