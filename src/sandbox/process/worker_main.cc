#include "sandbox/process/worker_main.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "sandbox/process/frame.h"
#include "sandbox/process/lockdown.h"

namespace countersign::sandbox {
namespace {

using base::Bytes;

// Bytes of a request read together with its header.
constexpr size_t kRequestBytes = size_t{64} << 10;

struct Job {
  uint64_t number = 0;
  Bytes request;
  int descriptor = -1;
};

// The worker's end of its socket. Any failure here means that the pool is
// gone or no longer cares: the process ends.
class Socket {
 public:
  Socket() : first_(sizeof(FrameHeader) + kRequestBytes) {}

  // The next job; its request is valid until the next call.
  Job Receive() {
    Job job;
    size_t have = ReceiveFirst(job);
    while (have < sizeof(FrameHeader)) {
      have += ReceiveMore(first_.data() + have, first_.size() - have);
    }
    FrameHeader header;
    std::memcpy(&header, first_.data(), sizeof(header));
    have -= sizeof(header);
    if (header.has_descriptor != (job.descriptor >= 0 ? 1U : 0U)) {
      _exit(kExitNoStart);
    }
    job.number = header.job;
    const uint8_t* begin = first_.data() + sizeof(header);
    if (header.size_bytes <= have) {
      job.request = Bytes(begin, header.size_bytes);
      return job;
    }
    large_.clear();
    large_.shrink_to_fit();
    large_.resize(header.size_bytes);
    std::copy_n(begin, have, large_.begin());
    while (have < large_.size()) {
      have += ReceiveMore(large_.data() + have, large_.size() - have);
    }
    job.request = large_;
    return job;
  }

  void Send(FrameKind kind, uint64_t job, Bytes payload) {
    FrameHeader header;
    header.kind = kind;
    header.job = job;
    header.size_bytes = payload.size();
    // Small answers go out in one piece: one system call, one wake-up.
    if (payload.size() <= kRequestBytes) {
      std::memcpy(first_.data(), &header, sizeof(header));
      std::copy(payload.begin(), payload.end(),
                first_.begin() + sizeof(header));
      SendAll(Bytes(first_).first(sizeof(header) + payload.size()));
      return;
    }
    SendAll(Bytes(reinterpret_cast<const uint8_t*>(&header), sizeof(header)));
    SendAll(payload);
  }

 private:
  // Reads the start of a frame and the descriptor that rides on it.
  size_t ReceiveFirst(Job& job) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    iovec part{first_.data(), first_.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const size_t got = Receive(message);
    const cmsghdr* found = CMSG_FIRSTHDR(&message);
    if (found != nullptr && found->cmsg_type == SCM_RIGHTS &&
        found->cmsg_len == CMSG_LEN(sizeof(int))) {
      std::memcpy(&job.descriptor, CMSG_DATA(found), sizeof(int));
    }
    return got;
  }

  static size_t ReceiveMore(uint8_t* to, size_t size) {
    iovec part{to, size};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    return Receive(message);
  }

  static size_t Receive(msghdr& message) {
    for (;;) {
      const ssize_t got = recvmsg(kSocket, &message, MSG_CMSG_CLOEXEC);
      if (got > 0) {
        return static_cast<size_t>(got);
      }
      if (got == 0 || errno != EINTR) {
        _exit(0);
      }
    }
  }

  static void SendAll(Bytes bytes) {
    while (!bytes.empty()) {
      const ssize_t put =
          send(kSocket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put > 0) {
        bytes = bytes.subspan(static_cast<size_t>(put));
      } else if (put == 0 || errno != EINTR) {
        _exit(0);
      }
    }
  }

  std::vector<uint8_t> first_;
  std::vector<uint8_t> large_;
};

void Serve(const Job& job, const PoolOptions& options, const Service& service,
           Socket& socket) {
  // Exceptions are caught here and in the gate's request loop, nowhere else.
  try {
    const auto answer = service.handle(job.request, job.descriptor);
    if (answer.size() > options.max_answer_bytes) {
      socket.Send(FrameKind::kTooLarge, job.number, {});
    } else {
      socket.Send(FrameKind::kAnswer, job.number, answer);
    }
  } catch (const std::bad_alloc&) {
    socket.Send(FrameKind::kOutOfMemory, job.number, {});
  } catch (const std::exception& error) {
    // Limit: what() may quote hostile bytes; nobody reads beyond this.
    const std::string_view text = error.what();
    socket.Send(FrameKind::kException, job.number,
                base::AsBytes(text.substr(0, 4096)));
  } catch (...) {
    socket.Send(FrameKind::kException, job.number,
                base::AsBytes("unknown exception"));
  }
}

void Prepare(const PoolOptions& options, const Service& service,
             const Layers& layers, Socket& socket) {
  std::string refusal;
  if (!options.allow_weak && !layers.Complete()) {
    refusal = "this system lacks: " + layers.Missing();
  } else if (service.prepare) {
    try {
      service.prepare();
    } catch (const std::exception& error) {
      refusal = std::string("the worker could not prepare: ") + error.what();
    }
  }
  if (!refusal.empty()) {
    socket.Send(FrameKind::kNotReady, 0, base::AsBytes(refusal));
    _exit(kExitNoStart);
  }
  socket.Send(FrameKind::kReady, 0,
              Bytes(reinterpret_cast<const uint8_t*>(&layers), sizeof(layers)));
}

}  // namespace

void WorkerMain(int socket, int spawner, const PoolOptions& options,
                const Service& service, uint64_t born_bytes) {
  if (!KeepOnlySocket(socket)) {
    _exit(kExitNoStart);
  }
  FollowParent(spawner);
  // The spawner's only changes to the defaults.
  (void)signal(SIGCHLD, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const Layers layers = LockDownWorker(options, born_bytes);
  try {
    Socket wire;
    Prepare(options, service, layers, wire);
    for (;;) {
      const Job job = wire.Receive();
      Serve(job, options, service, wire);
      if (job.descriptor >= 0) {
        close(job.descriptor);
      }
    }
  } catch (const std::bad_alloc&) {
    // A request that does not fit: there is no frame to answer with.
    _exit(kExitOutOfMemory);
  }
}

}  // namespace countersign::sandbox
