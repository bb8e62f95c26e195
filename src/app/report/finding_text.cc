#include "app/report/finding_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "app/report/vocabulary.h"
#include "app/terminal/quantity.h"

namespace countersign::app {
namespace {

using model::Finding;
using model::Report;

constexpr size_t kIndent = 2;

// For each finding the number (from 1) of the reason that says what it says,
// or 0. A reason may name the member in front of the finding's sentence.
std::vector<size_t> ReasonNumbers(const Report& report) {
  std::vector<size_t> numbers;
  numbers.reserve(report.findings.size());
  for (const Finding& finding : report.findings) {
    const auto found = std::ranges::find_if(
        report.reasons, [&finding](const std::string& reason) {
          return !finding.message.empty() && reason.ends_with(finding.message);
        });
    numbers.push_back(
        found == report.reasons.end()
            ? 0
            : static_cast<size_t>(found - report.reasons.begin()) + 1);
  }
  return numbers;
}

std::string EvidenceWords(const Finding& finding, bool verbose) {
  // Limit: 3 ranges show the pattern; --verbose and JSON have all.
  const size_t shown = verbose ? finding.evidence.size()
                               : std::min<size_t>(finding.evidence.size(), 3);
  std::string words;
  for (size_t i = 0; i < shown; ++i) {
    const base::ByteRange& range = finding.evidence[i];
    words += fmt::format("{}{} at offset {}", i == 0 ? "" : "; ",
                         Count(range.size, "byte"), range.offset);
  }
  if (shown < finding.evidence.size()) {
    words += fmt::format("; and {} more", finding.evidence.size() - shown);
  }
  return words;
}

std::string ParameterWords(const model::Parameter& parameter) {
  const auto* text = std::get_if<std::string>(&parameter.value);
  return fmt::format("{} = {}", parameter.name,
                     text != nullptr
                         ? *text
                         : std::to_string(std::get<int64_t>(parameter.value)));
}

class FindingWriter {
 public:
  FindingWriter(Page& page, const Report& report, bool verbose)
      : page_(page), report_(report), verbose_(verbose) {}

  // `reason` is the number of the reason that says the same, or 0.
  void Write(const Finding& finding, size_t reason) {
    page_.Put(kIndent,
              {{fmt::format("{:<8}  ", model::Name(finding.severity)),
                InkOf(finding.severity)},
               {finding.id},
               {reason == 0 ? "" : fmt::format("  (reason {})", reason),
                Ink::kQuiet}});
    if (report_.artifacts.size() > 1 &&
        finding.artifact < report_.artifacts.size()) {
      Say("in " + PlaceWords(report_, report_.artifacts[finding.artifact]),
          Ink::kQuiet);
    }
    if (reason == 0) {
      Say(finding.message, Ink::kPlain);
      SayWith("Clears if: ", finding.clears_if);
    }
    SayWith("evidence: ", EvidenceWords(finding, verbose_));
    if (verbose_) {
      SayWith("ATT&CK: ", Joined(finding.attack));
      for (const model::Parameter& parameter : finding.parameters) {
        Say(ParameterWords(parameter), Ink::kQuiet);
      }
    }
  }

 private:
  void Say(const std::string& text, Ink ink) {
    page_.Paragraph(kIndent + 10, {text, ink});
  }
  void SayWith(const char* label, const std::string& text) {
    if (!text.empty()) {
      Say(label + text, Ink::kQuiet);
    }
  }

  Page& page_;
  const Report& report_;
  bool verbose_;
};

}  // namespace

void WriteReasons(Page& page, const Report& report) {
  if (report.reasons.empty()) {
    return;
  }
  page.Heading("Why");
  // What clears a reason, from the first finding that says the same.
  std::vector<std::string_view> clears(report.reasons.size() + 1);
  const std::vector<size_t> numbers = ReasonNumbers(report);
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (clears[numbers[i]].empty()) {
      clears[numbers[i]] = report.findings[i].clears_if;
    }
  }
  for (size_t i = 0; i < report.reasons.size(); ++i) {
    page.Entry(kIndent, {std::to_string(i + 1), Ink::kStrong}, 3,
               {report.reasons[i]});
    if (!clears[i + 1].empty()) {
      page.Paragraph(kIndent + 3,
                     {"Clears if: " + std::string(clears[i + 1]), Ink::kQuiet});
    }
  }
}

void WriteFindings(Page& page, const Report& report, bool verbose) {
  std::vector<std::pair<const Finding*, size_t>> shown;
  const std::vector<size_t> numbers = ReasonNumbers(report);
  uint64_t left_out = 0;
  for (size_t i = 0; i < report.findings.size(); ++i) {
    const Finding& finding = report.findings[i];
    if (verbose || finding.severity != model::Severity::kInfo) {
      shown.emplace_back(&finding, numbers[i]);
    } else {
      ++left_out;
    }
  }
  if (shown.empty() && left_out == 0) {
    return;
  }
  std::ranges::stable_sort(shown, [](const auto& a, const auto& b) {
    return a.first->severity > b.first->severity;
  });
  page.Heading("Findings");
  FindingWriter writer(page, report, verbose);
  for (const auto& [finding, reason] : shown) {
    writer.Write(*finding, reason);
  }
  if (left_out > 0) {
    page.Paragraph(kIndent, {fmt::format("{}{} for information: --verbose",
                                         shown.empty() ? "" : "and ",
                                         Count(left_out, "finding")),
                             Ink::kQuiet});
  }
}

}  // namespace countersign::app
