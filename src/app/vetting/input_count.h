// How many files and bytes there will be, counted beside the work so that
// nobody waits for it.
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace countersign::app {

class InputCount {
 public:
  // Starts to count what `paths` hold.
  explicit InputCount(std::vector<std::string> paths);

  [[nodiscard]] bool Finished() const { return finished_; }
  [[nodiscard]] uint64_t Files() const { return files_; }
  [[nodiscard]] uint64_t Bytes() const { return bytes_; }

 private:
  void Count(const std::vector<std::string>& paths,
             const std::stop_token& stop);

  std::atomic<uint64_t> files_{0};
  std::atomic<uint64_t> bytes_{0};
  std::atomic<bool> finished_{false};
  std::jthread thread_;  // last, so that it ends first
};

}  // namespace countersign::app
