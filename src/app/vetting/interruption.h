// Ctrl-C and its relatives, noticed instead of dying.
#pragma once

#include <signal.h>

#include <array>

namespace countersign::app {

// While it lives, SIGINT, SIGTERM and SIGHUP are remembered; a second one of
// the same kind kills as usual. A signal that was ignored stays so (nohup).
// SIGPIPE is ignored, so that a closed pipe is an error like any other. One
// at a time in a process.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // The signal that came, or 0.
  [[nodiscard]] int Signal() const;

 private:
  static constexpr std::array<int, 4> kSignals = {SIGINT, SIGTERM, SIGHUP,
                                                  SIGPIPE};
  std::array<struct sigaction, kSignals.size()> before_{};
};

}  // namespace countersign::app
