#include "app/vetting/vet_run.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <sstream>
#include <thread>

#include "app/command.h"
#include "app/file/descriptor.h"
#include "app/file/scratch_directory.h"
#include "app/sample/reports.h"
#include "app/vetting/vet_pool.h"

namespace countersign::app {
namespace {

// Decides by the file's name, and answers the later the smaller the number of
// calls so far, so that reports arrive in the wrong order.
class FakeVetter : public vet::Vetter {
 public:
  void VetAll(vet::InputStream& stream) override {
    while (const auto input = stream.Next(0)) {
      stream.Take(ReportOn(input->descriptor, input->name));
    }
  }

  model::Report ReportOn(int descriptor, const std::string& name) {
    const int call = calls_++;
    const int now = ++at_once_;
    most_at_once_ = std::max<int>(most_at_once_, now);
    const bool is_slow = name.find("slow") != std::string::npos;
    std::this_thread::sleep_for(
        std::chrono::milliseconds(is_slow          ? 500
                                  : delay_ms_ != 0 ? delay_ms_
                                                   : (7 - call % 8)));
    model::Report report =
        name.find("bad") != std::string::npos       ? SampleTampered()
        : name.find("partial") != std::string::npos ? SampleIncomplete()
        : name.find("plain") != std::string::npos   ? SampleUnsigned()
                                                    : SampleAllowed();
    report.input = name;
    struct stat status{};
    EXPECT_EQ(::fstat(descriptor, &status), 0);
    --at_once_;
    return report;
  }

  [[nodiscard]] bool IsBroken() const override { return broken_; }

  int delay_ms_ = 0;
  bool broken_ = false;
  std::atomic<int> calls_{0};
  std::atomic<int> at_once_{0};
  std::atomic<int> most_at_once_{0};
};

// Hands the run a vetter that outlives it.
class Borrowed : public vet::Vetter {
 public:
  explicit Borrowed(vet::Vetter& vetter) : vetter_(vetter) {}
  void VetAll(vet::InputStream& stream) override { vetter_.VetAll(stream); }
  [[nodiscard]] bool IsBroken() const override { return vetter_.IsBroken(); }

