#include "app/report/finding_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/report/vocabulary.h"
#include "app/terminal/quantity.h"

namespace countersign::app {
namespace {

using model::Finding;
using model::Report;

constexpr size_t kIndent = 2;

// The number (from 1) of the reason that says what `finding` says, or 0. A
// reason may name the member in front of the finding's sentence.
size_t ReasonNumber(const Report& report, const Finding& finding) {
  const auto found = std::ranges::find_if(
      report.reasons, [&finding](const std::string& reason) {
        return !finding.message.empty() && reason.ends_with(finding.message);
      });
  return found == report.reasons.end()
             ? 0
             : static_cast<size_t>(found - report.reasons.begin()) + 1;
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

  void Write(const Finding& finding) {
    const size_t reason = ReasonNumber(report_, finding);
    page_.Put(kIndent,
              {{fmt::format("{:<8}  ", model::Name(finding.severity)),
                InkOf(finding.severity)},
               {finding.id},
               {reason == 0 ? "" : fmt::format("  (reason {})", reason),
                Ink::kQuiet}});
    if (report_.artifacts.size() > 1 &&
        finding.artifact < report_.artifacts.size()) {
      Say("in " + report_.artifacts[finding.artifact].path, Ink::kQuiet);
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
  for (size_t i = 0; i < report.reasons.size(); ++i) {
    page.Entry(kIndent, {std::to_string(i + 1), Ink::kStrong}, 3,
               {report.reasons[i]});
    const auto finding =
        std::ranges::find_if(report.findings, [&](const Finding& candidate) {
          return ReasonNumber(report, candidate) == i + 1 &&
                 !candidate.clears_if.empty();
        });
    if (finding != report.findings.end()) {
      page.Paragraph(kIndent + 3,
                     {"Clears if: " + finding->clears_if, Ink::kQuiet});
    }
  }
}

void WriteFindings(Page& page, const Report& report, bool verbose) {
  std::vector<const Finding*> shown;
  uint64_t left_out = 0;
  for (const Finding& finding : report.findings) {
    if (verbose || finding.severity != model::Severity::kInfo) {
      shown.push_back(&finding);
    } else {
      ++left_out;
    }
  }
  if (shown.empty() && left_out == 0) {
    return;
  }
  std::ranges::stable_sort(shown, [](const Finding* a, const Finding* b) {
    return a->severity > b->severity;
  });
  page.Heading("Findings");
  FindingWriter writer(page, report, verbose);
  for (const Finding* finding : shown) {
    writer.Write(*finding);
  }
  if (left_out > 0) {
    page.Paragraph(kIndent, {fmt::format("{}{} for information: --verbose",
                                         shown.empty() ? "" : "and ",
                                         Count(left_out, "finding")),
                             Ink::kQuiet});
  }
}

}  // namespace countersign::app
