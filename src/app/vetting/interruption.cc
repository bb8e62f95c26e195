#include "app/vetting/interruption.h"

#include <atomic>

namespace countersign::app {
namespace {

// Why a global: a signal handler has no other memory.
std::atomic<int> received_signal{0};
static_assert(std::atomic<int>::is_always_lock_free);

void Remember(int signal) { received_signal.store(signal); }

}  // namespace

Interruption::Interruption() {
  received_signal.store(0);
  for (size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction action{};
    sigemptyset(&action.sa_mask);
    if (kSignals[i] == SIGPIPE) {
      action.sa_handler = SIG_IGN;
    } else {
      action.sa_handler = Remember;
      action.sa_flags = static_cast<int>(SA_RESETHAND);
    }
    ::sigaction(kSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) {
      ::sigaction(kSignals[i], &action, nullptr);
    }
  }
}

Interruption::~Interruption() {
  for (size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], &before_[i], nullptr);
  }
}

int Interruption::Signal() const { return received_signal.load(); }

}  // namespace countersign::app
