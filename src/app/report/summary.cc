#include "app/report/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "app/report/text_report.h"
#include "app/report/vocabulary.h"
#include "app/terminal/page.h"
#include "app/terminal/quantity.h"

namespace countersign::app {
namespace {

constexpr size_t kIndent = 2;
constexpr size_t kLabelColumns = 12;

}  // namespace

void Summary::Add(const model::Report& report) {
  ++files_;
  ++verdicts_[static_cast<size_t>(report.verdict)];
  incomplete_ += report.complete ? 0 : 1;
  if (!report.artifacts.empty()) {
    bytes_ += report.artifacts.front().size;
    ++formats_[report.artifacts.front().format];
  }
  if (files_ == 1) {
    trust_ = report.trust;
    revocation_sources_ = report.revocation_sources;
    catalog_sources_ = report.catalog_sources;
    evaluated_at_ = report.evaluated_at;
  }
}

std::string Summary::FormatCounts() const {
  std::vector<std::pair<model::Format, uint64_t>> counts(formats_.begin(),
                                                         formats_.end());
  std::ranges::stable_sort(
      counts, [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> words;
  for (const auto& [format, number] : counts) {
    words.push_back(
        fmt::format("{} {}", model::Name(format), WithCommas(number)));
  }
  return Joined(words);
}

std::string Summary::Text(const TextStyle& style, double seconds) const {
  Page page(style);
  page.Heading("Summary", Count(files_, "file"));
  std::vector<Line> rows;
  for (size_t i = 0; i < verdicts_.size(); ++i) {
    Span word = VerdictWord(static_cast<model::Decision>(i));
    word.ink = verdicts_[i] == 0 ? Ink::kQuiet : word.ink;
    word.text.resize(kLabelColumns - 2, ' ');
    rows.push_back({word, {WithCommas(verdicts_[i]), word.ink}});
  }
  page.Table(kIndent, {{}, {"", true}}, rows);
  const auto say = [&page](const char* label, const std::string& text,
                           Ink ink = Ink::kPlain) {
    page.Entry(kIndent, {label, Ink::kQuiet}, kLabelColumns, {text, ink});
  };
  if (incomplete_ > 0) {
    say("incomplete",
        fmt::format("{} not inspected completely", Count(incomplete_, "file")),
        Ink::kWarning);
  }
  if (unreadable_ > 0) {
    say("not read",
        fmt::format("{}: see the messages above", Count(unreadable_, "path")),
        Ink::kWarning);
  }
  if (links_ > 0) {
    say("skipped", Count(links_, "symbolic link"));
  }
  if (special_files_ > 0) {
    say("skipped", Count(special_files_, "special file"));
  }
  if (!formats_.empty()) {
    say("formats", FormatCounts());
  }
  const double rate = static_cast<double>(files_) / std::max(seconds, 1e-6);
  const double bytes_rate =
      static_cast<double>(bytes_) / std::max(seconds, 1e-6);
  say("size", HumanSize(bytes_));
  say("time", fmt::format("{}, {:.1f} files/s, {}/s", HumanSeconds(seconds),
                          rate, HumanSize(static_cast<uint64_t>(bytes_rate))));
  if (files_ > 0) {
    WriteTrust(page, trust_, revocation_sources_, catalog_sources_,
               evaluated_at_);
  }
  return page.Take();
}

}  // namespace countersign::app
