#include "sandbox/process/frame.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace countersign::sandbox {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

timespec ToTimespec(nanoseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  return {static_cast<time_t>(seconds.count()),
          static_cast<long>((time - seconds).count())};
}

// Waits until `events` or a hang-up; false when patience ran out.
bool WaitFor(int socket, short events, Patience& patience) {
  for (;;) {
    const auto left = patience.Left();
    // Why one look more: this process may have been stopped meanwhile, and the
    // answer be there.
    const timespec timeout = ToTimespec(left.value_or(nanoseconds{0}));
    pollfd entry{socket, events, 0};
    if (ppoll(&entry, 1, &timeout, nullptr) > 0) {
      return true;
    }
    if (!left) {
      return false;
    }
  }
}

// Receives up to `size` bytes; 0 = closed by the worker.
std::expected<size_t, WireFault> ReceiveSome(int socket, uint8_t* to,
                                             size_t size, Patience& patience) {
  for (;;) {
    if (!WaitFor(socket, POLLIN, patience)) {
      return std::unexpected(WireFault::kTimedOut);
    }
    const ssize_t got = recv(socket, to, size, MSG_DONTWAIT);
    if (got > 0) {
      return static_cast<size_t>(got);
    }
    if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
      return std::unexpected(WireFault::kClosed);
    }
  }
}

// The control message that carries one descriptor.
class DescriptorMessage {
 public:
  void Attach(msghdr& message, int descriptor) {
    message.msg_control = buffer_.data();
    message.msg_controllen = buffer_.size();
    cmsghdr* control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(control), &descriptor, sizeof(int));
  }

 private:
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> buffer_{};
};

// Limit: how far the answer buffer runs ahead of the bytes that arrived.
constexpr size_t kStepBytes = size_t{1} << 20;

}  // namespace

Patience::Patience(int worker_pid, nanoseconds wall_limit,
                   nanoseconds cpu_limit)
    : deadline_(steady_clock::now() + wall_limit),
      next_cpu_look_(deadline_ - wall_limit + cpu_limit),
      cpu_limit_(cpu_limit) {
  has_cpu_clock_ = cpu_limit_.count() > 0 &&
                   clock_getcpuclockid(worker_pid, &cpu_clock_) == 0;
  if (has_cpu_clock_) {
    cpu_at_start_ = CpuUsed();
  }
}

nanoseconds Patience::CpuUsed() const {
  timespec used{};
  if (clock_gettime(cpu_clock_, &used) != 0) {
    return cpu_at_start_;
  }
  return std::chrono::seconds(used.tv_sec) + nanoseconds(used.tv_nsec);
}

std::optional<nanoseconds> Patience::Left() {
  const auto now = steady_clock::now();
  if (now >= deadline_) {
    return std::nullopt;
  }
  const nanoseconds wall_left = deadline_ - now;
  if (!has_cpu_clock_) {
    return wall_left;
  }
  if (now >= next_cpu_look_) {
    const nanoseconds left = cpu_limit_ - (CpuUsed() - cpu_at_start_);
    if (left.count() <= 0) {
      cpu_exhausted_ = true;
      return std::nullopt;
    }
    next_cpu_look_ = now + left;
  }
  return std::min<nanoseconds>(wall_left, next_cpu_look_ - now);
}

std::expected<void, WireFault> SendFrame(int socket, FrameHeader header,
                                         base::Bytes payload, int descriptor,
                                         Patience& patience) {
  header.size_bytes = payload.size();
  header.has_descriptor = descriptor >= 0 ? 1 : 0;
  DescriptorMessage rights;
  for (size_t sent = 0; sent < sizeof(header) + payload.size();) {
    std::array<iovec, 2> parts{};
    size_t count = 0;
    if (sent < sizeof(header)) {
      parts[count++] = {reinterpret_cast<uint8_t*>(&header) + sent,
                        sizeof(header) - sent};
    }
    const size_t skip = sent < sizeof(header) ? 0 : sent - sizeof(header);
    parts[count++] = {const_cast<uint8_t*>(payload.data()) + skip,
                      payload.size() - skip};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    if (sent == 0 && descriptor >= 0) {
      rights.Attach(message, descriptor);
    }
    const ssize_t put = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put > 0) {
      sent += static_cast<size_t>(put);
    } else if (errno == EAGAIN) {
      if (!WaitFor(socket, POLLOUT, patience)) {
        return std::unexpected(WireFault::kTimedOut);
      }
    } else if (errno != EINTR) {
      return std::unexpected(WireFault::kClosed);
    }
  }
  return {};
}

std::expected<Frame, WireFault> ReceiveFrame(int socket, uint64_t job,
                                             uint64_t max_bytes,
                                             Patience& patience) {
  // Why no byte more than one frame: the next answer may be waiting behind it.
  Frame frame;
  auto* header = reinterpret_cast<uint8_t*>(&frame.header);
  for (size_t have = 0; have < sizeof(FrameHeader);) {
    const auto got = ReceiveSome(socket, header + have,
                                 sizeof(FrameHeader) - have, patience);
    if (!got) {
      return std::unexpected(got.error());
    }
    have += *got;
  }
  const uint64_t size = frame.header.size_bytes;
  if (frame.header.magic != kFrameMagic || frame.header.job != job) {
    return std::unexpected(WireFault::kGarbage);
  }
  if (size > max_bytes) {
    return std::unexpected(WireFault::kTooLarge);
  }
  while (frame.payload.size() < size) {
    const size_t old = frame.payload.size();
    frame.payload.resize(
        static_cast<size_t>(std::min<uint64_t>(size, old + kStepBytes)));
    for (size_t at = old; at < frame.payload.size();) {
      const auto got = ReceiveSome(socket, frame.payload.data() + at,
                                   frame.payload.size() - at, patience);
      if (!got) {
        return std::unexpected(got.error());
      }
      at += *got;
    }
  }
  return frame;
}

bool IsQuiet(int socket) {
  char byte = 0;
  ssize_t got = 0;
  do {
    got = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  return got < 0 && errno == EAGAIN;
}

}  // namespace countersign::sandbox
