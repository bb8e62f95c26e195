// What isolation costs: the round trip of an empty job, of larger messages and
// of a file; a fresh process for every job; the start of a pool.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "sandbox/pool.h"

namespace countersign::sandbox {
namespace {

std::unique_ptr<Pool> StartEcho(const PoolOptions& options) {
  auto pool = Pool::Start(
      options,
      {.warm_up = {}, .prepare = {}, .handle = [](base::Bytes request, int) {
         return std::vector<uint8_t>(request.begin(), request.end());
       }});
  if (!pool) {
    std::abort();
  }
  return std::move(*pool);
}

void Exchange(benchmark::State& state, Pool& pool, int descriptor) {
  const std::vector<uint8_t> request(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    const Answer answer = pool.Run(request, descriptor);
    if (answer.outcome != Outcome::kAnswered) {
      state.SkipWithError(answer.detail.c_str());
      break;
    }
  }
  state.SetBytesProcessed(2 * state.range(0) *
                          static_cast<int64_t>(state.iterations()));
}

void RoundTrip(benchmark::State& state) {
  const auto pool = StartEcho({.workers = 1});
  Exchange(state, *pool, -1);
}
BENCHMARK(RoundTrip)->Arg(0)->Arg(4096)->Arg(1 << 20)->UseRealTime();

void RoundTripWithFile(benchmark::State& state) {
  const auto pool = StartEcho({.workers = 1});
  const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  Exchange(state, *pool, file);
  close(file);
}
BENCHMARK(RoundTripWithFile)->Arg(0)->UseRealTime();

void FreshProcessPerJob(benchmark::State& state) {
  const auto pool = StartEcho({.workers = 1, .jobs_per_worker = 1});
  Exchange(state, *pool, -1);
}
BENCHMARK(FreshProcessPerJob)
    ->Arg(0)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

void StartAndStopPool(benchmark::State& state) {
  for (auto _ : state) {
    const auto pool =
        StartEcho({.workers = static_cast<unsigned>(state.range(0))});
    benchmark::DoNotOptimize(pool.get());
  }
}
BENCHMARK(StartAndStopPool)
    ->Arg(1)
    ->Arg(8)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace countersign::sandbox
