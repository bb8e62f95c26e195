#include "app/vetting/input_count.h"

#include <sys/stat.h>

#include <stop_token>
#include <utility>

#include "app/vetting/input_walk.h"

namespace countersign::app {

InputCount::InputCount(std::vector<std::string> paths)
    : thread_([this, paths = std::move(paths)](const std::stop_token& stop) {
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
      }) {}

}  // namespace countersign::app
