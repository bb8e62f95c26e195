// Where reports go, and in which form.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "app/file/atomic_file.h"
#include "app/report/summary.h"
#include "app/vetting/vet_request.h"
#include "model/report.h"

namespace countersign::app {

class ReportOutput {
 public:
  // `many`: the inputs are several, or a directory. Opens request.output if
  // there is one; fails with a sentence.
  static std::expected<ReportOutput, std::string> Open(
      const VetRequest& request, bool many, int standard_output);

  // The text of one report; empty when it is not to be printed. Safe to call
  // from several threads at once.
  [[nodiscard]] std::string Render(const model::Report& report) const;
  // Prints `text`, which is Render(report), in one write.
  [[nodiscard]] std::expected<void, std::string> Print(
      const model::Report& report, std::string text);
  // Prints what ends a run, and puts the output file in its place.
  [[nodiscard]] std::expected<void, std::string> Finish(const Summary& summary,
                                                        double seconds);
  // Ends a run before its time: keeps what an output file holds so far under
  // another name, or removes it when it holds nothing. Yields what became of
  // the reports, as the rest of a sentence.
  [[nodiscard]] std::string EndEarly();

  // The device and inode of the file being written; zeros without one.
  [[nodiscard]] FileIdentity Identity() const {
    return file_ ? file_->Identity() : FileIdentity{};
  }
  // The same of the file that it will replace.
  [[nodiscard]] FileIdentity Replaced() const {
    return file_ ? file_->Replaced() : FileIdentity{};
  }
  // Nobody reads any more: the other end of the pipe was closed.
  [[nodiscard]] bool Abandoned() const { return abandoned_; }
  // A signal came while standard output was not read.
  [[nodiscard]] bool IsInterrupted() const { return interrupted_; }

 private:
  ReportOutput(const VetRequest& request, bool many, int standard_output)
      : request_(request), many_(many), descriptor_(standard_output) {}
  // True for an input that is only held because this version cannot look
  // into it: among many, such get one line and not a block, or they would
  // drown the rest.
  [[nodiscard]] bool IsOneLiner(const model::Report& report) const;
  // What goes between the report before and this one.
  [[nodiscard]] std::string_view Separator(const model::Report& report);
  std::expected<void, std::string> Write(std::string_view text);

  const VetRequest& request_;
  bool many_;
  int descriptor_;
  std::optional<AtomicFile> file_;
  TextStyle style_;
  bool printed_ = false;
  bool holds_text_ = false;  // the file has a whole text
  bool last_was_line_ = false;
  bool abandoned_ = false;
  bool interrupted_ = false;
};

}  // namespace countersign::app
