// A point in time, UTC. Code below the flows never asks a clock: "now" is a
// parameter.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace countersign::base {

struct Instant {
  int64_t unix_microseconds = 0;

  friend constexpr auto operator<=>(const Instant&, const Instant&) = default;
};

// A calendar date and time in UTC, proleptic Gregorian.
struct CivilTime {
  int year = 1970;
  int month = 1;   // 1..12
  int day = 1;     // 1..31
  int hour = 0;    // 0..23
  int minute = 0;  // 0..59
  int second = 0;  // 0..60; a leap second counts as the next second
  int microsecond = 0;
};

// The instant of a calendar time, or nothing when a field is out of range.
[[nodiscard]] std::optional<Instant> FromCivil(const CivilTime& civil);
[[nodiscard]] CivilTime ToCivil(Instant instant);

[[nodiscard]] constexpr Instant FromUnixSeconds(int64_t seconds) {
  return {seconds * 1'000'000};
}
[[nodiscard]] constexpr int64_t UnixSeconds(Instant instant) {
  const int64_t us = instant.unix_microseconds;
  return us >= 0 ? us / 1'000'000 : -((-us + 999'999) / 1'000'000);
}

// The instant of a Windows FILETIME (100 ns since 1601-01-01), or nothing
// when it lies after the year 9999.
[[nodiscard]] std::optional<Instant> FromFileTime(uint64_t filetime);

// RFC 3339 in UTC, "2026-11-23T10:00:00Z"; a fraction only when there is one.
[[nodiscard]] std::string ToRfc3339(Instant instant);

// Accepts "2026-11-23", "2026-11-23T10:00:00Z", with fraction or with a
// "+02:00" offset (RFC 3339), or "@1700000000" (Unix seconds).
[[nodiscard]] std::optional<Instant> ParseInstant(std::string_view text);

}  // namespace countersign::base
