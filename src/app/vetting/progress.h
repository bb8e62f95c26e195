// One line on the terminal that says how far the run is.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "app/terminal/style.h"

namespace countersign::app {

struct ProgressFacts {
  uint64_t files_done = 0;
  uint64_t bytes_done = 0;
  uint64_t files_total = 0;  // so far, unless `total_known`
  uint64_t bytes_total = 0;
  bool total_known = false;
  double seconds = 0;
  std::string current;  // path
};

// The line, in at most style.columns - 1 columns.
[[nodiscard]] std::string ProgressLine(const ProgressFacts& facts,
                                       const TextStyle& style);

class Progress {
 public:
  // Draws on `descriptor`, or never when it is negative.
  Progress(int descriptor, const TextStyle& style);
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // True when a new line is due: not in the first 400 ms, then at most ten
  // times a second.
  [[nodiscard]] bool Due() const;
  void Draw(const ProgressFacts& facts);
  // Takes the line away, so that something else can be printed.
  void Clear();

 private:
  using Clock = std::chrono::steady_clock;

  int descriptor_;
  TextStyle style_;
  Clock::time_point next_;
  bool drawn_ = false;
};

}  // namespace countersign::app
