// The wire between pool and worker: a header, then `size_bytes` of payload.
//
//   pool -> worker   kJob (request; the file rides along by SCM_RIGHTS)
//   worker -> pool   once kReady (Layers) or kNotReady (text); then, for each
//                    job, kAnswer (bytes), kException (text), kOutOfMemory or
//                    kTooLarge
//
// Both ends are forks of one program, so structures travel as they lie in
// memory. The pool trusts nothing it receives: see ReceiveFrame.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <expected>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace countersign::sandbox {

enum class FrameKind : uint32_t {
  kJob = 1,
  kReady,
  kNotReady,
  kAnswer,
  kException,
  kOutOfMemory,
  kTooLarge,
};

inline constexpr uint32_t kFrameMagic = 0x43536a62;

struct FrameHeader {
  uint32_t magic = kFrameMagic;
  FrameKind kind = FrameKind::kJob;
  uint64_t job = 0;  // echoed by the worker; 0 = start-up
  uint64_t size_bytes = 0;
  uint64_t has_descriptor = 0;
};

// How long the pool waits for a worker: until a deadline in real time, and
// until the worker has used so much processor time. The latter is read from
// outside by the worker's clock, so that a worker can neither reset it nor
// needs a system call for it; and because a worker has a single thread, it
// need not be read before that much real time has passed.
class Patience {
 public:
  // `cpu_limit` 0 = none.
  Patience(int worker_pid, std::chrono::nanoseconds wall_limit,
           std::chrono::nanoseconds cpu_limit);

  // Time until the next look is due; nothing when either limit is reached.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> Left();
  // True when it was the processor time that ran out.
  [[nodiscard]] bool CpuExhausted() const { return cpu_exhausted_; }

 private:
  [[nodiscard]] std::chrono::nanoseconds CpuUsed() const;

  std::chrono::steady_clock::time_point deadline_;
  std::chrono::steady_clock::time_point next_cpu_look_;
  std::chrono::nanoseconds cpu_limit_;
  std::chrono::nanoseconds cpu_at_start_{0};
  clockid_t cpu_clock_ = 0;
  bool has_cpu_clock_ = false;
  bool cpu_exhausted_ = false;
};

enum class WireFault : uint8_t {
  kClosed,    // the worker is gone
  kTimedOut,  // patience ran out
  kTooLarge,  // an honest header announces more than is allowed
  kGarbage,   // nothing our worker would send
};

// Sends a frame and, unless -1, `descriptor`. Never blocks beyond `patience`,
// never raises SIGPIPE. Fails with kClosed or kTimedOut.
[[nodiscard]] std::expected<void, WireFault> SendFrame(int socket,
                                                       FrameHeader header,
                                                       base::Bytes payload,
                                                       int descriptor,
                                                       Patience& patience);

struct Frame {
  FrameHeader header;
  std::vector<uint8_t> payload;
};

// Yields the frame that answers job number `job`, with at most `max_bytes` of
// payload. Memory grows with what arrives, not with what the header promises;
// descriptors sent along are discarded by the kernel. Fails with each fault.
[[nodiscard]] std::expected<Frame, WireFault> ReceiveFrame(int socket,
                                                           uint64_t job,
                                                           uint64_t max_bytes,
                                                           Patience& patience);

// True when nothing waits to be read and the other end is open: the state of
// a worker that is idle and well.
[[nodiscard]] bool IsQuiet(int socket);

}  // namespace countersign::sandbox
