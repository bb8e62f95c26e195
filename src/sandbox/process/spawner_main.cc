// The spawner sees orders of the pool and deaths of its children, never a byte
// of a file; workers have no descriptor that leads to it.
#include "sandbox/process/spawner_main.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>

#include "sandbox/process/lockdown.h"
#include "sandbox/process/worker_main.h"

namespace countersign::sandbox {
namespace {

// Why: when the machine runs out of memory, the kernel should take a worker
// first. Workers inherit the value, and outweigh the spawner by what they use.
void VolunteerForOutOfMemory() {
  const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file >= 0) {
    (void)!write(file, "500", 3);
    close(file);
  }
}

class Nursery {
 public:
  Nursery(const PoolOptions& options, const Service& service)
      : options_(options), service_(service) {
    self_ = getpid();
    born_with_ = OwnMemory();
  }

  // Forks worker `number` with `scratch`, if not -1; `socket` becomes the
  // pool's end of its socket, to be closed by the caller, or -1.
  SpawnerReply Spawn(uint64_t number, int scratch, int& socket) {
    std::array<int, 2> pair{-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
      return {number, -1, errno};
    }
    const pid_t pid = fork();
    if (pid == 0) {
      WorkerMain(pair[1], scratch, self_, options_, service_, born_with_);
    }
    const int error = errno;
    close(pair[1]);
    if (pid < 0) {
      close(pair[0]);
      return {number, -1, error};
    }
    socket = pair[0];
    living_[number] = pid;
    return {number, pid, 0};
  }

  // Kills and reaps worker `number`. A worker that died by itself keeps its
  // own cause: the kernel does not change it for a later signal.
  SpawnerReply End(uint64_t number) {
    SpawnerReply reply{number, -1, SIGKILL};
    if (const auto dead = dead_.find(number); dead != dead_.end()) {
      reply.status = dead->second;
      dead_.erase(dead);
    } else if (const auto it = living_.find(number); it != living_.end()) {
      kill(it->second, SIGKILL);
      int status = 0;
      while (waitpid(it->second, &status, 0) < 0 && errno == EINTR) {
      }
      reply.status = status;
      living_.erase(it);
    }
    return reply;
  }

  // Kills worker `number`; Reap does the rest.
  void Retire(uint64_t number) {
    dead_.erase(number);
    if (const auto it = living_.find(number); it != living_.end()) {
      kill(it->second, SIGKILL);
      retired_[it->second] = number;
    }
  }

  // Collects children that ended, so that none stays a zombie.
  void Reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
      const bool retired = retired_.erase(pid) != 0;
      for (auto it = living_.begin(); it != living_.end(); ++it) {
        if (it->second == pid) {
          if (!retired) {
            dead_[it->first] = status;
          }
          living_.erase(it);
          break;
        }
      }
    }
  }

  void EndAll() {
    for (const auto& [number, pid] : living_) {
      kill(pid, SIGKILL);
    }
    for (const auto& [number, pid] : living_) {
      while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
      }
    }
  }

 private:
  const PoolOptions& options_;
  const Service& service_;
  int self_ = 0;
  MemoryUse born_with_;
  std::map<uint64_t, pid_t> living_;   // by worker number
  std::map<uint64_t, int> dead_;       // status nobody has asked for yet
  std::map<pid_t, uint64_t> retired_;  // status nobody will ask for
};

void SendReply(const SpawnerReply& reply, int socket) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> buffer{};
  iovec part{const_cast<SpawnerReply*>(&reply), sizeof(reply)};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (socket >= 0) {
    message.msg_control = buffer.data();
    message.msg_controllen = buffer.size();
    cmsghdr* control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(control), &socket, sizeof(int));
  }
  while (sendmsg(kSocket, &message, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

void Obey(const SpawnerRequest& request, int scratch, Nursery& nursery) {
  switch (request.order) {
    case Order::kSpawn: {
      int socket = -1;
      const SpawnerReply reply = nursery.Spawn(request.worker, scratch, socket);
      SendReply(reply, socket);
      if (socket >= 0) {
        close(socket);
      }
      return;
    }
    case Order::kEnd:
      SendReply(nursery.End(request.worker), -1);
      return;
    case Order::kRetire:
      nursery.Retire(request.worker);
      return;
  }
}

// As recv; `scratch` becomes the descriptor that came along, or stays -1.
ssize_t ReceiveRequest(SpawnerRequest& request, int& scratch) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> buffer{};
  iovec part{&request, sizeof(request)};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = buffer.data();
  message.msg_controllen = buffer.size();
  const ssize_t got = recvmsg(kSocket, &message, MSG_CMSG_CLOEXEC);
  const cmsghdr* found = got > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (found != nullptr && found->cmsg_type == SCM_RIGHTS &&
      found->cmsg_len == CMSG_LEN(sizeof(int))) {
    std::memcpy(&scratch, CMSG_DATA(found), sizeof(int));
  }
  return got;
}

// Serves until the pool hangs up.
void ObeyAll(Nursery& nursery, const sigset_t& open_mask) {
  for (;;) {
    nursery.Reap();
    pollfd entry{kSocket, POLLIN, 0};
    if (ppoll(&entry, 1, nullptr, &open_mask) < 0) {
      if (errno == EINTR) {
        continue;
      }
      return;
    }
    SpawnerRequest request;
    int scratch = -1;
    const ssize_t got = ReceiveRequest(request, scratch);
    if (got == static_cast<ssize_t>(sizeof(request))) {
      Obey(request, scratch, nursery);
    }
    if (scratch >= 0) {
      close(scratch);
    }
    if (got != static_cast<ssize_t>(sizeof(request)) &&
        (got >= 0 || errno != EINTR)) {
      return;
    }
  }
}

}  // namespace

void SpawnerMain(int control, int parent, const PoolOptions& options,
                 const Service& service) {
  // Why: a Ctrl-C in the terminal is for the caller to handle.
  (void)setsid();
  ResetSignals();
  FollowParent(parent);
  if (!SilenceStandardStreams() || !KeepOnlySocket(control)) {
    _exit(kExitNoStart);
  }
  VolunteerForOutOfMemory();
  // SIGCHLD arrives only inside ppoll, which it interrupts; each worker undoes
  // this for itself.
  sigset_t blocked;
  sigset_t open_mask;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCHLD);
  sigprocmask(SIG_BLOCK, &blocked, &open_mask);
  struct sigaction wake{};
  wake.sa_handler = [](int) {};
  sigaction(SIGCHLD, &wake, nullptr);

  Nursery nursery(options, service);
  LockDownSpawner();
  ObeyAll(nursery, open_mask);
  nursery.EndAll();
  _exit(0);
}

}  // namespace countersign::sandbox
