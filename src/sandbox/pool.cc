#include "sandbox/pool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "base/result.h"
#include "base/text.h"
#include "sandbox/process/frame.h"
#include "sandbox/process/lockdown.h"
#include "sandbox/process/spawner.h"
#include "sandbox/process/worker_main.h"

namespace countersign::sandbox {
namespace {

using base::Bytes;
using WireResult = std::expected<void, WireFault>;

// See Job::request.
constexpr size_t kAheadBytes = 4096;

// How a process ended, in words; `status` as by waitpid.
std::string DescribeDeath(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    const char* name = sigabbrev_np(signal);
    std::string text =
        "killed by " + (name != nullptr ? std::string("SIG") + name
                                        : "signal " + std::to_string(signal));
    if (signal == SIGSYS) {
      return "bad system call (" + text + ")";
    }
    if (signal == SIGKILL) {
      text += " (perhaps the system ran out of memory)";
    }
    return text;
  }
  if (WEXITSTATUS(status) == kExitOutOfMemory) {
    return "out of memory";
  }
  return "exited with status " + std::to_string(WEXITSTATUS(status));
}

Answer Unavailable(std::string detail) {
  return {Outcome::kUnavailable, {}, std::move(detail), 0};
}

// True for what a worker may be handed: a regular file that it can only read.
bool IsReadOnlyFile(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  struct stat status{};
  return flags != -1 && (flags & O_ACCMODE) == O_RDONLY &&
         (flags & O_PATH) == 0 && fstat(descriptor, &status) == 0 &&
         S_ISREG(status.st_mode);
}

std::string SafeText(const std::vector<uint8_t>& bytes) {
  return base::DisplaySafe(base::AsText(bytes));
}

}  // namespace

struct Pool::State {
  struct Worker {
    Spawned process;
    unsigned jobs = 0;
  };

  // Makes a worker and waits until it is prepared. Fails with a sentence.
  std::expected<Worker, std::string> MakeWorker();
  std::expected<void, std::string> AwaitReady(Worker& worker);

  // One slot, taken for one job. A worker whose job was cut short by an
  // exception in the caller (out of memory) is not used again.
  class Lease {
   public:
    // Blocks until a slot is free; it may hold no worker.
    explicit Lease(State& state);
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();

    // Ends the worker, if there is one, and empties the slot.
    void Retire();

    std::optional<Worker> worker;
    bool settled = false;

   private:
    State& state_;
  };

  struct Pending {
    Job job;
    uint64_t number = 0;  // 0 while the worker does not have it
    bool is_fit = true;
  };

  [[nodiscard]] size_t JobsAhead() const {
    return options.jobs_per_worker == 0 ? std::max(1U, options.jobs_ahead) : 1;
  }
  // Retires a worker that is idle and must not serve another job: it served
  // as many as it may, died, or speaks unasked.
  void RetireIfSpent(Lease& lease);
  // Sees to it that the lease holds a worker, or fails with a sentence.
  std::expected<void, std::string> HaveWorker(Lease& lease, bool is_idle);
  // Gives the worker what it does not have of the queue, as far as that cannot
  // make both wait for each other.
  WireResult SendAhead(Worker& worker, std::deque<Pending>& queue);
  WireResult Send(Worker& worker, Pending& pending);
  // Answers the first job of the queue with the leased worker; empties the
  // lease if that must not serve another one.
  Answer RunHead(Lease& lease, std::deque<Pending>& queue);
  // The same with a worker that is made if need be.
  Answer AnswerHead(Lease& lease, std::deque<Pending>& queue);
  // The answer to a job whose worker broke the protocol in this way.
  Answer Bury(Worker& worker, WireFault fault, const Patience& patience);

  PoolOptions options;
  Service service;
  Spawner spawner;

  std::mutex mutex;
  std::condition_variable slot_free;
  // Free slots, the most recently used last: its memory is still in the cache.
  std::vector<std::optional<Worker>> slots;
  Layers layers;
  uint64_t last_job = 0;
};

std::expected<void, std::string> Pool::State::AwaitReady(Worker& worker) {
  Patience patience(worker.process.pid, options.wall_timeout, {});
  // Limit: a report of layers or one sentence.
  const auto frame = ReceiveFrame(worker.process.socket, 0, 4096, patience);
  // Why: hostile files may have been parsed by then (`prepare`), and a bool of
  // another value than 0 and 1 is undefined.
  if (frame && frame->header.kind == FrameKind::kReady &&
      frame->payload.size() == sizeof(Layers) &&
      std::ranges::all_of(Bytes(frame->payload)
                              .first(offsetof(Layers, system_calls_denied) + 1),
                          [](uint8_t flag) { return flag <= 1; })) {
    const std::scoped_lock lock(mutex);
    std::memcpy(&layers, frame->payload.data(), sizeof(layers));
    return {};
  }
  const auto status = spawner.End(worker.process);
  if (frame && frame->header.kind == FrameKind::kNotReady) {
    return std::unexpected(SafeText(frame->payload));
  }
  if (!frame && frame.error() == WireFault::kTimedOut) {
    return std::unexpected("a worker did not get ready in time");
  }
  return std::unexpected(
      "a worker died while getting ready: " +
      (status ? DescribeDeath(*status) : "the spawner process is gone"));
}

