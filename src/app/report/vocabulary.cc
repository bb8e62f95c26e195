#include "app/report/vocabulary.h"

#include <fmt/format.h>

namespace countersign::app {
namespace {

struct VerdictLook {
  const char* badge;  // on a block of colour
  const char* plain;  // the same, without colour
  Ink badge_ink;
  Ink word_ink;
};

VerdictLook LookOf(model::Decision verdict) {
  switch (verdict) {
    case model::Decision::kAllow:
      return {" ALLOW ", "ALLOW  ", Ink::kAllow, Ink::kGood};
    case model::Decision::kHold:
      return {" HOLD  ", "HOLD   ", Ink::kHold, Ink::kWarning};
    case model::Decision::kBlock:
      break;
  }
  return {" BLOCK ", "BLOCK  ", Ink::kBlock, Ink::kBad};
}

}  // namespace

Span VerdictBadge(model::Decision verdict, const TextStyle& style) {
  const VerdictLook look = LookOf(verdict);
  return style.color ? Span{look.badge, look.badge_ink} : Span{look.plain};
}

Span VerdictWord(model::Decision verdict) {
  return {std::string(model::Name(verdict)), LookOf(verdict).word_ink};
}

Ink InkOf(model::Severity severity) {
  switch (severity) {
    case model::Severity::kCritical:
    case model::Severity::kHigh:
      return Ink::kBad;
    case model::Severity::kMedium:
      return Ink::kWarning;
    case model::Severity::kLow:
      return Ink::kPlain;
    case model::Severity::kInfo:
      break;
  }
  return Ink::kQuiet;
}

Ink InkOf(model::Integrity integrity) {
  switch (integrity) {
    case model::Integrity::kValid:
      return Ink::kGood;
    case model::Integrity::kUnsupported:
      return Ink::kWarning;
    case model::Integrity::kInvalid:
    case model::Integrity::kMalformed:
      break;
  }
  return Ink::kBad;
}

Ink InkOf(model::Trust trust) {
  switch (trust) {
    case model::Trust::kTrusted:
      return Ink::kGood;
    case model::Trust::kRevoked:
    case model::Trust::kDistrusted:
      return Ink::kBad;
    default:
      return Ink::kWarning;
  }
}

std::string FormatWords(const model::Artifact& artifact) {
  if (!artifact.detail.empty()) {
    return artifact.detail;
  }
  if (artifact.format == model::Format::kUnknown) {
    return "unknown format";
  }
  return fmt::format("{} file", model::Name(artifact.format));
}

std::string InputWords(const std::string& input) {
  return input == "-" ? "standard input" : input;
}

std::string Joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string PlaceWords(const model::Report& report,
                       const model::Artifact& artifact) {
  const std::string_view path = artifact.path;
  if (!artifact.parent) {
    return "the input";
  }
  const size_t before = report.artifacts.front().path.size() + 1;
  return std::string(path.size() > before ? path.substr(before) : path);
}

}  // namespace countersign::app
