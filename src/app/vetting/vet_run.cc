#include "app/vetting/vet_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <future>
#include <iterator>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "app/command.h"
#include "app/report/summary.h"
#include "app/terminal/quantity.h"
#include "app/vetting/input_count.h"
#include "app/vetting/interruption.h"
#include "app/vetting/progress.h"
#include "app/vetting/report_output.h"
#include "app/vetting/trust_selection.h"
#include "app/vetting/vet_pool.h"
#include "base/result.h"

namespace countersign::app {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Limit: 64 MiB. The largest public revocation lists have about 30 MB.
constexpr uint64_t kRevocationLimitBytes = uint64_t{64} << 20;
// Limit: 64 MiB. The largest catalogs of Windows have some MiB.
constexpr uint64_t kCatalogLimitBytes = uint64_t{64} << 20;
// How often a signal and the progress line are looked after.
constexpr milliseconds kTick{100};
// How long inputs in work may take to end after a signal.
constexpr milliseconds kGrace{1'000};

// One sentence if the request cannot be meant so.
std::expected<void, std::string> CheckRequest(const VetRequest& request) {
  const std::vector<std::string>& paths = request.paths;
  if (request.quiet && request.verbose) {
    return std::unexpected(std::string(
        "--quiet and --verbose contradict each other. Leave one out."));
  }
  if (std::ranges::count(paths, "-") > 1) {
    return std::unexpected(std::string(
        "Standard input (\"-\") can be vetted once. Name it once."));
  }
  if (std::ranges::count(paths, "") > 0) {
    return std::unexpected(
        std::string("A path is empty. Check the variable it came from."));
  }
  return {};
}

unsigned ChooseJobs(const VetRequest& request) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const unsigned jobs = request.jobs == 0 ? cores : request.jobs;
  if (std::ranges::any_of(request.paths, IsDirectory)) {
    return jobs;
  }
  return std::min(jobs, static_cast<unsigned>(request.paths.size()));
}

std::expected<vet::Options, std::string> MakeOptions(
    const VetRequest& request, const VetServices& services) {
  vet::Options options;
  auto trust = CS_TRY(SelectTrust(request.trust, services.directory,
                                  services.import_trust, services.now));
  for (const std::string& note : trust.notes) {
    Complain(note);
  }
  options.at = request.at.value_or(services.now);
  options.stores = std::make_shared<const std::vector<model::TrustStore>>(
      std::move(trust.stores));
  for (const std::string& path : request.crls) {
    options.revocation.push_back(
        {path, CS_TRY(ReadWholeFile(path, kRevocationLimitBytes))});
  }
  for (const std::string& path : request.catalogs) {
    options.catalogs.push_back(
        {path, CS_TRY(ReadWholeFile(path, kCatalogLimitBytes))});
  }
  options.jobs = ChooseJobs(request);
  options.process_per_file = request.isolate;
  options.strict_padding = request.strict_padding;
  options.allow_weak_sandbox = request.allow_weak_sandbox;
  options.time_limit = request.time_limit;
  options.memory_limit_bytes = request.memory_limit_bytes;
  options.unpack = request.unpack;
  if (const char* directory = std::getenv("TMPDIR");
      directory != nullptr && directory[0] != '\0') {
    options.scratch_directory = directory;
  }
  return options;
}

class Run {
 public:
  Run(const VetRequest& request, vet::Vetter& vetter, ReportOutput& output)
      : request_(request),
        vetter_(vetter),
        output_(output),
        tally_(request.fail_on),
        error_style_(ChooseStyle(request.color, Look(STDERR_FILENO))),
        progress_(ShowsProgress() ? STDERR_FILENO : -1, error_style_) {
    if (ShowsProgress()) {
      count_.emplace(request.paths);
    }
  }

  int Execute(unsigned jobs) {
    const Interruption interruption;
    VetPool pool(vetter_, InputWalk(request_.paths),
                 {jobs, request_.standard_input_limit_bytes, output_.Identity(),
                  output_.Replaced(), [this](const model::Report& report) {
                    return output_.Render(report);
                  }});
    if (!pool.IsRunning()) {
      Say("Cannot start a thread. Raise the limit on processes (ulimit -u), or "
          "end some of them.");
      return Leave(pool, kExitError);
    }
    for (;;) {
      Outcome outcome;
      const VetPool::Answer answer = pool.Next(outcome, kTick);
      if (const int signal = interruption.Signal(); signal != 0) {
        std::vector<Outcome> finished;
        if (answer == VetPool::Answer::kOutcome) {
          finished.push_back(std::move(outcome));
        }
        return Interrupted(pool, signal, std::move(finished));
      }
      if (answer == VetPool::Answer::kEnd) {
        return Finish();
      }
      if (answer == VetPool::Answer::kOutcome &&
          (!Take(outcome) || HasBroken(outcome))) {
        if (const int signal = interruption.Signal(); signal != 0) {
          return Interrupted(pool, signal, {});
        }
        if (!output_.Abandoned()) {
          Say(fmt::format("Stopped after {}: {}",
                          Count(summary_.Files(), "file"), output_.EndEarly()));
        }
        // What is known to be bad must not be hidden by what is not known.
        return Leave(pool, tally_.Code() == kExitFound && vetter_.IsBroken()
                               ? kExitFound
                               : kExitError);
      }
      if (progress_.Due()) {
        progress_.Draw(Facts(pool));
      }
    }
  }

 private:
  [[nodiscard]] bool ShowsProgress() const {
    return !request_.quiet && !request_.no_progress &&
           Look(STDERR_FILENO).is_terminal;
  }

