#include <fmt/format.h>

#include <cstdlib>
#include <optional>

#include "signing/checks/check.h"

namespace countersign::signing {
namespace {

using model::Integrity;
using model::SignatureFacts;
using model::TimestampFacts;
using model::Trust;

constexpr int64_t kDaySeconds = 86'400;

// A timestamp whose time is stated under a signature that verifies.
struct Stated {
  const SignatureFacts* signature;
  const TimestampFacts* stamp;
};

std::vector<Stated> StatedTimes(const SigningFacts& facts) {
  std::vector<Stated> stated;
  for (const SignatureFacts& signature : facts.signatures) {
    for (const TimestampFacts& stamp : signature.timestamps) {
      if (stamp.time && stamp.integrity == Integrity::kValid) {
        stated.push_back({&signature, &stamp});
      }
    }
  }
  return stated;
}

int64_t SecondsApart(const TimestampFacts& a, const TimestampFacts& b) {
  return std::abs(base::UnixSeconds(*a.time) - base::UnixSeconds(*b.time));
}

bool IsTrusted(const TimestampFacts& stamp) {
  return stamp.trust == Trust::kTrusted;
}

// The same month, day and time within two minutes, in different years: a
// clock that was set back by whole years.
bool OnlyYearDiffers(const TimestampFacts& a, const TimestampFacts& b) {
  base::CivilTime ca = base::ToCivil(*a.time);
  const base::CivilTime cb = base::ToCivil(*b.time);
  if (ca.year == cb.year) {
    return false;
  }
  ca.year = cb.year;
  const auto moved = base::FromCivil(ca);
  return moved && std::abs(base::UnixSeconds(*moved) -
                           base::UnixSeconds(*b.time)) <= 120;
}

std::string Text(const TimestampFacts& stamp) {
  return base::ToRfc3339(*stamp.time);
}

}  // namespace

void CheckTimestampInvalid(const SigningFacts& facts, Sink& sink) {
  for (const SignatureFacts& signature : facts.signatures) {
    for (const TimestampFacts& stamp : signature.timestamps) {
      const bool holds = stamp.integrity == Integrity::kValid &&
                         stamp.trust != Trust::kNotCodeSigning &&
                         stamp.trust != Trust::kExpired;
      if (!holds) {
        sink.Give(fmt::format("A timestamp of {} does not count: {}.",
                              Which(facts, signature), stamp.reason),
                  stamp.range,
                  {{"kind", std::string(model::Name(stamp.kind))},
                   {"time", stamp.time ? Text(stamp) : std::string()},
                   {"authority", stamp.signer}});
      }
    }
  }
}

void CheckTimestampUntrusted(const SigningFacts& facts, Sink& sink) {
  for (const Stated& stated : StatedTimes(facts)) {
    const Trust trust = stated.stamp->trust;
    if (trust == Trust::kUntrusted || trust == Trust::kIncompleteChain ||
        trust == Trust::kDistrusted || trust == Trust::kRevoked) {
      sink.Give(
          fmt::format("The time {} of {} comes from an authority that "
                      "is not trusted (\"{}\") and is not used: {}.",
                      Text(*stated.stamp), Which(facts, *stated.signature),
                      stated.stamp->signer, stated.stamp->reason),
          stated.stamp->range,
          {{"time", Text(*stated.stamp)}, {"authority", stated.stamp->signer}});
    }
  }
}

void CheckTimestampsDisagree(const SigningFacts& facts, Sink& sink) {
  const std::vector<Stated> stated = StatedTimes(facts);
  for (size_t i = 1; i < stated.size(); ++i) {
    const TimestampFacts& a = *stated[0].stamp;
    const TimestampFacts& b = *stated[i].stamp;
    const int64_t apart = SecondsApart(a, b);
    if (apart <= kDaySeconds) {
      continue;
    }
    // Two trusted authorities far apart mean that somebody signed again.
    const bool both = IsTrusted(a) && IsTrusted(b);
    sink.Give(
        both ? model::Severity::kLow : model::Severity::kMedium,
        fmt::format("Two timestamps of the file are {} days apart: {} "
                    "(\"{}\") and {} (\"{}\").",
                    apart / kDaySeconds, Text(a), a.signer, Text(b), b.signer),
        b.range, {{"first", Text(a)}, {"second", Text(b)}});
    return;
  }
}

void CheckTimestampBackdated(const SigningFacts& facts, Sink& sink) {
  const std::vector<Stated> stated = StatedTimes(facts);
  for (const Stated& suspect : stated) {
    if (IsTrusted(*suspect.stamp)) {
      continue;
    }
    for (const Stated& other : stated) {
      const TimestampFacts& a = *suspect.stamp;
      const TimestampFacts& b = *other.stamp;
      const bool earlier =
          base::UnixSeconds(*a.time) + kDaySeconds < base::UnixSeconds(*b.time);
      if (&a == &b || !earlier) {
        continue;
      }
      if (IsTrusted(b) || OnlyYearDiffers(a, b)) {
        sink.Give(
            OnlyYearDiffers(a, b) ? model::Severity::kHigh
                                  : model::Severity::kMedium,
            fmt::format(
                "A time looks set back: {} by \"{}\", which no store "
                "trusts, while another timestamp of the file says {}"
                "{}.",
                Text(a), a.signer, Text(b),
                OnlyYearDiffers(a, b) ? " (only the year differs)" : ""),
            a.range,
            {{"stated", Text(a)}, {"other", Text(b)}, {"authority", a.signer}});
        break;
      }
    }
  }
}

void CheckTimestampBeforeBuild(const SigningFacts& facts, Sink& sink) {
  if (!facts.build_time) {
    return;
  }
  for (const Stated& stated : StatedTimes(facts)) {
    const int64_t early = base::UnixSeconds(*facts.build_time) -
                          base::UnixSeconds(*stated.stamp->time);
    if (early > kDaySeconds) {
      sink.Give(
          fmt::format("The timestamp {} of {} is {} days before the "
                      "linker's time {}, which nothing vouches for.",
                      Text(*stated.stamp), Which(facts, *stated.signature),
                      early / kDaySeconds, base::ToRfc3339(*facts.build_time)),
          stated.stamp->range,
          {{"timestamp", Text(*stated.stamp)},
           {"linker", base::ToRfc3339(*facts.build_time)}});
    }
  }
}

}  // namespace countersign::signing
