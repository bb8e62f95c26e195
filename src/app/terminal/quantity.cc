#include "app/terminal/quantity.h"

#include <fmt/format.h>

#include <cmath>

#include <array>
#include <charconv>

#include "base/checked.h"

namespace countersign::app {
namespace {

// The number `text` starts with, which is removed from it.
std::optional<uint64_t> TakeNumber(std::string_view& text) {
  uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

}  // namespace

std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  const auto number = TakeNumber(text);
  if (!number || *number == 0) {
    return std::nullopt;
  }
  const uint64_t unit_ms = text == "ms"                   ? 1
                           : text.empty() || text == "s"  ? 1'000
                           : text == "m" || text == "min" ? 60'000
                           : text == "h"                  ? 3'600'000
                                                          : 0;
  const auto total = base::CheckedProduct(*number, unit_ms);
  constexpr uint64_t kDayMs = 86'400'000;
  if (unit_ms == 0 || !total || *total > kDayMs) {
    return std::nullopt;
  }
  return std::chrono::milliseconds(*total);
}

std::optional<uint64_t> ParseSize(std::string_view text) {
  const auto number = TakeNumber(text);
  if (!number || *number == 0) {
    return std::nullopt;
  }
  if (text.empty() || text == "B") {
    return number;
  }
  constexpr std::string_view kUnits = "kmgt";
  const auto lower = static_cast<char>(text[0] | 0x20);
  const size_t power = kUnits.find(lower);
  text.remove_prefix(1);
  if (power == std::string_view::npos ||
      (!text.empty() && text != "B" && text != "iB")) {
    return std::nullopt;
  }
  return base::CheckedProduct(*number, uint64_t{1} << (10 * (power + 1)));
}

std::string WithCommas(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string HumanSize(uint64_t bytes) {
  constexpr std::array<std::string_view, 4> kUnits = {"KiB", "MiB", "GiB",
                                                      "TiB"};
  if (bytes < 1024) {
    return Count(bytes, "byte");
  }
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (value >= 1023.95 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string HumanSeconds(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) {
    return "?";
  }
  if (seconds < 59.95) {
    return seconds < 10 ? fmt::format("{:.2f} s", seconds)
                        : fmt::format("{:.1f} s", seconds);
  }
  const auto whole = static_cast<uint64_t>(std::llround(seconds));
  if (whole < 3600) {
    return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  }
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string Count(uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", WithCommas(number), noun,
                     number == 1 ? "" : "s");
}

}  // namespace countersign::app
