#include "base/instant.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

namespace countersign::base {
namespace {

// Reads exactly `width` digits and advances, or yields nothing.
std::optional<int> Digits(std::string_view& text, size_t width) {
  if (text.size() < width) {
    return std::nullopt;
  }
  int value = 0;
  for (const char c : text.substr(0, width)) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool Eat(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

std::optional<int> Fraction(std::string_view& text) {
  int microseconds = 0;
  int scale = 100'000;
  bool any = false;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    microseconds += (text.front() - '0') * scale;
    scale /= 10;
    any = true;
    text.remove_prefix(1);
  }
  return any ? std::optional(microseconds) : std::nullopt;
}

// Minutes east of UTC.
std::optional<int> Offset(std::string_view& text) {
  if (Eat(text, 'Z') || Eat(text, 'z')) {
    return 0;
  }
  const bool east = !text.empty() && text.front() == '+';
  if (!Eat(text, '+') && !Eat(text, '-')) {
    return std::nullopt;
  }
  const auto hours = Digits(text, 2);
  const bool colon = Eat(text, ':');
  const auto minutes = colon ? Digits(text, 2) : std::nullopt;
  if (!hours || !minutes || *hours > 23 || *minutes > 59) {
    return std::nullopt;
  }
  const int total = *hours * 60 + *minutes;
  return east ? total : -total;
}

// `instant` if it lies in the years 1 to 9999, which is what RFC 3339 can say.
std::optional<Instant> Sayable(Instant instant) {
  constexpr Instant kFirst{-62'135'596'800'000'000};
  constexpr Instant kLast{253'402'300'799'999'999};
  return instant >= kFirst && instant <= kLast ? std::optional(instant)
                                               : std::nullopt;
}

std::optional<Instant> ParseClock(std::string_view text, CivilTime civil) {
  const auto hour = Digits(text, 2);
  const bool colon1 = Eat(text, ':');
  const auto minute = Digits(text, 2);
  const bool colon2 = Eat(text, ':');
  const auto second = Digits(text, 2);
  if (!hour || !colon1 || !minute || !colon2 || !second) {
    return std::nullopt;
  }
  civil.hour = *hour;
  civil.minute = *minute;
  civil.second = *second;
  if (Eat(text, '.')) {
    const auto fraction = Fraction(text);
    if (!fraction) {
      return std::nullopt;
    }
    civil.microsecond = *fraction;
  }
  const auto offset_minutes = Offset(text);
  const auto instant = FromCivil(civil);
  if (!offset_minutes || !text.empty() || !instant) {
    return std::nullopt;
  }
  return Sayable(
      {instant->unix_microseconds - int64_t{*offset_minutes} * 60'000'000});
}

}  // namespace

std::optional<Instant> FromCivil(const CivilTime& civil) {
  using std::chrono::day;
  using std::chrono::month;
  using std::chrono::year;
  const std::chrono::year_month_day date{
      year{civil.year}, month{static_cast<unsigned>(civil.month)},
      day{static_cast<unsigned>(civil.day)}};
  if (civil.year < 1 || civil.year > 9999 || !date.ok() || civil.hour < 0 ||
      civil.hour > 23 || civil.minute < 0 || civil.minute > 59 ||
      civil.second < 0 || civil.second > 60) {
    return std::nullopt;
  }
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds = days * 86'400 + int64_t{civil.hour} * 3'600 +
                          int64_t{civil.minute} * 60 + civil.second;
  // A leap second may still be the first of year 10000.
  return Sayable({seconds * 1'000'000 + civil.microsecond});
}

CivilTime ToCivil(Instant instant) {
  const std::chrono::sys_time<std::chrono::microseconds> point{
      std::chrono::microseconds{instant.unix_microseconds}};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{point - day};
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count()),
          static_cast<int>(clock.subseconds().count())};
}

std::optional<Instant> FromFileTime(uint64_t filetime) {
  constexpr uint64_t kYear10000 = 2'650'467'744'000'000'000;
  constexpr int64_t kEpochDifferenceUs = 11'644'473'600'000'000;
  if (filetime >= kYear10000) {
    return std::nullopt;
  }
  return Instant{static_cast<int64_t>(filetime / 10) - kEpochDifferenceUs};
}

std::string ToRfc3339(Instant instant) {
  const CivilTime c = ToCivil(instant);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", c.year,
                                 c.month, c.day, c.hour, c.minute, c.second);
  if (c.microsecond != 0) {
    std::string fraction = fmt::format(".{:06}", c.microsecond);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += fraction;
  }
  return text + "Z";
}

std::optional<Instant> ParseInstant(std::string_view text) {
  if (Eat(text, '@')) {
    int64_t seconds = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() ||
        seconds < -62'135'596'800 || seconds > 253'402'300'799) {
      return std::nullopt;
    }
    return FromUnixSeconds(seconds);
  }
  CivilTime civil;
  const auto year = Digits(text, 4);
  const bool dash1 = Eat(text, '-');
  const auto month = Digits(text, 2);
  const bool dash2 = Eat(text, '-');
  const auto day = Digits(text, 2);
  if (!year || !dash1 || !month || !dash2 || !day) {
    return std::nullopt;
  }
  civil.year = *year;
  civil.month = *month;
  civil.day = *day;
  if (text.empty()) {
    return FromCivil(civil);
  }
  if (!Eat(text, 'T') && !Eat(text, 't') && !Eat(text, ' ')) {
    return std::nullopt;
  }
  return ParseClock(text, civil);
}

}  // namespace countersign::base
