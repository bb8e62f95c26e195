// Jobs: what comes back, what stops them, what they cannot do.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "sandbox/pool.h"
#include "sandbox/probe.h"
#include "sandbox/process/lockdown.h"
#include "sandbox/process/test_service.h"

namespace countersign::sandbox {
namespace {

using namespace std::chrono_literals;

// A file that is removed already, holding `text`, open for reading only.
int ReadOnlyFile(std::string_view text) {
  std::string name = "/tmp/countersign-sandbox-XXXXXX";
  const int writable = mkstemp(name.data());
  EXPECT_EQ(write(writable, text.data(), text.size()),
            static_cast<ssize_t>(text.size()));
  close(writable);
  const int file = open(name.c_str(), O_RDONLY | O_CLOEXEC);
  unlink(name.c_str());
  return file;
}

TEST(SandboxTest, AllLayersAreActive) {
  const auto pool = StartPool({.workers = 1});
  const Layers layers = pool->ActiveLayers();
  EXPECT_EQ(layers.Missing(), "");
  EXPECT_TRUE(layers.system_calls_denied);
  EXPECT_TRUE(layers.file_system_denied);
  EXPECT_EQ(layers.memory_limit, !kSanitized);
  EXPECT_EQ(Layers{}.Complete(), false);
}

TEST(SandboxTest, AnswersAndPreparesOnce) {
  const auto pool = StartPool({.workers = 1});
  EXPECT_EQ(Text(Ask(*pool, "hello")), "hello");
  EXPECT_EQ(Text(Ask(*pool, "")), "");
  EXPECT_EQ(Text(Ask(*pool, "prepared")), "1");
  EXPECT_EQ(g_prepared, 0);
}

TEST(SandboxTest, HashesInTheWorker) {
  const auto pool = StartPool({.workers = 1});
  EXPECT_EQ(Text(Ask(*pool, "sha256")).substr(0, 16), "ba7816bf8f01cfea");
}

TEST(SandboxTest, CarriesLargeMessagesBothWays) {
  const auto pool = StartPool({.workers = 1});
  const std::string request(size_t{3} << 20, 'r');
  EXPECT_EQ(Text(Ask(*pool, request)), request);
  EXPECT_EQ(Text(Ask(*pool, "large")), std::string(size_t{5} << 20, 0x5a));
}

TEST(SandboxTest, RefusesAnAnswerThatIsTooLarge) {
  const auto pool = StartPool({.workers = 1, .max_answer_bytes = 1000});
  EXPECT_EQ(Ask(*pool, "large").outcome, Outcome::kTooLarge);
  EXPECT_EQ(Text(Ask(*pool, "still here")), "still here");
}

TEST(SandboxTest, ServesEightThreadsAtOnce) {
  const auto pool = StartPool({.workers = 3});
  std::atomic<int> right = 0;
  std::vector<std::jthread> threads;
  threads.reserve(8);
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 50; ++i) {
        const auto text = std::to_string(thread * 1000 + i);
        right += Text(Ask(*pool, text)) == text ? 1 : 0;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(right, 400);
}

// Jobs given by their requests; notes how far the stream ran ahead.
class TextStream : public JobStream {
 public:
  explicit TextStream(std::vector<std::string> requests)
      : requests_(std::move(requests)) {}

  std::optional<Job> Next(size_t waiting) override {
    most_waiting_ = std::max(most_waiting_, waiting + 1);
    if (next_ == requests_.size()) {
      return std::nullopt;
    }
    return Job{base::AsBytes(requests_[next_++]), -1};
  }
  void Take(Answer answer) override { answers_.push_back(std::move(answer)); }

  std::vector<Answer> answers_;
  size_t most_waiting_ = 0;

