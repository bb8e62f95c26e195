// From the paths of the command line to single files, in an order that depends
// on nothing but the names: the paths as given, what a directory holds sorted
// by bytes, depth first.
//
// A symbolic link that the user names is followed. One found in a directory is
// not: what it points to either lies in that directory and comes up anyway, or
// was not asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace countersign::app {

enum class StepKind : uint8_t {
  kFile,         // to be opened
  kError,        // `message` says what could not be read
  kLink,         // found in a directory, not followed
  kSpecialFile,  // a device, socket or FIFO found in a directory
  kOurs,         // the file that this run writes its output to
  kTarget,       // the file that the output would replace
};

struct WalkStep {
  StepKind kind = StepKind::kFile;
  std::string path;
  std::string message;
  bool named = false;  // by the user, not found in a directory
  std::string root;    // else the directory that the user named, as in `path`
};

// True when `path` leads to a directory.
[[nodiscard]] bool IsDirectory(const std::string& path);

class InputWalk {
 public:
  explicit InputWalk(std::vector<std::string> paths);

  // The next step, or nothing at the end. Holds in memory the names of the
  // directories above it, never the whole tree.
  [[nodiscard]] std::optional<WalkStep> Next();
  // True when Next will yield standard input.
  [[nodiscard]] bool NextIsStandardInput() const {
    return levels_.empty() && !paths_.empty() && paths_.back() == "-";
  }

 private:
  struct Level {
    std::string directory;
    std::string root;                // that the user named, above it
    std::vector<std::string> names;  // the next one last
  };

  std::optional<WalkStep> Named(const std::string& path);
  std::optional<WalkStep> Enter(const std::string& directory,
                                const std::string& root);
  std::optional<WalkStep> Found(const std::string& path,
                                const std::string& root);

  std::vector<std::string> paths_;  // the next one last
  std::vector<Level> levels_;
};

}  // namespace countersign::app
