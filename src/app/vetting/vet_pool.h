// Vets many inputs at once and hands the reports out in the order of the
// inputs. At most kWindow of them are in memory.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "app/file/atomic_file.h"
#include "app/vetting/input_walk.h"
#include "model/report.h"
#include "vet/vet.h"

namespace countersign::app {

// What became of one step of the walk: a report, or for an error a sentence in
// `step.message`; links and special files have neither.
struct Outcome {
  WalkStep step;
  std::optional<model::Report> report;  // where `text` was made, in short form
  std::string text;                     // of the report, as it will be printed
};

class VetPool {
 public:
  struct Options {
    unsigned jobs = 1;
    uint64_t standard_input_limit_bytes = 0;
    // The file that this run writes, which is left out.
    FileIdentity ours;
    // The file that would be replaced by it, which is refused.
    FileIdentity target;
    // Yields the text of a report. Called by several threads at once, because
    // writing JSON takes about as long as verifying; may be empty.
    std::function<std::string(const model::Report&)> render;
  };

  // Starts the threads, as many of options.jobs as the system allows. `vetter`
  // must outlive the pool.
  VetPool(vet::Vetter& vetter, InputWalk walk, Options options);
  // Waits for the inputs that are being vetted.
  ~VetPool();
  VetPool(const VetPool&) = delete;
  VetPool& operator=(const VetPool&) = delete;

  // False when not one thread could be started: nothing will come.
  [[nodiscard]] bool IsRunning() const { return !threads_.empty(); }

  enum class Answer : uint8_t { kOutcome, kNotYet, kEnd };
  // The next outcome in the order of the inputs, if it is there before the
  // timeout.
  Answer Next(Outcome& outcome, std::chrono::milliseconds timeout);

  // Begins no further input.
  void Stop();
  // The outcomes that are there, in the order of the inputs, also those that
  // waited for one before them. Nothing comes from Next afterwards.
  std::vector<Outcome> TakeFinished();
  // True once no input is being vetted, within the timeout.
  bool WaitUntilIdle(std::chrono::milliseconds timeout);

  // The input that has been in work for longest, or empty.
  [[nodiscard]] std::string Current();

 private:
  // Limit: 256 outcomes, or about 64 MiB of them, wait for one slow file while
  // the other threads go on. A report takes about 20 kB, so that is 5 MB.
  static constexpr uint64_t kWindow = 256;
  static constexpr uint64_t kWindowBytes = uint64_t{64} << 20;
  // Why: waking the reader for each of thousands of small files costs more
  // than reporting them. It is woken for every 32, and looks by itself after
  // 10 ms, which nobody notices.
  static constexpr uint64_t kBatch = 32;
  static constexpr std::chrono::milliseconds kLatency{10};

  // What one thread hands to the vetter.
  class Inputs;

  // The next step and its number; nothing at the end, or, for a thread that has
  // inputs `waiting`, when there is no room or standard input comes next.
  std::optional<std::pair<uint64_t, WalkStep>> Begin(size_t waiting);
  void Finish(uint64_t number, Outcome outcome);

  vet::Vetter& vetter_;
  Options options_;
  std::mutex mutex_;
  std::condition_variable room_;   // a place in the window became free
  std::condition_variable ready_;  // an outcome arrived, or the end
  InputWalk walk_;                 // all below: guarded by mutex_
  std::map<uint64_t, Outcome> done_;
  std::map<uint64_t, std::string> in_work_;
  uint64_t begun_ = 0;
  uint64_t delivered_ = 0;
  uint64_t waiting_bytes_ = 0;  // about what done_ holds
  bool walked_ = false;
  bool stopped_ = false;
  std::vector<std::jthread> threads_;  // last, so that they end first
};

}  // namespace countersign::app
