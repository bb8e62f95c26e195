// Runs jobs on hostile bytes in locked-down child processes.
//
//   caller ---- starts ----> spawner ---- forks ----> worker, worker, ...
//      \___________________ job and answer ______________/
//
// The spawner is forked while the caller is still single-threaded and only
// ever forks; so a dead worker can be replaced although the caller has threads
// by then. A worker has one socket and, during a job, one read-only file; it
// can reach nothing else. Its death costs the one job it had in hand. What is
// forbidden how, and what remains possible: docs/adr/0001-sandbox.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace countersign::sandbox {

struct PoolOptions {
  // Processes that serve jobs; at least 1.
  unsigned workers = 2;
  // Private memory a worker may take beyond what it was born with (heap and
  // writable maps; the stack has 8 MiB of its own). Read-only maps of the file
  // under examination are page cache and do not count, so a job may map a file
  // larger than this.
  uint64_t memory_bytes = uint64_t{1} << 30;
  // Address space beyond that: the largest file that a job can map.
  // Limit: 64 GiB, whose page tables take 128 MiB if every page is touched.
  uint64_t map_bytes = uint64_t{64} << 30;
  // Real time from handing over a job to the last byte of its answer. The
  // start of a worker (`prepare` included) may take this long too.
  std::chrono::milliseconds wall_timeout{60'000};
  // Processor time of one job; 0 = only the wall timeout counts.
  unsigned cpu_seconds_per_job = 30;
  // Bytes that a worker may put aside in its scratch file; 0 = it has none. The
  // file has no name, lies in `scratch_directory` (in memory where that cannot
  // be had), is nobody else's and goes with the worker. See kScratch.
  uint64_t scratch_bytes = 0;
  std::string scratch_directory = {};
  // A worker is replaced after this many jobs; 0 = never, 1 = a fresh process
  // for every job.
  unsigned jobs_per_worker = 0;
  // Limit: an answer is held in the memory of the caller; 64 MiB is far above
  // any report and far below what would hurt.
  uint64_t max_answer_bytes = uint64_t{64} << 20;
  // Jobs of a stream that a worker may have at a time, the one in hand
  // included; at least 1. Above 1, it goes on while the caller prepares the
  // next and takes the last.
  unsigned jobs_ahead = 1;
  // Start even when the kernel lacks a layer; see Pool::ActiveLayers.
  bool allow_weak = false;
};

// In a worker of a pool with scratch_bytes: the descriptor of its scratch file,
// on which pwrite, pread, ftruncate and private read-only mmap work. What one
// job leaves in it the next one finds.
inline constexpr int kScratch = 4;

// What the child processes run. The functions are inherited by fork: they see
// the caller's memory as it was at Start, and change only their own copy.
struct Service {
  // Runs once in Start, before anything is forked: touch here whatever opens
  // files or gathers entropy on first use, or takes long. May be empty.
  std::function<void()> warm_up;
  // Runs once in each worker after lock-down. An exception makes the worker,
  // and so Start, fail. May be empty.
  std::function<void()> prepare;
  // Runs one job and yields its answer. `request` is valid during the call.
  // `descriptor` is a regular file open for reading, or -1; it is closed after
  // the call, and only fstat, mmap (private) and pread work on it.
  std::function<std::vector<uint8_t>(base::Bytes request, int descriptor)>
      handle;
};

enum class Outcome : uint8_t {
  kAnswered,     // bytes holds what `handle` returned
  kDied,         // the worker died, or `handle` threw; detail says how
  kTimedOut,     // killed at the wall or processor time limit
  kTooLarge,     // the answer exceeds max_answer_bytes
  kUnavailable,  // the job was not run
};

struct Answer {
  Outcome outcome = Outcome::kUnavailable;
  std::vector<uint8_t> bytes;  // written by the worker: as hostile as the file
  std::string detail;          // for people; empty when answered
  int signal = 0;              // that killed the worker; 0 = none
};

struct Job {
  // Valid until its answer is taken. Limit: a job with more than 4 KiB is sent
  // only when the worker has no other, so that neither waits for the other to
  // read.
  base::Bytes request;
  int descriptor = -1;  // as for Pool::Run
};

// A caller's stream of jobs; see Pool::RunStream.
class JobStream {
 public:
  virtual ~JobStream() = default;
  // The next job, or nothing: at the end when `waiting` is 0, else not before
  // another answer was taken. `waiting` is how many jobs have no answer yet.
  virtual std::optional<Job> Next(size_t waiting) = 0;
  // Takes the answer to the oldest job that has none.
  virtual void Take(Answer answer) = 0;
};

// The layers of lock-down that a worker found in force on itself.
struct Layers {
  bool no_new_privileges = false;
  bool no_capabilities = false;
  bool not_traceable = false;        // PR_SET_DUMPABLE 0
  bool resource_limits = false;      // all but memory
  bool memory_limit = false;         // not in sanitizer builds
  bool file_system_denied = false;   // Landlock: opening "/" was refused
  bool network_denied = false;       // Landlock ABI >= 4 (TCP bind, connect)
  bool signals_denied = false;       // Landlock ABI >= 6
  bool system_calls_denied = false;  // seccomp: the filter was seen to act
  int landlock_abi = 0;              // 0 = kernel without Landlock

  // True when all layers are on that Start insists on: all but the two that
  // only newer kernels have, which repeat what the system call filter denies.
  [[nodiscard]] bool Complete() const;
  // Names of the missing layers, separated by ", "; empty when none is.
  [[nodiscard]] std::string Missing() const;
};

class Pool {
 public:
  // Yields a pool whose workers are up and prepared. Call it from the main
  // thread while the process has no other; several pools may exist, started
  // one after the other. Fails with a sentence for the operator when the
  // process has threads, a process cannot be made, `prepare` fails, or (unless
  // allow_weak) a layer is missing.
  static std::expected<std::unique_ptr<Pool>, std::string> Start(
      const PoolOptions& options, Service service);

  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  // Kills all workers and the spawner and reaps them. No Run may be going on.
  ~Pool();

  // Yields the answer to one job; blocks until a worker is idle and the job is
  // over. Safe to call from many threads at once. `descriptor` is -1 or a
  // regular file opened O_RDONLY (anything else: kUnavailable); it stays the
  // caller's. Never fails otherwise than by Answer::outcome.
  [[nodiscard]] Answer Run(base::Bytes request, int descriptor = -1);

  // Runs the jobs of a stream on one worker, replaced when it dies, and hands
  // the answers over in their order. The job that it died of is given to its
  // successor, in case that an earlier one was the cause, and so are those that
  // it had not begun; each costs only itself. Blocks until the stream
  // ends; safe to call from many threads at once, as Run is.
  void RunStream(JobStream& stream);

  // True when no worker can be had any more, because the process that makes
  // them is gone: it was killed, and cannot be replaced once there are threads.
  [[nodiscard]] bool IsBroken() const;

  // The layers reported by the most recently started worker.
  [[nodiscard]] Layers ActiveLayers() const;

 private:
  struct State;
  explicit Pool(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

// "answered", "died", "timed out", "too large", "unavailable".
[[nodiscard]] std::string_view Name(Outcome outcome);

}  // namespace countersign::sandbox
