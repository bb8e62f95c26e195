#include "app/vetting/report_output.h"

#include <fmt/format.h>
#include <cerrno>

#include <utility>

#include "app/report/text_report.h"
#include "model/json.h"

namespace countersign::app {

std::expected<ReportOutput, std::string> ReportOutput::Open(
    const VetRequest& request, bool many, int standard_output) {
  ReportOutput output(request, many, standard_output);
  if (!request.output.empty() && request.output != "-") {
    auto file = AtomicFile::Create(request.output);
    if (!file) {
      return std::unexpected(file.error());
    }
    output.file_.emplace(*std::move(file));
    output.descriptor_ = output.file_->Number();
  }
  output.style_ = ChooseStyle(request.color, Look(output.descriptor_));
  return output;
}

std::string ReportOutput::Render(const model::Report& report) const {
  // What makes the exit code other than 0 is named.
  const bool matters = IsAtOrAbove(report.verdict, request_.fail_on) ||
                       (!report.complete && request_.fail_on != FailOn::kNever);
  if (request_.quiet && !matters) {
    return "";
  }
  if (request_.json) {
    return model::WriteJson(report, many_ ? -1 : 2) + "\n";
  }
  if (request_.quiet) {
    return QuietLine(report, style_);
  }
  if (!many_ || request_.verbose) {
    return FullReport(report, style_, request_.verbose);
  }
  if (report.verdict == model::Decision::kAllow) {
    return "";
  }
  return IsOneLiner(report) ? QuietLine(report, style_)
                            : CompactReport(report, style_);
}

bool ReportOutput::IsOneLiner(const model::Report& report) const {
  return many_ && !request_.verbose && IsHeldAsIncompleteOnly(report);
}

std::string_view ReportOutput::Separator(const model::Report& report) {
  const bool is_line = IsOneLiner(report);
  const bool was_line = std::exchange(last_was_line_, is_line);
  if (!std::exchange(printed_, true) || request_.json || request_.quiet ||
      (is_line && was_line)) {
    return "";
  }
  return request_.verbose ? "\n\n" : "\n";
}

std::expected<void, std::string> ReportOutput::Print(
    const model::Report& report, std::string text) {
  if (text.empty()) {
    return {};
  }
  text.insert(0, Separator(report));
  return Write(text);
}

std::expected<void, std::string> ReportOutput::Write(std::string_view text) {
  if (file_) {
    auto written = file_->Write(text);
    holds_text_ = holds_text_ || written.has_value();
    return written;
  }
  if (const int error = WriteAll(descriptor_, text); error != 0) {
    abandoned_ = error == EPIPE;
    interrupted_ = error == EINTR;
    return std::unexpected(
        fmt::format("Cannot write standard output: {}", Explain(error)));
  }
  return {};
}

std::string ReportOutput::EndEarly() {
  if (!file_) {
    return interrupted_ ? "the last report printed is cut off."
                        : "the reports printed so far are complete.";
  }
  if (!holds_text_) {
    file_.reset();
    return fmt::format("{} was not written.", request_.output);
  }
  const std::string kept = file_->KeepPartial();
  file_.reset();
  return fmt::format("{} was not written; the reports made so far are in {}.",
                     request_.output, kept);
}

std::expected<void, std::string> ReportOutput::Finish(const Summary& summary,
                                                      double seconds) {
  if (many_ && !request_.json && !request_.quiet) {
    const std::string text =
        (printed_ ? "\n" : "") + summary.Text(style_, seconds);
    if (auto written = Write(text); !written) {
      return written;
    }
  }
  return file_ ? file_->Commit() : std::expected<void, std::string>{};
}

}  // namespace countersign::app
