#include "app/vetting/input_count.h"

#include <sys/stat.h>

#include <stop_token>
#include <system_error>
#include <utility>

#include "app/vetting/input_walk.h"

namespace countersign::app {

InputCount::InputCount(std::vector<std::string> paths) {
  try {
    thread_ =
        std::jthread([this, paths = std::move(paths)](
                         const std::stop_token& stop) { Count(paths, stop); });
  } catch (const std::system_error&) {
    finished_ = false;  // no thread can be had: the total stays unknown
  }
}

void InputCount::Count(const std::vector<std::string>& paths,
                       const std::stop_token& stop) {
  InputWalk walk(paths);
  while (const auto step = walk.Next()) {
    if (stop.stop_requested()) {
      return;
    }
    struct stat status{};
    if (step->kind == StepKind::kFile &&
        ::stat(step->path.c_str(), &status) == 0) {
      ++files_;
      bytes_ += static_cast<uint64_t>(status.st_size);
    }
  }
  finished_ = true;
}

}  // namespace countersign::app