 private:
  std::vector<std::string> requests_;
  size_t next_ = 0;
};

TEST(SandboxTest, AStreamAnswersInOrder) {
  const auto pool = StartPool({.workers = 1, .jobs_ahead = 3});
  std::vector<std::string> requests;
  for (int i = 0; i < 100; ++i) {
    requests.push_back(i % 7 == 0 ? std::string(20'000, 'r')
                                  : std::to_string(i));
  }
  TextStream stream(requests);
  pool->RunStream(stream);
  ASSERT_EQ(stream.answers_.size(), requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(Text(stream.answers_[i]), requests[i]);
  }
  EXPECT_EQ(stream.most_waiting_, 3U);
}

// What was waiting behind a job that killed the worker goes to the next one.
TEST(SandboxTest, ADeathInAStreamCostsOneJob) {
  const auto pool = StartPool({.workers = 1, .jobs_ahead = 3});
  TextStream stream({"1", "segfault", "2", "throw", "3", "garbage", "4", "5"});
  pool->RunStream(stream);
  ASSERT_EQ(stream.answers_.size(), 8U);
  for (const size_t died : {1U, 3U, 5U}) {
    EXPECT_EQ(stream.answers_[died].outcome, Outcome::kDied);
  }
  EXPECT_EQ(Text(stream.answers_[0]), "1");
  EXPECT_EQ(Text(stream.answers_[2]), "2");
  EXPECT_EQ(Text(stream.answers_[4]), "3");
  EXPECT_EQ(Text(stream.answers_[6]), "4");
  EXPECT_EQ(Text(stream.answers_[7]), "5");
}

// The job that a worker dies of may be the victim of the one before.
TEST(SandboxTest, AnEarlierJobDoesNotCostALaterOne) {
  const auto pool = StartPool({.workers = 1, .jobs_ahead = 3});
  TextStream stream({"1", "sicken", "2", "3", "sicken", "abort", "4"});
  pool->RunStream(stream);
  std::vector<std::string> answers;
  for (const Answer& answer : stream.answers_) {
    answers.push_back(answer.outcome == Outcome::kAnswered ? Text(answer)
                                                           : "died");
  }
  EXPECT_EQ(answers, (std::vector<std::string>{"1", "sicken", "2", "3",
                                               "sicken", "died", "4"}));
}

TEST(SandboxTest, AStreamOfFreshProcessesNeverRunsAhead) {
  const auto pool =
      StartPool({.workers = 1, .jobs_per_worker = 1, .jobs_ahead = 3});
  TextStream stream({"pid", "pid", "pid"});
  pool->RunStream(stream);
  ASSERT_EQ(stream.answers_.size(), 3U);
  EXPECT_NE(Text(stream.answers_[0]), Text(stream.answers_[1]));
  EXPECT_NE(Text(stream.answers_[1]), Text(stream.answers_[2]));
  EXPECT_EQ(stream.most_waiting_, 1U);
}

TEST(SandboxTest, RespawnsWhileTheCallerHasThreads) {
  const auto pool = StartPool({.workers = 2});
  std::atomic<int> right = 0;
  std::vector<std::jthread> threads;
  threads.reserve(8);
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        right += Ask(*pool, "abort").outcome == Outcome::kDied ? 1 : 0;
        right += Text(Ask(*pool, "next")) == "next" ? 1 : 0;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(right, 40);
}

TEST(SandboxTest, ReportsHowAWorkerDied) {
  const auto pool = StartPool({.workers = 1});
  const Answer fault = Ask(*pool, "segfault");
  EXPECT_EQ(fault.outcome, Outcome::kDied);
  const Answer abort = Ask(*pool, "abort");
  EXPECT_EQ(abort.outcome, Outcome::kDied);
  if (!kSanitized) {
    EXPECT_EQ(fault.signal, SIGSEGV);
    EXPECT_EQ(fault.detail, "killed by SIGSEGV");
    EXPECT_EQ(abort.signal, SIGABRT);
    EXPECT_EQ(abort.detail, "killed by SIGABRT");
    EXPECT_EQ(Ask(*pool, "overflow").signal, SIGSEGV);
    const Answer call = Ask(*pool, "open");
    EXPECT_EQ(call.outcome, Outcome::kDied);
    EXPECT_EQ(call.detail, "bad system call (killed by SIGSYS)");
  }
  EXPECT_EQ(Text(Ask(*pool, "after")), "after");
}

TEST(SandboxTest, StopsAnEndlessLoopByTheWallClock) {
  const auto pool = StartPool({.workers = 1, .wall_timeout = 200ms});
  const Answer answer = Ask(*pool, "hang");
  EXPECT_EQ(Text(answer), "timed out: the limit of time was reached");
  EXPECT_EQ(answer.signal, SIGKILL);
  EXPECT_EQ(Text(Ask(*pool, "after")), "after");
}

TEST(SandboxTest, StopsAnEndlessLoopByProcessorTime) {
  const auto pool =
      StartPool({.workers = 1, .wall_timeout = 60s, .cpu_seconds_per_job = 1});
  EXPECT_EQ(Text(Ask(*pool, "hang")),
            "timed out: the limit of processor time was reached");
}

TEST(SandboxTest, BoundsMemory) {
  if (kSanitized) {
    GTEST_SKIP() << "sanitizers leave no room for a memory limit";
  }
  // Leaves a second arena behind, which malloc tries when the first is full.
  std::thread([] { (void)std::string(100, 'x'); }).join();
  const auto pool = StartPool({.workers = 1, .memory_bytes = 64 << 20});
  EXPECT_EQ(Text(Ask(*pool, "bomb")), "died: out of memory");
  // A request that does not fit ends the same way.
  EXPECT_EQ(Text(Ask(*pool, std::string(size_t{80} << 20, 'x'))),
            "died: out of memory");
  EXPECT_EQ(Text(Ask(*pool, "after")), "after");
}

TEST(SandboxTest, BoundsTheAddressSpace) {
  if (kSanitized) {
    GTEST_SKIP() << "sanitizers leave no room for a memory limit";
  }
  const auto pool = StartPool(
      {.workers = 1, .memory_bytes = 64 << 20, .map_bytes = uint64_t{5} << 30});
  EXPECT_EQ(Text(Ask(*pool, "reserve")), "5");
}

TEST(SandboxTest, AnExceptionCostsOneJobAndNoWorker) {
  const auto pool = StartPool({.workers = 1});
  const auto pid = Text(Ask(*pool, "pid"));
  EXPECT_EQ(Text(Ask(*pool, "throw")),
            "died: exception: the table is \\u{001B}[31m odd");
  EXPECT_EQ(Text(Ask(*pool, "pid")), pid);
}

TEST(SandboxTest, GarbageCountsAsDeath) {
  const auto pool = StartPool({.workers = 1});
  EXPECT_EQ(Text(Ask(*pool, "garbage")), "died: the worker sent garbage");
  EXPECT_EQ(Text(Ask(*pool, "after")), "after");
}

TEST(SandboxTest, HandsOverAFileForReading) {
  const auto pool = StartPool({.workers = 1});
  const int file = ReadOnlyFile("one two three");
  for (int i = 0; i < 20; ++i) {  // more than a worker may hold open
    EXPECT_EQ(Text(Ask(*pool, "map", file)), "one two three");
  }
  EXPECT_EQ(Text(Ask(*pool, "pread", file)), " two ");
  close(file);
}

TEST(SandboxTest, MapsAFileLargerThanItsMemory) {
  const auto pool = StartPool({.workers = 1, .memory_bytes = 16 << 20});
  const int file = ReadOnlyFile(std::string(size_t{24} << 20, 'y'));
  // Mapped, it fits; its copy in the answer does not.
  const auto expected =
      kSanitized ? std::string(size_t{24} << 20, 'y') : "died: out of memory";
  EXPECT_TRUE(Text(Ask(*pool, "map", file)) == expected);
  EXPECT_EQ(Text(Ask(*pool, "pread", file)), "yyyyy");
  close(file);
}

TEST(SandboxTest, MapsAFileOfThreeGibibytes) {
  std::string name = "/tmp/countersign-sandbox-XXXXXX";
  const int writable = mkstemp(name.data());
  // Sparse: it takes one block of the disk.
  ASSERT_EQ(pwrite(writable, "z", 1, off_t{3} << 30), 1);
  const int file = open(name.c_str(), O_RDONLY | O_CLOEXEC);
  unlink(name.c_str());
  close(writable);
  const auto pool = StartPool({.workers = 1, .memory_bytes = 16 << 20});
  EXPECT_EQ(Text(Ask(*pool, "last", file)), "z");
  close(file);
}

TEST(SandboxTest, RefusesDescriptorsThatAreMoreThanAReadOnlyFile) {
  const auto pool = StartPool({.workers = 1});
  for (const int file : {open("/tmp", O_RDONLY), open("/dev/null", O_RDWR),
                         open("/dev/null", O_RDONLY), 999}) {
    EXPECT_EQ(Ask(*pool, "x", file).outcome, Outcome::kUnavailable);
    close(file);
  }
}

TEST(SandboxTest, EveryForbiddenActionIsRefused) {
  const auto results = Probe();
  ASSERT_TRUE(results.has_value()) << results.error();
  EXPECT_GE(results->size(), 15U);
  for (const ProbeResult& result : *results) {
    if (kSanitized && (result.action == "share memory" ||
                       result.action == "hide memory from its limit")) {
      continue;  // on the list of the sanitizers, see system_calls.cc
    }
    EXPECT_TRUE(result.refused) << result.action << ": " << result.how;
  }
}

TEST(Sandbox, AWorkerPutsBytesAsideInItsScratchFileOnly) {
  PoolOptions options;
  options.workers = 1;
  options.scratch_bytes = uint64_t{1} << 20;
  options.scratch_directory = "/tmp";
  const auto pool = Pool::Start(options, ActService());
  ASSERT_TRUE(pool.has_value()) << pool.error();
  EXPECT_EQ(Text((*pool)->Run(AsBytes("scratch"))), "aside");
  EXPECT_EQ((*pool)->Run(AsBytes("scratch beyond")).signal, SIGXFSZ);
  // Its successor has a file of its own.
  EXPECT_EQ(Text((*pool)->Run(AsBytes("scratch"))), "aside");
  if (!kSanitized) {
    const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    EXPECT_EQ((*pool)->Run(AsBytes("write to the file"), file).signal, SIGSYS);
    close(file);
  }
}

TEST(Sandbox, WithoutAScratchFileNothingCanBeWritten) {
  PoolOptions options;
  options.workers = 1;
  const auto pool = Pool::Start(options, ActService());
  ASSERT_TRUE(pool.has_value()) << pool.error();
  EXPECT_EQ((*pool)->Run(AsBytes("scratch")).outcome, Outcome::kDied);
}

TEST(Sandbox, AScratchFileIsInMemoryWhereTheDirectoryIsMissing) {
  PoolOptions options;
  options.workers = 1;
  options.scratch_bytes = uint64_t{1} << 20;
  options.scratch_directory = "/nonexistent";
  const auto pool = Pool::Start(options, ActService());
  ASSERT_TRUE(pool.has_value()) << pool.error();
  EXPECT_EQ(Text((*pool)->Run(AsBytes("scratch"))), "aside");
}

}  // namespace
}  // namespace countersign::sandbox