auto Pool::State::MakeWorker() -> std::expected<Worker, std::string> {
  auto process = CS_TRY(spawner.Spawn());
  Worker worker{process, 0};
  CS_TRY_VOID(AwaitReady(worker));
  return worker;
}

Pool::State::Lease::Lease(State& state) : state_(state) {
  std::unique_lock lock(state_.mutex);
  state_.slot_free.wait(lock, [this] { return !state_.slots.empty(); });
  worker = state_.slots.back();
  state_.slots.pop_back();
}

Pool::State::Lease::~Lease() {
  if (!settled) {
    Retire();
  }
  {
    const std::scoped_lock lock(state_.mutex);
    state_.slots.push_back(worker);  // never allocates: it was there before
  }
  state_.slot_free.notify_one();
}

void Pool::State::Lease::Retire() {
  if (worker) {
    state_.spawner.Retire(worker->process);
    worker.reset();
  }
}

Answer Pool::State::Bury(Worker& worker, WireFault fault,
                         const Patience& patience) {
  const auto status = spawner.End(worker.process);
  Answer answer{Outcome::kDied, {}, {}, 0};
  if (!status) {
    return Unavailable("the spawner process is gone");
  }
  switch (fault) {
    case WireFault::kTimedOut:
      answer.outcome = Outcome::kTimedOut;
      answer.detail = patience.CpuExhausted()
                          ? "the limit of processor time was reached"
                          : "the limit of time was reached";
      break;
    case WireFault::kTooLarge:
      answer.outcome = Outcome::kTooLarge;
      answer.detail = "the answer is too large";
      break;
    case WireFault::kGarbage:
      answer.detail = "the worker sent garbage";
      break;
    case WireFault::kClosed:
      answer.detail = DescribeDeath(*status);
      break;
  }
  answer.signal = WIFSIGNALED(*status) ? WTERMSIG(*status) : 0;
  return answer;
}

WireResult Pool::State::Send(Worker& worker, Pending& pending) {
  FrameHeader header;
  {
    const std::scoped_lock lock(mutex);
    header.job = pending.number = ++last_job;
  }
  Patience patience(worker.process.pid, options.wall_timeout, {});
  return SendFrame(worker.process.socket, header, pending.job.request,
                   pending.job.descriptor, patience);
}

WireResult Pool::State::SendAhead(Worker& worker, std::deque<Pending>& queue) {
  for (size_t i = 0; i < queue.size(); ++i) {
    Pending& pending = queue[i];
    if (pending.number != 0 || !pending.is_fit) {
      continue;
    }
    if (i > 0 && (pending.job.request.size() > kAheadBytes ||
                  queue[i - 1].job.request.size() > kAheadBytes)) {
      break;
    }
    if (auto sent = Send(worker, pending); !sent) {
      return sent;
    }
  }
  return {};
}

Answer Pool::State::RunHead(Lease& lease, std::deque<Pending>& queue) {
  const auto forget_sent = [&queue] {
    for (Pending& pending : queue) {
      pending.number = 0;
    }
  };
  Worker& worker = *lease.worker;
  const auto sent = SendAhead(worker, queue);
  Patience patience(worker.process.pid, options.wall_timeout,
                    std::chrono::seconds(options.cpu_seconds_per_job));
  std::expected<Frame, WireFault> frame = std::unexpected(WireFault::kClosed);
  if (sent || sent.error() == WireFault::kClosed) {
    frame = ReceiveFrame(worker.process.socket, queue.front().number,
                         options.max_answer_bytes, patience);
  } else {
    frame = std::unexpected(sent.error());
  }
  if (!frame) {
    Answer answer = Bury(worker, frame.error(), patience);
    lease.worker.reset();
    forget_sent();
    return answer;
  }
  ++worker.jobs;
  switch (frame->header.kind) {
    case FrameKind::kAnswer:
      return {Outcome::kAnswered, std::move(frame->payload), {}, 0};
    case FrameKind::kException:
      return {Outcome::kDied, {}, "exception: " + SafeText(frame->payload), 0};
    case FrameKind::kOutOfMemory:
      // Why: what libraries leaked while memory ran out stays leaked.
      lease.Retire();
      forget_sent();
      return {Outcome::kDied, {}, "out of memory", 0};
    case FrameKind::kTooLarge:
      return {Outcome::kTooLarge, {}, "the answer is too large", 0};
    default: {
      Answer answer = Bury(worker, WireFault::kGarbage, patience);
      lease.worker.reset();
      forget_sent();
      return answer;
    }
  }
}

