#include "app/vetting/vet_pool.h"

#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <system_error>

#include "app/file/descriptor.h"
#include "app/vetting/input_file.h"

namespace countersign::app {

namespace {

// About the bytes that an outcome holds.
uint64_t Weight(const Outcome& outcome) {
  uint64_t bytes = outcome.text.size();
  if (outcome.report) {
    for (const model::Finding& finding : outcome.report->findings) {
      bytes += sizeof(model::Finding) + finding.message.size();
    }
    for (const std::string& reason : outcome.report->reasons) {
      bytes += sizeof(std::string) + reason.size();
    }
  }
  return bytes;
}

}  // namespace

// Steps that are no file to vet are finished on the way.
class VetPool::Inputs : public vet::InputStream {
 public:
  explicit Inputs(VetPool& pool) : pool_(pool) {}

  std::optional<vet::Input> Next(size_t waiting) override {
    // Why: a large file takes so long that another thread may be free before,
    // and what is prepared here would wait behind it.
    constexpr uint64_t kLargeBytes = uint64_t{1} << 20;
    if (waiting > 0 && last_bytes_ > kLargeBytes) {
      return std::nullopt;
    }
    while (auto begun = pool_.Begin(waiting)) {
      auto& [number, step] = *begun;
      Outcome outcome{std::move(step), std::nullopt, {}};
      auto file = Open(outcome);
      if (!file) {
        pool_.Finish(number, std::move(outcome));
        continue;
      }
      vet::Input input{file->Number(), outcome.step.path};
      in_work_.push_back({number, std::move(outcome), *std::move(file)});
      return input;
    }
    return std::nullopt;
  }

  void Take(model::Report report) override {
    InWork work = std::move(in_work_.front());
    in_work_.pop_front();
    work.outcome.report = std::move(report);
    if (pool_.options_.render) {
      work.outcome.text = pool_.options_.render(*work.outcome.report);
      Shorten(*work.outcome.report);
    }
    pool_.Finish(work.number, std::move(work.outcome));
  }

 private:
  struct InWork {
    uint64_t number = 0;
    Outcome outcome;
    Descriptor file;
  };

  // Drops what only the text needed: many reports may wait.
  static void Shorten(model::Report& report) {
    for (model::Artifact& artifact : report.artifacts) {
      artifact.signatures = {};
    }
    for (model::Finding& finding : report.findings) {
      finding.evidence = {};
      finding.attack = {};
      finding.parameters = {};
      finding.clears_if = {};
    }
  }

  // The file of a step, if it is one to be vetted.
  std::optional<Descriptor> Open(Outcome& outcome) {
    if (outcome.step.kind != StepKind::kFile) {
      return std::nullopt;
    }
    auto file =
        OpenInput(outcome.step, pool_.options_.standard_input_limit_bytes);
    if (!file) {
      outcome.step.kind = StepKind::kError;
      outcome.step.message = file.error();
      return std::nullopt;
    }
    struct stat status{};
    const bool known = ::fstat(file->Number(), &status) == 0;
    const FileIdentity identity{status.st_dev, status.st_ino};
    if (known && (identity == pool_.options_.ours ||
                  identity == pool_.options_.target)) {
      outcome.step.kind =
          identity == pool_.options_.ours ? StepKind::kOurs : StepKind::kTarget;
      return std::nullopt;
    }
    last_bytes_ = known ? static_cast<uint64_t>(status.st_size) : 0;
    return *std::move(file);
  }

  VetPool& pool_;
  std::deque<InWork> in_work_;
  uint64_t last_bytes_ = 0;
};

VetPool::VetPool(vet::Vetter& vetter, InputWalk walk, Options options)
    : vetter_(vetter), options_(std::move(options)), walk_(std::move(walk)) {
  const unsigned jobs = std::max(1U, options_.jobs);
  threads_.reserve(jobs);
  for (unsigned i = 0; i < jobs; ++i) {
    try {
      threads_.emplace_back([this] {
        Inputs inputs(*this);
        vetter_.VetAll(inputs);
      });
    } catch (const std::system_error&) {
      break;  // the system allows no more; one is enough to go on
    }
  }
}

VetPool::~VetPool() { Stop(); }

std::optional<std::pair<uint64_t, WalkStep>> VetPool::Begin(size_t waiting) {
  std::unique_lock lock(mutex_);
  const auto there = [this] {
    return stopped_ || walked_ ||
           (begun_ - delivered_ < kWindow &&
            (waiting_bytes_ < kWindowBytes || begun_ == delivered_));
  };
  if (waiting == 0) {
    room_.wait(lock, there);
  }
  if (stopped_ || walked_ || !there()) {
    return std::nullopt;
  }
  // Why: reading standard input may take for ever, and what this thread has
  // already begun would wait for it.
  if (waiting > 0 && walk_.NextIsStandardInput()) {
    return std::nullopt;
  }
  std::optional<WalkStep> step = walk_.Next();
  if (!step) {
    walked_ = true;
    room_.notify_all();
    ready_.notify_all();
    return std::nullopt;
  }
  const uint64_t number = begun_++;
  in_work_[number] = step->path;
  return std::pair(number, *std::move(step));
}

void VetPool::Finish(uint64_t number, Outcome outcome) {
  const std::scoped_lock lock(mutex_);
  in_work_.erase(number);
  waiting_bytes_ += Weight(outcome);
  done_.emplace(number, std::move(outcome));
  if (done_.size() % kBatch == 0 || (stopped_ && in_work_.empty())) {
    ready_.notify_all();
  }
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
  waiting_bytes_ -= Weight(outcome);
  ++delivered_;
  room_.notify_one();
  return Answer::kOutcome;
}

void VetPool::Stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  room_.notify_all();
}

std::vector<Outcome> VetPool::TakeFinished() {
  const std::scoped_lock lock(mutex_);
  std::vector<Outcome> outcomes;
  for (auto& [number, outcome] : std::exchange(done_, {})) {
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
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
