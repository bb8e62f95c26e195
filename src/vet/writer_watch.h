// Noticing who writes to a file while it is read.
#pragma once

#include <fcntl.h>
#include <cerrno>
#include <csignal>
#include <cstdint>

namespace countersign::vet {

// Keeps writers away from a file while it is read: a read lease, which nobody
// gets while the file is open for writing anywhere, a writable mapping
// included, and which shows afterwards whether somebody tried.
// Spec: fcntl(2), "Leases".
class WriterWatch {
 public:
  enum class State : uint8_t { kNone, kHeld, kWriterThere };

  // Not every file system has leases, and only its owner gets one on a file.
  State Begin(int descriptor) {
    descriptor_ = descriptor;
    // Why: who wants to write raises a signal here. The usual one, SIGIO, would
    // end the process; this one does nothing.
    (void)fcntl(descriptor, F_SETSIG, SIGURG);
    if (fcntl(descriptor, F_SETLEASE, F_RDLCK) == 0) {
      return state_ = State::kHeld;
    }
    return state_ = errno == EAGAIN ? State::kWriterThere : State::kNone;
  }
  // Gives the lease back; yields whether a writer was there.
  bool SawWriter() {
    if (state_ == State::kHeld) {
      const bool disturbed = fcntl(descriptor_, F_GETLEASE) != F_RDLCK;
      (void)fcntl(descriptor_, F_SETLEASE, F_UNLCK);
      state_ = State::kNone;
      return disturbed;
    }
    return state_ == State::kWriterThere;
  }

 private:
  int descriptor_ = -1;
  State state_ = State::kNone;
};

}  // namespace countersign::vet
