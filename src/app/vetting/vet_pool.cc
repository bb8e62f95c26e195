#include "app/vetting/vet_pool.h"

#include <sys/stat.h>

#include <algorithm>

#include "app/vetting/input_file.h"

namespace countersign::app {

VetPool::VetPool(vet::Vetter& vetter, InputWalk walk, Options options)
    : vetter_(vetter), options_(std::move(options)), walk_(std::move(walk)) {
  const unsigned jobs = std::max(1U, options_.jobs);
  threads_.reserve(jobs);
  for (unsigned i = 0; i < jobs; ++i) {
    threads_.emplace_back([this] { Work(); });
  }
}

VetPool::~VetPool() { Stop(); }

void VetPool::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    room_.wait(lock, [this] {
      return stopped_ || walked_ || begun_ - delivered_ < kWindow;
    });
    if (stopped_ || walked_) {
      return;
    }
    std::optional<WalkStep> step = walk_.Next();
    if (!step) {
      walked_ = true;
      room_.notify_all();
      ready_.notify_all();
      return;
    }
    const uint64_t number = begun_++;
    in_work_[number] = step->path;
    lock.unlock();
    Outcome outcome = VetOne(*std::move(step));
    lock.lock();
    in_work_.erase(number);
    done_.emplace(number, std::move(outcome));
    if (done_.size() % kBatch == 0 || (stopped_ && in_work_.empty())) {
      ready_.notify_all();
    }
  }
}

Outcome VetPool::VetOne(WalkStep step) {
  Outcome outcome{std::move(step), std::nullopt, {}};
  if (outcome.step.kind != StepKind::kFile) {
    return outcome;
  }
  const auto file =
      OpenInput(outcome.step, options_.standard_input_limit_bytes);
  if (!file) {
    outcome.step.kind = StepKind::kError;
    outcome.step.message = file.error();
    return outcome;
  }
  struct stat status{};
  if (::fstat(file->Number(), &status) == 0 &&
      FileIdentity{status.st_dev, status.st_ino} == options_.ours) {
    outcome.step.kind = StepKind::kOurs;
    return outcome;
  }
  outcome.report = vetter_.Vet(file->Number(), outcome.step.path);
  if (options_.render) {
    outcome.text = options_.render(*outcome.report);
  }
  return outcome;
}

VetPool::Answer VetPool::Next(Outcome& outcome,
                              std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  const auto at_end = [this] { return walked_ && delivered_ == begun_; };
  const auto until = std::chrono::steady_clock::now() + timeout;
  const auto there = [&] { return done_.contains(delivered_) || at_end(); };
  while (!there() && std::chrono::steady_clock::now() < until) {
    ready_.wait_for(lock, std::min(kLatency, timeout), there);
  }
  const auto found = done_.find(delivered_);
  if (found == done_.end()) {
    return at_end() ? Answer::kEnd : Answer::kNotYet;
  }
  outcome = std::move(found->second);
  done_.erase(found);
  ++delivered_;
  room_.notify_one();
  return Answer::kOutcome;
}

void VetPool::Stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  room_.notify_all();
}

bool VetPool::WaitUntilIdle(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return ready_.wait_for(lock, timeout, [this] { return in_work_.empty(); });
}

std::string VetPool::Current() {
  const std::scoped_lock lock(mutex_);
  return in_work_.empty() ? "" : in_work_.begin()->second;
}

}  // namespace countersign::app
