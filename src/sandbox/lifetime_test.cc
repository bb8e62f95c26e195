// Processes: how they come, go, and leave nothing behind.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "sandbox/pool.h"
#include "sandbox/process/lockdown.h"
#include "sandbox/process/test_service.h"

namespace countersign::sandbox {
namespace {

using namespace std::chrono_literals;

size_t OpenDescriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

bool HasChild() { return waitpid(-1, nullptr, WNOHANG) >= 0; }

TEST(LifetimeTest, AFreshProcessForEveryJob) {
  const auto pool = StartPool({.workers = 1, .jobs_per_worker = 1});
  const auto first = Text(Ask(*pool, "pid"));
  const auto second = Text(Ask(*pool, "pid"));
  const auto third = Text(Ask(*pool, "pid"));
  EXPECT_NE(first, second);
  EXPECT_NE(second, third);
}

TEST(LifetimeTest, RecoversAfterTwentyDeaths) {
  const auto pool = StartPool({.workers = 2});
  const size_t before = OpenDescriptors();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Ask(*pool, "abort").outcome, Outcome::kDied);
  }
  EXPECT_EQ(Text(Ask(*pool, "after")), "after");
  EXPECT_LE(OpenDescriptors(), before);
}

TEST(LifetimeTest, ReplacesAWorkerThatDiedWhileIdle) {
  const auto pool = StartPool({.workers = 1});
  const auto pid = Text(Ask(*pool, "pid"));
  ASSERT_EQ(kill(std::stoi(pid), SIGKILL), 0);
  // Gone, not a zombie: the spawner reaps without being asked.
  for (int i = 0; i < 500 && kill(std::stoi(pid), 0) == 0; ++i) {
    std::this_thread::sleep_for(2ms);
  }
  EXPECT_NE(kill(std::stoi(pid), 0), 0);
  EXPECT_EQ(Text(Ask(*pool, "after")), "after");
}

TEST(LifetimeTest, IsUnavailableWithoutItsSpawner) {
  const auto pool = StartPool({.workers = 1});
  const pid_t worker = std::stoi(Text(Ask(*pool, "pid")));
  std::ifstream stat("/proc/" + std::to_string(worker) + "/stat");
  std::string word;
  for (int i = 0; i < 4; ++i) {
    stat >> word;  // the fourth field is the parent
  }
  EXPECT_FALSE(pool->IsBroken());
  ASSERT_EQ(kill(std::stoi(word), SIGKILL), 0);
  // The signal takes effect a moment later.
  Answer answer = Ask(*pool, "x");
  while (answer.outcome == Outcome::kAnswered) {
    answer = Ask(*pool, "x");
  }
  EXPECT_EQ(answer.outcome, Outcome::kUnavailable);
  EXPECT_TRUE(pool->IsBroken());
  EXPECT_EQ(Ask(*pool, "x").outcome, Outcome::kUnavailable);
}

TEST(LifetimeTest, StartFailsWhenPrepareFails) {
  const auto thrown = Pool::Start(
      {}, {.warm_up = {},
           .prepare =
               [] {
                 std::rethrow_exception(
                     std::make_exception_ptr(std::runtime_error("no roots")));
               },
           .handle = Act});
  ASSERT_FALSE(thrown.has_value());
  EXPECT_EQ(thrown.error(), "the worker could not prepare: no roots");
  const auto died = Pool::Start(
      {}, {.warm_up = {}, .prepare = [] { _exit(7); }, .handle = Act});
  ASSERT_FALSE(died.has_value());
  EXPECT_EQ(died.error(),
            "a worker died while getting ready: exited with status 7");
  EXPECT_FALSE(HasChild());
}

// Makes Landlock look absent to this process and its children.
void HideLandlock() {
  std::array<sock_filter, 4> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),  // the number of the call
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()),
                          program.data()};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

TEST(LifetimeTest, InsistsOnEveryLayerUnlessAllowedToBeWeak) {
  const pid_t child = fork();
  if (child == 0) {
    HideLandlock();
    const auto strict = Pool::Start({}, ActService());
    if (strict || strict.error() != "this system lacks: Landlock") {
      _exit(1);
    }
    const auto weak = StartPool({.allow_weak = true});
    _exit(weak->ActiveLayers().Missing() == "Landlock" &&
                  Text(Ask(*weak, "x")) == "x"
              ? 0
              : 2);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(LifetimeTest, StartFailsWhenThereAreThreads) {
  if (kSanitized) {
    GTEST_SKIP() << "sanitizers have threads of their own";
  }
  std::atomic<bool> stop = false;
  std::jthread other([&] {
    while (!stop) {
      std::this_thread::yield();
    }
  });
  EXPECT_FALSE(Pool::Start({}, ActService()).has_value());
  stop = true;
}

TEST(LifetimeTest, LeavesNothingBehind) {
  const size_t before = OpenDescriptors();
  {
    const auto pool = StartPool({.workers = 3});
    EXPECT_EQ(Text(Ask(*pool, "x")), "x");
    EXPECT_EQ(Ask(*pool, "abort").outcome, Outcome::kDied);
    EXPECT_GT(OpenDescriptors(), before);
  }
  EXPECT_EQ(OpenDescriptors(), before);
  EXPECT_FALSE(HasChild());
}

// In a child: starts a pool with one busy and one idle worker, writes their
// process ids to `pipe`, and waits to be killed.
[[noreturn]] void BeKilled(int pipe) {
  const auto pool = StartPool({.workers = 2});
  const auto idle = std::stoi(Text(Ask(*pool, "pid")));
  (void)!write(pipe, &idle, sizeof(idle));
  (void)Ask(*pool, "hang");
  _exit(1);
}

TEST(LifetimeTest, NoWorkerOutlivesAKilledCaller) {
  // Orphans become our children, so that we see all of them end.
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t caller = fork();
  if (caller == 0) {
    BeKilled(ends[1]);
  }
  int idle = 0;
  ASSERT_EQ(read(ends[0], &idle, sizeof(idle)),
            static_cast<ssize_t>(sizeof(idle)));
  std::this_thread::sleep_for(50ms);
  ASSERT_EQ(kill(caller, SIGKILL), 0);
  int ended = 0;
  for (int i = 0; i < 1000 && HasChild(); ++i) {
    std::this_thread::sleep_for(2ms);
    ++ended;
  }
  EXPECT_FALSE(HasChild()) << ended;
  EXPECT_NE(kill(idle, 0), 0);
  EXPECT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace countersign::sandbox