void Pool::State::RetireIfSpent(Lease& lease) {
  const unsigned limit = options.jobs_per_worker;
  if (lease.worker && ((limit != 0 && lease.worker->jobs >= limit) ||
                       !IsQuiet(lease.worker->process.socket))) {
    lease.Retire();
  }
}

std::expected<void, std::string> Pool::State::HaveWorker(Lease& lease,
                                                         bool is_idle) {
  if (is_idle) {
    RetireIfSpent(lease);
  }
  if (!lease.worker) {
    lease.worker = CS_TRY(MakeWorker());
  }
  return {};
}

Answer Pool::State::AnswerHead(Lease& lease, std::deque<Pending>& queue) {
  if (!queue.front().is_fit) {
    return Unavailable("not a regular file opened for reading only");
  }
  if (auto ready = HaveWorker(lease, queue.front().number == 0); !ready) {
    return Unavailable(std::move(ready).error());
  }
  const bool served_others = lease.worker->jobs > 0;
  Answer answer = RunHead(lease, queue);
  // Why: what killed the worker may be what an earlier job left behind. A new
  // worker tells.
  if (answer.outcome != Outcome::kDied || lease.worker || !served_others ||
      !HaveWorker(lease, true)) {
    return answer;
  }
  return RunHead(lease, queue);
}

Pool::Pool(std::unique_ptr<State> state) : state_(std::move(state)) {}

Pool::~Pool() {
  for (auto& slot : state_->slots) {
    if (slot) {
      state_->spawner.Retire(slot->process);
    }
  }
}

std::expected<std::unique_ptr<Pool>, std::string> Pool::Start(
    const PoolOptions& options, Service service) {
  CS_CHECK(options.workers > 0);
  CS_CHECK(service.handle != nullptr);
  auto state = std::make_unique<State>();
  state->options = options;
  state->service = std::move(service);
  CS_TRY_VOID(state->spawner.Start(state->options, state->service));
  // All are forked before the first is waited for: they prepare side by side.
  auto pool = std::unique_ptr<Pool>(new Pool(std::move(state)));
  auto& slots = pool->state_->slots;
  for (unsigned i = 0; i < options.workers; ++i) {
    slots.push_back(State::Worker{CS_TRY(pool->state_->spawner.Spawn()), 0});
  }
  for (auto& slot : slots) {
    if (auto ready = pool->state_->AwaitReady(*slot); !ready) {
      slot.reset();
      return std::unexpected(std::move(ready).error());
    }
  }
  return pool;
}

void Pool::RunStream(JobStream& stream) {
  State::Lease lease(*state_);
  std::deque<State::Pending> queue;
  const size_t ahead = state_->JobsAhead();
  for (;;) {
    while (queue.size() < ahead) {
      const std::optional<Job> job = stream.Next(queue.size());
      if (!job) {
        break;
      }
      queue.push_back(
          {*job, 0, job->descriptor == -1 || IsReadOnlyFile(job->descriptor)});
    }
    if (queue.empty()) {
      break;
    }
    Answer answer = state_->AnswerHead(lease, queue);
    queue.pop_front();
    stream.Take(std::move(answer));
  }
  state_->RetireIfSpent(lease);
  lease.settled = true;
}

Answer Pool::Run(Bytes request, int descriptor) {
  // A stream of one job.
  struct Single : JobStream {
    std::optional<Job> Next(size_t) override {
      return std::exchange(job, std::nullopt);
    }
    void Take(Answer given) override { answer = std::move(given); }

    std::optional<Job> job;
    Answer answer;
  };
  Single single;
  single.job = Job{request, descriptor};
  RunStream(single);
  return std::move(single.answer);
}

bool Pool::IsBroken() const { return state_->spawner.IsGone(); }

Layers Pool::ActiveLayers() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->layers;
}

bool Layers::Complete() const { return Missing().empty(); }

std::string Layers::Missing() const {
  struct Row {
    bool active;
    const char* name;
  };
  const std::array<Row, 7> rows = {{
      {no_new_privileges, "no new privileges"},
      {no_capabilities, "dropped capabilities"},
      {not_traceable, "protection from tracing"},
      {resource_limits, "resource limits"},
      {memory_limit || kSanitized, "memory limit"},
      {file_system_denied, "Landlock"},
      {system_calls_denied, "system call filter (seccomp)"},
  }};
  std::string missing;
  for (const Row& row : rows) {
    if (!row.active) {
      missing += (missing.empty() ? "" : ", ") + std::string(row.name);
    }
  }
  return missing;
}

std::string_view Name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kAnswered:
      return "answered";
    case Outcome::kDied:
      return "died";
    case Outcome::kTimedOut:
      return "timed out";
    case Outcome::kTooLarge:
      return "too large";
    case Outcome::kUnavailable:
      return "unavailable";
  }
  return "unknown";
}

}  // namespace countersign::sandbox
