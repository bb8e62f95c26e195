#include "app/vetting/input_walk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/file/scratch_directory.h"
#include "app/vetting/input_file.h"

namespace countersign::app {
namespace {

// Every step as "kind path", the scratch directory left out.
std::vector<std::string> Steps(const ScratchDirectory& scratch,
                               std::vector<std::string> paths) {
  constexpr std::string_view kKinds[] = {"file",    "error", "link",
                                         "special", "ours",  "target"};
  std::vector<std::string> steps;
  InputWalk walk(std::move(paths));
  while (const auto step = walk.Next()) {
    std::string path = step->path;
    if (path.starts_with(scratch.Path())) {
      path.erase(0, scratch.Path().size());
    }
    steps.push_back(std::string(kKinds[static_cast<size_t>(step->kind)]) + " " +
                    path);
    EXPECT_EQ(step->message.empty(), step->kind != StepKind::kError);
  }
  return steps;
}

TEST(InputWalk, GoesDepthFirstInTheOrderOfBytes) {
  const ScratchDirectory scratch;
  scratch.MakeDirectory("b");
  scratch.MakeDirectory("b/empty");
  scratch.Write("b/z", "");
  scratch.Write("b/A", "");
  scratch.Write("c", "");
  scratch.Write("a", "");
  EXPECT_EQ(Steps(scratch, {scratch.Path()}),
            (std::vector<std::string>{"file /a", "file /b/A", "file /b/z",
                                      "file /c"}));
  EXPECT_EQ(Steps(scratch, {scratch.Path("c"), "-", scratch.Path("b/")}),
            (std::vector<std::string>{"file /c", "file -", "file /b/A",
                                      "file /b/z"}));
}

TEST(InputWalk, FollowsOnlyLinksThatAreNamed) {
  const ScratchDirectory scratch;
  scratch.MakeDirectory("d");
  scratch.Write("d/file", "");
  ASSERT_EQ(::symlink("file", scratch.Path("d/link").c_str()), 0);
  ASSERT_EQ(::symlink("..", scratch.Path("d/loop").c_str()), 0);
  ASSERT_EQ(::mkfifo(scratch.Path("d/pipe").c_str(), 0600), 0);
  EXPECT_EQ(Steps(scratch, {scratch.Path("d")}),
            (std::vector<std::string>{"file /d/file", "link /d/link",
                                      "link /d/loop", "special /d/pipe"}));
  EXPECT_EQ(Steps(scratch, {scratch.Path("d/link")}),
            (std::vector<std::string>{"file /d/link"}));
}

TEST(InputWalk, SaysWhatCannotBeVettedAndGoesOn) {
  const ScratchDirectory scratch;
  scratch.Write("a", "");
  ASSERT_EQ(::mkfifo(scratch.Path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(
      Steps(scratch,
            {scratch.Path("none"), scratch.Path("pipe"), scratch.Path("a")}),
      (std::vector<std::string>{"error /none", "error /pipe", "file /a"}));
}

TEST(InputFile, NeverWaitsForAFifoThatTookAFilesPlace) {
  const ScratchDirectory scratch;
  ASSERT_EQ(::mkfifo(scratch.Path("pipe").c_str(), 0600), 0);
  const auto file = OpenInput(
      {StepKind::kFile, scratch.Path("pipe"), "", false, scratch.Path()}, 1);
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().find("no longer a regular file"), std::string::npos);
}

TEST(InputFile, DoesNotFollowALinkThatTookAFilesPlace) {
  const ScratchDirectory scratch;
  scratch.Write("secret", "x");
  ASSERT_EQ(::symlink("secret", scratch.Path("link").c_str()), 0);
  EXPECT_FALSE(OpenInput(
      {StepKind::kFile, scratch.Path("link"), "", false, scratch.Path()}, 1));
  EXPECT_TRUE(
      OpenInput({StepKind::kFile, scratch.Path("link"), "", true, ""}, 1));
}

// Somebody who may write to the tree swaps a directory for a link to another
// one, between the walk and the opening.
TEST(InputFile, DoesNotFollowALinkThatTookADirectorysPlace) {
  const ScratchDirectory scratch;
  scratch.MakeDirectory("secret");
  scratch.Write("secret/file", "x");
  scratch.MakeDirectory("tree");
  scratch.MakeDirectory("tree/sub");
  scratch.Write("tree/sub/file", "y");
  ASSERT_EQ(::symlink("tree", scratch.Path("named").c_str()), 0);
  for (const char* name : {"tree", "tree/", "named"}) {
    const std::string root = scratch.Path(name);
    InputWalk walk({root});
    const auto step = walk.Next();
    ASSERT_TRUE(step);
    EXPECT_TRUE(OpenInput(*step, 1)) << name;
    ::rename(scratch.Path("tree/sub").c_str(), scratch.Path("kept").c_str());
    ASSERT_EQ(::symlink("../secret", scratch.Path("tree/sub").c_str()), 0);
    const auto file = OpenInput(*step, 1);
    ASSERT_FALSE(file) << name;
    EXPECT_NE(file.error().find("Cannot read"), std::string::npos);
    ::unlink(scratch.Path("tree/sub").c_str());
    ::rename(scratch.Path("kept").c_str(), scratch.Path("tree/sub").c_str());
  }
}

TEST(InputFile, CopiesAPipeIntoMemoryUpToTheLimit) {
  for (const uint64_t limit : {4U, 5U, 6U}) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const Descriptor source(pipe_ends[0]);
    ASSERT_EQ(::write(pipe_ends[1], "hello", 5), 5);
    ::close(pipe_ends[1]);
    const auto memory = CopyToMemory(source.Number(), limit);
    ASSERT_EQ(memory.has_value(), limit >= 5);
    if (memory) {
      char text[8] = {};
      EXPECT_EQ(::pread(memory->Number(), text, sizeof text, 0), 5);
      EXPECT_STREQ(text, "hello");
      EXPECT_EQ(::fcntl(memory->Number(), F_GETFL) & O_ACCMODE, O_RDONLY);
    } else {
      EXPECT_NE(memory.error().find("--stdin-limit"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace countersign::app
