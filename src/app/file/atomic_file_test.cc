#include "app/file/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "app/file/scratch_directory.h"

namespace countersign::app {
namespace {

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  const ScratchDirectory scratch;
  const std::string path = scratch.Write("out", "old");
  {
    auto file = AtomicFile::Create(path);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->Write("new"));
    EXPECT_EQ(scratch.Read("out"), "old");
    EXPECT_EQ(scratch.Entries(), 2U);
    ASSERT_TRUE(file->Commit());
  }
  EXPECT_EQ(scratch.Read("out"), "new");
  EXPECT_EQ(scratch.Entries(), 1U);
}

TEST(AtomicFile, LeavesNothingBehindWithoutCommit) {
  const ScratchDirectory scratch;
  {
    auto file = AtomicFile::Create(scratch.Path("out"));
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->Write("half"));
  }
  EXPECT_EQ(scratch.Entries(), 0U);
}

TEST(AtomicFile, KeepsPermissionsAndLinks) {
  const ScratchDirectory scratch;
  const std::string path = scratch.Write("real", "old");
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  ASSERT_EQ(::symlink("real", scratch.Path("link").c_str()), 0);
  auto file = AtomicFile::Create(scratch.Path("link"));
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->Write("new"));
  ASSERT_TRUE(file->Commit());
  EXPECT_EQ(scratch.Read("real"), "new");
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
  ASSERT_EQ(::lstat(scratch.Path("link").c_str(), &status), 0);
  EXPECT_TRUE(S_ISLNK(status.st_mode));
}

TEST(AtomicFile, DoesNotReplaceADevice) {
  auto file = AtomicFile::Create("/dev/null");
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->Write("text"));
  EXPECT_TRUE(file->Commit());
  struct stat status{};
  ASSERT_EQ(::stat("/dev/null", &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
}

// As when the disk is full, but by a limit that a test can set.
TEST(AtomicFile, HoldsNoHalfOfATextThatDidNotFit) {
  const ScratchDirectory scratch;
  auto file = AtomicFile::Create(scratch.Path("out"));
  ASSERT_TRUE(file);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {1000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const bool first = file->Write(std::string(600, 'a')).has_value();
  const bool second = file->Write(std::string(600, 'b')).has_value();
  const bool third = file->Write("c").has_value();
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_TRUE(first);
  EXPECT_FALSE(second);
  EXPECT_TRUE(third);
  EXPECT_EQ(file->KeepPartial(), scratch.Path("out.partial"));
  EXPECT_EQ(scratch.Read("out.partial"), std::string(600, 'a') + "c");
}

TEST(AtomicFile, SaysWhyItFails) {
  const ScratchDirectory scratch;
  const auto missing = AtomicFile::Create(scratch.Path("none/out"));
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().find("No such file"), std::string::npos);
  EXPECT_FALSE(AtomicFile::Create(scratch.Path()));
  auto full = AtomicFile::Create("/dev/full");
  ASSERT_TRUE(full);
  const auto written = full->Write("text");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error(),
            "Cannot write /dev/full: No space left on device. Free some "
            "space, or write elsewhere.");
}

TEST(ReadWholeFile, StopsAtTheLimit) {
  const ScratchDirectory scratch;
  const std::string path = scratch.Write("file", "12345");
  EXPECT_EQ(ReadWholeFile(path, 5)->size(), 5U);
  EXPECT_FALSE(ReadWholeFile(path, 4));
  EXPECT_FALSE(ReadWholeFile(scratch.Path(), 5));
  EXPECT_FALSE(ReadWholeFile("/dev/zero", 5));
}

}  // namespace
}  // namespace countersign::app
