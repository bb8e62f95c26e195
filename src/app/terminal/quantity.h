// Numbers as people write and read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace countersign::app {

// "30s", "500ms", "2m", "1h", or seconds without a unit; nothing when it is
// not that, zero, or more than a day.
[[nodiscard]] std::optional<std::chrono::milliseconds> ParseDuration(
    std::string_view text);

// "512M", "2G", "64k" (powers of 1024, an "iB" or "B" may follow), or bytes
// without a unit; nothing when it is not that, zero, or does not fit.
[[nodiscard]] std::optional<uint64_t> ParseSize(std::string_view text);

// "1,234,567".
[[nodiscard]] std::string WithCommas(uint64_t number);
// "512 bytes", "1.2 MiB".
[[nodiscard]] std::string HumanSize(uint64_t bytes);
// "0.12 s", "3 min 05 s", "2 h 07 min".
[[nodiscard]] std::string HumanSeconds(double seconds);
// "1 file", "1,204 files": `noun` with an "s" unless there is exactly one.
[[nodiscard]] std::string Count(uint64_t number, std::string_view noun);

}  // namespace countersign::app