 private:
  vet::Vetter& vetter_;
};

class VetRunTest : public testing::Test {
 protected:
  int Run(const VetRequest& request) {
    const Descriptor output(::open(scratch_.Path("stdout").c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                                   0600));
    VetServices services{[this](vet::Options options) {
                           options_ = std::move(options);
                           return std::make_unique<Borrowed>(vetter_);
                         },
                         nullptr, TrustDirectory(scratch_.Path("trust"), {}),
                         base::FromUnixSeconds(1'700'000'000), output.Number()};
    return RunVet(request, services);
  }

  std::string Output() { return scratch_.Read("stdout"); }

  ScratchDirectory scratch_;
  FakeVetter vetter_;
  vet::Options options_;
};

TEST_F(VetRunTest, PrintsManyInTheOrderOfTheInputs) {
  VetRequest request;
  request.json = true;
  request.jobs = 8;
  scratch_.MakeDirectory("in");
  for (int i = 100; i < 400; ++i) {
    scratch_.Write("in/" + std::to_string(i), "x");
  }
  request.paths = {scratch_.Path("in")};
  EXPECT_EQ(Run(request), kExitSuccess);
  std::istringstream stream(Output());
  int expected = 100;
  for (std::string line; std::getline(stream, line); ++expected) {
    EXPECT_NE(line.find("/in/" + std::to_string(expected) + "\""),
              std::string::npos);
  }
  EXPECT_EQ(expected, 400);
  EXPECT_GT(vetter_.most_at_once_, 1);
  EXPECT_LE(vetter_.most_at_once_, 8);
  EXPECT_EQ(options_.jobs, 8U);
}

TEST_F(VetRunTest, OneFileIsOneIndentedDocument) {
  VetRequest request;
  request.json = true;
  request.jobs = 8;
  request.paths = {scratch_.Write("bad.exe", "x")};
  EXPECT_EQ(Run(request), kExitFound);
  EXPECT_TRUE(Output().starts_with("{\n  \"schema\": "));
  EXPECT_EQ(options_.jobs, 1U);
}

TEST_F(VetRunTest, GoesOnAfterWhatItCannotRead) {
  VetRequest request;
  request.quiet = true;
  request.fail_on = FailOn::kBlock;
  request.paths = {scratch_.Path("missing"), scratch_.Write("plain", "x")};
  EXPECT_EQ(Run(request), kExitError);
  request.fail_on = FailOn::kHold;
  EXPECT_EQ(Run(request), kExitFound);
  EXPECT_EQ(Output(), "HOLD   " + scratch_.Path("plain") +
                          ": The file carries no signature.\n");
}

TEST_F(VetRunTest, DirectoriesEndInASummary) {
  scratch_.MakeDirectory("in");
  scratch_.Write("in/bad", "x");
  scratch_.Write("in/good", "x");
  scratch_.Write("in/partial", "x");
  scratch_.Write("in/partial2", "x");
  VetRequest request;
  request.paths = {scratch_.Path("in")};
  EXPECT_EQ(Run(request), kExitFound);
  const std::string text = Output();
  EXPECT_TRUE(text.starts_with("BLOCK  " + scratch_.Path("in/bad") + "\n"));
  const std::string reason = ": The inspection did not end in time.\n";
  EXPECT_NE(text.find("\n\nHOLD   " + scratch_.Path("in/partial") + reason +
                      "HOLD   " + scratch_.Path("in/partial2") + reason +
                      "\nSummary"),
            std::string::npos);
  EXPECT_EQ(text.find("ALLOW"), std::string::npos);
  EXPECT_NE(text.find("\n\nSummary  4 files\n"), std::string::npos);
}

TEST_F(VetRunTest, NothingToVetIsNotSuccess) {
  VetRequest request;
  request.paths = {scratch_.MakeDirectory("empty")};
  EXPECT_EQ(Run(request), kExitError);
}

TEST_F(VetRunTest, WritesTheOutputFileAndDoesNotVetIt) {
  scratch_.MakeDirectory("in");
  scratch_.Write("in/a", "x");
  VetRequest request;
  request.json = true;
  request.paths = {scratch_.Path("in")};
  request.output = scratch_.Path("in/report.jsonl");
  EXPECT_EQ(Run(request), kExitSuccess);
  EXPECT_EQ(vetter_.calls_, 1);
  const std::string report = scratch_.Read("in/report.jsonl");
  EXPECT_TRUE(report.starts_with("{\"schema\""));
  EXPECT_TRUE(report.ends_with("}\n"));
  EXPECT_EQ(Output(), "");
}

TEST_F(VetRunTest, FullDiskIsAnError) {
  VetRequest request;
  request.paths = {scratch_.Write("a", "x")};
  request.output = "/dev/full";
  EXPECT_EQ(Run(request), kExitError);
}

TEST_F(VetRunTest, ASignalEndsTheRunAndLeavesNoHalfFile) {
  scratch_.MakeDirectory("in");
  for (int i = 0; i < 200; ++i) {
    scratch_.Write("in/" + std::to_string(i), "x");
  }
  vetter_.delay_ms_ = 20;
  VetRequest request;
  request.paths = {scratch_.Path("in")};
  request.jobs = 2;
  request.output = scratch_.Path("report");
  std::jthread killer([this] {
    while (vetter_.calls_ < 4) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ::kill(::getpid(), SIGINT);
  });
  EXPECT_EQ(Run(request), 128 + SIGINT);
  EXPECT_LT(vetter_.calls_, 200);
  EXPECT_EQ(::access(request.output.c_str(), F_OK), -1);
  EXPECT_EQ(scratch_.Entries(), 2U);  // "in" and "stdout"
}

TEST_F(VetRunTest, ASignalLosesNothingThatWaitedForASlowInput) {
  scratch_.MakeDirectory("in");
  scratch_.Write("in/0slow", "x");
  for (const char* name : {"in/1bad", "in/2bad", "in/3bad"}) {
    scratch_.Write(name, "x");
  }
  VetRequest request;
  request.paths = {scratch_.Path("in")};
  request.jobs = 2;
  request.json = true;
  std::jthread killer([this] {
    while (vetter_.calls_ < 4 || vetter_.at_once_ > 1) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ::kill(::getpid(), SIGTERM);
  });
  EXPECT_EQ(Run(request), 128 + SIGTERM);
  const std::string output = Output();
  for (const char* name : {"in/1bad", "in/2bad", "in/3bad"}) {
    EXPECT_NE(output.find(name), std::string::npos) << name;
  }
}

TEST_F(VetRunTest, RefusesWhatCannotBeMeant) {
  VetRequest request;
  request.paths = {"-", "-"};
  EXPECT_EQ(Run(request), kExitError);
  request.paths = {""};
  EXPECT_EQ(Run(request), kExitError);
  request.paths = {scratch_.Write("a", "x")};
  request.quiet = request.verbose = true;
  EXPECT_EQ(Run(request), kExitError);
  EXPECT_EQ(vetter_.calls_, 0);
}

TEST_F(VetRunTest, EndsWhenNothingCanBeInspectedAnyMore) {
  vetter_.broken_ = true;
  VetRequest request;
  request.fail_on = FailOn::kBlock;
  request.paths = {scratch_.Write("good", "x"), scratch_.Write("partial", "x")};
  for (int i = 0; i < 3; ++i) {
    request.paths.push_back(scratch_.Write("later" + std::to_string(i), "x"));
  }
  testing::internal::CaptureStderr();
  EXPECT_EQ(Run(request), kExitError);
  EXPECT_NE(testing::internal::GetCapturedStderr().find(
                "nothing can be inspected any more"),
            std::string::npos);
  EXPECT_NE(Output().find("partial"), std::string::npos);
  EXPECT_EQ(Output().find("later0"), std::string::npos);
  // What was found before stays found.
  request.paths.insert(request.paths.begin(), scratch_.Write("bad", "x"));
  EXPECT_EQ(Run(request), kExitFound);
}

TEST_F(VetRunTest, PassesWhatTheUserAsked) {
  VetRequest request;
  request.paths = {scratch_.Write("a", "x")};
  request.at = base::FromUnixSeconds(5);
  request.isolate = true;
  request.strict_padding = true;
  request.time_limit = std::chrono::milliseconds(7);
  request.memory_limit_bytes = 9;
  request.crls = {scratch_.Write("crl", "abc")};
  EXPECT_EQ(Run(request), kExitSuccess);
  EXPECT_EQ(options_.at, base::FromUnixSeconds(5));
  EXPECT_TRUE(options_.process_per_file);
  EXPECT_TRUE(options_.strict_padding);
  EXPECT_FALSE(options_.allow_weak_sandbox);
  EXPECT_EQ(options_.time_limit, std::chrono::milliseconds(7));
  EXPECT_EQ(options_.memory_limit_bytes, 9U);
  ASSERT_EQ(options_.revocation.size(), 1U);
  EXPECT_EQ(options_.revocation[0].bytes.size(), 3U);
}

// The window bounds what waits for a slow first input.
TEST(VetPool, HoldsBackWhenTheReaderDoesNotCome) {
  const ScratchDirectory scratch;
  for (int i = 0; i < 600; ++i) {
    scratch.Write(std::to_string(i), "");
  }
  FakeVetter vetter;
  vetter.delay_ms_ = 0;
  VetPool pool(vetter, InputWalk({scratch.Path()}), {4, 0, {}, {}, {}});
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  while (!pool.WaitUntilIdle(std::chrono::milliseconds(10))) {
  }
  Outcome outcome;
  int outcomes = 0;
  for (;;) {
    const auto answer = pool.Next(outcome, std::chrono::seconds(10));
    ASSERT_NE(answer, VetPool::Answer::kNotYet);
    if (answer == VetPool::Answer::kEnd) {
      break;
    }
    ++outcomes;
    EXPECT_LE(vetter.calls_, outcomes + 256);
  }
  EXPECT_EQ(outcomes, 600);
}

}  // namespace
}  // namespace countersign::app
