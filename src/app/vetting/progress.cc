#include "app/vetting/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/file/atomic_file.h"
#include "app/terminal/quantity.h"
#include "app/terminal/width.h"

namespace countersign::app {
namespace {

constexpr size_t kBarColumns = 12;

// The share that is done, by bytes where there are any: files differ in size
// by a factor of a million.
double Share(const ProgressFacts& facts) {
  const double share =
      facts.bytes_total > 0 ? static_cast<double>(facts.bytes_done) /
                                  static_cast<double>(facts.bytes_total)
      : facts.files_total > 0 ? static_cast<double>(facts.files_done) /
                                    static_cast<double>(facts.files_total)
                              : 0;
  return std::clamp(share, 0.0, 1.0);
}

std::string Bar(double share, bool unicode) {
  const auto full =
      static_cast<size_t>(share * static_cast<double>(kBarColumns));
  std::string bar;
  for (size_t i = 0; i < kBarColumns; ++i) {
    bar += i < full ? (unicode ? "\u2501" : "#") : (unicode ? "\u2500" : "-");
  }
  return bar;
}

std::string Remaining(const ProgressFacts& facts, double share) {
  // Limit: below one percent the rate says nothing about the rest.
  if (share < 0.01 || facts.seconds <= 0) {
    return "";
  }
  return ", " + HumanSeconds(facts.seconds * (1 - share) / share) + " left";
}

}  // namespace

std::string ProgressLine(const ProgressFacts& facts, const TextStyle& style) {
  std::string line;
  const double share = Share(facts);
  if (facts.total_known) {
    line = fmt::format("{} {:3.0f}%  {}/{} files", Bar(share, style.unicode),
                       share * 100, WithCommas(facts.files_done),
                       WithCommas(facts.files_total));
  } else {
    line = fmt::format("{} files", WithCommas(facts.files_done));
  }
  const double seconds = std::max(facts.seconds, 1e-3);
  const double rate = static_cast<double>(facts.files_done) / seconds;
  line += fmt::format(", {}, {:.1f}/s", HumanSize(facts.bytes_done), rate);
  if (facts.total_known) {
    line += Remaining(facts, share);
  }
  const size_t room = style.columns - 1;
  const size_t used = Width(line) + 2;
  if (!facts.current.empty() && used + 12 < room) {
    line += "  " + CutMiddle(style.Safe(facts.current), room - used,
                             style.unicode ? "\u2026" : "...");
  }
  return CutEnd(line, room, "");
}

Progress::Progress(int descriptor, const TextStyle& style)
    : descriptor_(descriptor),
      style_(style),
      next_(Clock::now() + std::chrono::milliseconds(400)) {}

bool Progress::Due() const { return descriptor_ >= 0 && Clock::now() >= next_; }

void Progress::Draw(const ProgressFacts& facts) {
  if (descriptor_ < 0) {
    return;
  }
  // Why an error is ignored: the line is only a courtesy.
  (void)WriteAll(descriptor_, "\r\x1b[K" + ProgressLine(facts, style_));
  next_ = Clock::now() + std::chrono::milliseconds(100);
  drawn_ = true;
}

void Progress::Clear() {
  if (drawn_) {
    (void)WriteAll(descriptor_, "\r\x1b[K");
    drawn_ = false;
  }
}

}  // namespace countersign::app
