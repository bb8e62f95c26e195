#include "sandbox/process/worker_main.h"

#include <malloc.h>
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

// Answers up to this size go out in one piece.
constexpr size_t kPieceBytes = size_t{64} << 10;

struct Received {
  uint64_t number = 0;
  Bytes request;
  int descriptor = -1;
};

// The worker's end of its socket. Any failure here means that the pool is
// gone or no longer cares: the process ends.
class Socket {
 public:
  Socket() : piece_(sizeof(FrameHeader) + kPieceBytes) {}

  // The next job; its request is valid until the next call.
  // Why no byte more than one frame: the next one may be waiting behind it.
  Received Receive() {
    Received job;
    FrameHeader header;
    auto* bytes = reinterpret_cast<uint8_t*>(&header);
    size_t have = ReceiveFirst(job, bytes, sizeof(header));
    while (have < sizeof(header)) {
      have += ReceiveMore(bytes + have, sizeof(header) - have);
    }
    if (header.has_descriptor != (job.descriptor >= 0 ? 1U : 0U)) {
      _exit(kExitNoStart);
    }
    job.number = header.job;
    request_.clear();
    request_.shrink_to_fit();
    request_.resize(header.size_bytes);
    for (have = 0; have < request_.size();) {
      have += ReceiveMore(request_.data() + have, request_.size() - have);
    }
    job.request = request_;
    return job;
  }

  void Send(FrameKind kind, uint64_t job, Bytes payload) {
    FrameHeader header;
    header.kind = kind;
    header.job = job;
    header.size_bytes = payload.size();
    // Small answers go out in one piece: one system call, one wake-up.
    if (payload.size() <= kPieceBytes) {
      std::memcpy(piece_.data(), &header, sizeof(header));
      std::copy(payload.begin(), payload.end(),
                piece_.begin() + sizeof(header));
      SendAll(Bytes(piece_).first(sizeof(header) + payload.size()));
      return;
    }
    SendAll(Bytes(reinterpret_cast<const uint8_t*>(&header), sizeof(header)));
    SendAll(payload);
  }

 private:
  // Reads the start of a frame and the descriptor that rides on it.
  static size_t ReceiveFirst(Received& job, uint8_t* to, size_t size) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    iovec part{to, size};
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

  std::vector<uint8_t> piece_;
  std::vector<uint8_t> request_;
};

void Serve(const Received& job, const PoolOptions& options,
           const Service& service, Socket& socket) {
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

// Why: what was freed is soon asked for again, and a page that the system takes
// back costs more than to fill it. Limit: 64 MiB are kept, which leaves the
// largest dictionary room in the memory of a worker; 32 MiB is the largest
// threshold that the library takes.
void KeepFreedMemory() {
  constexpr int kMiB = 1 << 20;
  mallopt(M_MMAP_THRESHOLD, 32 * kMiB);
  mallopt(M_TRIM_THRESHOLD, 64 * kMiB);
  mallopt(M_TOP_PAD, 1 * kMiB);
}

}  // namespace

void WorkerMain(int socket, int scratch, int spawner,
                const PoolOptions& options, const Service& service,
                const MemoryUse& born_with) {
  if (!KeepOnly(socket, scratch)) {
    _exit(kExitNoStart);
  }
  FollowParent(spawner);
  // The spawner's only changes to the defaults.
  (void)signal(SIGCHLD, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const Layers layers = LockDownWorker(options, born_with);
  KeepFreedMemory();
  try {
    Socket wire;
    Prepare(options, service, layers, wire);
    for (;;) {
      const Received job = wire.Receive();
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
