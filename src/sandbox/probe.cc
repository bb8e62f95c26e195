#include "sandbox/probe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "sandbox/pool.h"

namespace countersign::sandbox {
namespace {

// Each action yields -1 with errno when it was refused politely. The file of
// the job is this program, read-only.
struct Action {
  const char* name;
  long (*act)(int descriptor);
};

long MapExecutable(int descriptor) {
  void* map =
      mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, descriptor, 0);
  return map == MAP_FAILED ? -1 : 0;
}

long MakeExecutable(int /*descriptor*/) {
  void* map = mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return mprotect(map, 4096, PROT_READ | PROT_EXEC);
}

long MakeReadOnly(int /*descriptor*/) {
  void* map = mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return mprotect(map, 4096, PROT_READ);
}

long MapShared(int /*descriptor*/) {
  void* map = mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return map == MAP_FAILED ? -1 : 0;
}

long Connect(int /*descriptor*/) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(9);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect(3, reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address));
}

long Execute(int /*descriptor*/) {
  const char* program = "/bin/true";
  std::array<char*, 2> arguments{const_cast<char*>(program), nullptr};
  std::array<char*, 1> environment{nullptr};
  return execve(program, arguments.data(), environment.data());
}

long Stat(int /*descriptor*/) {
  struct stat status{};
  return stat("/etc/passwd", &status);
}

constexpr std::array<Action, 20> kActions = {{
    {"open a file for reading",
     [](int) -> long { return open("/etc/passwd", O_RDONLY); }},
    {"create a file",
     [](int) -> long { return open("/tmp/x", O_WRONLY | O_CREAT, 0600); }},
    {"learn the size of a file", Stat},
    {"remove a file", [](int) -> long { return unlink("/tmp/x"); }},
    {"write to the file under examination",
     [](int file) -> long { return write(file, "x", 1); }},
    {"shorten the file under examination",
     [](int file) -> long { return ftruncate(file, 0); }},
    {"make a socket",
     [](int) -> long { return socket(AF_INET, SOCK_STREAM, 0); }},
    {"connect", Connect},
    {"run a program", Execute},
    {"fork", [](int) -> long { return fork(); }},
    {"signal the parent", [](int) -> long { return kill(getppid(), 0); }},
    {"signal another process",
     [](int) -> long { return syscall(SYS_tgkill, 1, 1, 0); }},
    {"trace", [](int) -> long { return ptrace(PTRACE_TRACEME, 0, 0, 0); }},
    {"map executable memory", MapExecutable},
    {"make memory executable", MakeExecutable},
    {"share memory", MapShared},
    {"hide memory from its limit", MakeReadOnly},
    {"change a process attribute",
     [](int) -> long { return syscall(SYS_prctl, 4, 1, 0, 0, 0); }},
    {"control a device",
     [](int file) -> long { return syscall(SYS_ioctl, file, 0x5401, 0); }},
    {"make an io_uring",
     [](int) -> long { return syscall(SYS_io_uring_setup, 1, 0); }},
}};

std::vector<uint8_t> ToBytes(std::string_view text) {
  return {text.begin(), text.end()};
}

// In the worker: "" when the action succeeded, else why it did not.
std::vector<uint8_t> Try(base::Bytes request, int descriptor) {
  errno = 0;
  if (kActions.at(request[0]).act(descriptor) != -1) {
    return {};
  }
  return ToBytes(std::strerror(errno));
}

ProbeResult Judge(const char* action, const Answer& answer) {
  if (answer.outcome == Outcome::kAnswered) {
    // An attempt that failed for a reason of its own proves nothing.
    const std::string text(base::AsText(answer.bytes));
    const bool refused = text == std::strerror(EACCES) ||
                         text == std::strerror(EPERM) ||
                         text == std::strerror(EBADF);
    return {action, refused, text.empty() ? "succeeded" : text};
  }
  return {action, answer.signal == SIGSYS, answer.detail};
}

}  // namespace

std::expected<std::vector<ProbeResult>, std::string> Probe() {
  const PoolOptions options{.workers = 1,
                            .wall_timeout = std::chrono::seconds(10),
                            .jobs_per_worker = 1,
                            .allow_weak = true};
  auto pool =
      Pool::Start(options, {.warm_up = {}, .prepare = {}, .handle = Try});
  if (!pool) {
    return std::unexpected(std::move(pool).error());
  }
  const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return std::unexpected("cannot open /proc/self/exe");
  }
  std::vector<ProbeResult> results;
  for (size_t i = 0; i < kActions.size(); ++i) {
    const std::array<uint8_t, 1> request{static_cast<uint8_t>(i)};
    results.push_back(Judge(kActions[i].name, (*pool)->Run(request, file)));
  }
  close(file);
  return results;
}

}  // namespace countersign::sandbox
