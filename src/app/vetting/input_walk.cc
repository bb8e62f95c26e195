#include "app/vetting/input_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>

#include <algorithm>
#include <functional>
#include <string_view>

#include "app/file/atomic_file.h"
#include "app/file/open_beneath.h"

namespace countersign::app {
namespace {

WalkStep Failure(const std::string& path, int error, bool named) {
  return {StepKind::kError,
          path,
          fmt::format("Cannot read {}: {}", path, Explain(error)),
          named,
          {}};
}

// The names in `directory` from last to first; yields 0 or an errno.
int ReadNames(const std::string& directory, const std::string& root,
              std::vector<std::string>& names) {
  const Descriptor opened =
      OpenBeneath(root, directory, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  // The stream closes its descriptor.
  const int number =
      opened.Valid() ? ::fcntl(opened.Number(), F_DUPFD_CLOEXEC, 3) : -1;
  DIR* stream = number >= 0 ? ::fdopendir(number) : nullptr;
  if (stream == nullptr) {
    const int error = errno;
    if (number >= 0) {
      ::close(number);
    }
    return error;
  }
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      names.emplace_back(name);
    }
    errno = 0;
  }
  const int error = errno;
  ::closedir(stream);
  std::ranges::sort(names, std::greater<>());
  return error;
}

}  // namespace

bool IsDirectory(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

InputWalk::InputWalk(std::vector<std::string> paths)
    : paths_(std::move(paths)) {
  std::ranges::reverse(paths_);
}

std::optional<WalkStep> InputWalk::Next() {
  for (;;) {
    std::optional<WalkStep> step;
    if (!levels_.empty()) {
      Level& level = levels_.back();
      if (level.names.empty()) {
        levels_.pop_back();
        continue;
      }
      const std::string path = level.directory +
                               (level.directory.ends_with('/') ? "" : "/") +
                               level.names.back();
      level.names.pop_back();
      // Why a copy: entering a directory moves the levels.
      const std::string root = level.root;
      step = Found(path, root);
    } else if (!paths_.empty()) {
      const std::string path = std::move(paths_.back());
      paths_.pop_back();
      step = Named(path);
    } else {
      return std::nullopt;
    }
    if (step) {
      return step;
    }
  }
}

std::optional<WalkStep> InputWalk::Named(const std::string& path) {
  struct stat status{};
  if (path == "-") {
    return WalkStep{StepKind::kFile, path, {}, true, {}};
  }
  if (::stat(path.c_str(), &status) != 0) {
    return Failure(path, errno, true);
  }
  if (S_ISDIR(status.st_mode)) {
    return Enter(path, path);
  }
  if (S_ISREG(status.st_mode)) {
    return WalkStep{StepKind::kFile, path, {}, true, {}};
  }
  return WalkStep{StepKind::kError,
                  path,
                  fmt::format("Cannot vet {}: it is neither a regular file "
                              "nor a directory. Copy it into a file, or give "
                              "it on standard input as \"-\".",
                              path),
                  true,
                  {}};
}

std::optional<WalkStep> InputWalk::Enter(const std::string& directory,
                                         const std::string& root) {
  Level level{directory, root, {}};
  const int error = ReadNames(directory, root, level.names);
  // What could be listed is still visited.
  levels_.push_back(std::move(level));
  if (error != 0) {
    return Failure(directory, error, false);
  }
  return std::nullopt;
}

std::optional<WalkStep> InputWalk::Found(const std::string& path,
                                         const std::string& root) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    return Failure(path, errno, false);
  }
  if (S_ISDIR(status.st_mode)) {
    return Enter(path, root);
  }
  const StepKind kind = S_ISREG(status.st_mode)   ? StepKind::kFile
                        : S_ISLNK(status.st_mode) ? StepKind::kLink
                                                  : StepKind::kSpecialFile;
  return WalkStep{kind, path, {}, false, root};
}

}  // namespace countersign::app
