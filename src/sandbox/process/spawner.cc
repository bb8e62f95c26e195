#include "sandbox/process/spawner.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

#include "sandbox/process/frame.h"
#include "sandbox/process/lockdown.h"
#include "sandbox/process/spawner_main.h"

namespace countersign::sandbox {
namespace {

// Limit: a fork or a kill takes milliseconds; a spawner that is silent for so
// long is taken for dead.
constexpr std::chrono::seconds kReplyTimeout{30};

constexpr const char* kGone = "the spawner process is gone";

// Threads of this process, or 1 when the system does not say. Sanitizers keep
// threads of their own, which survive a fork.
unsigned ThreadCount() {
  DIR* tasks = kSanitized ? nullptr : opendir("/proc/self/task");
  if (tasks == nullptr) {
    return 1;
  }
  unsigned count = 0;
  while (const dirent* entry = readdir(tasks)) {
    count += entry->d_name[0] != '.' ? 1 : 0;
  }
  closedir(tasks);
  return count;
}

// Why repeated: a thread is joined shortly before the kernel forgets it.
bool IsSingleThreaded() {
  for (int attempt = 0; attempt < 20; ++attempt) {
    if (ThreadCount() == 1) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

// Sends `request` and, unless -1, `descriptor`.
bool SendRequest(int control, const SpawnerRequest& request,
                 int descriptor = -1) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> buffer{};
  iovec part{const_cast<SpawnerRequest*>(&request), sizeof(request)};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = buffer.data();
    message.msg_controllen = buffer.size();
    cmsghdr* control_message = CMSG_FIRSTHDR(&message);
    control_message->cmsg_level = SOL_SOCKET;
    control_message->cmsg_type = SCM_RIGHTS;
    control_message->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(control_message), &descriptor, sizeof(int));
  }
  ssize_t put = 0;
  do {
    put = sendmsg(control, &message, MSG_NOSIGNAL);
  } while (put < 0 && errno == EINTR);
  return put == static_cast<ssize_t>(sizeof(request));
}

// A file without a name: on disk, so that what is put aside can leave memory,
// else in memory. -1 when neither can be had.
int OpenScratch(const std::string& directory) {
  const int file =
      open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
  return file >= 0 ? file : memfd_create("scratch", MFD_CLOEXEC);
}

// True as soon as `descriptor` is readable; false when that takes too long.
bool WaitFor(int descriptor) {
  Patience patience(0, kReplyTimeout, {});
  while (const auto left = patience.Left()) {
    pollfd entry{descriptor, POLLIN, 0};
    const auto milliseconds =
        std::chrono::ceil<std::chrono::milliseconds>(*left).count();
    if (poll(&entry, 1, static_cast<int>(milliseconds)) > 0) {
      return true;
    }
  }
  return false;
}

// Waits until child `pid` has ended by itself, within reason.
void WaitForEnd(pid_t pid) {
  const auto handle = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (handle >= 0) {
    (void)WaitFor(handle);
    close(handle);
  }
}

void KillAndReap(pid_t pid) {
  kill(pid, SIGKILL);
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// Yields the reply to the last request and, unless -1, the descriptor with it.
std::optional<SpawnerReply> ReceiveReply(int control, int& descriptor) {
  if (!WaitFor(control)) {
    return std::nullopt;
  }
  SpawnerReply reply;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> buffer{};
  iovec part{&reply, sizeof(reply)};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = buffer.data();
  message.msg_controllen = buffer.size();
  ssize_t got = 0;
  do {
    got = recvmsg(control, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  const cmsghdr* found = got > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (found != nullptr && found->cmsg_type == SCM_RIGHTS &&
      found->cmsg_len == CMSG_LEN(sizeof(int))) {
    std::memcpy(&descriptor, CMSG_DATA(found), sizeof(int));
  }
  if (got != static_cast<ssize_t>(sizeof(reply))) {
    return std::nullopt;
  }
  return reply;
}

}  // namespace

std::expected<void, std::string> Spawner::Start(const PoolOptions& options,
                                                const Service& service) {
  if (!IsSingleThreaded()) {
    return std::unexpected(
        "the sandbox must be started before the first thread");
  }
  std::array<int, 2> pair{-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return std::unexpected(std::string("cannot make a socket pair: ") +
                           std::strerror(errno));
  }
  needs_scratch_ = options.scratch_bytes != 0;
  scratch_directory_ = options.scratch_directory;
  if (service.warm_up) {
    service.warm_up();
  }
  const pid_t self = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    SpawnerMain(pair[1], self, options, service);
  }
  const int error = errno;
  close(pair[1]);
  control_ = pair[0];
  if (pid_ < 0) {
    return std::unexpected(std::string("cannot fork: ") + std::strerror(error));
  }
  return {};
}

Spawner::~Spawner() {
  const std::scoped_lock lock(mutex_);
  if (control_ >= 0) {
    close(control_);
    control_ = -1;
  }
  if (pid_ > 0) {
    WaitForEnd(pid_);
    KillAndReap(pid_);
  }
}

bool Spawner::IsGone() const {
  const std::scoped_lock lock(mutex_);
  return control_ < 0;
}

// The spawner is dead or does not answer; make sure of the former.
void Spawner::Abandon() {
  close(control_);
  control_ = -1;
  KillAndReap(std::exchange(pid_, -1));
}

std::expected<Spawned, std::string> Spawner::Spawn() {
  const std::scoped_lock lock(mutex_);
  if (control_ < 0) {
    return std::unexpected(kGone);
  }
  Spawned worker;
  worker.number = ++last_number_;
  int scratch = -1;
  if (needs_scratch_ && (scratch = OpenScratch(scratch_directory_)) < 0) {
    return std::unexpected(std::string("cannot make a scratch file: ") +
                           std::strerror(errno));
  }
  std::optional<SpawnerReply> reply;
  if (SendRequest(control_, {Order::kSpawn, worker.number}, scratch)) {
    reply = ReceiveReply(control_, worker.socket);
  }
  if (scratch >= 0) {
    close(scratch);
  }
  if (!reply) {
    Abandon();
    return std::unexpected(kGone);
  }
  if (reply->pid < 0) {
    return std::unexpected(std::string("cannot make a worker process: ") +
                           std::strerror(reply->status));
  }
  worker.pid = reply->pid;
  if (worker.socket < 0) {
    // The caller's descriptor table is full: the kernel dropped the socket.
    (void)SendRequest(control_, {Order::kRetire, worker.number});
    return std::unexpected("too many open files");
  }
  return worker;
}

std::optional<int> Spawner::End(Spawned& worker) {
  const std::scoped_lock lock(mutex_);
  close(std::exchange(worker.socket, -1));
  if (control_ < 0) {
    return std::nullopt;
  }
  std::optional<SpawnerReply> reply;
  int unexpected_descriptor = -1;
  if (SendRequest(control_, {Order::kEnd, worker.number})) {
    reply = ReceiveReply(control_, unexpected_descriptor);
  }
  if (!reply) {
    Abandon();
    return std::nullopt;
  }
  return reply->status;
}

void Spawner::Retire(Spawned& worker) {
  const std::scoped_lock lock(mutex_);
  close(std::exchange(worker.socket, -1));
  if (control_ >= 0 &&
      !SendRequest(control_, {Order::kRetire, worker.number})) {
    Abandon();
  }
}

}  // namespace countersign::sandbox