  [[nodiscard]] double Seconds() const {
    return std::chrono::duration<double>(Clock::now() - start_).count();
  }

  void Say(std::string_view sentence) {
    progress_.Clear();
    Complain(sentence);
  }

  // False when the report could not be written.
  bool Take(Outcome& outcome) {
    switch (outcome.step.kind) {
      case StepKind::kError:
        Say(outcome.step.message);
        tally_.AddUnreadable();
        summary_.AddUnreadable();
        break;
      case StepKind::kLink:
        summary_.AddLink();
        break;
      case StepKind::kSpecialFile:
        summary_.AddSpecialFile();
        break;
      case StepKind::kOurs:
        break;
      case StepKind::kTarget:
        Say(
            fmt::format("{} is to be vetted, and --output would replace it by "
                        "the report. Name another file.",
                        outcome.step.path));
        return false;
      case StepKind::kFile:
        return TakeReport(*outcome.report, std::move(outcome.text));
    }
    return true;
  }

  // True, with a sentence, when no further input can be inspected.
  bool HasBroken(const Outcome& outcome) {
    if (!outcome.report || outcome.report->complete || !vetter_.IsBroken()) {
      return false;
    }
    Say("The process that starts the workers is gone, so nothing can be "
        "inspected any more. Perhaps the system ran out of memory: see its "
        "log, then run this again.");
    return true;
  }

  bool TakeReport(const model::Report& report, std::string text) {
    tally_.Add(report);
    summary_.Add(report);
    progress_.Clear();
    return Written(output_.Print(report, std::move(text)));
  }

  bool Written(const std::expected<void, std::string>& result) {
    if (!result && !output_.Abandoned() && !output_.IsInterrupted()) {
      Say(result.error());
    }
    return result.has_value();
  }

  int Finish() {
    progress_.Clear();
    if (summary_.Files() == 0 && tally_.Code() == kExitSuccess) {
      Say("Nothing was vetted: there is no regular file in what was named. "
          "Check the path.");
      return kExitError;
    }
    return Written(output_.Finish(summary_, Seconds())) ? tally_.Code()
                                                        : kExitError;
  }

  // What is finished is reported, also where it waited for a slow input, unless
  // nobody reads it.
  int Interrupted(VetPool& pool, int signal, std::vector<Outcome> finished) {
    progress_.Clear();
    pool.Stop();
    const bool is_idle = pool.WaitUntilIdle(kGrace);
    std::ranges::move(pool.TakeFinished(), std::back_inserter(finished));
    // Why either: without another thread it is printed here, for as long as it
    // takes.
    std::future<void> printing =
        std::async(std::launch::async | std::launch::deferred, [&] {
          for (Outcome& outcome : finished) {
            if (output_.IsInterrupted() || !Take(outcome)) {
              return;
            }
          }
        });
    const std::future_status status = printing.wait_for(kGrace);
    if (status == std::future_status::deferred) {
      printing.get();
    } else if (status == std::future_status::timeout) {
      Complain(
          "Interrupted while printing: the last report printed is cut "
          "off.");
      std::_Exit(128 + signal);
    }
    Say(fmt::format("Interrupted after {}: {}", Count(summary_.Files(), "file"),
                    output_.EndEarly()));
    return End(is_idle, 128 + signal);
  }

  // Ends without a half-written output file, and without waiting for a file
  // that takes long: workers end when this process does.
  int Leave(VetPool& pool, int code) {
    progress_.Clear();
    pool.Stop();
    return End(pool.WaitUntilIdle(kGrace), code);
  }

  static int End(bool is_idle, int code) {
    if (!is_idle) {
      std::_Exit(code);
    }
    return code;
  }

  ProgressFacts Facts(VetPool& pool) const {
    ProgressFacts facts;
    facts.files_done = summary_.Files();
    facts.bytes_done = std::max(summary_.Bytes(), vetter_.BytesRead());
    facts.files_total = count_->Files();
    facts.bytes_total = count_->Bytes();
    // Standard input alone counts as no file.
    facts.total_known = count_->Finished() && facts.files_total > 0;
    facts.seconds = Seconds();
    facts.current = pool.Current();
    return facts;
  }

  const VetRequest& request_;
  vet::Vetter& vetter_;
  ReportOutput& output_;
  ExitTally tally_;
  Summary summary_;
  TextStyle error_style_;
  Progress progress_;
  Clock::time_point start_ = Clock::now();
  std::optional<InputCount> count_;
};

std::expected<int, std::string> TryRun(const VetRequest& request,
                                       const VetServices& services) {
  CS_TRY_VOID(CheckRequest(request));
  vet::Options options = CS_TRY(MakeOptions(request, services));
  const unsigned jobs = options.jobs;
  // Why first: workers must not inherit the output file, and are started
  // while there is one thread.
  const std::unique_ptr<vet::Vetter> vetter =
      CS_TRY(services.start(std::move(options)));
  if (const std::string missing = vetter->MissingLayers(); !missing.empty()) {
    Complain(
        fmt::format("The sandbox is weak, as --allow-weak-sandbox permits: "
                    "the kernel gives no {}.",
                    missing));
  }
  const bool many = request.paths.size() > 1 ||
                    std::ranges::any_of(request.paths, IsDirectory);
  ReportOutput output =
      CS_TRY(ReportOutput::Open(request, many, services.output_descriptor));
  return Run(request, *vetter, output).Execute(jobs);
}

}  // namespace

int RunVet(const VetRequest& request, const VetServices& services) {
  const auto code = TryRun(request, services);
  if (!code) {
    Complain(code.error());
    return kExitError;
  }
  return *code;
}

}  // namespace countersign::app
